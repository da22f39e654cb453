"""Levels and velocity: counted by hand, in two clocks, and by Little's law; and the table of every school's figures."""

import json
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from foundation.access import Scope
from metrics.catalogue import product_catalogue
from metrics.evaluate import evaluate
from metrics.query import MetricQueryError, Query
from metrics.rows import _WITHOUT_TENANT
from metrics.values import SCHEMA, metric_values
from tests.support.metrics_published import OTHER_TENANT, TENANT, write_published

ALL = Scope(None)
STEPS = {
    "snapshot_date": [date(2026, 1, 29), date(2026, 1, 31), date(2026, 2, 2), date(2026, 1, 29), date(2026, 2, 1), date(2026, 2, 2)],
    "basis": ["happened"] * 3 + ["recorded"] * 3,
    "stage": "screen",
    "entered_count": [3, 2, 0, 3, 2, 0],
    "exited_count": [0, 1, 2, 0, 1, 2],
}


def _levels(folder: Path, **asked: object) -> dict[date, float]:
    with write_published(folder / "p.duckdb", {"marts.mart_pipeline_changes": STEPS}) as file:
        answer = evaluate(file, Query("F7", group_by=("snapshot_date",), scope=ALL, **asked))  # type: ignore[arg-type]  # a test's own arguments
    return dict(answer.select("snapshot_date", "value").iter_rows())


def test_days_without_a_step_keep_the_level_of_the_day_before(tmp_path: Path) -> None:
    assert list(_levels(tmp_path).values()) == [3, 3, 4, 4, 2]


def test_a_period_begins_with_what_was_there_before_it(tmp_path: Path) -> None:
    assert _levels(tmp_path, period_from=date(2026, 2, 1), period_to=date(2026, 2, 1)) == {date(2026, 2, 1): 4}


def test_month_ends_and_sundays_are_chosen_from_the_days(tmp_path: Path) -> None:
    assert _levels(tmp_path, switches={"every": "month"}) == {date(2026, 1, 31): 4}
    (tmp_path / "p.duckdb").unlink()
    assert _levels(tmp_path, switches={"every": "week"}) == {date(2026, 2, 1): 4}


def test_a_step_recorded_late_was_not_known_then(tmp_path: Path) -> None:
    days = {"snapshot_date": ["2026-01-31", "2026-02-01"]}
    assert list(_levels(tmp_path, filters=days, switches={"basis": "recorded"}).values()) == [3, 4]


def test_several_moments_are_never_added_up(tmp_path: Path) -> None:
    with (
        write_published(tmp_path / "p.duckdb", {"marts.mart_pipeline_changes": STEPS}) as file,
        pytest.raises(MetricQueryError, match="group by snapshot_date"),
    ):
        evaluate(file, Query("F7", filters={"snapshot_date": ["2026-01-31", "2026-02-01"]}, scope=ALL))


def test_a_steady_stage_keeps_littles_law(tmp_path: Path) -> None:
    """Four come every day and stay five days: twenty are there, 28 leave a week, and nothing is remarked."""
    days = [date(2025, 12, 1) + timedelta(days=number) for number in range(80)]
    steady = {
        "snapshot_date": days,
        "basis": "happened",
        "stage": "screen",
        "entered_count": 4,
        "exited_count": [0] * 5 + [4] * 75,
        "exited_stay_days": [0.0] * 5 + [20.0] * 75,
    }
    with write_published(tmp_path / "p.duckdb", {"marts.mart_pipeline_changes": steady}) as file:
        asked = {"period_from": date(2026, 1, 5), "period_to": date(2026, 2, 1), "scope": ALL}
        weekly = evaluate(file, Query("T9", **asked)).row(0, named=True)  # type: ignore[arg-type]  # one dictionary for both questions
        implied = evaluate(file, Query("T9", switches={"measure": "implied_days"}, **asked)).row(0, named=True)  # type: ignore[arg-type]
    assert (weekly["value"], weekly["n"], weekly["n_open"], weekly["reason"]) == (pytest.approx(28 / 20), 4 * 28, 20, None)
    assert implied["value"] == pytest.approx(5)
    assert implied["lower"] < 5 < implied["upper"]


def test_an_ending_anywhere_is_a_share_of_all_that_applied(tmp_path: Path) -> None:
    rows = {
        "marts.mart_funnel_cohorts": {"stage": ["applied", "screen"], "reached_count": [100, 40], "reached_closed_count": [100, 40]},
        "marts.mart_endings": {
            "stage": ["applied", "screen"],
            "ending": "withdrawn",
            "ending_reason": "Pay too low",
            "ended_count": [10, 5],
        },
    }
    with write_published(tmp_path / "p.duckdb", rows) as file:
        row = evaluate(file, Query("F4", group_by=("ending_reason",), switches={"stage": "any"}, scope=ALL)).row(0, named=True)
    assert (row["value"], row["n"]) == (0.15, 100)


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, object]]]:
    """Return where a file lies that two schools share: the catalogue's own examples, once a school."""
    rows: dict[str, dict[str, object]] = {}
    for entry in product_catalogue():
        for table, columns in entry.example.rows.items():
            if table not in rows and table.startswith("marts.") and table not in _WITHOUT_TENANT:
                height = max(len(values) if isinstance(values, list) else 1 for values in columns.values())
                twice = {name: (values if isinstance(values, list) else [values] * height) * 2 for name, values in columns.items()}
                rows[table] = twice | {"tenant_id": [TENANT] * height + [OTHER_TENANT] * height}
    return tmp_path_factory.mktemp("values"), json.loads(json.dumps(rows, default=str))


def test_the_table_says_what_each_school_is_answered(every: tuple[Path, dict[str, dict[str, object]]]) -> None:
    folder, rows = every
    with write_published(folder / "p.duckdb", rows) as file:
        values = metric_values(file)
        assert dict(values.schema) == SCHEMA
        assert values["tenant_id"].unique().sort().to_list() == [TENANT, OTHER_TENANT]
        school = Scope(frozenset({OTHER_TENANT}))
        mine = values.filter(pl.col("tenant_id") == OTHER_TENANT)
        shared = ["value", "n", "lower", "upper", "n_open", "is_mature", "reason"]
        for row in mine.filter(pl.col("period").is_null()).iter_rows(named=True):
            answer = evaluate(file, Query(str(row["metric_id"]), scope=school)).row(0, named=True)
            assert {name: row[name] for name in shared} == pytest.approx({name: answer[name] for name in shared}), row["metric_id"]
        months = mine.filter((pl.col("metric_id") == "F5") & pl.col("period").is_not_null()).sort("period")
        answer = evaluate(file, Query("F5", group_by=("applied_month",), scope=school))
        assert_frame_equal(months.select(shared), answer.select(shared))
        assert months["period"].to_list() == answer["applied_month"].to_list()


def test_equity_never_enters_the_table_and_every_other_school_metric_with_rows_does(
    every: tuple[Path, dict[str, dict[str, object]]],
) -> None:
    folder, rows = every
    with write_published(folder / "q.duckdb", rows) as file:
        found = set(metric_values(file)["metric_id"])
    assert not [name for name in found if name.startswith("D")]
    elsewhere = {"F8", "T1", "T2", "T3", "T9"}  # their examples lie at other stages or days than the default looks at
    named = {f"{letter}{number}" for letter, count in (("F", 8), ("T", 9), ("S", 3), ("W", 1), ("Q", 1)) for number in range(1, count + 1)}
    assert named - elsewhere <= found
