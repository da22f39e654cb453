"""Whatever the applications, the funnel's metrics equal their definitions counted one application at a time, and parts sum to wholes."""

import random
import tempfile
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.access import Scope
from metrics.answer import STAGES
from metrics.evaluate import evaluate
from metrics.query import Query
from tests.support.metrics_published import write_published
from warehouse.connection import PublishedFile

ALL = Scope(None)
DROPS = ("rejected", "withdrawn", "offer_declined", "job_closed")
SEGMENT = ("subject", "channel_type")


@dataclass(frozen=True)
class Application:
    """One application: segment, furthest rank (1–7) and how it ended."""

    subject: str
    channel_type: str
    rank: int
    outcome: str


def _draw(seed: int, count: int) -> list[Application]:
    rng = random.Random(seed)
    found = []
    for _ in range(count):
        rank = min(7, 1 + int(rng.expovariate(0.6)))
        outcome = "hired" if rank == 7 else rng.choice(["open", *DROPS])
        found.append(Application(rng.choice("ab"), rng.choice("xyz"), rank, outcome))
    return found


def _publish(applications: list[Application], folder: Path) -> PublishedFile:
    rows, endings = [], []
    for segment in sorted({(a.subject, a.channel_type) for a in applications}):
        members = [a for a in applications if (a.subject, a.channel_type) == segment]
        for rank, stage in enumerate(STAGES, start=1):
            reached = [a for a in members if a.rank >= rank]
            here = [a.outcome for a in members if a.rank == rank]
            rows.append(
                dict(zip(SEGMENT, segment, strict=True))
                | {
                    "stage": stage,
                    "applications_count": len(members),
                    "reached_count": len(reached),
                    "reached_closed_count": sum(a.outcome != "open" for a in reached),
                    "advanced_count": sum(a.rank > rank for a in members),
                    "open_count": here.count("open"),
                }
            )
            endings += [
                dict(zip(SEGMENT, segment, strict=True)) | {"stage": stage, "ending": drop, "ended_count": here.count(drop)}
                for drop in DROPS
                if drop in here
            ]
    tables = {"marts.mart_funnel_cohorts": rows, "marts.mart_endings": endings}
    return write_published(folder / "p.duckdb", {name: pl.DataFrame(given).to_dict(as_series=False) for name, given in tables.items()})


@given(st.integers(0, 10**6), st.integers(30, 400))
@settings(max_examples=12, deadline=None)
def test_metrics_equal_their_definitions_counted_by_hand(seed: int, count: int) -> None:
    applications = _draw(seed, count)
    with tempfile.TemporaryDirectory() as folder, _publish(applications, Path(folder)) as published:
        for rank, stage in enumerate(STAGES, start=1):
            reached = [a for a in applications if a.rank >= rank]
            f1 = evaluate(published, Query("F1", filters={"stage": stage}, scope=ALL)).row(0, named=True)
            assert (f1["value"], f1["n"]) == (len(reached), count)
            f4 = evaluate(published, Query("F4", filters={"stage": stage}, scope=ALL)).row(0, named=True)
            if len(reached) >= 10:
                assert f4["value"] == pytest.approx(sum(a.rank == rank and a.outcome in DROPS for a in reached) / len(reached))
            decided = [a for a in reached if a.rank > rank or a.outcome != "open"]
            if stage != "hired" and len(decided) >= 10:
                f3 = evaluate(published, Query("F3", filters={"stage": stage}, scope=ALL)).row(0, named=True)
                assert (f3["value"], f3["n"]) == (pytest.approx(sum(a.rank > rank for a in decided) / len(decided)), len(decided))
        by_stage = evaluate(published, Query("F2", group_by=("stage",), switches={"from_stage": "screen"}, scope=ALL))
        screened = [a for a in applications if a.rank >= 2]
        if len(screened) >= 10:
            expected = [sum(a.rank >= rank for a in screened) / len(screened) for rank in range(2, 8)]
            assert by_stage["value"].to_list() == pytest.approx(expected)


@given(st.integers(0, 10**6), st.sampled_from([("subject",), ("channel_type",), SEGMENT]))
@settings(max_examples=12, deadline=None)
def test_groups_and_endings_sum_to_the_whole(seed: int, groups: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory() as folder, _publish(_draw(seed, 300), Path(folder)) as published:
        for metric in ("F1", "F2", "F3", "F4"):
            whole = evaluate(published, Query(metric, scope=ALL)).row(0, named=True)
            parts = evaluate(published, Query(metric, group_by=groups, scope=ALL))
            assert parts["n"].sum() == whole["n"]
            assert parts["n_open"].sum() == whole["n_open"]
        split = evaluate(published, Query("F4", group_by=("ending",), scope=ALL))
        assert split["value"].sum() == pytest.approx(evaluate(published, Query("F4", scope=ALL))["value"].item())
        endings = [evaluate(published, Query("F4", switches={"ending": drop}, scope=ALL))["value"].item() for drop in DROPS]
        assert sum(endings) == pytest.approx(evaluate(published, Query("F4", scope=ALL))["value"].item())


@given(st.integers(0, 10**6))
@settings(max_examples=6, deadline=None)
def test_each_group_by_stage_is_divided_by_its_own_cohort(seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder, _publish(_draw(seed, 200), Path(folder)) as published:
        for metric in ("F2", "F3", "F4"):
            parts = evaluate(published, Query(metric, group_by=("subject", "stage"), scope=ALL))
            for subject in "ab":
                alone = evaluate(published, Query(metric, group_by=("stage",), filters={"subject": subject}, scope=ALL))
                assert parts.filter(pl.col("subject") == subject).drop("subject").equals(alone)
