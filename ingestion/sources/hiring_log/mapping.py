"""The YAML mapping that turns another system's files into a hiring log. Its documentation is docs/hiring-log-mapping.md.

What belongs here: what a mapping may say, and the SQL it stands for. What doesn't: reading files and judging rows.
"""

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from ingestion.source_catalog import quote
from ingestion.sources.hiring_log.tables import LOG_TABLES


class BadMapping(ValueError):
    """The mapping file can't be used. The message names the entry and what it may be."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Lookup(_Strict):
    """A value from another file of the folder: the first or last row of each key, by the column's own order in time."""

    file: str
    column: str
    key: str = Field(description="column of the other file that holds the key")
    match: str = Field(description="column of the table's own file that holds the key")
    where: dict[str, list[str]] = Field(default_factory=dict, description="only rows with one of these values")
    pick: Literal["first", "last"] = "first"


class ColumnSource(_Strict):
    """Where a column of the hiring log comes from: exactly one of column, value, template, lookup; then renamed by ``values``."""

    column: str | None = None
    value: str | None = None
    template: str | None = Field(default=None, description="text with {column} places; empty if any of them is")
    lookup: Lookup | None = None
    values: dict[str, str] = Field(default_factory=dict, description="their value → ours; a value not listed is kept and then judged")
    default: str | None = Field(default=None, description="taken where the source has no value")

    @model_validator(mode="after")
    def _exactly_one(self) -> "ColumnSource":
        given = [name for name in ("column", "value", "template", "lookup") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of column, value, template, lookup")
        return self


def _column_or_source(given: object) -> object:
    return {"column": given} if isinstance(given, str) else given


class TableMapping(_Strict):
    """One table: the file it comes from and where each column comes from. A bare text is a column of that file."""

    file: str
    columns: dict[str, Annotated[ColumnSource, BeforeValidator(_column_or_source)]]


class Mapping(_Strict):
    """A whole mapping."""

    name: str = Field(min_length=1, description="name of the import: the same name again continues it")
    timezone: str = Field(default="UTC", description="IANA zone of instants without an offset")
    instant_format: str | None = Field(default=None, description="strptime format of instants; ISO 8601 if absent")
    accidental_visit_rule: bool = Field(default=True, description="whether visits under 60 s by the same actor are taken as accidental")
    tables: dict[str, TableMapping]

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as problem:
            raise ValueError(f"{zone!r} is no IANA time zone") from problem
        return zone

    @model_validator(mode="after")
    def _known_names(self) -> "Mapping":
        columns = {table.name: {column.name for column in table.columns} for table in LOG_TABLES}
        for table, mapped in self.tables.items():
            if table not in columns:
                raise ValueError(f"tables.{table}: no such table; there are {', '.join(columns)}")
            if unknown := sorted(set(mapped.columns) - columns[table]):
                raise ValueError(
                    f"tables.{table}.columns: no such column {', '.join(unknown)}; there are {', '.join(sorted(columns[table]))}"
                )
        return self


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file.

    Raises:
        BadMapping: it is not YAML, or says something a mapping can't.
    """
    try:
        return Mapping.model_validate(yaml.safe_load(path.read_text()))
    except yaml.YAMLError as problem:
        raise BadMapping(f"{path.name} is not YAML: {problem}") from problem
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the mapping"
        raise BadMapping(f"{path.name}: {where}: {first['msg']}") from problem


def plain_mapping(name: str, files: dict[str, tuple[str, list[str]]]) -> Mapping:
    """Return the mapping of a folder that is a hiring log already; ``files`` gives each table's file and that file's columns."""
    known = {table.name: {column.name for column in table.columns} for table in LOG_TABLES}
    return Mapping(
        name=name,
        tables={
            table: TableMapping(file=file, columns={column: ColumnSource(column=column) for column in columns if column in known[table]})
            for table, (file, columns) in files.items()
        },
    )


def literal(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"


def column_sql(source: ColumnSource, lookup_alias: str) -> str:
    """Return the SQL expression of a column over its file (alias ``own``) and, for a lookup, the joined ``lookup_alias``."""
    if source.column is not None:
        expression = f"own.{quote(source.column)}"
    elif source.value is not None:
        expression = literal(source.value)
    elif source.template is not None:
        expression = _template_sql(source.template)
    else:
        expression = f"{lookup_alias}.found"
    if source.values:
        cases = " ".join(f"when {literal(theirs)} then {literal(ours)}" for theirs, ours in source.values.items())
        expression = f"case trim({expression}) {cases} else {expression} end"
    if source.default is not None:
        expression = f"coalesce({expression}, {literal(source.default)})"
    return expression


def template_columns(template: str) -> list[str]:
    """Return the columns a template names."""
    return [part.split("}")[0] for part in template.split("{")[1:]]


def _template_sql(template: str) -> str:
    first, *rest = template.split("{")
    pieces = [literal(first)]
    for part in rest:
        column, _, text = part.partition("}")
        pieces += [f"own.{quote(column)}", literal(text)]
    return "(" + " || ".join(pieces) + ")"
