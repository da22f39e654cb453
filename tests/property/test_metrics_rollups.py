"""A question that takes its part of a rollup is answered as if its own statement had been run, for whoever asks, and without running it."""

import random
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.access import Scope
from metrics.answer import STAGES
from metrics.evaluate import evaluate_together, evaluate_with_receipt
from metrics.query import Query
from metrics.readings import BEFORE_ROLLED_UP, Readings
from tests.support.metrics_published import OTHER_TENANT, TENANT, write_published
from warehouse.connection import PublishedFile

MONTHS = [date(2026, month, 1) for month in range(1, 7)]
SCOPES = [Scope(None), Scope(frozenset({TENANT})), Scope(frozenset({OTHER_TENANT})), Scope(frozenset())]
VALUES: dict[str, list[Any]] = {
    "tenant_id": [TENANT, OTHER_TENANT],
    "applied_month": MONTHS,
    "subject": ["a", "b", None],
    "channel_type": ["x", None],
    "is_internal": [True, False],
    "stage": list(STAGES),
    "is_mature": [True, False],
    "ending": ["rejected", "withdrawn"],
}
COUNTS = ("applications_count", "reached_count", "reached_closed_count", "advanced_count", "open_count", "ended_count")


def _publish(rng: random.Random, folder: Path) -> PublishedFile:
    def rows(columns: Sequence[str]) -> dict[str, Any]:
        drawn = {name: [rng.choice(VALUES[name]) for _ in range(150)] for name in columns if name in VALUES}
        return drawn | {name: [rng.randrange(0, 30) for _ in range(150)] for name in columns if name in COUNTS}

    shared = [name for name in VALUES if name != "ending"]
    tables = {"marts.mart_funnel_cohorts": rows([*shared, *COUNTS[:-1]]), "marts.mart_endings": rows([*shared, "ending", COUNTS[-1]])}
    return write_published(folder / "p.duckdb", tables)


def _question(rng: random.Random, metric: str, groups: tuple[str, ...], filtered: tuple[str, ...]) -> Query:
    start, end = sorted(rng.choices(MONTHS, k=2))
    filters = {name: rng.sample([value for value in VALUES[name] if value is not None], k=1) for name in filtered}
    return Query(metric, start, end, groups, filters, scope=rng.choice(SCOPES))


class Counted:
    """A published file that counts what it is asked."""

    def __init__(self, file: PublishedFile) -> None:
        self.file, self.asked = file, 0

    def query(self, sql: str, params: Sequence[Any] | None = None) -> pl.DataFrame:
        self.asked += 1
        return self.file.query(sql, params)


@given(
    st.integers(0, 10**6),
    st.sampled_from(["F1", "F2", "F3", "F4", "W1"]),
    st.sets(st.sampled_from(["stage", "subject", "is_internal"]), max_size=2),
    st.sets(st.sampled_from(["stage", "subject", "channel_type", "is_internal", "applied_month"]), max_size=2),
)
@settings(max_examples=15, deadline=None)
def test_a_part_of_a_rollup_is_what_the_statement_would_read(seed: int, metric: str, groups: set[str], filtered: set[str]) -> None:
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder, _publish(rng, Path(folder)) as published:
        reader, readings, alone = Counted(published), Readings(), Counted(published)
        for _ in range(40):
            query = _question(rng, metric, tuple(sorted(groups)), tuple(sorted(filtered)))
            (found,), own = evaluate_together(reader, [query], None, readings), evaluate_with_receipt(alone, query)
            assert found.frame.equals(own.frame), (query, found.frame, own.frame)
            assert found.statements == own.statements  # a receipt shows what anybody can run
        assert reader.asked <= alone.asked


def test_what_does_not_add_up_or_has_many_parts_is_read_each_time(tmp_path: Path) -> None:
    rng = random.Random(1)
    with _publish(rng, tmp_path) as published:
        reader, readings = Counted(published), Readings()
        subjects = [Query("F1", filters={"tenant_id": TENANT, "subject": str(number)}, scope=Scope(None)) for number in range(12)]
        evaluate_together(reader, subjects, None, readings)
        assert reader.asked == len(subjects)  # a part for each school is too many
        activity = [Query("F8", filters={"subject": str(number)}, scope=Scope(None)) for number in range(12)]
        evaluate_together(reader, activity, None, readings)
        assert reader.asked == len(subjects) + len(activity)  # coalesce(sum, 0) of parts is not that of the whole


def test_a_rollup_is_read_once_it_pays_and_kept(tmp_path: Path) -> None:
    with _publish(random.Random(2), tmp_path) as published:
        reader, readings = Counted(published), Readings()
        asked = [Query("F1", filters={"subject": str(number)}, scope=Scope(None)) for number in range(20)]
        ran = []
        for query in asked:
            evaluate_together(reader, [query], None, readings)
            ran.append(reader.asked)
        assert ran == [*range(1, BEFORE_ROLLED_UP + 1), *[BEFORE_ROLLED_UP + 1] * (20 - BEFORE_ROLLED_UP)]
