"""One consistent view of the source per sync, and how far the previous sync had seen.

A sync opens one REPEATABLE READ transaction and exports its snapshot; every stream of that sync reads the same state. A row belongs to an
increment if the transaction that last wrote it was not visible to the previous snapshot, whenever it began and in whatever order it
committed: ``_xid >= xmin(previous) and not pg_visible_in_snapshot(_xid, previous)``.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import adbc_driver_postgresql.dbapi
import psycopg
import pyarrow as pa


class SourceUnavailable(RuntimeError):
    """The source could not be read. Nothing was loaded; the message says what failed, without the URL's password."""


@dataclass(frozen=True)
class Watermark:
    """What identifies a state of the source: its snapshot and the database the snapshot's transaction ids belong to."""

    snapshot: str
    system_identifier: str
    timeline: int

    @property
    def xmin(self) -> int:
        """Every transaction below it had ended when the snapshot was taken."""
        return int(self.snapshot.split(":")[0])

    @property
    def xmax(self) -> int:
        """No transaction from it on had begun to write when the snapshot was taken."""
        return int(self.snapshot.split(":")[1])

    def why_not_after(self, previous: "Watermark") -> str:
        """Return why increments cannot continue from ``previous``; empty if they can."""
        if self.system_identifier != previous.system_identifier:
            return "the source is another database than at the last sync"
        if self.timeline != previous.timeline:
            return "the source was restored or promoted since the last sync"
        if previous.xmax > self.xmax:
            return "the source's transaction ids are behind those of the last sync"
        return ""


class Streams:
    """A connection that streams queries, one at a time, in a snapshot exported by another connection."""

    def __init__(self, url: str, exported: str) -> None:
        """Connect and adopt the snapshot."""
        self._connection = adbc_driver_postgresql.dbapi.connect(url, autocommit=True)
        with self._connection.cursor() as cursor:
            cursor.execute("begin isolation level repeatable read read only")
            cursor.execute(f"set transaction snapshot '{exported}'")

    @contextmanager
    def stream(self, sql: str) -> Iterator[pa.RecordBatchReader]:
        """Stream a query's rows as Arrow batches; its end frees the connection for the next query."""
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            with cursor.fetch_record_batch() as reader:
                yield reader

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


class SourceSnapshot:
    """An open, exported snapshot: catalogue questions over one connection, bulk streams over others."""

    def __init__(self, url: str, control: psycopg.Connection[Any]) -> None:
        """Take the snapshot on an idle connection."""
        self._url = url
        self.control = control
        control.execute("begin isolation level repeatable read read only")
        exported, snapshot, system, timeline = one_row(
            control,
            """
            select pg_export_snapshot(), pg_current_snapshot()::text,
                   (select system_identifier from pg_control_system()) || ':' ||
                   (select oid from pg_database where datname = current_database()),
                   (select timeline_id from pg_control_checkpoint())
            """,
        )
        self._exported = str(exported)
        self.watermark = Watermark(snapshot, system, timeline)
        self._streams = self.more_streams()
        self._counter = ThreadPoolExecutor(1, "count")

    def counting(self, table: str) -> Future[int]:
        """Count a table's rows in this snapshot, over the catalogue's connection, while a stream is being read."""
        return self._counter.submit(lambda: int(one_row(self.control, f"select count(*) from {table}")[0]))

    def stream(self, sql: str) -> AbstractContextManager[pa.RecordBatchReader]:
        """Stream a query's rows as Arrow batches, read in this snapshot. One stream at a time: they share a connection."""
        return self._streams.stream(sql)

    def more_streams(self) -> "Streams":
        """Open a further connection on this snapshot, for a stream beside another one. The caller closes it."""
        return Streams(self._url, self._exported)

    def close(self) -> None:
        """Let go of the streaming connection."""
        self._counter.shutdown()
        self._streams.close()

    def truncated_later(self, table: str) -> bool:
        """Whether a table was truncated after the snapshot was taken: TRUNCATE empties it for older snapshots too."""
        with psycopg.connect(self._url, autocommit=True) as now:
            return bool(
                one_row(
                    now,
                    """
                    select exists (select from capture.tombstones where table_name = %s and kind = 'truncate'
                                   and not pg_visible_in_snapshot(_xid, %s::pg_snapshot))
                    """,
                    [table, self.watermark.snapshot],
                )[0]
            )


@contextmanager
def open_snapshot(url: str) -> Iterator[SourceSnapshot]:
    """Take a snapshot of the source and hold it for the length of a block.

    Raises:
        SourceUnavailable: the source cannot be reached, or breaks off.
    """
    try:
        with psycopg.connect(url, autocommit=True, application_name="nexus extraction") as control:
            snapshot = SourceSnapshot(url, control)
            try:
                yield snapshot
            finally:
                snapshot.close()
    except (psycopg.Error, adbc_driver_postgresql.dbapi.Error) as problem:
        raise SourceUnavailable(f"the hiring database could not be read: {str(problem).strip()}") from problem


def one_row(connection: psycopg.Connection[Any], sql: str, params: list[Any] | None = None) -> tuple[Any, ...]:
    """Return the only row of a query that always has one."""
    row = connection.execute(sql.encode(), params).fetchone()
    if row is None:
        raise SourceUnavailable(f"the hiring database answered nothing to: {sql.strip()}")
    return tuple(row)
