"""Which school-months a funnel metric pools: all of them, or the mature ones alone."""

from datetime import date
from pathlib import Path

import pytest

from foundation.access import Scope
from metrics.evaluate import evaluate
from metrics.query import Query
from tests.support.metrics_published import write_published

MONTHS = [date(2025, 1, 1)] * 2 + [date(2026, 1, 1)] * 2
ROWS = {  # an old month that has ended, and a young one of which little is known yet
    "marts.mart_funnel_cohorts": {
        "applied_month": MONTHS, "stage": ["applied", "hired"] * 2, "is_mature": [True, True, False, False],
        "reached_count": [100, 20, 100, 2], "reached_closed_count": [100, 20, 30, 2],
        "advanced_count": [60, 0, 10, 0], "open_count": [0, 0, 70, 0],
    },
    "marts.mart_endings": {
        "applied_month": [date(2025, 1, 1), date(2026, 1, 1)], "stage": "applied", "ending": "withdrawn", "ended_count": [40, 20],
        "is_mature": [True, False],
    },
}  # fmt: skip
ALL, MATURE = 200, 100
EXPECTED = {
    "F2": ((22 / 200, ALL), (20 / 100, MATURE)),
    "F3": ((70 / 130, ALL - 70), (60 / 100, MATURE)),
    "F4": ((60 / 200, ALL), (40 / 100, MATURE)),
    "W1": ((60 / 200, ALL), (40 / 100, MATURE)),
}


@pytest.mark.parametrize("group_by", [(), ("stage",)], ids=["pooled", "by stage"])
@pytest.mark.parametrize("metric", list(EXPECTED))
def test_mature_only_pools_mature_school_months_alone(metric: str, group_by: tuple[str, ...], tmp_path: Path) -> None:
    stage = "hired" if metric == "F2" else "applied"
    with write_published(tmp_path / "published.duckdb", ROWS) as published:
        for cohorts, (value, n) in zip(("all", "mature_only"), EXPECTED[metric], strict=True):
            answer = evaluate(published, Query(metric, group_by=group_by, switches={"cohorts": cohorts}, scope=Scope(None)))
            row = next(row for row in answer.to_dicts() if row.get("stage", stage) == stage)
            assert (row["value"], row["n"]) == (pytest.approx(value), n), cohorts
            assert row["is_mature"] is (cohorts == "mature_only"), cohorts
