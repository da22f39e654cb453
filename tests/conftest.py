"""Fixtures every kind of test may use; each lives in a module of tests/support. And how tests are shared out among workers."""

import pytest
from xdist.remote import Producer

from tests.support.sharing import SharedOut, in_order

pytest_plugins = [
    "tests.support.hiring_api",
    "tests.support.assessments_api",
    "tests.support.hire_sagas",
    "tests.support.postgres",
    "tests.support.dbt_builds",
    "tests.support.equity_release",
    "tests.support.notifying",
    "tests.support.redis",
    "tests.support.rabbitmq",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes minutes."""
    in_order(items)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> SharedOut | None:
    """Share out by ``--dist loadgroup`` as tests/support/sharing.py says; xdist's own reads node ids as pytest no longer has them."""
    return SharedOut(config, log) if config.getvalue("dist") == "loadgroup" else None
