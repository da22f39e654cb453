"""Comparing the raw layer with the source, and writing small source rows, for tests of extraction."""

import uuid
from typing import Any

import psycopg

from ingestion.source_catalog import read_tables
from ingestion.table_specs import SOURCE, TABLE_SPECS, TableSpec
from warehouse.connection import Warehouse
from warehouse.names import raw_table


def specs_of(*names: str) -> tuple[TableSpec, ...]:
    """Return the specs of the named tables, in the product's order."""
    return tuple(spec for spec in TABLE_SPECS if spec.name in names)


def source_rows(url: str, spec: TableSpec) -> list[tuple[Any, ...]]:
    """Return what the source has committed, as text, without personal and capture columns."""
    with psycopg.connect(url) as connection:
        columns = [column.name for column in read_tables(connection, [spec])[spec.source_name].columns]
        connection.execute("set time zone 'UTC'")
        texts = ", ".join(f'"{name}"::text' for name in sorted(columns))
        return sorted(connection.execute(f"select {texts} from {spec.source_name}").fetchall(), key=repr)


def raw_rows(warehouse: Warehouse, spec: TableSpec) -> list[tuple[Any, ...]]:
    """Return the rows of a raw table, as Postgres would write them, without loader columns."""
    with warehouse.build() as connection:
        table = raw_table(SOURCE, spec.name)
        described = {row[0]: row[1] for row in connection.execute(f"describe {table}").fetchall() if not row[0].startswith("_")}
        texts = ", ".join(_text(name, kind) for name, kind in sorted(described.items()))
        return sorted(connection.execute(f"select {texts} from {table}").fetchall(), key=repr)


def _text(name: str, kind: str) -> str:
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"regexp_replace(strftime(\"{name}\", '%Y-%m-%d %H:%M:%S.%f'), '\\.?0+$', '') || '+00'"
    return f'"{name}"::varchar'


def stage_event(application_id: uuid.UUID, sequence: int) -> tuple[str, list[Any]]:
    """Return an INSERT of one stage event."""
    sql = (
        "insert into applications.stage_events (id, tenant_id, application_id, sequence, to_stage, event_at)"
        " values (%s, %s, %s, %s, 'screen', '2026-01-05 09:00+00')"
    )
    return sql, [uuid.uuid4(), uuid.UUID(int=1), application_id, sequence]
