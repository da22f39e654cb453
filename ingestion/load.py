"""Applying rows to one raw table: first load, increment or re-read, with the versions seen of mutable tables.

What belongs here: SQL on raw tables inside the caller's transaction. What doesn't: reading the source.

DuckDB 2.0.0 loses rows when, in one transaction, an insert of no row into a table is followed by an insert of more than a row group
(122,880 rows): ``count(*)`` counts them and no scan finds them. So nothing here inserts unless there are rows to insert, streams become
tables by CREATE TABLE AS, and :meth:`RawTable.count` counts by scanning.
"""

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from ingestion.snapshots import SourceUnavailable
from ingestion.source_catalog import SourceTable, quote
from ingestion.table_specs import SOURCE
from warehouse.connection import Connection, WarehouseError, scalar
from warehouse.names import history_table, raw_table

INCOMING = "temp.main._incoming"
GONE = "temp.main._gone"


@dataclass(frozen=True)
class Batch:
    """The mark that one sync leaves on every row it writes."""

    batch_id: int
    loaded_at: datetime


class RawTable:
    """One raw table and, for mutable tables, the table of its versions."""

    def __init__(self, connection: Connection, table: SourceTable, batch: Batch) -> None:
        """Bind the table to the transaction and the batch it is written in."""
        self._connection = connection
        self._source = table
        self._batch = batch
        self.name = raw_table(SOURCE, table.spec.name)
        self.history = None if table.spec.is_append_only else history_table(SOURCE, table.spec.name)
        self._columns = ", ".join(quote(column.name) for column in table.columns)
        self._typed = ", ".join(f"{quote(column.name)}::{column.raw_type} as {quote(column.name)}" for column in table.columns)
        self._marks = [batch.batch_id, batch.loaded_at]

    def ensure(self) -> None:
        """Create the tables if they are missing and add columns that the source has gained."""
        definition = ", ".join(f"{quote(column.name)} {column.raw_type}" for column in self._source.columns)
        self._connection.execute(f"create table if not exists {self.name} ({definition}, _batch_id bigint, _loaded_at timestamptz)")
        names = [self.name]
        if self.history:
            self._connection.execute(
                f"create table if not exists {self.history} ({definition}, _op varchar, _batch_id bigint, _loaded_at timestamptz)"
            )
            names.append(self.history)
        for name in names:
            for column in self._source.columns:
                self._connection.execute(f"alter table {name} add column if not exists {quote(column.name)} {column.raw_type}")

    def start_over(self) -> None:
        """Put the tables aside whose columns no longer fit: raw is rebuilt, the old versions stay under a name of their own."""
        self._connection.execute(f"drop table if exists {self.name}")
        if self.history:
            archive = f"{self.history.removeprefix('raw.')}_until_{self._batch.batch_id}"
            self._connection.execute(f"alter table if exists {self.history} rename to {quote(archive)}")

    def count(self) -> int:
        """Return the rows of the raw table, counted by a scan."""
        return int(scalar(self._connection, f"select coalesce(sum(_batch_id * 0 + 1), 0) from {self.name}"))

    def fill(self, reader: pa.RecordBatchReader) -> int:
        """Load a whole table into the empty raw table and return its rows."""
        marks = f"{self._batch.batch_id}::bigint as _batch_id, '{self._batch.loaded_at.isoformat()}'::timestamptz as _loaded_at"
        inserted = self._from_stream(reader, f"create or replace table {self.name} as select {self._typed}, {marks}")
        if self.history and inserted:
            self._connection.execute(f"insert into {self.history} by name select *, 'insert' as _op from {self.name}")
        return inserted

    def receive(self, reader: pa.RecordBatchReader) -> int:
        """Keep the stream's rows aside, in raw types, and return their number."""
        return self._from_stream(reader, f"create or replace temp table _incoming as select {self._typed}")

    def delete_all(self) -> int:
        """Delete every row: the source was truncated."""
        return self._delete(f"select id from {self.name}")

    def delete_tombstones(self) -> int:
        """Delete the rows that left a tombstone in the source since the last sync."""
        return self._delete("select distinct row_id as id from temp.main._tombstones where table_name = ? and row_id is not null")

    def delete_absent(self) -> int:
        """Delete the rows that the complete incoming table no longer has."""
        return self._delete(f"select id from {self.name} anti join {INCOMING} using (id)")

    def upsert(self) -> tuple[int, int]:
        """Insert or replace the incoming rows that differ from what raw has; return rows inserted and updated."""
        if scalar(self._connection, f"select count(*) from {self.name} semi join {INCOMING} using (id)"):  # comparing scans every column
            same = " and ".join(f"{INCOMING}.{quote(c.name)} is not distinct from known.{quote(c.name)}" for c in self._source.columns)
            self._connection.execute(f"delete from {INCOMING} using {self.name} known where {INCOMING}.id = known.id and {same}")
        arrived = int(scalar(self._connection, f"select count(*) from {INCOMING}"))
        if not arrived:
            return 0, 0
        if self.history:
            self._connection.execute(
                f"""
                insert into {self.history} by name
                select incoming.*, case when known.id is null then 'insert' else 'update' end as _op, ? as _batch_id, ? as _loaded_at
                from {INCOMING} incoming left join {self.name} known using (id)
                """,
                self._marks,
            )
        updated = int(scalar(self._connection, f"delete from {self.name} using {INCOMING} incoming where {self.name}.id = incoming.id"))
        self._connection.execute(f"insert into {self.name} by name select *, ? as _batch_id, ? as _loaded_at from {INCOMING}", self._marks)
        return arrived - updated, updated

    def newest_recorded_at(self) -> datetime | None:
        """Return the newest ``recorded_at`` among the rows of this batch."""
        if not any(column.name == "recorded_at" for column in self._source.columns):
            return None
        newest: datetime | None = scalar(
            self._connection, f"select max(recorded_at) from {self.name} where _batch_id = ?", [self._batch.batch_id]
        )
        return newest

    def _delete(self, gone: str) -> int:
        params = [self._source.spec.source_name] if "?" in gone else []
        self._connection.execute(f"create or replace temp table _gone as select id from {self.name} semi join ({gone}) using (id)", params)
        if not scalar(self._connection, f"select count(*) from {GONE}"):
            return 0
        if self.history:
            self._connection.execute(
                f"""
                insert into {self.history} by name
                select {self._columns}, 'delete' as _op, ? as _batch_id, ? as _loaded_at from {self.name} semi join {GONE} using (id)
                """,
                self._marks,
            )
        return int(scalar(self._connection, f"delete from {self.name} using {GONE} gone where {self.name}.id = gone.id"))

    def _from_stream(self, reader: pa.RecordBatchReader, create: str) -> int:
        self._connection.register("_stream", reader)
        try:
            count = int(scalar(self._connection, f"{create} from _stream"))
        except WarehouseError as problem:  # the stream stays registered: the engine can't let go of one that broke, the sync ends here
            raise SourceUnavailable(f"{self._source.spec.source_name} could not be read to its end: {problem}") from problem
        self._connection.unregister("_stream")
        return count
