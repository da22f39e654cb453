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
    "marts.fct_applications": "application_id tenant_id agency_id",
    "marts.mart_funnel_cohorts": f"{_COHORT} channel_type is_internal stage rank applications_count reached_count reached_directly_count"
    " reached_closed_count advanced_count open_count rejected_count withdrawn_count offer_declined_count job_closed_count",
    "marts.mart_cohort_maturity": "tenant_id source_system applied_month applications_count open_count is_mature",
    "marts.mart_stage_activity": "tenant_id source_system activity_month subject channel_type is_internal stage first_entries_count",
    "marts.mart_source_cohorts": f"{_COHORT} is_internal attribution channel_type applications_count attempts_count hired_count"
    " open_count screen_passed_count rank_points_sum",
    "marts.mart_stage_visits": "visit_id application_id tenant_id source_system entered_month subject staff_class channel_type stage"
    " time_in_stage_days is_censored is_accidental",
    "marts.mart_stage_durations": "application_id tenant_id source_system first_entered_month subject staff_class channel_type stage"
    " time_in_stage_days is_censored",
    "marts.mart_time_to_hire": "hire_id application_id tenant_id source_system accepted_month subject staff_class channel_type"
    " is_internal time_to_hire_days is_accept_imputed",
    "marts.mart_time_to_fill": "opening_id tenant_id source_system approved_month subject staff_class gross_days net_days is_filled"
    " is_cancelled",
    "marts.mart_equity_releases": "release tenant_id period_kind period_start period_end outcome_bin attribute category"
    " people_count cohort_people_count noisy_count key_id",
    "marts.mart_equity_benchmarks": "release period_kind period_start period_end attribute category people_count"
    " cohort_people_count key_id",
    "marts.mart_reconciliation": "source_system tenant_id truth left_count right_count difference_count",
    "predictions.model_scores": "model bundle_id kind metric_id predictor landmark origin value lower upper n world",
}


def kind_of(column: str) -> str:
    """Return the DuckDB type that a published column of this name has, by the naming rules."""
    if column.startswith("is_"):
        return "boolean"
    if column.endswith(("_month", "_start", "_end")):
        return "date"
    if column.endswith(("_count", "rank")) or column == "n":
        return "bigint"
    return "double" if column.endswith(("_days", "_sum")) or column in ("value", "lower", "upper") else "varchar"


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
                elif name not in given and name in ("application_id", "visit_id", "hire_id", "opening_id"):
                    column[:] = [str(number) for number in range(height)]
            texts = [[None if value is None else str(value) for value in column] for column in filled]
            connection.register("given", pl.DataFrame(dict(zip(columns, texts, strict=True)), schema=dict.fromkeys(columns, pl.String)))
            connection.execute(f"insert into {table} select {', '.join(f'cast({name} as {kind_of(name)})' for name in columns)} from given")
            connection.unregister("given")
    connection.close()
    at = datetime(2026, 11, 1, tzinfo=UTC)
    return PublishedFile(Pointer("20261101T000000-0001", at, at, {}), path, open_locked(path))
