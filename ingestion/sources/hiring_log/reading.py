"""Reading a folder of CSV or Parquet files into temporary tables of text, one row number each; what is no row at all is kept too.

What belongs here: files and their shape. What doesn't: what the values mean.
"""

import csv
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ingestion.source_catalog import quote
from ingestion.sources.hiring_log.mapping import BadMapping, ColumnSource, Mapping, TableMapping, column_sql, literal, template_columns
from ingestion.sources.hiring_log.tables import LOG_TABLES
from warehouse.connection import Connection, WarehouseError, scalar

SUFFIXES = (".csv", ".parquet")


class BadLogFolder(ValueError):
    """The folder can't be read as a hiring log. The message names the file or column and the fix."""


@dataclass
class FileReader:
    """Reads each file of a folder once, into ``temp.main._file_<n>`` with ``_row`` and its columns as text."""

    connection: Connection
    folder: Path
    opened: dict[str, tuple[str, list[str]]] = field(default_factory=dict)

    def open(self, file: str) -> tuple[str, list[str]]:
        """Return the temporary table of a file and its columns.

        Raises:
            BadLogFolder: the file is missing, empty or of another kind.
        """
        if file not in self.opened:
            path = self.folder / file
            if path.resolve().parent != self.folder.resolve() or not path.is_file():
                raise BadLogFolder(f"{self.folder} has no file {file}")
            table = f"temp.main._file_{len(self.opened)}"
            columns = header(self.connection, path)
            if path.suffix == ".csv":
                with one_line_ending(path) as even:
                    self._read_csv(even, table, columns)
            else:
                texts = ", ".join(f"{quote(column)}::varchar as {quote(column)}" for column in columns)
                self.connection.execute(
                    f"create or replace temp table {table.removeprefix('temp.main.')} as select file_row_number + 1 as _row, {texts} "
                    f"from read_parquet({literal(str(path))}, file_row_number = true)"
                )
            self.opened[file] = (table, columns)
        return self.opened[file]

    def rejected(self, file: str) -> str:
        """Return the temporary table of a file's lines that could not be split into its columns: _row, line, problem."""
        return f"{self.open(file)[0]}_rejected"

    def _read_csv(self, path: Path, table: str, columns: list[str]) -> None:
        typed = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
        for leftover in ("reject_errors", "reject_scans"):
            self.connection.execute(f"drop table if exists temp.main.{leftover}")
        options = "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', nullstr = '', store_rejects = true"
        name = table.removeprefix("temp.main.")
        try:
            self.connection.execute(
                f"create or replace temp table {name} as select row_number() over () as _row, * "
                f"from read_csv({literal(str(path))}, columns = {{{typed}}}, {options})"
            )
        except WarehouseError as problem:
            raise BadLogFolder(f"{path.name} can't be read as comma-separated values: {str(problem).splitlines()[0]}") from problem
        self.connection.execute(
            f"""
            create or replace temp table {table.removeprefix("temp.main.")}_rejected as
            select line as _row, any_value(csv_line) as line, string_agg(distinct error_message, '; ' order by error_message) as problem
            from temp.main.reject_errors group by line
            """
        )


@contextmanager
def one_line_ending(path: Path) -> Iterator[Path]:
    """Yield the file, or a copy with one kind of line ending if it mixes two: the parser knows one a file."""
    lines = windows = 0
    with path.open("rb") as stream:
        for line in stream:
            lines += 1
            windows += line.endswith(b"\r\n")
    if windows in (0, lines):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        with path.open("rb") as stream, copy.open("wb") as even:
            even.writelines(line.removesuffix(b"\r\n") + b"\n" if line.endswith(b"\r\n") else line for line in stream)
        yield copy


def header(connection: Connection, path: Path) -> list[str]:
    """Return the column names of a CSV or Parquet file.

    Raises:
        BadLogFolder: the file has no header, or a column twice.
    """
    if path.suffix == ".parquet":
        names = [row[0] for row in connection.execute(f"describe select * from read_parquet({literal(str(path))})").fetchall()]
    else:
        with path.open(newline="", encoding="utf-8-sig", errors="replace") as stream:
            names = [name.strip() for name in next(csv.reader(stream), [])]
    if not names or len({name.lower() for name in names}) != len(names) or "" in names:
        raise BadLogFolder(f"{path.name} needs a first line that names each column once")
    return names


