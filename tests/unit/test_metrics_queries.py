"""What may be asked, what is refused, what is withheld, and whose rows are read."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from foundation.access import Scope
from metrics.catalogue import Catalogue, CatalogueError, UnknownMetric, definitions_frame, product_catalogue
from metrics.equity_display import change_is_clear, drawn_share, margin_points, people_text, share_text
from metrics.evaluate import evaluate, evaluate_with_receipt
from metrics.query import MetricQueryError, Query
from metrics.rows import ScopeNotSupported
from tests.support.metrics_published import OTHER_TENANT, TENANT, write_published
from warehouse.connection import PublishedFile

ALL = Scope(None)
TENANTS = [TENANT, TENANT, TENANT, OTHER_TENANT]
ROWS: dict[str, dict[str, Any]] = {
    "marts.mart_funnel_cohorts": {
        "tenant_id": [TENANT, TENANT, OTHER_TENANT, OTHER_TENANT],
        "stage": ["applied", "hired", "applied", "hired"],
        "subject": "Science",
        "applications_count": 40,
        "reached_count": [40, 8, 40, 4],
        "reached_closed_count": [30, 8, 40, 4],
    },
    "marts.mart_cohort_maturity": {
        "tenant_id": [TENANT, OTHER_TENANT],
        "applications_count": 40,
        "open_count": [10, 0],
        "is_mature": [False, True],
    },
    "marts.mart_endings": {"tenant_id": TENANTS, "stage": "applied", "ending": "withdrawn", "ended_count": 2},
    "marts.mart_pipeline_changes": {"tenant_id": [TENANT, TENANT, OTHER_TENANT, OTHER_TENANT], "stage": "screen",
                                    "basis": "happened", "entered_count": 2, "exited_count": 1,
                                    "snapshot_date": [date(2026, 1, 5), date(2026, 1, 11), date(2026, 1, 5), date(2026, 1, 11)]},
    "marts.mart_first_responses": {"tenant_id": TENANTS, "first_response_days": 3.0},
    "marts.mart_stage_activity": {"tenant_id": TENANTS, "stage": "applied", "first_entries_count": 1},
    "marts.mart_source_cohorts": {"tenant_id": TENANTS, "attribution": "first_touch", "applications_count": 10, "attempts_count": 10,
                                  "hired_count": 2, "screen_passed_count": 10, "rank_points_sum": 5.0},
    "marts.mart_source_hires": {"tenant_id": TENANTS, "attribution": "first_touch", "is_year_over": True, "is_retained_12m": True,
                                "service_days": 400.0, "performance_score": 0.5},
    "marts.mart_source_costs": {"tenant_id": TENANTS, "attribution": "first_touch", "currency": "GBP", "hires_count": 1},
    "marts.mart_agency_submissions": {"tenant_id": TENANTS, "agency_id": ["agency", "other", "other", "agency"], "is_placed": True},
    "marts.mart_offer_chains": {"tenant_id": TENANTS, "answer": "declined", "decline_reason": "Pay too low"},
    "marts.mart_stage_visits": {"tenant_id": TENANTS, "stage": "screen", "time_in_stage_days": 3.0},
    "marts.mart_stage_durations": {"tenant_id": TENANTS, "stage": "screen", "time_in_stage_days": 3.0},
    "marts.mart_time_to_hire": {"tenant_id": TENANTS, "time_to_hire_days": 30.0},
    "marts.mart_time_to_fill": {"tenant_id": TENANTS, "gross_days": 30.0, "net_days": 20.0, "is_filled": True},
    "marts.mart_equity_releases": {"tenant_id": TENANTS * 2, "release": ["A"] * 4 + ["B"] * 4,
                                   "attribute": ["self_id"] * 4 + ["gender"] * 4,
                                   "category": ["answered"] * 4 + ["female", "male", "undisclosed", "female"],
                                   "outcome_bin": "hired", "people_count": 20, "cohort_people_count": 60},
    "marts.mart_reconciliation": {"tenant_id": TENANTS, "truth": "hires", "left_count": 1, "right_count": 1},
    "marts.mart_opening_histories": {"tenant_id": [TENANT] * 4 + [OTHER_TENANT] * 2, "job_id": ["a", "b", "c", "d", "e", "f"],
                                     "gross_days": 30.0, "is_due": [True, True, True, False, True, False], "is_filled": True,
                                     "term_start_date": "2027-01-11", "days_to_day_one": 5.0, "job_openings_count": 1},
    "marts.mart_vacancy_months": {"tenant_id": TENANTS},
    "marts.mart_hiring_plans": {"tenant_id": [TENANT, OTHER_TENANT], "target_hires_count": 3},
    "marts.mart_open_applications": {"tenant_id": TENANTS},
    "marts.mart_interview_feedback": {"tenant_id": TENANTS, "feedback_days": 1.0, "others_scores_count": 1},
    "marts.mart_application_interviews": {"tenant_id": TENANTS, "interviews_count": 2, "is_hired": True},
    "marts.mart_selection_signals": {"tenant_id": TENANTS, "marks_count": 1},
    "predictions.open_openings": {"tenant_id": TENANTS, "p_filled_60_days": 0.5},
    "marts.fct_applications": {"application_id": ["0", "1", "2", "3"], "tenant_id": TENANTS,
                               "outcome": "rejected", "process_days": 20.0, "age_days": 200.0,
                               "agency_id": ["agency", "other", "other", "agency"]},
}  # fmt: skip
ONE_TABLE: dict[str, dict[str, Any]] = {
    "D8": {"attribute": "self_id"},
    "D10": {"attribute": "gender", "outcome_bin": "hired"},
    **{f"D{number}": {"attribute": "gender", "category": "female"} for number in range(2, 7)},
}
AGENCIES_MAY_READ = {"F5", "T1", "T2", "T3", "T4", "T6", "T7", "T8", "O1", "O2", "G1", "G2", "G3", "G4"}
WITH_TENANTS = [entry.id for entry in product_catalogue() if "tenant_id" in entry.dimensions]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PublishedFile]:
    with write_published(tmp_path_factory.mktemp("published") / "published.duckdb", ROWS) as file:
        yield file


def _n(published: PublishedFile, metric: str, scope: Scope, **more: Any) -> dict[str, int]:
    more["filters"] = ONE_TABLE.get(metric, {}) | more.get("filters", {})
    answer = evaluate(published, Query(metric, group_by=("tenant_id",), scope=scope, **more))
    return dict(answer.select("tenant_id", "n").iter_rows())


@pytest.mark.parametrize("metric", WITH_TENANTS)
def test_a_scope_reads_its_own_schools_and_no_other(published: PublishedFile, metric: str) -> None:
    every = _n(published, metric, ALL)
    assert set(every) == {TENANT, OTHER_TENANT}
    assert _n(published, metric, Scope(frozenset({TENANT}))) == {TENANT: every[TENANT]}
    assert _n(published, metric, Scope(frozenset({"elsewhere"}))) == {}
    assert _n(published, metric, Scope(frozenset())) == {}


@pytest.mark.parametrize("metric", WITH_TENANTS)
def test_a_filter_never_widens_the_scope(published: PublishedFile, metric: str) -> None:
    filters = {"tenant_id": [TENANT, OTHER_TENANT]}
    assert set(_n(published, metric, Scope(frozenset({OTHER_TENANT})), filters=filters)) == {OTHER_TENANT}


def test_a_query_without_a_scope_reads_nothing(published: PublishedFile) -> None:
    assert evaluate(published, Query("F8"))["n"].to_list() == [0]
    assert evaluate(published, Query("K1")).height <= 1
    assert evaluate(published, Query("T4"))["reason"].to_list() == ["no rows in this selection"]


@pytest.mark.parametrize("metric", WITH_TENANTS)
def test_an_agency_reads_its_own_submissions_or_is_refused(published: PublishedFile, metric: str) -> None:
    scope = Scope(frozenset({TENANT, OTHER_TENANT}), "agency")
    if metric in AGENCIES_MAY_READ:
        assert _n(published, metric, scope) == {TENANT: 1, OTHER_TENANT: 1}
    else:
        with pytest.raises(ScopeNotSupported, match="not available to an agency"):
            _n(published, metric, scope)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (Query("F2", group_by=("recruiter",), scope=ALL), "no dimension 'recruiter'; allowed: tenant_id, "),
        (Query("F2", filters={"job_id": "x"}, scope=ALL), "no dimension 'job_id'; allowed: tenant_id, "),
        (Query("F2", switches={"colour": "red"}, scope=ALL), "no switch 'colour'; allowed: from_stage, to_stage, population"),
        (Query("Q1", switches={"colour": "red"}, scope=ALL), "allowed: none"),
        (Query("F2", switches={"population": "some"}, scope=ALL), "cannot be 'some'; allowed: all, closed_only"),
        (Query("F2", switches={"from_stage": "offer", "to_stage": "screen"}, scope=ALL), "must come after"),
        (Query("F2", filters={"is_internal": "perhaps"}, scope=ALL), "true or false"),
        (Query("F2", filters={"applied_month": "last"}, scope=ALL), "a date such as 2026-09-01"),
        (Query("F2", filters={"subject": []}, scope=ALL), "has no value"),
        (Query("F2", date(2026, 2, 1), date(2026, 1, 1), scope=ALL), "is before period_from"),
        (Query("Q1", date(2026, 2, 1), scope=ALL), "has no period"),
        (Query("F2", group_by=("stage", "stage"), scope=ALL), "twice"),
        (Query("D1", scope=ALL), "never summed over schools"),
        (Query("D8", group_by=("tenant_id",), scope=ALL), "one attribute at a time"),
        (Query("D9", scope=ALL), "one attribute at a time"),
        (Query("D10", filters={"attribute": "gender"}, scope=ALL), "one outcome at a time"),
        (Query("D4", filters={"attribute": "gender"}, scope=ALL), "group by attribute and category"),
        (Query("D4", group_by=("category",), filters={"attribute": "gender"}, scope=ALL), "one school, year and attribute"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_what_can(published: PublishedFile, query: Query, message: str) -> None:
    with pytest.raises(MetricQueryError, match=message):
        evaluate(published, query)


def test_an_unknown_metric_is_refused_with_the_known_ones(published: PublishedFile) -> None:
    with pytest.raises(UnknownMetric) as refusal:
        evaluate(published, Query("Z9"))
    assert "'Z9'; known: " in str(refusal.value)
    assert "F2" in str(refusal.value)


def test_hostile_filter_values_are_data_not_sql(published: PublishedFile) -> None:
    answer = evaluate(published, Query("F8", filters={"subject": "x' or true --"}, scope=ALL))
    assert answer["n"].to_list() == [0]


def test_months_count_by_their_first_day_within_the_period(published: PublishedFile) -> None:
    def n(start: date | None, end: date | None) -> int:
        return int(evaluate(published, Query("F8", start, end, scope=ALL))["n"].item())

    assert n(date(2026, 1, 1), date(2026, 1, 1)) == 4
    assert n(None, date(2025, 12, 31)) == n(date(2026, 1, 2), None) == 0


def test_undecided_applications_can_be_left_out_and_are_always_told(published: PublishedFile) -> None:
    mine = Scope(frozenset({TENANT}))
    every, closed = (
        evaluate(published, Query("F2", switches={"population": p}, scope=mine)).row(0, named=True) for p in ("all", "closed_only")
    )
    assert (every["value"], every["n"], every["n_open"]) == (0.2, 40, 10)
    assert (closed["value"], closed["n"], closed["n_open"]) == (8 / 30, 30, 10)
    assert every["is_mature"] is False


@pytest.mark.parametrize("metric", ["F2", "F3", "F4", "W1"])
def test_a_selection_without_rows_is_answered_by_one_row_that_says_so(published: PublishedFile, metric: str) -> None:
    answer = evaluate(published, Query(metric, filters={"subject": "Alchemy"}, scope=ALL)).row(0, named=True)
    assert (answer["value"], answer["n"], answer["n_open"], answer["reason"]) == (None, 0, None, "no rows in this selection")
    assert evaluate(published, Query(metric, group_by=("stage",), filters={"subject": "Alchemy"}, scope=ALL)).is_empty()


def test_a_rate_is_shown_from_ten_and_ranked_from_thirty(tmp_path: Path) -> None:
    sizes = [9, 10, 29, 30]
    rows = {
        "marts.mart_funnel_cohorts": {
            "stage": "applied",
            "subject": [str(n) for n in sizes],
            "reached_count": sizes,
            "reached_closed_count": sizes,
            "advanced_count": 3,
        }
    }
    with write_published(tmp_path / "p.duckdb", rows) as published:
        answer = evaluate(published, Query("F3", group_by=("subject",), scope=ALL)).sort("n")
    assert answer["suppressed"].to_list() == [True, False, False, False]
    assert answer["is_rankable"].to_list() == [False, False, False, True]
    assert answer.select("value", "lower", "upper").row(0) == (None, None, None)
    assert answer["reason"].to_list() == ["too few to show: n = 9, needed 10", None, None, None]


@pytest.mark.parametrize("metric", ["S2", "S3"])
def test_yield_of_an_old_month_with_a_few_stragglers_is_shown_and_of_a_young_one_is_not(tmp_path: Path, metric: str) -> None:
    cohort = {"applied_month": [date(2025, 1, 1), date(2026, 1, 1)]}
    rows = {
        "marts.mart_source_cohorts": cohort | {"attribution": "first_touch", "applications_count": 100, "attempts_count": 100,
                                               "hired_count": 20, "open_count": 8, "screen_passed_count": 40, "rank_points_sum": 20.0,
                                               "is_mature": [True, False]},
    }  # fmt: skip
    with write_published(tmp_path / "p.duckdb", rows) as published:
        months = evaluate(published, Query(metric, group_by=("applied_month",), scope=ALL))
        pooled = evaluate(published, Query(metric, scope=ALL)).row(0, named=True)
        mature = evaluate(published, Query(metric, switches={"cohorts": "mature_only"}, scope=ALL)).row(0, named=True)
    assert [value is None for value in months["value"]] == [False, True]
    assert months["is_rankable"].to_list() == [True, False]
    assert pooled["value"] is None
    assert pooled["reason"] == "cohort not mature: 92 % of its applications have ended"
    assert mature["value"] is not None


def test_a_median_beyond_follow_up_says_how_far_was_looked(tmp_path: Path) -> None:
    rows = {"marts.mart_time_to_fill": {"gross_days": [float(n) for n in range(20, 40)], "is_filled": [True] * 5 + [False] * 15}}
    with write_published(tmp_path / "p.duckdb", rows) as published:
        answer = evaluate(published, Query("T5", scope=ALL)).row(0, named=True)
    assert answer["value"] is None
    assert answer["reason"] == "median lies beyond the 39 days followed up"
    assert (answer["n"], answer["n_open"]) == (20, 15)


def test_cancelled_openings_are_censored_or_left_out(tmp_path: Path) -> None:
    rows = {"marts.mart_time_to_fill": {"gross_days": [float(n) for n in range(1, 21)], "is_filled": [True] * 15 + [False] * 5,
                                        "is_cancelled": [False] * 15 + [True] * 5}}  # fmt: skip
    with write_published(tmp_path / "p.duckdb", rows) as published:
        n = [evaluate(published, Query("T5", switches={"cancelled": c}, scope=ALL))["n"].item() for c in ("censored", "excluded")]
    assert n == [20, 15]


def test_scores_are_never_averaged(tmp_path: Path) -> None:
    rows = {
        "predictions.model_scores": {
            "metric_id": "K1",
            "kind": "backtest",
            "origin": "all",
            "predictor": ["hazard", "km"],
            "value": 0.5,
            "n": 50,
        }
    }
    with write_published(tmp_path / "p.duckdb", rows) as published:
        with pytest.raises(MetricQueryError, match=r"never averaged: group by or filter also .*predictor"):
            evaluate(published, Query("K1", scope=ALL))
        assert evaluate(published, Query("K1", filters={"predictor": "km"}, scope=ALL))["value"].item() == 0.5
        assert evaluate(published, Query("K1", scope=Scope(frozenset())))["value"].to_list() == [None], "no school, no figure"


def test_a_receipt_repeats_the_definition_and_sql_that_reads_the_same_rows(published: PublishedFile) -> None:
    receipt = evaluate_with_receipt(published, Query("S1", switches={"measure": "share_of_hires"}, scope=Scope(frozenset({TENANT}))))
    assert (receipt.definition.id, receipt.definition.version, receipt.unit) == ("S1", 1, "rate")
    assert receipt.switches == {"measure": "share_of_hires", "attribution": "first_touch", "internal": "excluded"}
    assert len(receipt.statements) == 2
    assert all(published.query(one.sql, list(one.parameters)).height == 1 for one in receipt.statements)


def test_stages_come_in_their_order(published: PublishedFile) -> None:
    assert evaluate(published, Query("F1", group_by=("stage",), scope=ALL))["stage"].to_list() == ["applied", "hired"]


def test_definitions_are_one_row_a_metric_with_the_columns_read() -> None:
    frame = definitions_frame(product_catalogue())
    assert frame["metric_id"].to_list() == [entry.id for entry in product_catalogue()]
    t5 = frame.filter(pl.col("metric_id") == "T5").row(0, named=True)
    assert t5["mart"] == "marts.mart_time_to_fill"
    assert "marts.mart_time_to_fill.net_days" in t5["columns_read"]
    assert json.loads(t5["switches"])["clock"]["default"] == "gross"


@pytest.mark.parametrize(
    ("change", "message"),
    [({"unit": "bananas"}, "unit"), ({"colour": "red"}, "colour"), ({"shown_from": "ten"}, "shown_from"), ({"id": "first"}, "id")],
)
def test_a_malformed_entry_is_refused_with_file_metric_and_field(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    entry = json.loads(product_catalogue()["Q1"].model_dump_json()) | change
    (tmp_path / "odd.yml").write_text(json.dumps([entry]))
    with pytest.raises(CatalogueError, match=rf"(?s)odd\.yml, metric {entry['id']}.*{message}"):
        Catalogue.load(tmp_path)


def test_released_figures_are_written_coarsely() -> None:
    assert [share_text(s) for s in (0.0, 0.049, 0.05, 0.345, 0.955, 1.0, None)] == [
        "< 5 %",
        "< 5 %",
        "5 %",
        "35 %",
        "> 95 %",
        "> 95 %",
        "–",
    ]
    assert [people_text(n) for n in (0, 4, 5, 1234)] == ["fewer than 5", "fewer than 5", "5", "1,234"]
    assert [drawn_share(s) for s in (0.0, 0.333, 1.0)] == [0.05, 0.33, 0.95]
    assert (margin_points(100), margin_points(100, cells=4), margin_points(100_000)) == (4, 8, 1)


def test_an_arrow_needs_two_root_two_deviations_of_noise() -> None:
    assert not change_is_clear(0.50, 0.55, 100, 100)
    assert change_is_clear(0.50, 0.553, 100, 100)
    assert not change_is_clear(0.1, 0.9, 0, 100)
