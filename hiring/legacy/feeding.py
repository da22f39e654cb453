"""The dual-write window: changes of a school, told by events, become rows of a hiring log for the system it comes from.

Exactly once: the consumer keeps the rows in ``legacy.feed``, in the transaction that moves its offset; a station appends them to
the files, numbered, and looks for the last whole row in a file before it goes on. A killed worker leaves half a line at most, which
the next one cuts off. Rows of one thing come in the order of its events; two changes told in one batch may come as one row.
"""

import csv
import hashlib
import io
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, ColumnElement, Engine, Table, Text, cast, func, literal_column, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from hiring.access import one_of
from hiring.bus.consumer import Consumer
from hiring.bus.envelope import Event
from hiring.domain_events import EventType
from hiring.legacy.core_rows import CORE, as_text, core_rows
from hiring.legacy.log_format import LOG_TABLES
from hiring.legacy.tables import feed, transactions, windows
from hiring.rows import AnyRow

CONSUMER = "legacy"
SEQ = "feed_seq"  # a column no reader of hiring logs takes; it numbers the rows
BATCH = 1000
_WRITER = 7_226_201_020  # any constant: one writer of files at a time
_PARTS = {"job": ("jobs", "openings"), "application": ("applications", "stage_events", "offers", "hires", "outcomes")}
_TYPES = frozenset(
    event.value for event in EventType if event.value.startswith(("JOB_", "OPENING_", "APPLICATION_", "STAGE_", "OFFER_", "HIRE_"))
) | {EventType.CANDIDATE_HIRED.value, EventType.EMPLOYMENT_OUTCOME_RECORDED.value}


def consumer() -> Consumer:
    """Return who turns events into rows for earlier systems."""
    return Consumer(CONSUMER, _TYPES, _handle)


def unseen(table: Table, snapshot: str) -> ColumnElement[bool]:
    """Return the condition on rows that were written since a snapshot, and not by an import: the earlier system knows those."""
    xid: ColumnElement[Any] = literal_column(f"{table.fullname}._xid")
    seen = func.pg_visible_in_snapshot(xid, text("cast(:snapshot as pg_snapshot)").bindparams(snapshot=snapshot), type_=Boolean)
    return seen.is_(False) & cast(cast(xid, Text), BigInteger).not_in(select(transactions.c.xid))


def _handle(session: Session, events: Sequence[Event]) -> None:
    open_windows = {str(row.tenant_id): row for row in session.execute(select(windows).where(windows.c.closed_at.is_(None)))}
    touched: dict[tuple[str, str], set[UUID]] = {}
    for event in events:
        tenant = str(event.data.get("tenant_id"))
        if tenant in open_windows and event.kind in _PARTS:
            touched.setdefault((tenant, event.kind), set()).add(event.aggregate_id)
    for (tenant, kind), ids in touched.items():
        for name in _PARTS[kind]:
            _keep(session, open_windows[tenant], name, ids)


def _keep(session: Session, window: AnyRow, name: str, aggregates: set[UUID]) -> None:
    """Keep every row of some aggregates that the earlier system has not been told in this form."""
    table = CORE[name]
    rows = core_rows(session, name, window.tenant_id, _of(name, aggregates) & unseen(table, window.snapshot))
    values = []
    for row_id, row in rows.items():
        content = {column: as_text(row[column]) for column in LOG_TABLES[name].columns}
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        values.append({"window_id": window.id, "log_table": name, "row_id": str(row_id), "digest": digest, "content": content})
    if values:
        session.execute(upsert(feed).on_conflict_do_nothing(), values)


def _of(name: str, aggregates: set[UUID]) -> ColumnElement[bool]:
    """Return the condition on rows that belong to some jobs or applications."""
    table = CORE[name]
    if name == "outcomes":
        hires = CORE["hires"]
        return table.c.hire_id.in_(select(hires.c.id).where(one_of(hires.c.application_id, aggregates)))
    own = {"jobs": "id", "applications": "id", "openings": "job_id"}.get(name, "application_id")
    return one_of(table.c[own], aggregates)


@dataclass
class LogFiles:
    """Station of the worker: appends what is kept to the files, a batch a round."""

    engine: Engine
    name: str = "legacy files"
    _head: int = 0  # newest row this process has seen written

    def work(self) -> int:
        """Write one batch of each file; return how many rows."""
        with self.engine.begin() as connection:
            newest: int = connection.execute(select(func.coalesce(func.max(feed.c.seq), 0))).scalar_one()
            if newest <= self._head:
                return 0
            if not connection.execute(text("select pg_try_advisory_xact_lock(:key)"), {"key": _WRITER}).scalar():
                return 0
            written = 0
            for window in connection.execute(select(windows).where(windows.c.closed_at.is_(None))).all():
                for table in LOG_TABLES:
                    path = Path(window.folder) / f"{table}.csv"
                    rest = (feed.c.window_id == window.id) & (feed.c.log_table == table) & (feed.c.seq > last_written(path))
                    rows = connection.execute(select(feed.c.seq, feed.c.content).where(rest).order_by(feed.c.seq).limit(BATCH)).all()
                    if rows:
                        _append(path, LOG_TABLES[table].columns, rows)
                        written += len(rows)
            if not written:
                self._head = newest
            return written


def last_written(path: Path) -> int:
    """Return the number of the last whole row of a file, 0 without one."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - 65_536))
            lines = stream.read().decode("utf-8", errors="replace").split("\n")
    except FileNotFoundError:
        return 0
    whole = lines[:-1]  # behind the last line end stands nothing, or half a row
    number = next(csv.reader([whole[-1]]), [""])[-1] if whole else ""
    return int(number) if number.isdigit() else 0


def _append(path: Path, columns: Sequence[str], rows: Sequence[AnyRow]) -> None:
    """Append rows behind the last whole line, and have them on disk before anybody counts on them."""
    with path.open("ab+") as stream:
        stream.seek(0)
        content = stream.read()
        end = content.rfind(b"\n") + 1
        if end < len(content):
            stream.truncate(end)
        lines = io.StringIO(newline="")
        writer = csv.writer(lines, lineterminator="\n")
        if not end:
            writer.writerow([*columns, SEQ])
        for row in rows:
            writer.writerow([*(row.content[column] for column in columns), row.seq])
        stream.seek(0, os.SEEK_END)
        stream.write(lines.getvalue().encode())
        stream.flush()
        os.fsync(stream.fileno())
