"""Rows of the core in the columns of a hiring log: what a reconciliation compares, and what a dual-write window hands back.

Ids are those of the earlier system where it knows the row, else the core's own.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, select, true
from sqlalchemy.orm import Session

from hiring.access import one_of
from hiring.applications.tables import applications, employment_outcomes, hires, offers, stage_definitions, stage_events
from hiring.jobs.tables import jobs, openings
from hiring.legacy.log_format import ENDINGS, LOG_TABLES, STAGES
from hiring.legacy.tables import loaded
from hiring.rows import AnyRow

CORE: dict[str, Table] = {
    "jobs": jobs,
    "openings": openings,
    "applications": applications,
    "stage_events": stage_events,
    "offers": offers,
    "hires": hires,
    "outcomes": employment_outcomes,
}


def core_rows(session: Session, table: str, tenant_id: UUID, condition: ColumnElement[bool] | None = None) -> dict[UUID, dict[str, Any]]:
    """Return a school's rows of one table by core id, in the log's columns, typed; those of one thing in the order they were made."""
    source = CORE[table]
    mine = select(source).where(source.c.tenant_id == tenant_id, true() if condition is None else condition)
    order = (source.c.application_id, source.c.sequence) if table == "stage_events" else (source.c.created_at, source.c.id)
    rows = list(session.execute(mine.order_by(*order)))
    canonical = _canonical(session, tenant_id) if table == "stage_events" else {}
    made = {row.id: _in_log_columns(table, row, canonical) for row in rows}
    names = _source_ids(session, tenant_id, {value for row in made.values() for value in row.values() if isinstance(value, UUID)})
    for row in made.values():
        row |= {column: names.get(value, str(value)) for column, value in row.items() if isinstance(value, UUID)}
    return made


def as_text(value: Any) -> str:
    """Return a value as a log's files hold it; numbers without trailing zeros, empty for none."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case Decimal():
            return f"{value.normalize():f}"
        case datetime() | date():
            return value.isoformat()
    return " ".join(str(value).split())  # one row, one line


def _in_log_columns(table: str, row: AnyRow, canonical: Mapping[str, str]) -> dict[str, Any]:
    values = row._mapping
    written: dict[str, Any] = {}
    for column in LOG_TABLES[table].columns:
        if column == LOG_TABLES[table].key:
            written[column] = row.id
        elif table == "stage_events" and column in {"stage", "canonical_stage", "actor"}:
            stage = row.to_stage
            written[column] = {"stage": stage, "canonical_stage": canonical.get(stage, stage), "actor": row.actor_id}[column]
        elif column == "recorded_at":
            written[column] = values.get("updated_at") or row.recorded_at
        else:
            written[column] = values.get(column)
    return written


def _canonical(session: Session, tenant_id: UUID) -> dict[str, str]:
    mine = stage_definitions.c.organisation_id == tenant_id
    named = select(stage_definitions.c.name, stage_definitions.c.canonical_stage).where(mine).order_by(stage_definitions.c.active_from)
    own = {row.name: row.canonical_stage for row in session.execute(named)}
    return {**{name: name for name in STAGES}, **own, **{name: name for name in (*ENDINGS, "hired")}}


def _source_ids(session: Session, tenant_id: UUID, core_ids: Iterable[UUID]) -> dict[UUID, str]:
    found = select(loaded.c.core_id, loaded.c.source_id).where(loaded.c.tenant_id == tenant_id, one_of(loaded.c.core_id, core_ids))
    return {row.core_id: row.source_id for row in session.execute(found)}
