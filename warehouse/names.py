"""Names of the warehouse's layers, raw tables and published tables.

What belongs here: the words that SQL, dbt folders and asset keys share. What doesn't: columns, which belong to dbt's contracts.
"""

from enum import StrEnum


class Layer(StrEnum):
    """A schema of the build file, a folder of the dbt project and a prefix of asset keys: one word for all three."""

    RAW = "raw"
    STAGING = "staging"
    INTERMEDIATE = "intermediate"
    MARTS = "marts"
    FEATURES = "features"
    PREDICTIONS = "predictions"
    PRIVATE = "private"


PUBLISHED_LAYERS = (Layer.MARTS, Layer.FEATURES, Layer.PREDICTIONS)

REQUIRED_TABLES: frozenset[str] = frozenset(
    f"marts.{name}"
    for name in (
        "dim_channels",
        "dim_jobs",
        "dim_organisations",
        "dim_term_starts",
        "fct_applications",
        "fct_hires",
        "fct_offers",
        "fct_openings",
        "mart_agency_submissions",
        "mart_application_interviews",
        "mart_cleaning_counts",
        "mart_cohort_maturity",
        "mart_endings",
        "mart_equity_cohorts",
        "mart_first_responses",
        "mart_funnel_cohorts",
        "mart_hire_outcomes",
        "mart_hiring_plans",
        "mart_interview_feedback",
        "mart_offer_chains",
        "mart_open_applications",
        "mart_opening_histories",
        "mart_pipeline_changes",
        "mart_reconciliation",
        "mart_selection_signals",
        "mart_source_cohorts",
        "mart_source_costs",
        "mart_source_hires",
        "mart_stage_activity",
        "mart_stage_durations",
        "mart_stage_visits",
        "mart_time_to_fill",
        "mart_time_to_hire",
        "mart_vacancy_months",
    )
) | {"features.features_candidate_success", "features.features_time_to_hire"}
"""Tables a published version must have: all are read from the build file."""

OPTIONAL_TABLES: frozenset[str] = frozenset(
    f"predictions.{name}"
    for name in (
        "backtest_openings",
        "input_drift",
        "logged_predictions",
        "model_calibration",
        "model_cards",
        "model_scores",
        "open_applications",
        "open_openings",
    )
)
"""Tables a published version has once something has written them into the build file."""

ADDED_TABLES: frozenset[str] = frozenset(
    {
        "marts.check_results",
        "marts.mart_equity_benchmarks",
        "marts.mart_equity_releases",
        "marts.metric_definitions",
        "marts.metric_values",
        "marts.publish_info",
        "marts.quarantine_counts",
    }
)
"""Tables that publishing itself adds; none of them is read from the build file's marts."""

CLUSTERED_BY: dict[str, str] = {
    "marts.mart_endings": "subject, applied_month, stage, tenant_id",
    "marts.mart_funnel_cohorts": "subject, applied_month, stage, tenant_id",
}
"""Order of rows in the published file, where a reader that filters these columns then skips most of a large table."""


def raw_table(source: str, table: str) -> str:
    """Return the qualified name of a source's raw table, e.g. ``raw.hiring_core__jobs``."""
    return f"{Layer.RAW}.{source}__{table}"


def history_table(source: str, table: str) -> str:
    """Return the qualified name of the table that keeps every version seen of a mutable raw table."""
    return f"{raw_table(source, table)}__history"
