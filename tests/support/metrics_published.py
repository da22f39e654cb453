"""Tiny published files for metric tests: the published tables' columns, and a writer that fills what an example leaves out."""

import itertools
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from warehouse.connection import Pointer, PublishedFile, open_locked

TENANT = "11111111-1111-1111-1111-111111111111"
OTHER_TENANT = "22222222-2222-2222-2222-222222222222"

_COHORT = "tenant_id source_system applied_month subject staff_class"
_TABLES = {
    "marts.fct_applications": f"application_id agency_id {_COHORT} channel_type is_internal outcome process_days age_days",
    "marts.mart_funnel_cohorts": f"{_COHORT} channel_type is_internal stage rank applications_count reached_count reached_directly_count"
    " reached_closed_count advanced_count open_count rejected_count withdrawn_count offer_declined_count job_closed_count"
    " is_mature",
    "marts.mart_cohort_maturity": "tenant_id source_system applied_month applications_count open_count is_mature",
    "marts.mart_endings": f"{_COHORT} channel_type is_internal stage ending ending_side ending_reason ended_count is_mature",
    "marts.mart_pipeline_changes": "tenant_id source_system snapshot_date subject channel_type is_internal stage basis entered_count"
    " exited_count exited_stay_days",
    "marts.mart_first_responses": f"application_id {_COHORT} channel_type is_internal first_response_days is_censored",
    "marts.mart_stage_activity": "tenant_id source_system activity_month subject channel_type is_internal stage first_entries_count",
    "marts.mart_source_cohorts": f"{_COHORT} is_internal attribution channel_type applications_count attempts_count hired_count"
    " open_count screen_passed_count rank_points_sum is_mature",
    "marts.mart_source_hires": "hire_id application_id tenant_id source_system attribution channel_type subject staff_class contract_kind"
    " is_internal accepted_month start_month is_reneged is_year_over is_retained_12m service_days end_class performance_score"
    " satisfaction_score",
    "marts.mart_source_costs": "tenant_id source_system cost_month attribution channel_type currency spend_minor agency_fees_minor"
    " hires_count retained_count retention_pending_count",
    "marts.mart_offer_chains": "chain_id application_id tenant_id source_system sent_month subject staff_class channel_type is_internal"
    " answer decline_reason is_reneged",
    "marts.mart_agency_submissions": "agency_submission_id tenant_id source_system agency_id submitted_month placed_month subject"
    " staff_class furthest_stage reached_rank outcome is_duplicate is_placed is_reneged fee_basis fee_minor fee_currency"
    " first_response_days is_censored",
    "marts.mart_stage_visits": "visit_id application_id tenant_id source_system entered_month subject staff_class channel_type stage"
    " time_in_stage_days is_censored is_accidental sla_hours is_sla_breached",
    "marts.mart_stage_durations": "application_id tenant_id source_system first_entered_month subject staff_class channel_type stage"
    " time_in_stage_days is_censored",
    "marts.mart_time_to_hire": "hire_id application_id tenant_id source_system accepted_month subject staff_class channel_type"
    " is_internal time_to_hire_days time_from_first_contact_days time_to_start_days is_reneged is_accept_imputed",
    "marts.mart_time_to_fill": "opening_id tenant_id source_system approved_month subject staff_class gross_days net_days"
    " gross_latest_days net_latest_days is_filled is_cancelled",
    "marts.mart_equity_releases": "release tenant_id period_kind period_start period_end outcome_bin attribute category"
    " people_count cohort_people_count noisy_count key_id",
    "marts.mart_equity_benchmarks": "release period_kind period_start period_end attribute category people_count"
    " cohort_people_count key_id",
    "marts.mart_reconciliation": "source_system tenant_id truth left_count right_count difference_count",
    "marts.mart_opening_histories": "opening_id job_id tenant_id source_system subject staff_class season approved_month term_start_date"
    " fte gross_days is_filled is_cancelled is_due is_late days_to_day_one job_applications_count job_openings_count"
    " applied_stage_days screen_stage_days interview_stage_days demo_lesson_stage_days references_checks_stage_days offer_stage_days",
    "marts.mart_vacancy_months": "opening_id vacancy_month tenant_id source_system subject staff_class fte is_open_at_end",
    "marts.mart_hiring_plans": "hiring_plan_id tenant_id source_system season subject due_date target_hires_count hired_count",
    "marts.mart_open_applications": "application_id tenant_id source_system job_id recruiter_id subject staff_class channel_type stage"
    " idle_days has_event_ahead",
    "marts.mart_interview_feedback": "interview_id interviewer_id tenant_id source_system subject staff_class kind held_month is_submitted"
    " feedback_days points others_points_sum others_scores_count",
    "marts.mart_application_interviews": "application_id tenant_id source_system applied_month subject staff_class channel_type"
    " interviews_count demo_lessons_count is_hired is_open",
    "marts.mart_selection_signals": "application_id signal tenant_id source_system subject staff_class decided_month points_sum marks_count"
    " is_hired is_success",
    "predictions.open_openings": "opening_id tenant_id job_id subject p_filled_before_term_start p_filled_30_days p_filled_60_days"
    " p_filled_90_days p_filled_180_days",
    "predictions.open_applications": "application_id tenant_id job_id subject p_hired",
    "predictions.model_scores": "model bundle_id kind metric_id predictor landmark origin value lower upper n world",
    "predictions.input_drift": "model feature value n world",
}


