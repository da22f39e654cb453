"""The survivorship example, on simulated schools whose future is known: what a young cohort's funnel says, what F5 says, what came true."""

from datetime import timedelta
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from foundation.access import Scope
from metrics.evaluate import evaluate
from metrics.query import Query
from tests.support.metrics_published import write_published
from tests.support.simulated_markets import DAYS, START, frame, realistic_markets
from warehouse.connection import PublishedFile

HORIZON = 120
LOOKS = range(420, int(DAYS) - HORIZON, 60)  # days after the start at which somebody looks at the two youngest cohorts


@cache
def known(until: float) -> pl.DataFrame:
    """Return the applications as they were known at a day: outcome, days to it, age."""
    rows = pl.concat([frame(market, "applications.applications", until) for market in realistic_markets()])
    at = START + timedelta(days=until)
    day = pl.duration(days=1)
    return rows.filter(pl.col("status") != "duplicate").select(
        pl.col("id").cast(pl.String),
        "applied_at",
        outcome=pl.when(pl.col("status") == "active").then(pl.lit("open")).otherwise("status"),
        process_days=(pl.col("terminal_at") - pl.col("applied_at")) / day,
        age_days=(pl.lit(at) - pl.col("applied_at")) / day,
    )


def published(applications: pl.DataFrame, folder: Path) -> PublishedFile:
    """Publish them, month by age: the youngest 20 days, the 20 before, all older ones."""
    months = applications.with_columns(
        applied_month=pl.when(pl.col("age_days") < 20).then(pl.lit("2026-03-01")).when(pl.col("age_days") < 40).then(pl.lit("2026-02-01"))
        .otherwise(pl.lit("2026-01-01"))
    )  # fmt: skip
    rows = months.select("applied_month", "outcome", "process_days", "age_days").to_dict(as_series=False)
    reached = months.group_by("applied_month", maintain_order=True).agg(n=pl.len(), hired=(pl.col("outcome") == "hired").sum())
    cohorts = {
        "applied_month": reached["applied_month"].to_list() * 2,
        "stage": ["applied"] * reached.height + ["hired"] * reached.height,
        "reached_count": reached["n"].to_list() + reached["hired"].to_list(),
    }
    return write_published(folder / "p.duckdb", {"marts.fct_applications": rows, "marts.mart_funnel_cohorts": cohorts})


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """Return a row a look and young month: naive, projected, lower, upper, truth."""
    end = known(DAYS).select("id", hired=(pl.col("outcome") == "hired") & (pl.col("process_days") <= HORIZON))
    found = []
    for look in LOOKS:
        applications = known(look).join(end, on="id")
        with published(applications, tmp_path_factory.mktemp("look")) as file:
            for month, ages in (("2026-03-01", (0, 20)), ("2026-02-01", (20, 40))):
                asked = {"filters": {"applied_month": month}, "scope": Scope(None)}
                naive = evaluate(file, Query("F2", **asked)).row(0, named=True)
                projected = evaluate(file, Query("F5", **asked)).row(0, named=True)
                truth = applications.filter(pl.col("age_days").is_between(*ages, closed="left"))["hired"].mean()
                found.append({"look": look, "month": month, "naive": naive["value"], "truth": truth} | projected)
    return pl.DataFrame(found, infer_schema_length=None)


def test_the_funnel_of_an_immature_cohort_tells_too_few_hires(looks: pl.DataFrame) -> None:
    assert not looks["is_mature"].any()
    assert (looks["naive"] < looks["truth"]).all()
    youngest = looks.filter(pl.col("month") == "2026-03-01")
    assert youngest["naive"].mean() < 0.5 * youngest["truth"].mean()  # type: ignore[operator]  # polars types mean() as any literal


def test_the_projection_covers_what_came_true_and_leans_to_neither_side(looks: pl.DataFrame) -> None:
    covered = (looks["lower"] <= looks["truth"]) & (looks["truth"] <= looks["upper"])
    assert looks.height >= 18
    assert covered.mean() >= 0.9  # type: ignore[operator]  # 95 % if schools hired alike all year; they don't
    assert abs((looks["value"] - looks["truth"]).mean()) < 0.15 * looks["truth"].mean()  # type: ignore[operator, arg-type]


def test_a_cohort_that_is_decided_is_projected_as_it_is(looks: pl.DataFrame, tmp_path: Path) -> None:
    applications = known(DAYS).filter(pl.col("age_days").is_between(HORIZON, HORIZON + 200))
    with published(applications, tmp_path) as file:
        row = evaluate(file, Query("F5", scope=Scope(None))).row(0, named=True)
    decided = applications.select((pl.col("outcome") == "hired") & (pl.col("process_days") <= HORIZON)).to_series()
    assert row["value"] == pytest.approx(decided.mean(), abs=1e-9)
    assert row["reason"] is None
