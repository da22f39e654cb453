"""The reconciliation of an import: every row of the log is found in the core, equal, or in quarantine, and the sums agree.

What belongs here: comparing and telling. What doesn't: mending; a difference is shown, with its field, and somebody decides.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation import clock
from hiring.legacy.core_rows import CORE, core_rows
from hiring.legacy.importing import ImportRefused, find_import
from hiring.legacy.loading import known_ids
from hiring.legacy.log_format import DECIMAL, ENDINGS, LOG_TABLES, WHOLE
from hiring.legacy.reading import HiringLog, LogRow, read_log
from hiring.legacy.tables import imports, loaded, quarantine

# columns the core numbers, names or keeps in its own way
_NOT_COMPARED = {
    "applications": {"channel_type", "terminal_side"},
    "stage_events": {"sequence", "canonical_stage", "actor"},
    "offers": {"chain_id"},
}
SHOWN = 20


@dataclass
class TableCheck:
    """One table: counts of rows, and sums as (column, in the log, in the core)."""

    table: str
    read: int = 0
    loaded: int = 0
    earlier: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)
    differing: dict[str, list[str]] = field(default_factory=dict)
    sums: list[tuple[str, Decimal, Decimal]] = field(default_factory=list)

    @property
    def ties_out(self) -> bool:
        """Whether every row is accounted for, equal, and the sums agree."""
        accounted = self.loaded + self.earlier + self.quarantined.total() == self.read
        return accounted and not self.missing and not self.differing and all(there == here for _, there, here in self.sums)


@dataclass
class Reconciliation:
    """An import's reconciliation; ``by_rule`` counts stage events that the core's rules added to the log's own."""

    import_id: UUID
    tenant_id: UUID
    state: str
    tables: list[TableCheck]
    by_rule: int

    @property
    def ties_out(self) -> bool:
        """Whether every table does."""
        return all(table.ties_out for table in self.tables)


def reconcile(session: Session, import_id: UUID) -> Reconciliation:
    """Compare the log an import was made from with the core, row by row.

    Raises:
        ImportRefused: no such import, or its files are not what they were. BadLogFolder: they are gone.
    """
    row = find_import(session, import_id)
    others = select(imports.c.id).where(imports.c.tenant_id == row.tenant_id, imports.c.started_at < row.started_at)
    before = select(loaded.c.log_table, loaded.c.source_id).where(loaded.c.import_id.in_(others))
    known: dict[str, set[str]] = {}
    for found in session.execute(before):
        known.setdefault(found.log_table, set()).add(found.source_id)
    log = read_log(Path(row.folder), clock.now(), known, row.columns)
    if log.digest != row.digest:
        raise ImportRefused(f"the files in {row.folder} are not those that were imported: put them back, then ask again")
    ids = known_ids(session, row.tenant_id)
    own = {
        (found.log_table, found.source_id)
        for found in session.execute(select(loaded.c.log_table, loaded.c.source_id).where(loaded.c.import_id == import_id))
    }
    checks = [_check(session, import_id, row.tenant_id, log, table, ids.get(table, {}), own) for table in LOG_TABLES]
    return Reconciliation(import_id, row.tenant_id, row.state, checks, _by_rule(session, ids.get("applications", {}), ids))


def _check(
    session: Session, import_id: UUID, tenant_id: UUID, log: HiringLog, table: str, ids: dict[str, UUID], own: set[tuple[str, str]]
) -> TableCheck:
    check = TableCheck(table, read=log.read_count(table))
    reasons = select(quarantine.c.reason, quarantine.c.row_number).where(
        quarantine.c.import_id == import_id, quarantine.c.log_table == table
    )
    aside = {row.row_number: row.reason for row in session.execute(reasons)}
    check.quarantined.update(aside.values())
    here = core_rows(session, table, tenant_id)
    pairs: list[tuple[LogRow, dict[str, Any]]] = []
    for row in log.rows[table]:
        if row.number in aside:
            continue
        core = here.get(ids[row.source_id]) if row.source_id in ids else None
        if core is None:
            check.missing.append(row.source_id)
            continue
        if (table, row.source_id) in own:
            check.loaded += 1
        else:
            check.earlier += 1
        if fields := list(_differences(table, row, core)):
            check.differing[row.source_id] = fields
        pairs.append((row, core))
    for column, kind in LOG_TABLES[table].kinds.items():
        if kind in {WHOLE, DECIMAL} and column not in _NOT_COMPARED.get(table, ()):
            told = [(row[column], core[column]) for row, core in pairs if row[column] is not None]
            check.sums.append((column, Decimal(sum(there for there, _ in told)), Decimal(sum(core or 0 for _, core in told))))
    return check


def _differences(table: str, row: LogRow, core: dict[str, Any]) -> Iterator[str]:
    """Yield the columns in which the core says something else than the log; what the log does not say is not compared."""
    for column in LOG_TABLES[table].columns:
        if row[column] is None or column == "recorded_at" or column in _NOT_COMPARED.get(table, ()):
            continue
        if table == "stage_events" and column == "stage" and row["canonical_stage"] in {*ENDINGS, "hired"}:
            if core["canonical_stage"] != row["canonical_stage"]:  # ends have the core's own names
                yield column
        elif row[column] != core[column]:
            yield column


def _by_rule(session: Session, applications: dict[str, UUID], ids: dict[str, dict[str, UUID]]) -> int:
    events, mine = CORE["stage_events"], list(applications.values())
    kept = session.execute(select(func.count()).select_from(events).where(events.c.application_id.in_(mine))).scalar_one() if mine else 0
    return int(kept) - len(ids.get("stage_events", {}))


def as_text(report: Reconciliation) -> str:
    """Return the report as lines of text."""
    lines = [f"import {report.import_id} ({report.state}) into school {report.tenant_id}", ""]
    lines.append(f"{'table':<14}{'read':>9}{'loaded':>9}{'earlier':>9}{'aside':>9}{'missing':>9}{'differing':>11}")
    for check in report.tables:
        counts = (check.read, check.loaded, check.earlier, check.quarantined.total(), len(check.missing))
        lines.append(f"{check.table:<14}" + "".join(f"{count:>9,}" for count in counts) + f"{len(check.differing):>11,}")
    lines.append("")
    for check in report.tables:
        lines += [f"quarantined: {count:,} × {check.table}: {reason}" for reason, count in sorted(check.quarantined.items())]
        lines += [f"missing: {check.table} {source_id}" for source_id in check.missing[:SHOWN]]
        lines += [
            f"differing: {check.table} {source_id}: {', '.join(fields)}" for source_id, fields in list(check.differing.items())[:SHOWN]
        ]
        lines += [f"sum of {check.table}.{column}: log {there:f}, core {here:f}" for column, there, here in check.sums]
    lines.append(f"stage events the core's rules added: {report.by_rule:,}")
    lines.append("ties out" if report.ties_out else "DOES NOT TIE OUT")
    return "\n".join(lines) + "\n"
