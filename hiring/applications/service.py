"""An application's life: submitted, moved from stage to stage, ended. Every step appends a stage event and raises the version."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from hiring.access import Access
from hiring.applications import errors, repository
from hiring.applications.schemas import NewExperienceSurvey, NewMessage, NewTouch, Origin
from hiring.applications.stages import require_reason, stages_in_force
from hiring.applications.tables import agency_submissions, applications, experience_surveys, messages, offers, stage_events, touches
from hiring.domain_events import EventType, record
from hiring.rows import AnyRow, Paging, change_row, find_row, insert_row, lock_row, read_page

NO_APPLICATION = errors.ApplicationNotFound("there is no such application")
_REOPENABLE = frozenset({"rejected", "withdrawn", "offer_declined"})
_ENDINGS = {"rejected": EventType.APPLICATION_REJECTED, "withdrawn": EventType.APPLICATION_WITHDRAWN}


@dataclass(frozen=True)
class Submission:
    """What a flow has settled before an application is made."""

    tenant_id: UUID
    job_id: UUID
    candidate_id: UUID
    same_person: frozenset[UUID]
    origin: Origin
    is_internal: bool
    applied_at: datetime


class ApplicationService:
    """Rules of applications."""

    def submit(self, session: Session, access: Access, new: Submission, contacts: list[NewTouch], agency_id: UUID | None) -> AnyRow:
        """Make an application with its first stage event and touches.

        Raises:
            ApplicationAlreadyActive: the person has an active application to the job.
        """
        earlier = repository.attempts(session, new.same_person, new.job_id)
        if any(row.status == "active" for row in earlier):
            raise errors.ApplicationAlreadyActive("the person has an active application to this job")
        stages = stages_in_force(session, new.tenant_id, new.job_id, access.now)
        first = next((stage.name for stage in stages if stage.canonical == "applied"), "applied")
        row = insert_row(
            session,
            applications,
            access.now,
            tenant_id=new.tenant_id,
            candidate_id=new.candidate_id,
            job_id=new.job_id,
            attempt_number=max((known.attempt_number for known in earlier), default=0) + 1,
            applied_at=new.applied_at,
            origin=new.origin,
            is_internal=new.is_internal,
            status="active",
            current_stage=first,
            version=1,
        )
        self._append_event(session, access, row, None, first, new.applied_at, None)
        for position, touch in enumerate(sorted(contacts, key=lambda each: each.touched_at), start=1):
            values = {**touch.model_dump(), "position": position, "agency_id": agency_id}
            insert_row(session, touches, access.now, tenant_id=row.tenant_id, application_id=row.id, **values)
        record(
            session,
            EventType.APPLICATION_SUBMITTED,
            "application",
            row.id,
            row.version,
            new.applied_at,
            tenant_id=row.tenant_id,
            job_id=row.job_id,
            candidate_id=row.candidate_id,
            origin=row.origin,
        )
        if any(touch.referrer_user_id is not None for touch in contacts):
            row = self.note(session, access, row, EventType.CANDIDATE_REFERRED, new.applied_at, job_id=row.job_id)
        return row

    def submit_for_agency(
        self, session: Session, access: Access, row: AnyRow, agency_id: UUID, fee: dict[str, Any], at: datetime
    ) -> AnyRow:
        """Keep that an agency submitted an application, and for which fee."""
        values = {"application_id": row.id, "agency_id": agency_id, "submitted_at": at, "status": "submitted", **fee}
        submission = insert_row(session, agency_submissions, access.now, tenant_id=row.tenant_id, **values)
        self.note(session, access, row, EventType.AGENCY_CANDIDATE_SUBMITTED, at, agency_id=agency_id, job_id=row.job_id)
        return submission

    def application(self, session: Session, access: Access, application_id: UUID) -> AnyRow:
        """Return one application in reach."""
        return find_row(session, applications, self._one(access, application_id), NO_APPLICATION)

    def lock(self, session: Session, access: Access, application_id: UUID, version: int | None = None) -> AnyRow:
        """Return one application in reach, locked."""
        return lock_row(session, applications, self._one(access, application_id), NO_APPLICATION, version)

    def lock_active(self, session: Session, access: Access, application_id: UUID, version: int | None = None) -> AnyRow:
        """Return one active application in reach, locked.

        Raises:
            ApplicationEnded: it has ended.
        """
        return self.require_active(self.lock(session, access, application_id, version))

    def require_active(self, row: AnyRow) -> AnyRow:
        """Return a locked application if it is active.

        Raises:
            ApplicationEnded: it has ended.
        """
        if row.status != "active":
            raise errors.ApplicationEnded(f"the application is {row.status}: nothing moves it any more")
        return row

    def page(self, session: Session, access: Access, filters: list[ColumnElement[bool]], paging: Paging) -> dict[str, Any]:
        """Return applications in reach that meet the filters."""
        return read_page(session, applications, [repository.in_reach(access.reach), *filters], paging)

    def events(self, session: Session, access: Access, application_id: UUID) -> list[AnyRow]:
        """Return the steps of an application."""
        return repository.events_of(session, self.application(session, access, application_id).id)

    def parts(self, session: Session, access: Access, application_id: UUID, name: str) -> list[AnyRow]:
        """Return ``touches`` or ``messages`` of an application."""
        table = {"touches": touches, "messages": messages}[name]
        row = self.application(session, access, application_id)
        return list(session.execute(select(table).where(table.c.application_id == row.id).order_by(table.c.id)))

    def agency_of(self, session: Session, access: Access, application_id: UUID) -> UUID | None:
        """Return the agency that submitted an application, None where none did."""
        mine = access.reach.applications(agency_submissions.c.tenant_id, agency_submissions.c.application_id)
        query = select(agency_submissions.c.agency_id).where(mine, agency_submissions.c.application_id == application_id)
        return session.execute(query.order_by(agency_submissions.c.id.desc()).limit(1)).scalar_one_or_none()

    def submission_page(self, session: Session, access: Access, paging: Paging) -> dict[str, Any]:
        """Return agency submissions in reach."""
        mine = access.reach.applications(agency_submissions.c.tenant_id, agency_submissions.c.application_id)
        return read_page(session, agency_submissions, [mine], paging)

    def move(
        self, session: Session, access: Access, application_id: UUID, to_stage: str, event_at: datetime | None, version: int | None
    ) -> AnyRow:
        """Move an active application to a stage of the school, forwards or back.

        Raises:
            StageUnknown: no such stage. AlreadyInStage: it is there. ApplicationEnded: it has ended.
        """
        row = self.lock_active(session, access, application_id, version)
        return self.move_locked(session, access, row, to_stage, access.event_at(event_at))

    def move_locked(self, session: Session, access: Access, row: AnyRow, to_stage: str, at: datetime) -> AnyRow:
        """Move a locked, active application at a settled instant."""
        names = {stage.name: stage for stage in stages_in_force(session, row.tenant_id, row.job_id, access.now)}
        if to_stage not in names or names[to_stage].canonical == "hired":
            allowed = ", ".join(name for name, stage in names.items() if stage.canonical != "hired")
            raise errors.StageUnknown(f"to_stage: use one of {allowed}; a hire comes from an accepted offer")
        if row.current_stage == to_stage:
            raise errors.AlreadyInStage(f"the application is in stage {to_stage}")
        self._append_event(session, access, row, row.current_stage, to_stage, at, None)
        moved = change_row(session, applications, row, access.now, current_stage=to_stage)
        data = {
            "tenant_id": row.tenant_id,
            "candidate_id": row.candidate_id,
            "from_stage": names[row.current_stage].canonical if row.current_stage in names else None,
            "to_stage": names[to_stage].canonical,
        }
        record(session, EventType.STAGE_MOVED, "application", row.id, moved.version, at, **data)
        return moved

    def reach_stage(self, session: Session, access: Access, row: AnyRow, canonical: str, at: datetime) -> AnyRow:
        """Move a locked application forwards to a canonical stage; where it is that far, or the school has no such stage, nothing moves."""
        stages = stages_in_force(session, row.tenant_id, row.job_id, access.now)
        target = next((stage for stage in stages if stage.canonical == canonical), None)
        current = next((stage.rank for stage in stages if stage.name == row.current_stage), 0)
        return row if target is None or current >= target.rank else self.move_locked(session, access, row, target.name, at)

    def end(
        self,
        session: Session,
        access: Access,
        application_id: UUID,
        outcome: str,
        reason_id: UUID | None,
        event_at: datetime | None,
        version: int | None,
    ) -> AnyRow:
        """Reject or withdraw an active application."""
        row = self.lock_active(session, access, application_id, version)
        require_reason(session, row.tenant_id, reason_id, outcome)
        return self.end_locked(session, access, row, outcome, access.event_at(event_at), reason_id)

    def end_locked(
        self, session: Session, access: Access, row: AnyRow, outcome: str, at: datetime, reason_id: UUID | None = None
    ) -> AnyRow:
        """End a locked, active application; its live offers end with it."""
        self.end_offers_of(session, access, row, "withdrawn" if outcome == "withdrawn" else "rescinded", at)
        self._append_event(session, access, row, row.current_stage, outcome, at, reason_id)
        values = {"status": outcome, "terminal_at": at, "terminal_reason_id": reason_id}
        ended = change_row(session, applications, row, access.now, **values)
        repository.set_submission_status(session, row.id, "placed" if outcome == "hired" else "ended", access.now)
        if outcome != "hired":
            event = _ENDINGS.get(outcome, EventType.APPLICATION_ENDED)
            data = {"tenant_id": row.tenant_id, "job_id": row.job_id, "candidate_id": row.candidate_id}
            record(session, event, "application", row.id, ended.version, at, **data, outcome=outcome, reason_id=reason_id)
        return ended

    def reopen(self, session: Session, access: Access, application_id: UUID, same_person: frozenset[UUID], at: datetime) -> AnyRow:
        """Take a rejected or withdrawn application up again where it stood: a new spell begins.

        Raises:
            ApplicationNotEnded: it is active, hired or a duplicate. ApplicationAlreadyActive: the person has another active one.
        """
        row = self.lock(session, access, application_id)
        if row.status not in _REOPENABLE:
            raise errors.ApplicationNotEnded(f"the application is {row.status}: only {', '.join(sorted(_REOPENABLE))} ones are reopened")
        if any(other.status == "active" for other in repository.attempts(session, same_person, row.job_id)):
            raise errors.ApplicationAlreadyActive("the person has an active application to this job")
        if at < row.terminal_at:
            raise errors.InstantOutOfOrder("event_at: lies before the application ended")
        self._append_event(session, access, row, row.status, row.current_stage, at, None, starts_spell=True)
        values = {"status": "active", "terminal_at": None, "terminal_reason_id": None}
        reopened = change_row(session, applications, row, access.now, **values)
        repository.set_submission_status(session, row.id, "submitted", access.now)
        stages = stages_in_force(session, row.tenant_id, row.job_id, access.now)
        stage = next((each.canonical for each in stages if each.name == row.current_stage), None)
        data = {"tenant_id": row.tenant_id, "job_id": row.job_id, "stage": stage}
        record(session, EventType.APPLICATION_REOPENED, "application", row.id, reopened.version, at, **data)
        return reopened

    def end_siblings(self, session: Session, access: Access, job_id: UUID, at: datetime) -> None:
        """End every active application of a job that closed."""
        for row in repository.lock_active(session, applications.c.job_id == job_id):
            self.end_locked(session, access, row, "job_closed", at)

    def end_duplicates(self, session: Session, access: Access, same_person: frozenset[UUID], at: datetime) -> list[UUID]:
        """Of several active applications of one person to one job keep the first; return the ids of the others, now duplicates.

        Only applications in reach end: another school's are its own to settle.
        """
        kept: set[UUID] = set()
        ended = []
        mine = applications.c.candidate_id.in_(sorted(same_person)) & repository.in_reach(access.reach)
        for row in repository.lock_active(session, mine):
            if row.job_id in kept:
                self.end_locked(session, access, row, "duplicate", at)
                ended.append(row.id)
            kept.add(row.job_id)
        return ended

    def end_offers(self, session: Session, access: Access, condition: ColumnElement[bool], status: str, at: datetime) -> None:
        """End live offers: ``rescinded`` by the school, ``withdrawn`` by the candidate, ``superseded`` by another."""
        repository.lock_applications_of_offers(session, condition)
        self._end_live(session, access, condition, status, at)

    def end_offers_of(self, session: Session, access: Access, row: AnyRow, status: str, at: datetime) -> None:
        """End the live offers of a locked application; see ``end_offers``."""
        self._end_live(session, access, offers.c.application_id == row.id, status, at)

    def _end_live(self, session: Session, access: Access, condition: ColumnElement[bool], status: str, at: datetime) -> None:
        events = {"rescinded": EventType.OFFER_RESCINDED, "withdrawn": EventType.OFFER_WITHDRAWN}
        for offer in repository.lock_live_offers(session, condition):
            change_row(session, offers, offer, access.now, version=offer.version, status=status, resolved_at=at)
            if status in events:
                own = lock_row(session, applications, applications.c.id == offer.application_id, NO_APPLICATION)
                self.note(session, access, own, events[status], at, offer_id=offer.id)

    def add_message(self, session: Session, access: Access, application_id: UUID, body: NewMessage) -> AnyRow:
        """Keep that a message was exchanged."""
        row = self.application(session, access, application_id)
        at = access.event_at(body.event_at)
        values = {"sent_at": at, "direction": body.direction, "is_automatic": body.is_automatic}
        return insert_row(session, messages, access.now, tenant_id=row.tenant_id, application_id=row.id, **values)

    def add_experience_survey(self, session: Session, access: Access, application_id: UUID, body: NewExperienceSurvey) -> AnyRow:
        """Keep how a candidate rated the process."""
        row = self.application(session, access, application_id)
        at = access.event_at(body.event_at)
        values = {"score": body.score, "asked_at": at, "answered_at": at if body.score is not None else None}
        return insert_row(session, experience_surveys, access.now, tenant_id=row.tenant_id, application_id=row.id, **values)

    def note(self, session: Session, access: Access, row: AnyRow, event: EventType, at: datetime, **data: Any) -> AnyRow:
        """Raise a locked application's version and record an event of it."""
        row = change_row(session, applications, row, access.now)
        record(session, event, "application", row.id, row.version, at, tenant_id=row.tenant_id, candidate_id=row.candidate_id, **data)
        return row

    def _one(self, access: Access, application_id: UUID) -> ColumnElement[bool]:
        return (applications.c.id == application_id) & repository.in_reach(access.reach)

    def _append_event(
        self,
        session: Session,
        access: Access,
        row: AnyRow,
        from_stage: str | None,
        to_stage: str,
        at: datetime,
        reason_id: UUID | None,
        *,
        starts_spell: bool = False,
    ) -> None:
        if at < row.applied_at:
            raise errors.InstantOutOfOrder("event_at: lies before the application was made")
        sequence, spell_number = repository.last_event(row.id)
        insert_row(
            session,
            stage_events,
            access.now,
            tenant_id=row.tenant_id,
            application_id=row.id,
            sequence=sequence + 1,
            from_stage=from_stage,
            to_stage=to_stage,
            event_at=at,
            actor_id=access.actor_id,
            reason_id=reason_id,
            provenance="observed",
            spell_number=spell_number + 1 if starts_spell else spell_number,
        )
