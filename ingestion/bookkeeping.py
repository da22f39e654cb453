"""Tables in which the raw layer keeps account of itself: state, batches, acceptance, quarantine, check results."""

import json
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from ingestion.snapshots import Watermark
from ingestion.source_catalog import SourceTable
from warehouse.connection import Connection, scalar

TABLES = """
create table if not exists raw._sync_state (
  source varchar, snapshot varchar, system_identifier varchar, timeline integer, as_of timestamptz, batch_id bigint, synced_at timestamptz);
create table if not exists raw._source_tables (source varchar, table_name varchar, table_oid bigint, columns varchar);
create table if not exists raw._batches (
  batch_id bigint, source varchar, table_name varchar, rows_inserted bigint, rows_updated bigint, rows_deleted bigint,
  started_at timestamptz, finished_at timestamptz);
create table if not exists raw._accepted (source varchar, batch_id bigint, accepted_at timestamptz);
create table if not exists raw._quarantine (
  source varchar, tenant_id varchar, table_name varchar, row_number bigint, reason varchar, row_json varchar, batch_id bigint,
  quarantined_at timestamptz);
create table if not exists raw._check_results (
  check_name varchar, layer varchar, table_name varchar, passed boolean, observed varchar, expected varchar, failing_count bigint,
  message varchar, batch_id bigint, checked_at timestamptz);
create table if not exists raw._build (as_of timestamptz, known_at timestamptz, batch_id bigint);
"""


@dataclass(frozen=True)
class SyncState:
    """What the last sync of a source left behind."""

    watermark: Watermark | None
    as_of: datetime | None
    batch_id: int


def ensure_tables(connection: Connection) -> None:
    """Create the bookkeeping tables that are missing."""
    connection.execute(TABLES)


def read_state(connection: Connection, source: str) -> SyncState:
    """Return the state of a source; an empty one before its first load."""
    rows = connection.execute(
        "select snapshot, system_identifier, timeline, as_of, batch_id from raw._sync_state where source = ?", [source]
    ).fetchall()
    if not rows:
        return SyncState(None, None, 0)
    snapshot, system, timeline, as_of, batch_id = rows[0]
    return SyncState(Watermark(snapshot, system, timeline) if snapshot else None, as_of, batch_id)


def write_state(connection: Connection, source: str, state: SyncState, synced_at: datetime) -> None:
    """Replace the state of a source; call it in the transaction that loads the rows."""
    connection.execute("delete from raw._sync_state where source = ?", [source])
    mark = state.watermark
    connection.execute(
        "insert into raw._sync_state values (?, ?, ?, ?, ?, ?, ?)",
        [
            source,
            mark.snapshot if mark else None,
            mark.system_identifier if mark else None,
            mark.timeline if mark else None,
            state.as_of,
            state.batch_id,
            synced_at,
        ],
    )


def next_batch_id(connection: Connection) -> int:
    """Return a batch id above every other one of any source."""
    return int(scalar(connection, "select coalesce(max(batch_id), 0) + 1 from raw._sync_state"))


def read_shape(connection: Connection, source: str, table: str) -> tuple[int, dict[str, str]] | None:
    """Return a table's identity and its columns' source types as of its last load, or None before the first."""
    rows = connection.execute(
        "select table_oid, columns from raw._source_tables where source = ? and table_name = ?", [source, table]
    ).fetchall()
    return (int(rows[0][0]), json.loads(rows[0][1])) if rows else None


def write_shape(connection: Connection, source: str, table: SourceTable) -> None:
    """Remember a table's identity and its columns' source types."""
    connection.execute("delete from raw._source_tables where source = ? and table_name = ?", [source, table.spec.name])
    oid, columns = table.shape
    connection.execute("insert into raw._source_tables values (?, ?, ?, ?)", [source, table.spec.name, oid, json.dumps(columns)])


def quarantine_counts(connection: Connection) -> pl.DataFrame:
    """Count quarantined rows by import, school, table and reason, never the rows themselves: they may hold anything.

    Returns:
        Columns source, tenant_id, table_name, reason, rows_count, quarantined_at (the newest of them, UTC).
    """
    counts: pl.DataFrame = connection.sql(
        """
        select source, tenant_id, table_name, reason, count(*) as rows_count, max(quarantined_at) as quarantined_at
        from raw._quarantine
        group by source, tenant_id, table_name, reason
        order by source, tenant_id, table_name, reason
        """
    ).pl()
    return counts


def set_build(connection: Connection, as_of: datetime | None = None) -> None:
    """Write the one row that tells the transformation its instant: the newest ``recorded_at`` of all sources, or ``as_of`` if given."""
    connection.execute("delete from raw._build")
    connection.execute(
        """
        insert into raw._build
        select coalesce(?::timestamptz, max(as_of)), coalesce(?::timestamptz, max(as_of)), coalesce(max(batch_id), 0)
        from raw._sync_state
        """,
        [as_of, as_of],
    )
