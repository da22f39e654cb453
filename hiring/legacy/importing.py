"""Starts, resumes and finishes imports; a dry run does everything in one transaction and takes it back."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from foundation import clock, logs
from hiring.audit.service import by_operator
from hiring.identity import repository as identity_repository
from hiring.legacy.loading import Loader, Progress, known_ids, untold
from hiring.legacy.naming import Names
from hiring.legacy.reading import HiringLog, read_log
from hiring.legacy.school import Importer, Services
from hiring.legacy.tables import imports, loaded, quarantine
from hiring.rows import AnyRow, insert_row, new_id


class ImportRefused(RuntimeError):
    """The import can't start as asked. The message says what to do."""


@dataclass(frozen=True)
class ImportSummary:
    """What an import did: rows read, loaded now, loaded before, and set aside by table and reason."""

    import_id: UUID
    is_dry: bool
    read: dict[str, int]
    loaded: dict[str, int]
    earlier: dict[str, int]
    quarantined: Counter[str] = field(default_factory=Counter)


def load(
    engine: Engine, sessions: sessionmaker[Session], candidate_key: str, folder: Path, tenant_id: UUID, *,
    names: Names | None = None, is_dry: bool = False, is_resumed: bool = False, progress: Progress = untold,
) -> ImportSummary:  # fmt: skip
    """Load the log in a folder into a school of the core.

    Args:
        engine: of the hiring database.
        sessions: its transactions.
        candidate_key: of the candidates' service.
        folder: of the log.
        tenant_id: the school.
        names: of the files' columns, where they are not called as documented.
        is_dry: do everything, then take it back.
        is_resumed: go on with the import of this school that was not finished.
        progress: told units done and their total.

    Raises:
        BadLogFolder: the folder is no hiring log. ImportRefused: no such school, another import is open, or none to resume.
    """
    services = Services(sessions, candidate_key)
    with _alone(engine, tenant_id):
        with sessions() as session:
            if not identity_repository.is_school(session, tenant_id):
                raise ImportRefused("--school: there is no such school")
            known = known_ids(session, tenant_id)
        log = read_log(folder, clock.now(), {table: set(ids) for table, ids in known.items()}, names)
        if is_dry:
            return _rehearse(sessions, services, log, tenant_id, progress)
        import_id = _opened(sessions, log, tenant_id, is_resumed=is_resumed)
        with logs.correlated(f"import:{import_id}"):
            Loader(Importer(services, tenant_id, import_id), log, sessions.begin, progress).run()
        with sessions.begin() as session:
            summary = summarise(session, import_id, log, is_dry=False)
            session.execute(update(imports).where(imports.c.id == import_id).values(state="done", finished_at=clock.now()))
            counts = {"loaded": sum(summary.loaded.values()), "quarantined": summary.quarantined.total()}
            session.execute(by_operator("legacy.import", "legacy_import", import_id, counts))
        return summary


def summarise(session: Session, import_id: UUID, log: HiringLog, *, is_dry: bool) -> ImportSummary:
    """Count what became of a log's rows."""
    own = dict(
        _counts(session, select(loaded.c.log_table, func.count()).where(loaded.c.import_id == import_id).group_by(loaded.c.log_table))
    )
    aside = select(quarantine.c.log_table + ": " + quarantine.c.reason, func.count()).where(quarantine.c.import_id == import_id)
    quarantined = Counter(dict(_counts(session, aside.group_by(quarantine.c.log_table, quarantine.c.reason))))
    read = {table: log.read_count(table) for table in log.rows}
    set_aside: Counter[str] = Counter()
    for label, count in quarantined.items():
        set_aside[label.partition(":")[0]] += count
    earlier = {table: count - own.get(table, 0) - set_aside[table] for table, count in read.items()}
    return ImportSummary(import_id, is_dry, read, {table: own.get(table, 0) for table in read}, earlier, quarantined)


def find_import(session: Session, import_id: UUID) -> AnyRow:
    """Return an import.

    Raises:
        ImportRefused: there is none.
    """
    row = session.execute(select(imports).where(imports.c.id == import_id)).one_or_none()
    if row is None:
        raise ImportRefused(f"there is no import {import_id}: `nexus migrate list` shows them")
    return row


def _counts(session: Session, query: object) -> Iterator[tuple[str, int]]:
    for row in session.execute(query):  # type: ignore[call-overload]  # a select of two columns, whose types differ by caller
        yield row[0], row[1]


def _opened(sessions: sessionmaker[Session], log: HiringLog, tenant_id: UUID, *, is_resumed: bool) -> UUID:
    with sessions.begin() as session:
        running = session.execute(select(imports).where(imports.c.tenant_id == tenant_id, imports.c.state == "running")).one_or_none()
        if running is None:
            if is_resumed:
                raise ImportRefused("--resume: no import of this school is unfinished; leave it out")
            now = clock.now()
            values = {"tenant_id": tenant_id, "folder": str(log.folder.absolute()), "digest": log.digest, "state": "running"}
            started: UUID = insert_row(session, imports, now, started_at=now, columns=log.names, **values).id
            return started
        if not is_resumed:
            raise ImportRefused(f"import {running.id} of this school is not finished: add --resume, or roll it back first")
        if running.digest != log.digest:
            raise ImportRefused(f"import {running.id} was started from other files or --columns: resume it from those in {running.folder}")
        resumed: UUID = running.id
        return resumed


def _rehearse(sessions: sessionmaker[Session], services: Services, log: HiringLog, tenant_id: UUID, progress: Progress) -> ImportSummary:
    with sessions() as session:
        whole = session.begin()

        @contextmanager
        def savepoint() -> Iterator[Session]:
            with session.begin_nested():
                yield session

        now = clock.now()
        values = {"tenant_id": tenant_id, "folder": str(log.folder), "digest": log.digest, "state": "done", "started_at": now}
        import_id = insert_row(session, imports, now, id=new_id(), columns=log.names, **values).id
        Loader(Importer(services, tenant_id, import_id), log, savepoint, progress).run()
        summary = summarise(session, import_id, log, is_dry=True)
        whole.rollback()
    return summary


@contextmanager
def _alone(engine: Engine, tenant_id: UUID) -> Iterator[None]:
    """Let one import of a school run at a time; the lock goes with the connection, so a killed run leaves none behind."""
    with engine.connect() as connection:
        key = {"key": f"legacy import {tenant_id}"}
        if not connection.execute(text("select pg_try_advisory_lock(hashtextextended(:key, 0))"), key).scalar():
            raise ImportRefused("another import of this school is running: wait for it")
        connection.commit()
        try:
            yield
        finally:
            connection.execute(text("select pg_advisory_unlock(hashtextextended(:key, 0))"), key)
            connection.commit()