def kind_of(column: str) -> str:
    """Return the DuckDB type that a published column of this name has, by the naming rules."""
    if column.startswith(("is_", "has_")):
        return "boolean"
    if column.endswith(("_month", "_date", "_start", "_end")) and not column.startswith("p_"):
        return "date"
    if column.endswith(("_count", "rank", "_hours", "_minor")) or column == "n":
        return "bigint"
    is_number = (
        column.endswith(("_days", "_sum", "_score"))
        or column.startswith(("days_", "p_"))
        or column in ("value", "lower", "upper", "fte", "points")
    )
    return "double" if is_number else "varchar"


_DEFAULTS: dict[str, Any] = {"boolean": False, "date": date(2026, 1, 1), "bigint": 0, "double": 0.0, "varchar": "any"}


def write_published(path: Path, rows: Mapping[str, Mapping[str, Any]]) -> PublishedFile:
    """Write every known table, filled with ``rows`` (table → column → values, a single value for all rows), and open it.

    Columns left out get the first school, January 2026, False, 0 or ``any``; ids get their row number.
    """
    connection = duckdb.connect(str(path))
    connection.execute("create schema marts; create schema predictions")
    for table, text in _TABLES.items():
        columns = text.split()
        connection.execute(f"create table {table} ({', '.join(f'{name} {kind_of(name)}' for name in columns)})")
        given = rows.get(table, {})
        if unknown := set(given) - set(columns):
            raise ValueError(f"{table} has no column {sorted(unknown)}")
        height = max((len(values) for values in given.values() if isinstance(values, list)), default=1 if given else 0)
        if height:
            values = [given.get(name, [_DEFAULTS[kind_of(name)]]) for name in columns]
            filled = [list(itertools.islice(itertools.cycle(v if isinstance(v, list) else [v]), height)) for v in values]
            for name, column in zip(columns, filled, strict=True):
                if name not in given and name == "tenant_id":
                    column[:] = [TENANT] * height
                elif name not in given and name in ("application_id", "visit_id", "hire_id", "opening_id", "chain_id"):
                    column[:] = [str(number) for number in range(height)]
            texts = [[None if value is None else str(value) for value in column] for column in filled]
            connection.register("given", pl.DataFrame(dict(zip(columns, texts, strict=True)), schema=dict.fromkeys(columns, pl.String)))
            connection.execute(f"insert into {table} select {', '.join(f'cast({name} as {kind_of(name)})' for name in columns)} from given")
            connection.unregister("given")
    connection.close()
    at = datetime(2026, 11, 1, tzinfo=UTC)
    return PublishedFile(Pointer("20261101T000000-0001", at, at, {}), path, open_locked(path))
