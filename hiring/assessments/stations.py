"""What the worker does for assessments: learn of applications, read résumés and transcripts, delete files whose time is over."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, delete, select, update
from sqlalchemy.orm import Session, sessionmaker

from foundation import clock, logs
from foundation.settings import Home
from hiring.assessments.jobs import queue
from hiring.assessments.known_applications import consumer
from hiring.assessments.sandbox import Limits, ReadingFailed, read_file
from hiring.assessments.settings import AssessmentsSettings
from hiring.assessments.tables import interview_analyses, resume_parses, uploads
from hiring.assessments.upload_files import UploadFiles
from hiring.bus.transport import Transport
from hiring.database import session_factory
from hiring.domain_events import EventType, record
from hiring.rows import AnyRow
from hiring.work.loop import Station
from hiring.work.queue import Queue

PARSER_VERSION = "2026-1"
PROGRESS_STEP = 10  # percent between two reports
SWEEP_SECONDS = 3600.0
ORPHAN_AGE = timedelta(days=1)  # of a file without a row: longer than any upload takes


@dataclass(frozen=True)
class Task:
    """One kind of reading.

    Attributes:
        name: as the confined process knows it.
        queue: where its jobs wait.
        event: told when one is done.
        aggregate: kind of the job in the event.
        request: what the confined process is asked, from job and upload.
        columns: what the job's row keeps of the result.
    """

    name: str
    queue: Queue
    event: EventType
    aggregate: str
    request: Callable[[AnyRow, AnyRow], dict[str, Any]]
    columns: Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Reading:
    """Station: one round takes one job, reads its file in a confined process and settles it."""

    task: Task
    sessions: sessionmaker[Session]
    files: UploadFiles
    limits: Limits
    keeps_read_files: bool = False

    @property
    def name(self) -> str:
        """Name of the station."""
        return f"read {self.task.name}"

    def work(self) -> int:
        """Do one job; return 0 when none is due.

        Raises:
            DBAPIError: the database failed; the job is claimed again when its lease is over.
        """
        with self.sessions.begin() as session:
            claimed = self.task.queue.claim(session, clock.now(), 1)
        for job in claimed:
            with logs.correlated(f"{self.task.aggregate}:{job.id}"):
                try:
                    self._read(job)
                except ReadingFailed as failure:
                    self._fail(job, failure)
        return len(claimed)

    def _read(self, job: AnyRow) -> None:
        if job.attempts > self.task.queue.tries:  # whoever had it before never came back
            raise ReadingFailed("worker_lost", is_final=True)
        with self.sessions.begin() as session:
            upload = session.execute(select(uploads).where(uploads.c.id == job.upload_id)).one_or_none()
        if upload is None or upload.state != "stored":
            raise ReadingFailed("file_missing", is_final=True)
        try:
            file = self.files.open(upload.file_name)
        except FileNotFoundError:
            raise ReadingFailed("file_missing", is_final=True) from None
        with file:
            result = read_file(self.task.name, file, self.task.request(job, upload), self.limits, self._progress_of(job))
        self._finish(job, upload, result)

    def _finish(self, job: AnyRow, upload: AnyRow, result: dict[str, Any]) -> None:
        now = clock.now()
        values = {"progress": 100, "completed_at": now, "parser_version": PARSER_VERSION, **self.task.columns(result)}
        with self.sessions.begin() as session:
            if not self.task.queue.finish(session, [job], now, **values):
                return  # the lease was over: somebody else has it
            about = {"tenant_id": job.tenant_id, "application_id": job.application_id}
            record(session, self.task.event, self.task.aggregate, job.id, 1, now, **about)
            is_over = not self.keeps_read_files and not self._is_awaited(session, upload)
            if is_over:
                session.execute(update(uploads).where(uploads.c.id == upload.id).values(state="deleted", updated_at=now))
        if is_over:
            self.files.delete(upload.file_name)

    def _is_awaited(self, session: Session, upload: AnyRow) -> bool:
        """Say whether another job is still to read the file; the upload stays locked, so that none is queued meanwhile."""
        session.execute(select(uploads.c.id).where(uploads.c.id == upload.id).with_for_update())
        columns = self.task.queue.table.c
        waiting = select(columns.id).where(columns.upload_id == upload.id, columns.state.in_(("queued", "running"))).limit(1)
        return session.execute(waiting).one_or_none() is not None

    def _fail(self, job: AnyRow, failure: ReadingFailed) -> None:
        with self.sessions.begin() as session:
            if failure.is_final:
                self.task.queue.give_up(session, job, clock.now(), failure.code)
            else:
                self.task.queue.fail(session, job, clock.now(), failure.code)
        logs.logger("assessments").warning("reading_failed", task=self.task.name, job_id=str(job.id), error=failure.code)

    def _progress_of(self, job: AnyRow) -> Callable[[int], None]:
        columns = self.task.queue.table.c
        told = 0

        def tell(percent: int) -> None:
            nonlocal told
            if percent < told + PROGRESS_STEP:
                return
            told = min(percent, 99)
            ours = (columns.id == job.id) & (columns.leased_until == job.leased_until)
            with self.sessions.begin() as session:
                session.execute(update(self.task.queue.table).where(ours).values(progress=told))

        return tell


@dataclass
class Sweep:
    """Station: once an hour deletes files whose time is over, announcements nobody followed, and files that no row knows."""

    sessions: sessionmaker[Session]
    files: UploadFiles
    keep: timedelta
    name: str = "sweep uploads"
    _next: float = field(default=0.0)

    def work(self) -> int:
        """Sweep when it is time; return how many files went."""
        if time.monotonic() < self._next:
            return 0
        count = self.sweep(clock.now())
        self._next = time.monotonic() + SWEEP_SECONDS
        return count

    def sweep(self, now: datetime) -> int:
        """Delete what is over at ``now``; return how many files."""
        with self.sessions.begin() as session:
            over = (uploads.c.state == "stored") & (uploads.c.expires_at < now)
            gone = update(uploads).where(over).values(state="deleted", updated_at=now).returning(uploads.c.file_name)
            names = set(session.execute(gone).scalars())
            forgotten = (uploads.c.state == "awaited") & (uploads.c.created_at < now - self.keep)
            session.execute(delete(uploads).where(forgotten))
        old = self.files.older_than((now - ORPHAN_AGE).timestamp())
        with self.sessions.begin() as session:
            stored = select(uploads.c.file_name).where(uploads.c.state == "stored", uploads.c.file_name.in_(old))
            kept: set[str] = set(session.execute(stored).scalars())
        names |= {name for name in old if name not in kept}
        for name in names:
            self.files.delete(name)
        return len(names)


def tasks(settings: AssessmentsSettings) -> tuple[Task, Task]:
    """Return the two kinds of reading."""
    return (
        Task(
            "resume", queue(resume_parses, settings), EventType.RESUME_PARSED, "resume_parse",
            lambda _, upload: {
                "content_type": upload.content_type, "asked": upload.asked, "today": upload.created_at.date().isoformat(),
            },
            lambda result: {"match_score": result.pop("match_score"), "result": result},
        ),
        Task(
            "interview", queue(interview_analyses, settings), EventType.INTERVIEW_ANALYSED, "interview_analysis",
            lambda job, upload: {"content_type": upload.content_type, **job.plan},
            lambda result: {"result": result},
        ),
    )  # fmt: skip


def stations(core: Engine, own: Engine, transport: Transport, settings: AssessmentsSettings, home: Home) -> list[Station]:
    """Return what a worker does for assessments.

    Args:
        core: of the database whose log tells of applications.
        own: of the service's database; where it is another one, its events wait in its own log.
        transport: the way events travel.
        settings: of the service.
        home: where the files are.
    """
    sessions = session_factory(own)
    files = UploadFiles(home.root / "uploads")
    limits = Limits(settings.parse_memory_mb * 1_000_000, settings.parse_cpu_seconds, settings.parse_seconds)
    readings = [Reading(task, sessions, files, limits, settings.keeps_read_files) for task in tasks(settings)]
    own_relay = [transport.relay(own, "relay assessments")] if own is not core else []
    return [transport.reader(consumer(), sessions, core), *readings, Sweep(sessions, files, timedelta(days=settings.keep_days)), *own_relay]
