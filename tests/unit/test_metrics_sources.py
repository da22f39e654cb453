"""Sources and offers: what is withheld, what is never ranked, and how channels are drawn together, through the public door."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from foundation.access import Scope
from metrics.evaluate import evaluate
from metrics.query import Query
from tests.support.metrics_published import OTHER_TENANT, TENANT, write_published

ALL = Scope(None)


def ask(folder: Path, metric: str, rows: dict[str, Any], **query: Any) -> pl.DataFrame:
    with write_published(folder / "published.duckdb", rows) as published:
        return evaluate(published, Query(metric, scope=ALL, **query))


def hires(**columns: Any) -> dict[str, Any]:
    return {"marts.mart_source_hires": {"attribution": "first_touch", "is_year_over": True} | columns}


def cohorts(**columns: Any) -> dict[str, Any]:
    given = {"attribution": "first_touch", "applications_count": 50, "attempts_count": 50, "open_count": 0, "is_mature": True} | columns
    return {"marts.mart_source_cohorts": given}


def test_filtered_channel_is_drawn_towards_the_channels_left_out(tmp_path: Path) -> None:
    rows = cohorts(channel_type=["referral", "direct", "event", "unknown"], hired_count=[20, 5, 6, 4])
    switches = {"estimate": "shrunk"}
    every = ask(tmp_path, "S2", rows, group_by=("channel_type",), switches=switches)
    (tmp_path / "published.duckdb").unlink()
    one = ask(tmp_path, "S2", rows, group_by=("channel_type",), switches=switches, filters={"channel_type": "referral"})
    assert one.to_dicts() == every.filter(pl.col("channel_type") == "referral").to_dicts()
    assert 0.2 < one["value"][0] < 0.4
    assert one["p_better"][0] > 0.9


def test_unknown_source_is_shown_by_its_own_rate_and_never_ranked(tmp_path: Path) -> None:
    rows = cohorts(channel_type=["referral", "direct", "unknown"], hired_count=[20, 5, 4])
    answer = ask(tmp_path, "S2", rows, group_by=("channel_type",), switches={"estimate": "shrunk"})
    unknown = answer.filter(pl.col("channel_type") == "unknown").row(0, named=True)
    assert unknown["value"] == 4 / 50
    assert unknown["p_better"] is None
    assert answer["is_rankable"].to_list() == [True, True, False]


def test_schools_are_drawn_together_each_by_itself(tmp_path: Path) -> None:
    channels, tenants = ["referral", "direct"] * 2, [TENANT] * 2 + [OTHER_TENANT] * 2
    rows = cohorts(channel_type=channels, tenant_id=tenants, hired_count=[20, 5, 45, 40])
    answer = ask(tmp_path, "S2", rows, group_by=("tenant_id", "channel_type"), switches={"estimate": "shrunk"})
    assert answer.filter(pl.col("tenant_id") == OTHER_TENANT)["value"].min() > 0.7  # type: ignore[operator]  # polars types min() as any literal
    assert answer.filter(pl.col("tenant_id") == TENANT)["value"].max() < 0.5  # type: ignore[operator]  # polars types max() as any literal


def test_retention_before_anybody_was_followed_a_year_is_withheld(tmp_path: Path) -> None:
    answer = ask(tmp_path, "S5", hires(service_days=[100] * 12, end_class=["left"] + [None] * 11))
    assert answer["value"].to_list() == [None]
    assert answer["reason"].to_list() == ["nobody has been followed for a year yet: 100 days at most"]


def test_retention_without_a_leaver_keeps_a_doubt(tmp_path: Path) -> None:
    row = ask(tmp_path, "S5", hires(service_days=[400] * 12, end_class=None)).row(0, named=True)
    assert (row["value"], row["upper"]) == (1.0, 1.0)
    assert 0.7 < row["lower"] < 0.8


def test_last_touch_credits_another_channel(tmp_path: Path) -> None:
    rows = hires(hire_id=["a", "a"], attribution=["first_touch", "last_touch"], channel_type=["direct", "agency"], is_retained_12m=True)
    answer = ask(tmp_path, "S6", rows, group_by=("channel_type",), switches={"attribution": "last_touch"})
    assert answer["channel_type"].to_list() == ["agency"]


def test_other_weights_give_another_quality(tmp_path: Path) -> None:
    rows = hires(is_retained_12m=[True] * 10, performance_score=[0.5] * 10, satisfaction_score=[1.0] * 10)
    found = {}
    for weights in ("40-40-20", "0-100-0", "50-50-0"):
        found[weights] = ask(tmp_path, "S4", rows, switches={"weights": weights})["value"][0]
        (tmp_path / "published.duckdb").unlink()
    assert found == {"40-40-20": pytest.approx(0.8), "0-100-0": pytest.approx(0.5), "50-50-0": pytest.approx(0.75)}


COSTS = {
    "attribution": "first_touch",
    "channel_type": "event",
    "currency": "GBP",
    "cost_month": ["2025-01-01", "2025-02-01", "2025-03-01"],
    "spend_minor": [1000, 2000, 4000],
    "hires_count": [1, 1, 1],
    "retained_count": [1, 0, 0],
    "retention_pending_count": [0, 0, 1],
}


def test_cost_per_retained_hire_waits_for_the_year_or_leaves_young_months_out(tmp_path: Path) -> None:
    rows = {"marts.mart_source_costs": COSTS}
    switches = {"measure": "per_retained_hire"}
    young = ask(tmp_path, "S7", rows, switches=switches).row(0, named=True)
    assert (young["value"], young["reason"]) == (None, "1 of the hires are not yet a year in post")
    (tmp_path / "published.duckdb").unlink()
    decided = ask(tmp_path, "S7", rows, switches=switches | {"cohorts": "mature_only"}).row(0, named=True)
    assert (decided["value"], decided["n"], decided["currency"]) == (3000.0, 1, "GBP")
    assert decided["lower"] < 3000 < decided["upper"]


def test_currencies_are_told_apart_by_grouping(tmp_path: Path) -> None:
    rows = {"marts.mart_source_costs": COSTS | {"currency": ["GBP", "EUR", "GBP"]}}
    answer = ask(tmp_path, "S7", rows, group_by=("currency",))
    assert dict(answer.select("currency", "value").iter_rows()) == {"EUR": 2000.0, "GBP": 2500.0}


def test_school_without_costs_has_no_cost_per_hire(tmp_path: Path) -> None:
    rows = {"marts.mart_source_costs": COSTS | {"currency": "unknown", "spend_minor": 0}}
    assert ask(tmp_path, "S7", rows)["reason"].to_list() == ["no cost is recorded"]


@pytest.mark.parametrize(("measure", "value", "n"), [("rescinded", 1 / 14, 14), ("reneged", 2 / 10, 10)])
def test_rescinded_and_reneged_have_rates_of_their_own(measure: str, value: float, n: int, tmp_path: Path) -> None:
    answers = ["accepted"] * 10 + ["declined"] * 3 + ["rescinded", "pending"]
    rows = {"marts.mart_offer_chains": {"answer": answers, "is_reneged": [True] * 2 + [False] * 13}}
    row = ask(tmp_path, "O1", rows, switches={"measure": measure}).row(0, named=True)
    assert (row["value"], row["n"], row["n_open"]) == (pytest.approx(value), n, 1)
