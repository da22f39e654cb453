"""Rows as they are born and change, and the frames a database should hold at an instant.

What belongs here: the memory of one market and its projection to any ``until``. What doesn't: deciding what happens, or any database.
A row's id is an integer (its birth order) while simulating and a UUIDv7-shaped text in the frames: 48 bits of birth time, the rest a hash
of seed, market, table and order. So a longer run gives the same rows to a shorter one, plus later ones.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from simulator.tables import TABLES, Table

_MICROSECONDS = 86_400_000_000
_HEX = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), dtype=np.uint8).reshape(256, 2)
Row = tuple[Any, ...]


def make_ids(key: str, births_ms: np.ndarray[Any, Any]) -> pl.Series:
    """Return one UUIDv7-shaped text per birth time (milliseconds since 1970), hashed from ``key`` and position."""
    count = len(births_ms)
    base = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    words = []
    with np.errstate(over="ignore"):
        for salt in (1, 2):
            word = (np.arange(count, dtype=np.uint64) * np.uint64(2) + np.uint64(salt)) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(base)
            word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            words.append(word ^ (word >> np.uint64(31)))
    high = (births_ms.astype(np.uint64) << np.uint64(16)) | np.uint64(0x7000) | (words[0] & np.uint64(0x0FFF))
    low = (words[1] & np.uint64(0x3FFFFFFFFFFFFFFF)) | np.uint64(0x8000000000000000)
    raw = np.empty((count, 16), dtype=np.uint8)
    raw[:, :8] = high.astype(">u8").view(np.uint8).reshape(count, 8)
    raw[:, 8:] = low.astype(">u8").view(np.uint8).reshape(count, 8)
    digits = _HEX[raw].reshape(count, 32)
    text = np.full((count, 36), ord("-"), dtype=np.uint8)
    for target, source, width in ((0, 0, 8), (9, 8, 4), (14, 12, 4), (19, 16, 4), (24, 20, 12)):
        text[:, target : target + width] = digits[:, source : source + width]
    return pl.Series(text.view("S36").reshape(count).astype("U36").tolist(), dtype=pl.String)


@dataclass(frozen=True)
class Difference:
    """What to write to one table: new rows, and rows whose state changed."""

    table: Table
    inserts: pl.DataFrame
    updates: pl.DataFrame


@dataclass
class Ledger:
    """Births and states of every table of one market; ``links`` are id columns of network-wide tables."""

    key: str
    start: datetime
    links: dict[str, pl.Series] = field(default_factory=dict)
    births: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in [*TABLES, "chains"]})
    states: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in TABLES})

    def born(self, table: str, t: float, *values: Any) -> int:
        """Record a row known from day ``t`` with its fixed columns; return its index."""
        rows = self.births[table]
        rows.append((t, *values))
        return len(rows) - 1

    def became(self, table: str, index: int, t: float, *values: Any) -> None:
        """Record the state columns of a row as known from day ``t``."""
        self.states[table].append((index, t, *values))

    def ids(self, table: str) -> pl.Series:
        """Return the id of every row of a table by index."""
        if table in self.links:
            return self.links[table]
        births = np.array([row[0] for row in self.births[table]], dtype=np.float64)
        start_ms = int(self.start.timestamp()) * 1000
        return make_ids(f"{self.key}|{table}", start_ms + np.rint(births * 86_400_000).astype(np.int64))

    def freeze(self) -> "FrozenLedger":
        """Return the columnar form from which differences are taken."""
        return FrozenLedger(self)


class FrozenLedger:
    """A ledger in columns: ids made once, rows filtered by instant."""

    def __init__(self, ledger: Ledger) -> None:
        """Make the ids of every table; frames are made when asked for."""
        self._ledger = ledger
        self._ids = {name: ledger.ids(name) for name in [*ledger.births, *ledger.links]}

    def ids(self, table: str) -> pl.Series:
        """Return the id of every row of a table by index."""
        return self._ids[table]

    def day(self, moment: datetime) -> float:
        """Return an instant as days since the start."""
        return (moment - self._ledger.start) / timedelta(days=1)

    def difference(self, table: Table, after: float, until: float) -> Difference | None:
        """Return what became known in ``(after, until]`` (days), or None if nothing did."""
        births = self._ledger.births[table.name]
        if not births:
            return None
        born = np.array([row[0] for row in births], dtype=np.float64)
        known = born <= until
        is_new = known & (born > after)
        if not table.state:
            return Difference(table, self._frame(table, np.flatnonzero(is_new), None), pl.DataFrame()) if is_new.any() else None
        states = self._ledger.states[table.name]
        index = np.array([row[0] for row in states], dtype=np.int64)
        moment = np.array([row[1] for row in states], dtype=np.float64)
        seen = np.flatnonzero(moment <= until)
        order = seen[np.lexsort((seen, moment[seen], index[seen]))]
        last = order[np.flatnonzero(np.append(np.diff(index[order]) != 0, True))] if len(order) else order
        rows = index[last]
        versions = np.bincount(index[seen], minlength=len(births))
        changed = moment[last] > after
        inserts, updates = last[is_new[rows]], last[changed & ~is_new[rows]]
        if not len(inserts) and not len(updates):
            return None
        return Difference(
            table,
            self._frame(table, index[inserts], inserts, versions),
            self._frame(table, index[updates], updates, versions),
        )

    def _frame(
        self,
        table: Table,
        rows: np.ndarray[Any, Any],
        states: np.ndarray[Any, Any] | None,
        versions: np.ndarray[Any, Any] | None = None,
    ) -> pl.DataFrame:
        if not len(rows):
            return pl.DataFrame()
        births = self._ledger.births[table.name]
        picked = list(zip(*(births if len(rows) == len(births) else [births[row] for row in rows.tolist()]), strict=True))
        columns: dict[str, pl.Series] = {}
        if table.has_id:
            columns["id"] = self._ids[table.name].gather(pl.Series(rows))
        for (name, kind), values in zip(table.fixed, picked[1:], strict=True):
            columns[name] = self._column(kind, values)
        moments = picked[0]
        updated: Any = moments
        if states is not None and versions is not None:
            log = self._ledger.states[table.name]
            state = list(zip(*[log[row] for row in states.tolist()], strict=True))
            for (name, kind), values in zip(table.state, state[2:], strict=True):
                columns[name] = self._column(kind, values)
            updated = state[1]
            if table.has_version:
                columns["version"] = pl.Series(versions[rows])
        if table.has_id:
            columns["created_at"] = columns["recorded_at"] = self._column("time", moments)
            if table.has_updated_at:
                columns["updated_at"] = self._column("time", updated)
        return pl.DataFrame(columns)

    def _column(self, kind: str, values: Row) -> pl.Series:
        if kind.startswith(">"):
            index = np.array(values, dtype=np.int64)
            found = self._ids[kind[1:]].gather(pl.Series(np.maximum(index, 0))) if (index >= 0).any() else None
            if found is None:
                return pl.Series([None] * len(index), dtype=pl.String)
            return found.zip_with(pl.Series(index >= 0), pl.Series([None] * len(index), dtype=pl.String)) if (index < 0).any() else found
        if kind == "time":
            days = np.array(values, dtype=np.float64)
            lost = np.isnan(days)
            micros = int(self._ledger.start.timestamp()) * 1_000_000 + np.rint(np.where(lost, 0.0, days) * _MICROSECONDS).astype(np.int64)
            series = pl.Series(micros).cast(pl.Datetime("us", "UTC"))
            return series.zip_with(pl.Series(~lost), pl.Series([None] * len(days), dtype=series.dtype)) if lost.any() else series
        if kind == "date":
            start = self._ledger.start.date()
            return pl.Series([None if value is None else start + timedelta(days=int(value)) for value in values], dtype=pl.Date)
        dtype = {"text": pl.String, "int": pl.Int64, "number": pl.Float64, "bool": pl.Boolean}[kind]
        return pl.Series(values, dtype=dtype)
