"""A job's life: draft → approved → open → on hold → open … → closed or cancelled, and its openings."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from hiring.access import Access
from hiring.domain_events import EventType, record
from hiring.jobs import errors, repository
from hiring.jobs.headcount import resize
from hiring.jobs.schemas import JobChange, NewJob
from hiring.jobs.tables import job_status_events, jobs, openings
from hiring.rows import AnyRow, Paging, change_row, find_row, insert_row, lock_row, read_page

NO_JOB = errors.JobNotFound("there is no such job")
NO_SCHOOL = errors.TenantNotFound("tenant_id: there is no such school")

# step: (statuses it starts from, status it leads to, event)
_STEPS: dict[str, tuple[frozenset[str], str, EventType]] = {
    "approve": (frozenset({"draft"}), "approved", EventType.JOB_APPROVED),
    "open": (frozenset({"approved"}), "open", EventType.JOB_OPENED),
    "hold": (frozenset({"open"}), "on_hold", EventType.JOB_PUT_ON_HOLD),
    "reopen": (frozenset({"on_hold", "closed", "cancelled"}), "open", EventType.JOB_REOPENED),
    "close": (frozenset({"open", "on_hold"}), "closed", EventType.JOB_CLOSED),
    "cancel": (frozenset({"draft", "approved", "open", "on_hold"}), "cancelled", EventType.JOB_CANCELLED),
}
_CLEARABLE = {"target_start_date", "salary_min_minor", "salary_max_minor", "salary_currency"}


class JobService:
    """Rules of jobs and openings."""

    def draft(self, session: Session, access: Access, body: NewJob) -> AnyRow:
        """Draft a job with one opening per headcount."""
        access.require_school(body.tenant_id, NO_SCHOOL)
        at = access.event_at(body.event_at)
        values = body.model_dump(exclude={"event_at"})
        values["organisation_id"] = body.tenant_id
        values["owner_id"] = body.owner_id or (access.actor_id if access.caller.principal.kind == "user" else None)
        job = insert_row(session, jobs, access.now, status="draft", version=1, **values)
        for _ in range(body.headcount):
            insert_row(session, openings, access.now, tenant_id=job.tenant_id, job_id=job.id, fte=job.fte)
        self._note(session, access, job, None, at, None)
        record(session, EventType.JOB_DRAFTED, "job", job.id, job.version, at, tenant_id=job.tenant_id, headcount=job.headcount)
        return job

    def job(self, session: Session, access: Access, job_id: UUID) -> AnyRow:
        """Return one job in reach."""
        return find_row(session, jobs, (jobs.c.id == job_id) & repository.jobs_in_reach(access.reach), NO_JOB)

    def page(self, session: Session, access: Access, filters: dict[str, Any], paging: Paging, search: str | None = None) -> dict[str, Any]:
        """Return jobs in reach; ``filters`` are column = value, ``search`` a part of the title."""
        conditions = [repository.jobs_in_reach(access.reach)]
        conditions += [jobs.c[name] == value for name, value in filters.items() if value is not None]
        conditions += [jobs.c.title.icontains(search, autoescape=True)] if search else []
        return read_page(session, jobs, conditions, paging)

    def change(self, session: Session, access: Access, job_id: UUID, body: JobChange, version: int) -> AnyRow:
        """Change a job that is not closed; its openings only while nobody has approved them.

        Raises:
            TransitionNotAllowed: it is closed or cancelled, or its openings were approved. SalaryBandInvalid: the band contradicts itself.
        """
        job = self.lock_unclosed(session, access, job_id, version)
        sent = body.model_dump(exclude_unset=True)
        if (headcount := sent.pop("headcount", None)) is not None:
            if job.status != "draft":
                raise errors.TransitionNotAllowed(f"headcount: the job is {job.status}; whoever may approve jobs changes it by itself")
            job = resize(session, access, job, headcount, frozenset())
        values = {name: value for name, value in sent.items() if value is not None or name in _CLEARABLE}
        job = change_row(session, jobs, job, access.now, **values)
        if job.salary_min_minor is not None and job.salary_max_minor is not None and job.salary_min_minor > job.salary_max_minor:
            raise errors.SalaryBandInvalid("salary_min_minor: must not exceed salary_max_minor")
        record(session, EventType.JOB_CHANGED, "job", job.id, job.version, access.now, tenant_id=job.tenant_id)
        return job

    def lock(self, session: Session, access: Access, job_id: UUID, version: int | None = None) -> AnyRow:
        """Return one job in reach, locked: the first lock of every flow that changes it."""
        return lock_row(session, jobs, (jobs.c.id == job_id) & repository.jobs_in_reach(access.reach), NO_JOB, version)

    def lock_unclosed(self, session: Session, access: Access, job_id: UUID, version: int | None) -> AnyRow:
        """Return one job in reach, locked.

        Raises:
            TransitionNotAllowed: it is closed or cancelled.
        """
        job = self.lock(session, access, job_id, version)
        if job.status in {"closed", "cancelled"}:
            raise errors.TransitionNotAllowed(f"the job is {job.status}: reopen it first")
        return job

    def step(
        self,
        session: Session,
        access: Access,
        job_id: UUID,
        name: str,
        requested_at: datetime | None = None,
        reason: str | None = None,
        version: int | None = None,
    ) -> AnyRow:
        """Take one step of a job's life; returns the job after it.

        Args:
            session: the transaction.
            access: who acts; the job must be in reach.
            job_id: which job.
            name: approve, open, hold, reopen, close or cancel.
            requested_at: when, for imports and simulations.
            reason: for close one of filled, budget, not_filling; else a code.
            version: expected version.

        Raises:
            TransitionNotAllowed: not from this status. NoOpeningLeft: reopening a job whose openings are all filled.
        """
        job = self.lock(session, access, job_id, version)
        return self.take_step(session, access, job, name, access.event_at(requested_at), reason)

    def take_step(self, session: Session, access: Access, job: AnyRow, name: str, at: datetime, reason: str | None) -> AnyRow:
        """Take a step of a locked job at a settled instant."""
        starts, target, event = _STEPS[name]
        if job.status not in starts:
            raise errors.TransitionNotAllowed(f"cannot {name} a job that is {job.status}: it must be {' or '.join(sorted(starts))}")
        if name == "reopen" and job.approved_at is None and job.status == "cancelled":
            raise errors.TransitionNotAllowed("cannot reopen a job that was cancelled before anybody approved it: draft it anew")
        values: dict[str, Any] = {"status": target}
        if name == "approve":
            values["approved_at"] = at
        elif name == "open":
            values["opened_at"] = at
        elif name == "reopen":
            values |= {"closed_at": None, "close_reason": None}
        elif name in {"close", "cancel"}:
            reason = reason if name == "close" else "cancelled"
            values |= {"closed_at": at, "close_reason": reason}
        self._move_openings(session, access, job, name, at, values.get("close_reason"))
        changed = change_row(session, jobs, job, access.now, **values)
        self._note(session, access, changed, job.status, at, reason)
        record(session, event, "job", job.id, changed.version, at, tenant_id=job.tenant_id, from_status=job.status, reason=reason)
        return changed

    def _move_openings(self, session: Session, access: Access, job: AnyRow, name: str, at: datetime, close_reason: str | None) -> None:
        rows = repository.lock_openings(session, job.id)
        unfilled = [opening for opening in rows if opening.filled_by_application_id is None]
        ids = [opening.id for opening in unfilled if opening.closed_at is None]
        if name == "open":
            repository.set_openings(session, ids, access.now, opened_at=at)
        elif name == "reopen":
            # as many as the job is to be filled with: those given up before it ended stay closed
            last = sorted(unfilled, key=lambda opening: opening.closed_at or access.now, reverse=True)
            back = last[: max(job.headcount - len(rows) + len(unfilled), 0)]
            if not back:
                raise errors.NoOpeningLeft("every opening is filled: draft a new job")
            ends = {"closed_at": None, "close_reason": None}
            repository.set_openings(session, [opening.id for opening in back], access.now, **ends)
            repository.set_openings(session, [opening.id for opening in back if opening.opened_at is None], access.now, opened_at=at)
        elif name in {"close", "cancel"}:
            repository.set_openings(session, ids, access.now, closed_at=at, close_reason=close_reason)
            repository.end_postings(session, job.id, at, access.now)

    def _note(self, session: Session, access: Access, job: AnyRow, from_status: str | None, at: datetime, reason: str | None) -> None:
        insert_row(
            session,
            job_status_events,
            access.now,
            tenant_id=job.tenant_id,
            job_id=job.id,
            from_status=from_status,
            to_status=job.status,
            reason=reason,
            event_at=at,
            actor_id=access.actor_id,
        )

    def openings(self, session: Session, access: Access, job_id: UUID) -> list[AnyRow]:
        """Return the openings of a job in reach."""
        return repository.openings_of(session, self.job(session, access, job_id).id)

    def status_events(self, session: Session, access: Access, job_id: UUID) -> list[AnyRow]:
        """Return the steps of a job's life."""
        return repository.status_events_of(session, self.job(session, access, job_id).id)

    # what flows ask for

    def titles(self, session: Session, access: Access, job_ids: set[UUID]) -> dict[UUID, str]:
        """Return the titles of jobs in reach."""
        return repository.titles_of(session, repository.jobs_in_reach(access.reach), job_ids)

    def openings_left(self, session: Session, job_ids: list[UUID]) -> dict[UUID, int]:
        """Return how many openings of found jobs are neither filled nor closed."""
        return repository.openings_left(session, job_ids)

    def accepting_job(self, session: Session, access: Access, job_id: UUID, *, by_agency: bool) -> AnyRow:
        """Return a job that takes applications, locked against being closed meanwhile.

        Raises:
            JobNotFound: not in reach; for an agency: not offered to agencies. JobNotOpen: it takes no applications now.
        """
        condition = jobs.c.id == job_id
        condition &= repository.offered_to_agencies(access.now) if by_agency else repository.jobs_in_reach(access.reach)
        job = lock_row(session, jobs, condition, NO_JOB)
        if job.status != "open":
            raise errors.JobNotOpen(f"the job is {job.status}: it takes applications only while it is open")
        return job

    def free_opening(self, session: Session, job: AnyRow, opening_id: UUID | None, offer_id: UUID | None = None) -> AnyRow:
        """Return an unfilled opening of a locked job that is free for an offer: the named one, or the first.

        Raises:
            OpeningNotFound: the job has no such opening. JobAlreadyFilled: it is filled. OpeningReserved: for another offer.
            NoOpeningLeft: all are filled or reserved.
        """
        rows = repository.lock_openings(session, job.id)
        if opening_id is None:
            unfilled = [row for row in rows if row.filled_by_application_id is None and row.closed_at is None]
            free = [row for row in unfilled if row.reserved_by_offer_id in (None, offer_id)]
            if not free:
                raise errors.NoOpeningLeft("every opening of the job is filled, reserved or closed")
            return free[0]
        named = next((row for row in rows if row.id == opening_id), None)
        if named is None:
            raise errors.OpeningNotFound("opening_id: the job has no such opening")
        if named.filled_by_application_id is not None or named.closed_at is not None:
            raise errors.JobAlreadyFilled("the opening is filled or closed")
        if named.reserved_by_offer_id not in (None, offer_id):
            raise errors.OpeningReserved("the opening is reserved for another offer: wait for its answer or take another opening")
        return named

    def reserve_opening(self, session: Session, access: Access, job_id: UUID, opening_id: UUID | None, offer_id: UUID) -> AnyRow:
        """Reserve a free opening of an open job for an offer; returns it.

        Raises:
            JobNotOpen: the job takes nobody now. And what ``free_opening`` raises.
        """
        job = self.accepting_job(session, access, job_id, by_agency=False)
        opening = self.free_opening(session, job, opening_id, offer_id)
        self._set_opening(session, access, job, opening.id, EventType.OPENING_RESERVED, access.now, reserved_by_offer_id=offer_id)
        return opening

    def release_opening(self, session: Session, access: Access, job_id: UUID, offer_id: UUID) -> None:
        """Take back the reservation for an offer, if there is one and the opening was not filled."""
        job = self.lock(session, access, job_id)
        for opening in repository.lock_openings(session, job.id):
            if opening.reserved_by_offer_id == offer_id and opening.filled_by_application_id is None:
                self._set_opening(session, access, job, opening.id, EventType.OPENING_FREED, access.now, reserved_by_offer_id=None)

    def fill_opening(
        self, session: Session, access: Access, job: AnyRow, opening: AnyRow, application_id: UUID, at: datetime, *, closes_job: bool = True
    ) -> bool:
        """Fill an opening of a locked job; close the job with its last one. Returns whether the job was closed.

        ``closes_job`` is False where the job's own end is told apart from its hires (imports).
        """
        values = {"filled_by_application_id": application_id, "closed_at": at, "close_reason": "filled"}
        job = self._set_opening(session, access, job, opening.id, EventType.OPENING_FILLED, at, **values)
        if not closes_job or any(row.closed_at is None for row in repository.openings_of(session, job.id)):
            return False
        self.take_step(session, access, job, "close", at, "filled")
        return True

    def free_filled_opening(self, session: Session, access: Access, job: AnyRow, opening_id: UUID, at: datetime) -> None:
        """Take a filled opening back after a hire that did not start; reopen the job if it was closed by being filled."""
        values = {"reserved_by_offer_id": None, "filled_by_application_id": None, "closed_at": None, "close_reason": None}
        job = self._set_opening(session, access, job, opening_id, EventType.OPENING_FREED, at, **values)
        if job.status == "closed" and job.close_reason == "filled":
            self.take_step(session, access, job, "reopen", at, "hire_reneged")

    def _set_opening(
        self, session: Session, access: Access, job: AnyRow, opening_id: UUID, event: EventType, at: datetime, **values: Any
    ) -> AnyRow:
        repository.set_openings(session, [opening_id], access.now, **values)
        job = change_row(session, jobs, job, access.now)
        record(session, event, "job", job.id, job.version, at, tenant_id=job.tenant_id, opening_id=opening_id)
        return job
