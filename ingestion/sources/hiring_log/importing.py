"""Importing a hiring log: read, judge, then insert or replace what differs, in one warehouse transaction.

Importing the same files again changes nothing, in whatever order their rows come. Rows that an export no longer has stay: an export may
be partial. What belongs here: the order of steps. What doesn't: reading (reading) and judging (checking).
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from foundation import clock
from ingestion import bookkeeping
from ingestion.bookkeeping import SyncState
from ingestion.progress import Progress, silent
from ingestion.sources.hiring_log.checking import check_table
from ingestion.sources.hiring_log.mapping import Mapping, plain_mapping, read_mapping
from ingestion.sources.hiring_log.reading import BadLogFolder, FileReader, find_files, ignored_columns, read_table
from ingestion.sources.hiring_log.tables import LOG_TABLES, SOURCE, SOURCES_TABLE, LogTable, ensure_log_tables
from warehouse.connection import Connection, Warehouse, scalar
from warehouse.names import raw_table


@dataclass
class ImportReport:
    """Outcome of one import; the mappings are by table, quarantined rows by ``table: reason``."""

    import_name: str
    tenant_id: str
    dry_run: bool
    read: dict[str, int] = field(default_factory=dict)
    loaded: dict[str, int] = field(default_factory=dict)
    inserted: dict[str, int] = field(default_factory=dict)
    updated: dict[str, int] = field(default_factory=dict)
    quarantined: dict[str, int] = field(default_factory=dict)
    ignored_columns: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    rows_changed: int = 0
    batch_id: int = 0
    as_of: datetime | None = None


def import_hiring_log(
    folder: Path,
    tenant_id: str,
    warehouse: Warehouse,
    mapping: Path | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Import a folder of CSV or Parquet files as one school's rows; with ``dry_run`` only count what would happen.

    Raises:
        BadLogFolder: the folder lacks a required table, or a file can't be read.
        BadMapping: the mapping can't be used.
        WarehouseBusy: another process holds the build file.
    """
    folder = Path(folder)
    if not tenant_id.strip():
        raise BadLogFolder("imported rows belong to a school: give its organisation id as tenant")
    with _opened(warehouse, dry_run) as connection:
        connection.begin()
        try:
            report = _Import(connection, folder, tenant_id.strip(), dry_run, progress or silent).run(mapping)
            if dry_run:
                connection.rollback()
            else:
                connection.commit()
        except BaseException:
            connection.rollback()
            raise
    return report


@contextmanager
def _opened(warehouse: Warehouse, dry_run: bool) -> Iterator[Connection]:
    """Open the build; a dry run without one works in a folder that is thrown away."""
    if dry_run and not warehouse.build_path.exists():
        with tempfile.TemporaryDirectory() as folder, Warehouse(Path(folder)).build() as connection:
            yield connection
    else:
        with warehouse.build() as connection:
            yield connection


