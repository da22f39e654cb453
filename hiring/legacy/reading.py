"""Reads a folder with a hiring log (CSV, Parquet or JSON lines) and judges its rows. What doesn't belong here: what a row becomes.

A row that can't be used is kept with the first reason that applies: ``malformed_row``, ``missing_value``, ``unknown_enum``,
``impossible_time``, ``dangling_key``, ``duplicate_key``.
"""

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from hiring.legacy.log_format import DAY, DECIMAL, FLAG, INSTANT, LOG_TABLES, WHOLE, LogTable
from hiring.legacy.naming import BadLogFolder, Names, sources_of

SUFFIXES = (".csv", ".parquet", ".jsonl")
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_FLAGS = {"true": True, "t": True, "yes": True, "1": True, "false": False, "f": False, "no": False, "0": False}


@dataclass(frozen=True)
class LogRow:
    """One good row: its typed values, None where a cell is empty."""

    table: str
    number: int
    values: Mapping[str, Any]
    given: Mapping[str, str]

    def __getitem__(self, column: str) -> Any:
        """Return a value; None for an empty cell."""
        return self.values[column]

    @property
    def source_id(self) -> str:
        """Id in the earlier system."""
        return str(self.values[LOG_TABLES[self.table].key])


@dataclass(frozen=True)
class Refused:
    """A row that is set aside: why, by code and in a sentence, and its documented columns as they were."""

    table: str
    number: int
    source_id: str | None
    reason: str
    problem: str
    content: Mapping[str, str]


@dataclass
class HiringLog:
    """A log as read: good rows and refused ones by table; ``digest`` is that of the files' bytes and the names of their columns."""

    folder: Path
    digest: str
    names: Names
    rows: dict[str, list[LogRow]] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)

    def read_count(self, table: str) -> int:
        """Return how many rows of a table the files hold."""
        return len(self.rows[table]) + sum(row.table == table for row in self.refused)


def read_log(folder: Path, now: datetime, known: Mapping[str, Set[str]], names: Names | None = None) -> HiringLog:
    """Return the log in a folder.

    Args:
        folder: with one file a table.
        now: nothing in the log lies behind it.
        known: ids by table that earlier imports of the school brought: a row may refer to them.
        names: of columns that are not called as documented; see ``naming``.

    Raises:
        BadLogFolder: a file is missing, there twice, has no usable header, or lacks a column.
    """
    files = _files(folder)
    digest = hashlib.sha256()
    for path in files.values():
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    if names:
        digest.update(json.dumps(names, sort_keys=True).encode())
    log = HiringLog(folder, digest.hexdigest(), names or {})
    for name, table in LOG_TABLES.items():
        log.rows[name] = []
        if name in files:
            ids = {parent: {row.source_id for row in rows} | known.get(parent, frozenset()) for parent, rows in log.rows.items()}
            _judge(log, table, files[name], now, ids)
    return log


def _files(folder: Path) -> dict[str, Path]:
    found = {}
    for name in LOG_TABLES:
        paths = [path for suffix in SUFFIXES if (path := folder / f"{name}{suffix}").is_file()]
        if len(paths) > 1:
            raise BadLogFolder(f"{folder} has both {paths[0].name} and {paths[1].name}: keep one of them")
        if paths:
            found[name] = paths[0]
    if missing := sorted({"jobs", "applications", "stage_events"} - set(found)):
        raise BadLogFolder(f"{folder} has no file for {', '.join(missing)}: the core needs {missing[0]}.csv, .parquet or .jsonl")
    return found


def _lines(path: Path, table: LogTable, names: Names) -> Iterator[tuple[int, dict[str, str] | None]]:
    """Yield each row's number (a header is line 1) and its documented columns as text; None for a line that is no row."""
    if path.suffix == ".csv":
        yield from _csv_lines(path, table, names)
        return
    if path.suffix == ".parquet":
        import polars  # here: it takes memory, and most logs are CSV

        frame = polars.read_parquet(path)
        header: list[str] = frame.columns
        rows: Iterable[Any] = frame.iter_rows(named=True)
    else:
        rows = [_json_row(line) for line in path.read_text(encoding="utf-8-sig").splitlines()]
        header = list({name: None for row in rows if row for name in row})
    sources = sources_of(table, path.name, header, names) if header else {}
    for number, row in enumerate(rows, start=1 if path.suffix == ".jsonl" else 2):
        yield number, None if row is None else {name: _as_text(row[key]) for name, key in sources.items() if row.get(key) is not None}


