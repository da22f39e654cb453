"""An interview's life: scheduled → held, cancelled or missed; who takes part, and their scorecards."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from hiring.access import Access, one_of
from hiring.assessments import errors
from hiring.assessments.schemas import NewInterview, NewScorecard, NewTimes
from hiring.assessments.tables import interviews, known_applications, participants, scorecards
from hiring.domain_events import EventType, record
from hiring.errors import Invalid
from hiring.rows import AnyRow, Paging, change_row, find_row, insert_row, lock_row, read_page

NO_INTERVIEW = errors.InterviewNotFound("there is no such interview")
_ENDINGS = {
    "held": EventType.INTERVIEW_HELD,
    "cancelled": EventType.INTERVIEW_CANCELLED,
    "no_show": EventType.INTERVIEW_MISSED,
}

_CONCERNS_CANDIDATE = frozenset({EventType.INTERVIEW_SCHEDULED, EventType.INTERVIEW_CANCELLED})


class InterviewService:
    """Rules of interviews and scorecards."""

    def schedule(self, session: Session, access: Access, tenant_id: UUID, body: NewInterview) -> AnyRow:
        """Schedule an interview of an application of this school."""
        values = body.model_dump(include={"application_id", "kind", "scheduled_start", "scheduled_end", "place"})
        row = insert_row(session, interviews, access.now, tenant_id=tenant_id, status="scheduled", version=1, **values)
        for user_id in dict.fromkeys(body.participant_ids):
            insert_row(session, participants, access.now, tenant_id=tenant_id, interview_id=row.id, user_id=user_id)
        self._tell(session, EventType.INTERVIEW_SCHEDULED, row, access.event_at(body.event_at), is_moved=False)
        return row

    def appointments(self, session: Session, ids: Sequence[UUID]) -> list[AnyRow]:
        """Return interviews of any school, for the service that tells candidates of them."""
        return list(session.execute(select(interviews).where(one_of(interviews.c.id, ids)).order_by(interviews.c.id)))

    def interview(self, session: Session, access: Access, interview_id: UUID) -> AnyRow:
        """Return one interview in reach."""
        return find_row(session, interviews, self._one(access, interview_id), NO_INTERVIEW)

    def page(self, session: Session, access: Access, filters: dict[str, Any], paging: Paging) -> dict[str, Any]:
        """Return interviews in reach; ``filters`` are column = value."""
        conditions = [interviews.c[name] == value for name, value in filters.items() if value is not None]
        return read_page(session, interviews, [access.reach.tenants(interviews.c.tenant_id), *conditions], paging)

    def reschedule(self, session: Session, access: Access, interview_id: UUID, body: NewTimes, version: int | None) -> AnyRow:
        """Give a scheduled interview other times or another place; it is told as scheduled anew."""
        row = self._lock_scheduled(session, access, interview_id, version)
        values = body.model_dump(include={"scheduled_start", "scheduled_end", "place"}, exclude_none=True)
        changed = change_row(session, interviews, row, access.now, **values)
        self._tell(session, EventType.INTERVIEW_SCHEDULED, changed, access.event_at(body.event_at), is_moved=True)
        return changed

    def end(
        self, session: Session, access: Access, interview_id: UUID, status: str, event_at: datetime | None, version: int | None
    ) -> AnyRow:
        """Settle a scheduled interview as ``held``, ``cancelled`` or ``no_show``."""
        row = self._lock_scheduled(session, access, interview_id, version)
        changed = change_row(session, interviews, row, access.now, status=status)
        self._tell(session, _ENDINGS[status], changed, access.event_at(event_at))
        return changed

    def participants(self, session: Session, access: Access, interview_id: UUID) -> list[AnyRow]:
        """Return who takes part."""
        row = self.interview(session, access, interview_id)
        return list(session.execute(select(participants).where(participants.c.interview_id == row.id).order_by(participants.c.id)))

    def add_participant(self, session: Session, access: Access, interview_id: UUID, user_id: UUID) -> AnyRow:
        """Add an interviewer; one who takes part already stays."""
        row = self._lock(session, access, interview_id)
        known = self._participant(session, row.id, user_id)
        return known or insert_row(session, participants, access.now, tenant_id=row.tenant_id, interview_id=row.id, user_id=user_id)

    def remove_participant(self, session: Session, access: Access, interview_id: UUID, user_id: UUID) -> None:
        """Take an interviewer off who has not submitted a scorecard.

        Raises:
            ParticipantNotFound: they don't take part. ParticipantHasScored: they did.
        """
        row = self._lock(session, access, interview_id)
        known = self._participant(session, row.id, user_id)
        if known is None:
            raise errors.ParticipantNotFound("user_id: takes no part in this interview")
        if self._scorecard(session, row.id, user_id) is not None:
            raise errors.ParticipantHasScored("user_id: has submitted a scorecard")
        session.execute(delete(participants).where(participants.c.id == known.id))

    def submit_scorecard(self, session: Session, access: Access, interview_id: UUID, body: NewScorecard) -> AnyRow:
        """Keep what an interviewer thinks; it cannot be changed afterwards.

        Raises:
            NotAParticipant: the person took no part. AlreadySubmitted: there is one. TransitionNotAllowed: there was no interview.
        """
        row = self._lock(session, access, interview_id)
        user_id = self._scorer(access, body.user_id)
        if self._participant(session, row.id, user_id) is None:
            raise errors.NotAParticipant("user_id: takes no part in this interview; add them first")
        if self._scorecard(session, row.id, user_id) is not None:
            raise errors.AlreadySubmitted("the scorecard was submitted: it is final")
        if row.status not in {"scheduled", "held"}:
            raise errors.TransitionNotAllowed(f"the interview is {row.status}: there is nothing to score")
        at = access.event_at(body.event_at)
        values = {"recommendation": body.recommendation, "ratings": body.ratings, "submitted_at": at}
        card = insert_row(session, scorecards, access.now, tenant_id=row.tenant_id, interview_id=row.id, user_id=user_id, **values)
        changed = change_row(session, interviews, row, access.now)
        self._tell(session, EventType.SCORECARD_SUBMITTED, changed, at, scorecard_id=card.id, user_id=user_id)
        return card

    def scorecards(self, session: Session, access: Access, interview_id: UUID) -> list[AnyRow]:
        """Return what interviewers thought."""
        row = self.interview(session, access, interview_id)
        return list(session.execute(select(scorecards).where(scorecards.c.interview_id == row.id).order_by(scorecards.c.id)))

    def _scorer(self, access: Access, named: UUID | None) -> UUID:
        is_person = access.caller.principal.kind == "user"
        if is_person and named not in {None, access.actor_id}:
            raise Invalid("user_id: leave it out, a person submits their own scorecard")
        if not is_person and named is None:
            raise Invalid("user_id: an API key names whose scorecard it is")
        return named or access.actor_id

    def _participant(self, session: Session, interview_id: UUID, user_id: UUID) -> AnyRow | None:
        mine = (participants.c.interview_id == interview_id) & (participants.c.user_id == user_id)
        return session.execute(select(participants).where(mine)).first()

    def _scorecard(self, session: Session, interview_id: UUID, user_id: UUID) -> AnyRow | None:
        return session.execute(select(scorecards).where(scorecards.c.interview_id == interview_id, scorecards.c.user_id == user_id)).first()

    def _one(self, access: Access, interview_id: UUID) -> ColumnElement[bool]:
        return (interviews.c.id == interview_id) & access.reach.tenants(interviews.c.tenant_id)

    def _lock(self, session: Session, access: Access, interview_id: UUID, version: int | None = None) -> AnyRow:
        return lock_row(session, interviews, self._one(access, interview_id), NO_INTERVIEW, version)

    def _lock_scheduled(self, session: Session, access: Access, interview_id: UUID, version: int | None) -> AnyRow:
        row = self._lock(session, access, interview_id, version)
        if row.status != "scheduled":
            raise errors.TransitionNotAllowed(f"the interview is {row.status}: only a scheduled one changes")
        return row

    def _tell(self, session: Session, event: EventType, row: AnyRow, at: datetime, **data: Any) -> None:
        about = {"tenant_id": row.tenant_id, "application_id": row.application_id, "kind": row.kind}
        if event in _CONCERNS_CANDIDATE:
            known = select(known_applications.c.candidate_id).where(known_applications.c.application_id == row.application_id)
            about["candidate_id"] = session.execute(known).scalar()
        if event is EventType.INTERVIEW_SCHEDULED:
            about |= {"scheduled_start": row.scheduled_start.isoformat(), "scheduled_end": row.scheduled_end.isoformat()}
        record(session, event, "interview", row.id, row.version, at, **about, **data)
