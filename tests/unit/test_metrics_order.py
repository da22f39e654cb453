"""A figure is the same to the last digit in whatever order SQL returns its rows: nothing promises one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from foundation.access import Scope
from metrics.evaluate import evaluate
from metrics.query import Query
from tests.support.metrics_published import write_published
from warehouse.connection import PublishedFile


class Shuffled:
    """A published file whose rows come in another order."""

    def __init__(self, file: PublishedFile, seed: int) -> None:
        self.file, self.seed = file, seed

    def query(self, sql: str, params: Sequence[Any] | None = None) -> pl.DataFrame:
        return self.file.query(sql, params).sample(fraction=1, shuffle=True, seed=self.seed)


def test_shrunk_yields_do_not_depend_on_the_order_of_channels(tmp_path: Path) -> None:
    cohorts = {
        "channel_type": [f"channel {number}" for number in range(9)],
        "attribution": "last_touch",
        "applications_count": [31, 57, 113, 207, 411, 89, 33, 71, 139],
        "attempts_count": [31, 57, 113, 207, 411, 89, 33, 71, 139],
        "hired_count": [7, 5, 17, 23, 61, 3, 1, 11, 29],
    }
    query = Query("S2", group_by=("channel_type",), switches={"estimate": "shrunk", "attribution": "last_touch"}, scope=Scope(None))
    with write_published(tmp_path / "p.duckdb", {"marts.mart_source_cohorts": cohorts}) as published:
        first, *others = (evaluate(Shuffled(published, seed), query) for seed in range(12))
    assert first["p_better"].null_count() == 0
    assert all(other.equals(first) for other in others)