class _Import:
    def __init__(self, connection: Connection, folder: Path, tenant_id: str, dry_run: bool, progress: Progress) -> None:
        self._connection = connection
        self._folder = folder
        self._tenant = tenant_id
        self._dry_run = dry_run
        self._progress = progress
        self._now = clock.now()

    def run(self, mapping_file: Path | None) -> ImportReport:
        ensure_log_tables(self._connection)
        bookkeeping.ensure_tables(self._connection)
        before = bookkeeping.read_state(self._connection, SOURCE)
        batch_id = bookkeeping.next_batch_id(self._connection)
        mapping = self._mapping(mapping_file)
        reader = FileReader(self._connection, self._folder)
        report = ImportReport(mapping.name, self._tenant, self._dry_run)
        tables = [table for table in LOG_TABLES if table.name in mapping.tables]
        present = {table.name for table in LOG_TABLES if table in tables or self._has_rows(table)}
        newest = [before.as_of] if before.as_of else []

        self._connection.execute(f"set TimeZone = '{mapping.timezone}'")  # of instants without an offset, while texts are read
        for done, table in enumerate(tables):
            mapped = mapping.tables[table.name]
            names = [column.name for column in table.columns]
            read = read_table(reader, table.name, mapped, names, mapping.instant_format)
            rejected = reader.rejected(mapped.file) if mapped.file.endswith(".csv") else None
            ensure_empty_parents(self._connection, table, present, tables)
            lost = check_table(self._connection, table, self._tenant, present, self._now, mapping.instant_format, rejected)
            report.read[table.name] = read + lost
            self._store(table, batch_id, report)
            self._quarantine(table, mapping.name, batch_id, report)
            newest += self._newest(table)
            self._progress(table.name, done + 1, len(tables))
        self._connection.execute("set TimeZone = 'UTC'")

        report.ignored_columns = {
            file: ", ".join(columns)
            for file, columns in ignored_columns(mapping, {file: columns for file, (_, columns) in reader.opened.items()}).items()
        }
        self._remember_switches(mapping, batch_id, report)
        self._note_unknown_tenant(report)
        report.as_of = max(newest, default=None)
        report.batch_id = batch_id if report.rows_changed else before.batch_id
        bookkeeping.write_state(self._connection, SOURCE, SyncState(None, report.as_of, report.batch_id), self._now)
        bookkeeping.set_build(self._connection)
        return report

    def _mapping(self, file: Path | None) -> Mapping:
        if not self._folder.is_dir():
            raise BadLogFolder(f"{self._folder} is not a folder")
        if file is not None:
            mapping = read_mapping(file)
        else:
            mapping = plain_mapping(self._folder.resolve().name, find_files(self._connection, self._folder))
        if missing := [table.name for table in LOG_TABLES if table.is_required and table.name not in mapping.tables]:
            found = ", ".join(sorted(path.name for path in self._folder.iterdir())) or "nothing"
            raise BadLogFolder(f"{self._folder} lacks {' and '.join(missing)} (.csv or .parquet, or by --mapping); it has {found}")
        return mapping

    def _has_rows(self, table: LogTable) -> bool:
        sql = f"select exists (from {raw_table(SOURCE, table.name)} where tenant_id = ?)"
        return bool(scalar(self._connection, sql, [self._tenant]))

    def _store(self, table: LogTable, batch_id: int, report: ImportReport) -> None:
        raw, good = raw_table(SOURCE, table.name), f"temp.main._good_{table.name}"
        report.loaded[table.name] = int(scalar(self._connection, f"select count(*) from {good}"))
        same = " and ".join(f"known.{column.name} is not distinct from good.{column.name}" for column in table.columns)
        self._connection.execute(
            f"create or replace temp table _differing as select good.* from {good} good "
            f"where not exists (from {raw} known where known.tenant_id = ? and known.{table.key} = good.{table.key} and {same})",
            [self._tenant],
        )
        sql = f"delete from {raw} using temp.main._differing d where {raw}.tenant_id = ? and {raw}.{table.key} = d.{table.key}"
        updated = int(scalar(self._connection, sql, [self._tenant]))
        if not scalar(self._connection, "select count(*) from temp.main._differing"):
            report.inserted[table.name] = report.updated[table.name] = 0
            return
        sql = f"insert into {raw} by name select ? as tenant_id, *, ? as _batch_id, ? as _loaded_at from temp.main._differing"
        changed = int(scalar(self._connection, sql, [self._tenant, batch_id, self._now]))
        report.inserted[table.name], report.updated[table.name] = changed - updated, updated
        report.rows_changed += changed
        if changed:
            self._connection.execute(
                "insert into raw._batches values (?, ?, ?, ?, ?, 0, ?, ?)",
                [batch_id, SOURCE, table.name, changed - updated, updated, self._now, clock.now()],
            )

    def _quarantine(self, table: LogTable, import_name: str, batch_id: int, report: ImportReport) -> None:
        """Replace what this import quarantined of a table before, unless it is the same."""
        bad, source = f"temp.main._bad_{table.name}", f"{SOURCE}/{import_name}"
        for reason, count in self._connection.execute(f"select reason, count(*) from {bad} group by 1 order by 1").fetchall():
            report.quarantined[f"{table.name}: {reason}"] = count
        self._connection.execute(
            f"""
            create or replace temp table _quarantined as
            select row_number, reason, json_merge_patch(row_json, json_object('_problem', problem))::varchar as row_json from {bad}
            """
        )
        condition = "source = ? and tenant_id = ? and table_name = ?"
        key = [source, self._tenant, table.name]
        known = f"select reason, row_json from raw._quarantine where {condition}"
        fresh = "select reason, row_json from temp.main._quarantined"
        differing = f"select count(*) from ((({known}) except all ({fresh})) union all (({fresh}) except all ({known})))"
        if scalar(self._connection, differing, key + key):
            self._connection.execute(f"delete from raw._quarantine where {condition}", key)
            if not scalar(self._connection, "select count(*) from temp.main._quarantined"):
                return
            self._connection.execute(  # never without rows: see ingestion.load on inserts of nothing
                "insert into raw._quarantine select ?, ?, ?, row_number, reason, row_json, ?, ? from temp.main._quarantined",
                [*key, batch_id, self._now],
            )

    def _newest(self, table: LogTable) -> list[datetime]:
        instant = scalar(self._connection, f"select max(recorded_at) from temp.main._good_{table.name}")
        return [instant.astimezone(self._now.tzinfo)] if instant else []

    def _remember_switches(self, mapping: Mapping, batch_id: int, report: ImportReport) -> None:
        given = all("recorded_at" in mapped.columns for mapped in mapping.tables.values())
        key, switches = [self._tenant, mapping.name], [mapping.accidental_visit_rule, given]
        known = self._connection.execute(
            f"select accidental_visit_rule, is_recorded_at_given from {SOURCES_TABLE} where tenant_id = ? and import_name = ?", key
        ).fetchall()
        if known != [tuple(switches)]:
            self._connection.execute(f"delete from {SOURCES_TABLE} where tenant_id = ? and import_name = ?", key)
            self._connection.execute(f"insert into {SOURCES_TABLE} values (?, ?, ?, ?, ?, ?)", [*key, *switches, batch_id, self._now])
            report.rows_changed += 1

    def _note_unknown_tenant(self, report: ImportReport) -> None:
        organisations = raw_table("hiring_core", "organisations")
        exists = scalar(
            self._connection, "select count(*) from duckdb_tables() where schema_name = 'raw' and table_name = 'hiring_core__organisations'"
        )
        sql = f"select count(*) > 0 and count(*) filter (where id::varchar = ? and kind = 'school') = 0 from {organisations}"
        if exists and scalar(self._connection, sql, [self._tenant]):
            report.notes.append(f"{self._tenant} is no school of the hiring core: only platform staff will see these rows")


def ensure_empty_parents(connection: Connection, table: LogTable, present: set[str], imported: list[LogTable]) -> None:
    """Give ids that refer to a table of an earlier import an empty set of this import's rows to be looked up in."""
    for column in table.columns:
        parent = column.refers_to
        if parent in present and not any(other.name == parent for other in imported):
            connection.execute(f"create or replace temp table _good_{parent} as select * from {raw_table(SOURCE, parent)} limit 0")