def find_files(connection: Connection, folder: Path) -> dict[str, tuple[str, list[str]]]:
    """Return each hiring-log table's file in a folder and that file's columns."""
    found = {}
    for table in LOG_TABLES:
        paths = [path for suffix in SUFFIXES if (path := folder / f"{table.name}{suffix}").is_file()]
        if len(paths) > 1:
            raise BadLogFolder(f"{folder} has both {paths[0].name} and {paths[1].name}: keep one of them")
        if paths:
            found[table.name] = (paths[0].name, header(connection, paths[0]))
    return found


def read_table(reader: FileReader, name: str, mapped: TableMapping, columns: Iterable[str], instant_format: str | None) -> int:
    """Fill ``temp.main._read_<name>`` with ``_row`` and every column of the hiring log as text; return its rows.

    Raises:
        BadMapping: a named column is not in its file.
    """
    own, own_columns = reader.open(mapped.file)
    selected, joins = [], []
    for number, column in enumerate(columns):
        source = mapped.columns.get(column)
        if source is None:
            selected.append(f"null::varchar as {column}")
            continue
        alias = f"lookup_{number}"
        _check_columns(name, column, source, mapped.file, own_columns)
        if source.lookup:
            joins.append(_lookup_join(reader, name, column, source, alias, own_columns, instant_format))
        selected.append(f"({column_sql(source, alias)})::varchar as {column}")
    reader.connection.execute(
        f"create or replace temp table _read_{name} as select own._row, {', '.join(selected)} from {own} own {' '.join(joins)}"
    )
    return int(scalar(reader.connection, f"select count(*) from temp.main._read_{name}"))


def _check_columns(table: str, column: str, source: ColumnSource, file: str, available: list[str]) -> None:
    named = [source.column] if source.column is not None else template_columns(source.template) if source.template else []
    if missing := sorted(set(named) - set(available)):
        raise BadMapping(f"tables.{table}.columns.{column}: {file} has no column {', '.join(missing)}; it has {', '.join(available)}")


def _lookup_join(
    reader: FileReader, table: str, column: str, source: ColumnSource, alias: str, own_columns: list[str], instant_format: str | None
) -> str:
    lookup = source.lookup
    assert lookup is not None
    other, other_columns = reader.open(lookup.file)
    entry = f"tables.{table}.columns.{column}.lookup"
    if missing := sorted({lookup.column, lookup.key, *lookup.where} - set(other_columns)):
        raise BadMapping(f"{entry}: {lookup.file} has no column {', '.join(missing)}; it has {', '.join(other_columns)}")
    if lookup.match not in own_columns:
        raise BadMapping(f"{entry}.match: the table's own file has no column {lookup.match}; it has {', '.join(own_columns)}")
    conditions = [f"{quote(name)} in ({', '.join(map(literal, values))})" for name, values in lookup.where.items()] or ["true"]
    value = quote(lookup.column)
    chosen = "arg_min" if lookup.pick == "first" else "arg_max"
    order = f"(coalesce({instant_sql(value, instant_format)}, 'epoch'::timestamptz), {value})"
    return (
        f"left join (select {quote(lookup.key)} as key, {chosen}({value}, {order}) as found from {other} "
        f"where {' and '.join(conditions)} group by 1) {alias} on {alias}.key = own.{quote(lookup.match)}"
    )


def instant_sql(expression: str, instant_format: str | None) -> str:
    """Return SQL that reads a text as an instant, or null; instants without an offset are in the session's zone."""
    if instant_format:
        return f"try_strptime({expression}, {literal(instant_format)})::timestamptz"
    return f"try_cast({expression} as timestamptz)"


def ignored_columns(mapping: Mapping, files: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return by file the columns that no table uses: they are not read into the warehouse."""
    used: dict[str, set[str]] = {file: set() for file in files}
    for mapped in mapping.tables.values():
        for source in mapped.columns.values():
            if source.column is not None:
                used[mapped.file].add(source.column)
            if source.template:
                used[mapped.file].update(template_columns(source.template))
            if source.lookup:
                used[mapped.file].add(source.lookup.match)
                used[source.lookup.file].update({source.lookup.column, source.lookup.key, *source.lookup.where})
    return {file: rest for file, columns in files.items() if (rest := [column for column in columns if column not in used[file]])}
