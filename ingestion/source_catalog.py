"""The source's own catalogue: columns as Postgres knows them, the SELECT list that carries them safely, and their raw types.

The Arrow driver is exact on few types only. Everything else is cast to text in Postgres; instants beyond the calendar become null
(they would arrive as garbage); arrays arrive as text arrays, those of several dimensions as one JSON text.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg

from ingestion.table_specs import TableSpec

PLAIN_TYPES = {
    "bool": "BOOLEAN",
    "int2": "SMALLINT",
    "int4": "INTEGER",
    "int8": "BIGINT",
    "float4": "FLOAT",
    "float8": "DOUBLE",
    "text": "VARCHAR",
    "varchar": "VARCHAR",
    "uuid": "UUID",
}
CALENDAR_TYPES = {"date": "DATE", "timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMPTZ"}
CAPTURE_COLUMN = "_xid"


@dataclass(frozen=True)
class SourceColumn:
    """A column that may be extracted, with the source's name of its type."""

    name: str
    source_type: str
    is_array: bool

    @property
    def raw_type(self) -> str:
        """Type of the column in the raw table."""
        if self.is_array:
            return "VARCHAR[]"
        return PLAIN_TYPES.get(self.source_type) or CALENDAR_TYPES.get(self.source_type) or "VARCHAR"

    @property
    def expression(self) -> str:
        """SQL that reads the column in a form the Arrow driver carries without loss."""
        quoted = quote(self.name)
        if self.is_array:
            return f"case when array_ndims({quoted}) > 1 then array[to_jsonb({quoted})::text] else {quoted}::text[] end as {quoted}"
        if self.source_type in PLAIN_TYPES:
            return quoted
        if self.source_type in CALENDAR_TYPES:
            return f"case when isfinite({quoted}) then {quoted} end as {quoted}"
        return f"{quoted}::text as {quoted}"


@dataclass(frozen=True)
class SourceTable:
    """A captured table as it stands in the source: its identity, its readable columns and the columns the login may not read."""

    spec: TableSpec
    oid: int
    columns: tuple[SourceColumn, ...]
    unreadable: frozenset[str]

    @property
    def shape(self) -> tuple[int, dict[str, str]]:
        """The table's identity and its columns' source types: what is compared with the last load."""
        return self.oid, {column.name: column.source_type for column in self.columns}

    @property
    def select_list(self) -> str:
        """Expressions of all columns, ready to follow ``select``."""
        return ", ".join(column.expression for column in self.columns)


def quote(name: str) -> str:
    """Quote an identifier for Postgres and DuckDB alike."""
    return '"' + name.replace('"', '""') + '"'


def read_tables(connection: psycopg.Connection[Any], specs: Iterable[TableSpec]) -> dict[str, SourceTable]:
    """Return the tables of ``specs`` that exist in the source, by their source name."""
    wanted = {spec.source_name: spec for spec in specs}
    rows = connection.execute(
        """
        select n.nspname || '.' || c.relname, c.oid::bigint, a.attname, t.typname, t.typcategory = 'A',
               has_column_privilege(c.oid, a.attnum, 'SELECT'), e.typname
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        join pg_type t on t.oid = a.atttypid
        left join pg_type e on e.oid = t.typelem and t.typcategory = 'A'
        where c.relkind in ('r', 'p') and n.nspname || '.' || c.relname = any(%s)
        order by 1, a.attnum
        """,
        [list(wanted)],
    ).fetchall()
    found: dict[str, tuple[int, list[SourceColumn], set[str]]] = {}
    for table, oid, name, type_name, is_array, is_readable, element in rows:
        _, columns, unreadable = found.setdefault(table, (oid, [], set()))
        if name in wanted[table].personal:
            continue
        if not is_readable:
            unreadable.add(name)
        elif name != CAPTURE_COLUMN:
            columns.append(SourceColumn(name, f"{element}[]" if is_array else type_name, is_array))
    return {
        table: SourceTable(wanted[table], oid, tuple(columns), frozenset(unreadable)) for table, (oid, columns, unreadable) in found.items()
    }
