"""Opens and closes the dual-write window of a school, and says whether both sides agree. Writing the rows is ``feeding.py``."""

import csv
import threading
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from foundation import clock
from hiring.audit.service import by_operator
from hiring.bus.tables import event_log, events, offsets
from hiring.identity import repository as identity_repository
from hiring.legacy.core_rows import CORE, core_rows
from hiring.legacy.core_rows import as_text as in_file
from hiring.legacy.feeding import CONSUMER, SEQ, last_written, unseen
from hiring.legacy.importing import ImportRefused
from hiring.legacy.log_format import LOG_TABLES
from hiring.legacy.tables import feed, windows
from hiring.rows import AnyRow, insert_row

_PAUSE_SECONDS = 0.1


@dataclass
class Agreement:
    """What closing found: rows written by table, and rows in which the files and the core do not say the same."""

    folder: Path
    written: dict[str, int] = field(default_factory=dict)
    differing: list[str] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """Whether both sides say the same."""
        return not self.differing


def open_window(sessions: sessionmaker[Session], tenant_id: UUID, folder: Path) -> Path:
    """Open the window of a school; return the folder its files are written to.

    Raises:
        ImportRefused: no such school, it has an open window, or the folder holds something.
    """
    with sessions.begin() as session:
        if not identity_repository.is_school(session, tenant_id):
            raise ImportRefused("--school: there is no such school")
        if _open_of(session, tenant_id) is not None:
            raise ImportRefused("the school's window is open: close it first")
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ImportRefused(f"--folder: {folder} is not empty: name another, so that two windows do not mix")
        now = clock.now()
        snapshot: str = session.execute(text("select pg_current_snapshot()::text")).scalar_one()
        values = {"tenant_id": tenant_id, "folder": str(folder.absolute()), "snapshot": snapshot, "opened_at": now}
        made = insert_row(session, windows, now, **values)
        session.execute(by_operator("legacy.window_open", "legacy_window", made.id, {"tenant_id": str(tenant_id)}))
    return folder


def close_window(sessions: sessionmaker[Session], tenant_id: UUID, wait_seconds: float) -> Agreement:
    """Wait until everything is written, close the window and compare both sides.

    Raises:
        ImportRefused: no window is open, or the worker did not write everything in time; the window stays open then.
    """
    pause = threading.Event()
    for _ in range(max(1, int(wait_seconds / _PAUSE_SECONDS))):
        with sessions.begin() as session:
            window = _required(session, tenant_id)
            if _waiting(session, window) == 0:
                agreement = _compare(session, window)
                session.execute(update(windows).where(windows.c.id == window.id).values(closed_at=clock.now()))
                session.execute(by_operator("legacy.window_close", "legacy_window", window.id, {"tenant_id": str(tenant_id)}))
                return agreement
        pause.wait(_PAUSE_SECONDS)
    raise ImportRefused("the worker has not written everything yet: is `nexus worker` running? The window stays open")


def status(sessions: sessionmaker[Session], tenant_id: UUID) -> str:
    """Return in words whether the window is open and what waits."""
    with sessions() as session:
        window = _open_of(session, tenant_id)
        if window is None:
            return "closed: nothing is written back for this school\n"
        count = session.execute(select(func.count()).select_from(feed).where(feed.c.window_id == window.id)).scalar_one()
        since = f"open since {window.opened_at:%Y-%m-%d %H:%M} UTC"
        return f"{since}: {count:,} rows for {window.folder}, {_waiting(session, window):,} events and rows wait\n"


def as_text(agreement: Agreement) -> str:
    """Return what closing found as lines of text."""
    lines = [f"{table}: {count:,} rows written" for table, count in agreement.written.items()]
    lines += [f"differing: {name}" for name in agreement.differing[:50]]
    lines.append("closed: both sides agree" if agreement.agrees else f"closed: {len(agreement.differing):,} rows DO NOT AGREE")
    return "\n".join(lines) + "\n"


def _open_of(session: Session, tenant_id: UUID) -> AnyRow | None:
    mine = select(windows).where(windows.c.tenant_id == tenant_id, windows.c.closed_at.is_(None))
    return session.execute(mine).one_or_none()


def _required(session: Session, tenant_id: UUID) -> AnyRow:
    window = _open_of(session, tenant_id)
    if window is None:
        raise ImportRefused("no window of this school is open")
    return window


def _waiting(session: Session, window: AnyRow) -> int:
    """Return how many events and rows are still on their way to the files."""
    offset = session.execute(select(offsets.c.seq).where(offsets.c.consumer == CONSUMER)).scalar() or 0
    mine = str(window.tenant_id)
    logged = (event_log.c.seq > offset) & (event_log.c.data["tenant_id"].as_string() == mine)
    behind = session.execute(select(func.count()).select_from(event_log).where(logged)).scalar_one()
    behind += session.execute(select(func.count()).select_from(events).where(events.c.data["tenant_id"].as_string() == mine)).scalar_one()
    for table in LOG_TABLES:
        written = last_written(Path(window.folder) / f"{table}.csv")
        rest = (feed.c.window_id == window.id) & (feed.c.log_table == table) & (feed.c.seq > written)
        behind += session.execute(select(func.count()).select_from(feed).where(rest)).scalar_one()
    return int(behind)


def _compare(session: Session, window: AnyRow) -> Agreement:
    """Compare the last row of each thing in the files with the core, for everything that changed since the window was opened."""
    agreement = Agreement(Path(window.folder))
    for name, table in LOG_TABLES.items():
        path = agreement.folder / f"{name}.csv"
        last: dict[str, dict[str, str]] = {}
        if path.exists():
            with path.open(newline="", encoding="utf-8") as stream:
                rows = list(csv.DictReader(stream))
            agreement.written[name] = len(rows)
            last = {row[table.key]: {column: row[column] for column in row if column != SEQ} for row in rows}
        here = core_rows(session, name, window.tenant_id, unseen(CORE[name], window.snapshot))
        core = {str(row[table.key]): {column: in_file(row[column]) for column in table.columns} for row in here.values()}
        agreement.differing += [f"{name} {key}" for key in sorted(core.keys() | last.keys()) if core.get(key) != last.get(key)]
    return agreement
