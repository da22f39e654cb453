"""How tests are shared out among xdist's workers: whole files, those that need one costly thing together, the longest first.

By the file's path alone: the process that shares out knows no markers. What doesn't belong here: how a costly thing is made.
"""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# name of what is shared (or of the only file): where its tests lie; what takes minutes comes first, so that the workers end together
TOGETHER = {
    "pipeline": ("tests/pipeline/test_pipeline_faults",),
    "dashboard": tuple(
        f"tests/pages/test_{name}"
        for name in (
            "dashboards_reach", "dashboards_browser", "dashboards_sign_in", "dashboards_alerts", "dashboards_board_report",
            "dashboards_downloads", "dashboards_keeping", "dashboards_provider", "hiring_tab",
        )
    ),
    "pipeline as of": ("tests/pipeline/test_pipeline_as_of",),
    "dbt": ("tests/pipeline/test_dbt", "tests/property/test_dbt"),
    "demo": ("tests/pipeline/test_demo_continues",),
    "platform": ("tests/integration/test_nexus_up",),
    "rabbitmq": ("tests/chaos/", "tests/integration/test_hiring_bus_rabbitmq"),
    "splits": ("tests/property/test_ingestion_splits",),
    "equity release": tuple(f"tests/integration/test_equity_{name}" for name in ("attacks", "outcomes", "release", "retention")),
}  # fmt: skip
_SMALL = ("tests/unit/", "tests/contract/", "tests/architecture/")


def group_of(nodeid: str) -> str:
    """Return with what a test is run on one worker: the name of what it shares, else its file."""
    return next((name for name, places in TOGETHER.items() if nodeid.startswith(places)), nodeid.partition("::")[0])


def in_order(items: list[pytest.Item]) -> None:
    """Sort tests: groups in the order above, then other files, those of a moment last."""
    ranks = {name: rank for rank, name in enumerate(TOGETHER)}
    items.sort(key=lambda item: ranks.get(group_of(item.nodeid), len(ranks) + item.nodeid.startswith(_SMALL)))


class SharedOut(LoadScopeScheduling):
    """Gives each worker a group at a time."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        config.option.loadscopereorder = False  # groups stay in the order of the tests
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
