"""Loads a log, some jobs or applications a transaction: a run that is killed has lost nothing, and the next one goes on behind it.

Order: the school's setting, jobs with their openings, applications with all that hangs on them, at last the ends of jobs, so that
no job is closed before its applications are there.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from hiring.jobs import repository as jobs_repository
from hiring.jobs.schemas import NewJob
from hiring.jobs.tables import jobs, openings
from hiring.legacy.order import Parts
from hiring.legacy.reading import HiringLog, LogRow
from hiring.legacy.replay import Replay
from hiring.legacy.school import Importer, Setting, prepare
from hiring.legacy.tables import loaded, quarantine
from hiring.legacy.unit import RuleRefused, Unit
from hiring.rows import new_id, stamp

Begin = Callable[[], AbstractContextManager[Session]]
Progress = Callable[[int, int], None]
Work = Callable[[Unit], None]
TOGETHER = 20  # jobs or applications in one transaction: a second's work at most, so that nobody waits long for a locked job


def untold(_done: int, _total: int) -> None:
    """Tell nobody how far a run is."""


def known_ids(session: Session, tenant_id: UUID) -> dict[str, dict[str, UUID]]:
    """Return the core ids of everything imports of a school loaded, by table and id in the log."""
    known: dict[str, dict[str, UUID]] = defaultdict(dict)
    for row in session.execute(select(loaded).where(loaded.c.tenant_id == tenant_id)):
        known[row.log_table][row.source_id] = row.core_id
    return known


@dataclass
class Loader:
    """Loads one log.

    Attributes:
        importer: who acts.
        log: what to load.
        begin: opens a transaction; of a dry run, a savepoint of the one that is rolled back.
        progress: called with units done and their total.
    """

    importer: Importer
    log: HiringLog
    begin: Begin
    progress: Progress = untold
    _ids: dict[str, dict[str, UUID]] = field(default_factory=dict)
    _done: set[tuple[str, str]] = field(default_factory=set)
    _own: set[tuple[str, str]] = field(default_factory=set)

    def run(self) -> None:
        """Load what is not loaded yet."""
        with self.begin() as session:
            self._ids = known_ids(session, self.importer.tenant_id)
            aside = select(quarantine.c.log_table, quarantine.c.source_id).where(quarantine.c.import_id == self.importer.import_id)
            own = select(loaded.c.log_table, loaded.c.source_id).where(loaded.c.import_id == self.importer.import_id)
            self._own = {(row.log_table, row.source_id) for row in session.execute(own)}
            self._done = {(table, source_id) for table, rows in self._ids.items() for source_id in rows}
            self._done |= {(row.log_table, row.source_id) for row in session.execute(aside)}
        with self._unit() as unit:
            unit.refused_rows += self.log.refused
            setting = prepare(self.importer, unit, self.log, self._ids)
        parts, seats = self._parts(), self._seats()
        applications = sorted(self.log.rows["applications"], key=lambda row: _turn(row, parts[row.source_id]))
        total = 2 * len(self.log.rows["jobs"]) + len(applications)
        passed = 0
        for size, works in self._phases(setting, parts, seats, applications):
            passed += size - len(works)  # done by an earlier run
            for start in range(0, len(works), TOGETHER):
                batch = works[start : start + TOGETHER]
                with self._unit() as unit:
                    for work in batch:
                        unit.do(work)
                passed += len(batch)
                self.progress(passed, total)

    def _phases(
        self, setting: Setting, parts: dict[str, Parts], seats: dict[str, list[LogRow]], applications: list[LogRow]
    ) -> Iterator[tuple[int, list[Work]]]:
        """Yield how many jobs or applications a phase has, and the work on those that are not done; the next phase builds on it."""
        first_contact = {row["job_id"]: row["applied_at"] for row in sorted(applications, key=lambda row: row["applied_at"], reverse=True)}
        replay = Replay(self.importer, setting, self._ids, {row.source_id: row for row in self.log.rows["openings"]})
        rows = self.log.rows["jobs"]
        new = [row for row in rows if ("jobs", row.source_id) not in self._done]
        yield len(rows), [partial(self._job, row, seats[row.source_id], first_contact.get(row.source_id)) for row in new]
        works = [self._application(replay, row, parts[row.source_id]) for row in applications]
        yield len(applications), [work for work in works if work]
        made = [row for row in rows if ("jobs", row.source_id) in self._own]
        yield len(rows), [partial(self._end_job, row, seats[row.source_id]) for row in made]

    @contextmanager
    def _unit(self) -> Iterator[Unit]:
        with self.begin() as session:
            unit = Unit(session, self.importer.access(session), self.importer.import_id, self.importer.tenant_id)
            yield unit
            unit.settle()
        for (table, source_id), core_id in unit.made_rows.items():  # known only once it is committed
            self._ids[table][source_id] = core_id
        self._own |= set(unit.made_rows)

    def _seats(self) -> dict[str, list[LogRow]]:
        seats: dict[str, list[LogRow]] = defaultdict(list)
        for row in self.log.rows["openings"]:
            seats[row["job_id"]].append(row)
        return seats

    def _parts(self) -> dict[str, Parts]:
        parts: dict[str, Parts] = defaultdict(Parts)
        for table in ("stage_events", "offers", "hires"):
            for row in self.log.rows[table]:
                getattr(parts[row["application_id"]], table).append(row)
        employer = {row.source_id: row["application_id"] for row in self.log.rows["hires"]}
        for row in self.log.rows["outcomes"]:
            parts[employer.get(row["hire_id"], "")].outcomes.append(row)
        return parts

    def _job(self, row: LogRow, seats: list[LogRow], first_contact: datetime | None, unit: Unit) -> None:
        with unit.attempt(row, *seats):
            self._draft(unit, row, seats, first_contact)

    def _draft(self, unit: Unit, row: LogRow, seats: list[LogRow], first_contact: datetime | None) -> None:
        service, session, access = self.importer.services.jobs, unit.session, unit.access
        instants = [row["approved_at"], row["opened_at"], first_contact, row["closed_at"], row["recorded_at"]]
        if not any(instants):
            raise RuleRefused("missing_instant", "opened_at: the job has no instant at all, and no application")
        began = min(at for at in instants if at)
        status = _status(row)
        body = NewJob(
            tenant_id=self.importer.tenant_id, title=row["title"], subject=row["subject"], grade_range=row["grade_range"],
            staff_class=row["staff_class"] or "teacher", target_start_date=row["target_start_date"],
            headcount=len(seats) or (1 if row["headcount"] is None else row["headcount"]), fte=float(row["fte"] or 1), event_at=began,
        )  # fmt: skip
        job_id = new_id()
        stamp(session, jobs, id=job_id, **self._source(row))
        for seat in seats:
            fte = {"fte": seat["fte"]} if seat["fte"] else {}
            seat_id = new_id()
            stamp(session, openings, id=seat_id, **self._source(seat), **fte)
            unit.made("openings", seat.source_id, seat_id)
        service.draft(session, access, body)
        if status not in {"draft", "cancelled"} or row["approved_at"] or row["opened_at"]:
            service.step(session, access, job_id, "approve", row["approved_at"] or began)
        if status in {"open", "on_hold", "closed"} or row["opened_at"]:
            service.step(session, access, job_id, "open", row["opened_at"] or row["approved_at"] or began)
            for seat in seats:
                if seat["opened_at"]:
                    jobs_repository.set_openings(
                        session, [unit.made_rows["openings", seat.source_id]], access.now, opened_at=seat["opened_at"]
                    )
        unit.made("jobs", row.source_id, job_id)

    def _application(self, replay: Replay, row: LogRow, parts: Parts) -> Work | None:
        """Return the work on what is not done of an application, None where all is."""
        rows = [("applications", row.source_id), *((part.table, part.source_id) for part in parts.all())]
        done = frozenset(self._done.intersection(rows))
        return None if done.issuperset(rows) else partial(replay.application, row, parts, done)

    def _end_job(self, row: LogRow, seats: list[LogRow], unit: Unit) -> None:
        """Put a job this import made into the state the log leaves it in."""
        with unit.attempt():
            service, access = self.importer.services.jobs, unit.access
            job = service.lock(unit.session, access, self._ids["jobs"][row.source_id])
            status = _status(row)
            known_at = row["closed_at"] or row["recorded_at"] or row["opened_at"] or row["approved_at"] or job.created_at
            step = {"closed": "close", "cancelled": "cancel", "on_hold": "hold"}.get(status)
            if step and job.status != status:
                service.take_step(unit.session, access, job, step, known_at, row["close_reason"] if step == "close" else None)
            for seat in seats:
                if seat["closed_at"]:
                    self._close_seat(unit, seat)

    def _close_seat(self, unit: Unit, seat: LogRow) -> None:
        seat_id = self._ids["openings"][seat.source_id]
        now = unit.session.execute(select(openings).where(openings.c.id == seat_id)).one()
        told = {"closed_at": seat["closed_at"], "close_reason": seat["close_reason"]}
        if {name: now._mapping[name] for name in told} != told:
            jobs_repository.set_openings(unit.session, [seat_id], unit.access.now, **told)

    def _source(self, row: LogRow) -> dict[str, Any]:
        return {"source_system": self.importer.source_system, "source_id": row.source_id}


def _status(row: LogRow) -> str:
    """Return a job's status; where the log does not say, the last step it has an instant of."""
    reached = {"closed": row["closed_at"], "open": row["opened_at"], "approved": row["approved_at"]}
    return row["status"] or next((status for status, at in reached.items() if at), "draft")


def _turn(row: LogRow, parts: Parts) -> tuple[datetime, datetime]:
    """Return an application's place: hires take openings in the order they happened."""
    return max((hire["hired_at"] for hire in parts.hires), default=row["applied_at"]), row["applied_at"]
