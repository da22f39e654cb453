"""One sync of the hiring core: everything committed since the last one, in one snapshot and one warehouse transaction.

What belongs here: the order of steps. What doesn't: how rows are read (snapshots), applied (load) or refused (guards).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from foundation import clock
from ingestion import bookkeeping, guards
from ingestion.load import Batch, RawTable
from ingestion.progress import Progress, SyncReport, TableReport, silent
from ingestion.snapshots import SourceSnapshot, Watermark, open_snapshot
from ingestion.source_catalog import SourceTable, read_tables
from ingestion.sources.hiring_log.tables import ensure_log_tables
from ingestion.table_specs import SOURCE, TABLE_SPECS, TableSpec
from warehouse.connection import Connection, Warehouse

NOT_SEEN = "_xid >= '{xmin}'::xid8 and not pg_visible_in_snapshot(_xid, '{snapshot}'::pg_snapshot)"


def sync(
    source_url: str,
    warehouse: Warehouse,
    progress: Progress | None = None,
    *,
    specs: Sequence[TableSpec] = TABLE_SPECS,
) -> SyncReport:
    """Bring the raw tables of the hiring core to the source's present state and return what changed.

    Rows, deletions and the new watermark are committed together: a sync that dies leaves raw as it was, and the next one repeats it.

    Raises:
        SourceUnavailable: the source cannot be read.
        SourceShapeChanged: a table or column is lost or retyped.
        LikelyTruncatedRead: a table read anew lost most of its rows.
        ReconciliationFailed: row counts differ from the source's.
        WarehouseBusy: another process holds the build file.
    """
    started_at = clock.now()
    with warehouse.build() as connection, open_snapshot(source_url) as source:
        connection.begin()
        try:
            report = _Sync(connection, source, specs, progress or silent).run(started_at)
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
    return report


class _Sync:
    def __init__(self, connection: Connection, source: SourceSnapshot, specs: Sequence[TableSpec], progress: Progress) -> None:
        self._connection = connection
        self._source = source
        self._specs = specs
        self._progress = progress
        self._settings = guards.IngestionSettings()

    def run(self, started_at: datetime) -> SyncReport:
        bookkeeping.ensure_tables(self._connection)
        ensure_log_tables(self._connection)
        before = bookkeeping.read_state(self._connection, SOURCE)
        batch = Batch(bookkeeping.next_batch_id(self._connection), started_at)
        mark = self._source.watermark
        asked = "an operator asked for it" if self._settings.reload else ""
        interruption = asked or (mark.why_not_after(before.watermark) if before.watermark else "")
        continued = before.watermark if before.watermark and not interruption else None

        tables = read_tables(self._source.control, self._specs)
        guards.check_capture_readable(tables.values())
        known = {spec.name: shape for spec in self._specs if (shape := bookkeeping.read_shape(self._connection, SOURCE, spec.name))}
        accept = self._settings.accept_source_changes
        reasons = guards.check_shapes(self._specs, tables, known, accept=accept)
        self._read_tombstones(continued)

        reports = []
        newest = [before.as_of] if before.as_of else []
        for done, spec in enumerate(self._specs):
            table = tables[spec.source_name]
            raw = RawTable(self._connection, table, batch)
            if guards.has_incompatible_shape(table, known.get(spec.name)):
                raw.start_over()
                del known[spec.name]
            if spec.name not in known or spec.source_name in reasons:
                raw.ensure()
            reason = interruption or reasons.get(spec.source_name, "")
            report = self._load(raw, table, continued if spec.name in known else None, reason)
            reports.append(report)
            if report.changed and (instant := raw.newest_recorded_at()):
                newest.append(instant)
            if known.get(spec.name) != table.shape:
                bookkeeping.write_shape(self._connection, SOURCE, table)
            self._progress(spec.source_name, done + 1, len(self._specs))

        changed = any(report.changed for report in reports)
        batch_id = batch.batch_id if changed else before.batch_id
        finished_at = clock.now()
        for report in reports:
            if report.changed:
                counts = [report.inserted, report.updated, report.deleted]
                self._connection.execute(
                    "insert into raw._batches values (?, ?, ?, ?, ?, ?, ?, ?)",
                    [batch_id, SOURCE, report.table.removeprefix(f"raw.{SOURCE}__"), *counts, started_at, finished_at],
                )
        as_of = max(newest, default=None)
        bookkeeping.write_state(self._connection, SOURCE, replace(before, watermark=mark, as_of=as_of, batch_id=batch_id), finished_at)
        bookkeeping.set_build(self._connection)
        return SyncReport(SOURCE, tuple(reports), as_of, batch_id, changed)

    def _load(self, raw: RawTable, table: SourceTable, previous: Watermark | None, reason: str) -> TableReport:
        name, rows_before = table.spec.source_name, raw.count()
        select = f"select {table.select_list} from {name}"
        inserted = updated = deleted = 0
        truncated, tombstones = self._tombstones_of(name)
        expected = self._source.counting(name)
        if rows_before == 0 and (previous is None or reason):
            with self._source.stream(select) as reader:
                inserted = raw.fill(reader)
        elif previous is None or reason:
            with self._source.stream(select) as reader:
                arrived = raw.receive(reader)
            explained = (
                rows_before if truncated or self._source.truncated_later(name) or self._settings.accept_source_changes else tombstones
            )
            guards.check_shrink(name, rows_before, explained, arrived, self._settings.shrink_limit)
            deleted = raw.delete_absent()
            inserted, updated = raw.upsert()
        else:
            if truncated:
                deleted = raw.delete_all()
            elif tombstones:
                deleted = raw.delete_tombstones()
            condition = NOT_SEEN.format(xmin=previous.xmin, snapshot=previous.snapshot)
            with self._source.stream(f"{select} where {condition}") as reader:
                arrived = raw.receive(reader)
            if arrived:
                inserted, updated = raw.upsert()
            return self._reconciled(raw, table, expected.result(), TableReport(raw.name, inserted, updated, deleted, is_reload=False))
        return self._reconciled(
            raw, table, expected.result(), TableReport(raw.name, inserted, updated, deleted, is_reload=True, reason=reason)
        )

    def _reconciled(self, raw: RawTable, table: SourceTable, expected: int, report: TableReport) -> TableReport:
        """Compare row counts; a difference makes the table be read anew once."""
        name = table.spec.source_name
        found = raw.count()
        if expected == found or self._source.truncated_later(name):
            return report
        if report.is_reload:
            raise guards.ReconciliationFailed(f"{name} has {expected} rows in the source but {found} in raw, even after reading it anew")
        again = self._load(raw, table, None, f"{found} rows in raw but {expected} in the source")
        return replace(
            again,
            inserted=report.inserted + again.inserted,
            updated=report.updated + again.updated,
            deleted=report.deleted + again.deleted,
        )

    def _read_tombstones(self, previous: Watermark | None) -> None:
        condition = NOT_SEEN.format(xmin=previous.xmin, snapshot=previous.snapshot) if previous else "false"
        with self._source.stream(f"select table_name, row_id, kind from capture.tombstones where {condition}") as reader:
            self._connection.register("_stream", reader)
            self._connection.execute("create or replace temp table _tombstones as select * from _stream")
            self._connection.unregister("_stream")

    def _tombstones_of(self, name: str) -> tuple[bool, int]:
        """Return whether the table was truncated since the last sync, and how many of its rows were deleted one by one."""
        sql = "select count(*) filter (kind = 'truncate'), count(distinct row_id) from temp.main._tombstones where table_name = ?"
        truncations, deletions = self._connection.execute(sql, [name]).fetchall()[0]
        return bool(truncations), int(deletions)
