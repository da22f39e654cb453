"""Fixtures every kind of test may use; each lives in a module of tests/support. And how tests are shared out among workers."""

import pytest

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

# What takes minutes begins first, so that the workers end at about the same time (``make test`` keeps this order).
LONGEST_FIRST = (
    "tests/pipeline/test_pipeline_faults",
    "tests/pages/",
    "tests/pipeline/test_pipeline_as_of",
    "tests/pipeline/test_dbt",
    "tests/property/test_dbt",
    "tests/pipeline/",
    "tests/integration/test_nexus_up",
    "tests/chaos/",
    "tests/property/",
    "tests/integration/",
)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest tests first, and a file's tests on one worker: what a module makes for them is made once."""
    ranks = {place: rank for rank, place in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: next((rank for place, rank in ranks.items() if item.nodeid.startswith(place)), len(ranks)))
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
