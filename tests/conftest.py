"""Fixtures every kind of test may use; each lives in a module of tests/support."""

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