def _csv_lines(path: Path, table: LogTable, names: Names) -> Iterator[tuple[int, dict[str, str] | None]]:
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as stream:
        reader = csv.reader(stream)
        header = [name.strip() for name in next(reader, [])]
        if not header or "" in header or len(set(header)) != len(header):
            raise BadLogFolder(f"{path.name} needs a first line that names each column once")
        sources = sources_of(table, path.name, header, names)
        for number, cells in enumerate((cells for cells in reader if cells), start=2):
            row = dict(zip(header, cells, strict=False))
            is_row = len(cells) == len(header)
            yield number, {name: row[key].strip() for name, key in sources.items() if row.get(key, "").strip()} if is_row else None


def _json_row(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime | date) else str(value).strip()


def _judge(log: HiringLog, table: LogTable, path: Path, now: datetime, ids: Mapping[str, Set[str]]) -> None:
    good: dict[str, LogRow] = {}
    for number, given in _lines(path, table, log.names):
        if given is None:
            log.refused.append(Refused(table.name, number, None, "malformed_row", "the line has too many or too few fields", {}))
            continue
        values, fault = _typed(table, given)
        fault = fault or _fault(table, values, now, ids)
        source_id = given.get(table.key)
        if fault:
            log.refused.append(Refused(table.name, number, source_id, *fault, given))
            continue
        row = LogRow(table.name, number, values, given)
        if (other := good.get(row.source_id)) is not None:
            row, other = (row, other) if _recorded(row) >= _recorded(other) else (other, row)
            problem = f"{table.key}: another row has the same id"
            log.refused.append(Refused(table.name, other.number, source_id, "duplicate_key", problem, other.given))
        good[row.source_id] = row
    log.rows[table.name] = list(good.values())


def _recorded(row: LogRow) -> datetime:
    recorded: datetime | None = row["recorded_at"]
    return recorded or EARLIEST


def _typed(table: LogTable, given: Mapping[str, str]) -> tuple[dict[str, Any], tuple[str, str] | None]:
    values: dict[str, Any] = {}
    for column in table.columns:
        kind = table.kinds.get(column)
        text = given.get(column)
        try:
            values[column] = None if not text else _value(text, kind)
        except (ValueError, KeyError, InvalidOperation):
            return values, ("malformed_row", f"{column}: not a {kind}")
    return values, None


def _value(text: str, kind: str | None) -> Any:
    if kind == INSTANT:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if kind == DAY:
        return datetime.fromisoformat(text).date()
    if kind == WHOLE:
        return int(text)
    if kind == DECIMAL:
        number = Decimal(text)
        if not number.is_finite():
            raise ValueError
        return number
    return _FLAGS[text.lower()] if kind == FLAG else text


def _fault(table: LogTable, values: Mapping[str, Any], now: datetime, ids: Mapping[str, Set[str]]) -> tuple[str, str] | None:
    for column in table.columns:
        if column in table.required and values[column] is None:
            return "missing_value", f"{column}: missing"
    for column, words in table.words.items():
        if values[column] is not None and values[column] not in words:
            return "unknown_enum", f"{column}: not one of {', '.join(words)}"
    for column, kind in table.kinds.items():
        if kind == INSTANT and values[column] is not None and not EARLIEST <= values[column] <= now:
            return "impossible_time", f"{column}: before 1990 or in the future"
    for start, end in table.ordered:
        if values[start] and values[end] and values[start] > values[end]:
            return "impossible_time", f"{end}: before {start}"
    for column, parent in table.refers.items():
        if values[column] is not None and values[column] not in ids[parent]:
            return "dangling_key", f"{column}: no usable row of {parent} has this id"
    return None
