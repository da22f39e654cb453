"""The source model as its migrations spell it: tables, columns and the values their CHECKs allow. Read as text; needs no database."""

import re
from functools import cache
from pathlib import Path

MIGRATIONS = Path(__file__).resolve().parents[2] / "hiring" / "migrations" / "sql"
_TABLE = re.compile(r"create table (?P<schema>\w+)\.(?P<table>\w+) \((?P<body>.*?)\n\);", re.DOTALL)
_COLUMN = re.compile(
    r"(?:^|,)\s*(?P<column>[a-z_]+) (?:uuid|text|timestamptz|smallint|integer|bigint|boolean|date|numeric|jsonb|bytea|char|xid8)"
)
_ALTERED = re.compile(r"alter table \w+\.(?P<table>\w+)(?P<changes>[^;]*);")
_ADDED = re.compile(r"add column (?P<column>[a-z_]+) ")
_CHECK = re.compile(r"(?P<column>[a-z_]+) text[^,\n]*?check \((?P=column) in \((?P<values>[^)]*)\)", re.DOTALL)


@cache
def source_columns() -> dict[str, set[str]]:
    """Return the columns of each table (named without its schema, as in raw)."""
    columns = {table: {found["column"] for found in _COLUMN.finditer(body)} for table, body in _bodies().items()}
    for altered in _ALTERED.finditer(_text()):
        columns[altered["table"]] |= {found["column"] for found in _ADDED.finditer(altered["changes"])}
    return columns


@cache
def allowed_values() -> dict[tuple[str, str], list[str]]:
    """Return the values a CHECK allows, by (table, column)."""
    return {
        (table, found["column"]): re.findall(r"'([^']*)'", found["values"])
        for table, body in _bodies().items()
        for found in _CHECK.finditer(body)
    }


@cache
def _text() -> str:
    return "\n".join(re.sub(r"--[^\n]*", "", file.read_text()) for file in sorted(MIGRATIONS.glob("*.sql")))


@cache
def _bodies() -> dict[str, str]:
    return {found["table"]: found["body"] for found in _TABLE.finditer(_text())}
