"""Offers, hires and employment outcomes. Accepting also fills the opening: see ``hiring/hire_saga``."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from hiring.access import Access
from hiring.applications import errors, repository
from hiring.applications.schemas import NewOutcome, OfferTerms
from hiring.applications.service import ApplicationService
from hiring.applications.stages import require_reason
from hiring.applications.tables import employment_outcomes, hires, offers
from hiring.domain_events import EventType, record
from hiring.rows import AnyRow, Paging, change_row, find_row, insert_row, lock_row, new_id, read_page

NO_OFFER = errors.OfferNotFound("there is no such offer")
NO_HIRE = errors.HireNotFound("there is no such hire")

# step: (statuses it starts from, status it leads to, column of its instant, event)
_STEPS: dict[str, tuple[frozenset[str], str, str | None, EventType | None]] = {
    "submit": (frozenset({"draft"}), "pending_approval", None, None),
    "approve": (frozenset({"draft", "pending_approval"}), "approved", "approved_at", EventType.OFFER_APPROVED),
    "send": (frozenset({"approved"}), "sent", "sent_at", EventType.OFFER_SENT),
    "accept": (frozenset({"sent"}), "accepted", "resolved_at", EventType.OFFER_ACCEPTED),
    "decline": (frozenset({"sent"}), "declined", "resolved_at", EventType.OFFER_DECLINED),
    "expire": (frozenset({"sent"}), "expired", "resolved_at", EventType.OFFER_EXPIRED),
    "rescind": (frozenset(repository.LIVE_OFFERS), "rescinded", "resolved_at", EventType.OFFER_RESCINDED),
}


class OfferService:
    """Rules of offers, hires and outcomes."""

    def __init__(self, applications: ApplicationService) -> None:
        """Use the applications' rules for locking and moving them."""
        self._applications = applications

    def offer(self, session: Session, access: Access, offer_id: UUID) -> AnyRow:
        """Return one offer in reach."""
        mine = (offers.c.id == offer_id) & access.reach.applications(offers.c.tenant_id, offers.c.application_id)
        return find_row(session, offers, mine, NO_OFFER)

    def page(self, session: Session, access: Access, filters: list[ColumnElement[bool]], paging: Paging) -> dict[str, Any]:
        """Return offers in reach that meet the filters."""
        return read_page(session, offers, [access.reach.applications(offers.c.tenant_id, offers.c.application_id), *filters], paging)

    def draft(
        self,
        session: Session,
        access: Access,
        application: AnyRow,
        opening_id: UUID,
        terms: OfferTerms,
        at: datetime,
        offer_id: UUID | None = None,
    ) -> AnyRow:
        """Draft an offer (with a new id, unless given) for a locked application; the application reaches the offer stage.

        Raises:
            OfferAlreadyOpen: it has a live offer: revise that one.
        """
        if repository.lock_live_offers(session, offers.c.application_id == application.id):
            raise errors.OfferAlreadyOpen("the application has a live offer: revise it or end it first")
        application = self._applications.reach_stage(session, access, application, "offer", at)
        return self._insert(session, access, application, opening_id, new_id(), 1, terms, at, offer_id)

    def revise(self, session: Session, access: Access, offer_id: UUID, terms: OfferTerms) -> AnyRow:
        """Replace a live offer by a new version of its chain."""
        at = access.event_at(terms.event_at)
        application, offer = self._lock(session, access, offer_id)
        if offer.status not in repository.LIVE_OFFERS:
            raise errors.OfferStepNotAllowed(f"cannot revise an offer that is {offer.status}")
        change_row(session, offers, offer, access.now, version=offer.version, status="superseded", resolved_at=at)
        application = self._applications.note(session, access, application, EventType.OFFER_SUPERSEDED, at, offer_id=offer.id)
        version = repository.last_revision(session, offer.chain_id) + 1
        return self._insert(session, access, application, offer.opening_id, offer.chain_id, version, terms, at)

    def step(self, session: Session, access: Access, offer_id: UUID, name: str, event_at: datetime | None) -> AnyRow:
        """Submit, approve, send, expire or rescind an offer.

        Raises:
            OfferStepNotAllowed: not from this status. ApplicationEnded: the application has ended.
        """
        application, offer = self._lock(session, access, offer_id)
        return self.take_step(session, access, application, offer, name, access.event_at(event_at))

    def decline(self, session: Session, access: Access, offer_id: UUID, reason_id: UUID | None, event_at: datetime | None) -> AnyRow:
        """Keep that the candidate declined; the application ends."""
        application, offer = self._lock(session, access, offer_id)
        at = access.event_at(event_at)
        require_reason(session, application.tenant_id, reason_id, "offer_declined")
        offer = self.take_step(session, access, application, offer, "decline", at)
        self._applications.end_locked(session, access, application, "offer_declined", at, reason_id)
        return offer

    def lock_for_answer(self, session: Session, access: Access, offer_id: UUID) -> tuple[AnyRow, AnyRow]:
        """Return application and offer, locked in this order."""
        return self._lock(session, access, offer_id)

    def end_live(self, session: Session, access: Access, application_id: UUID, offer_id: UUID, step: str) -> None:
        """Expire or rescind an offer if it is still live, whatever became of its application."""
        application = self._applications.lock(session, access, application_id)
        live = repository.lock_live_offers(session, offers.c.id == offer_id)
        if live:
            step = step if live[0].status == "sent" else "rescind"
            self.take_step(session, access, application, live[0], step, access.now)

    def take_step(self, session: Session, access: Access, application: AnyRow, offer: AnyRow, name: str, at: datetime) -> AnyRow:
        """Take a step of a locked offer at a settled instant."""
        starts, target, column, event = _STEPS[name]
        if offer.status not in starts:
            raise errors.OfferStepNotAllowed(f"cannot {name} an offer that is {offer.status}: it must be {' or '.join(sorted(starts))}")
        values: dict[str, Any] = {"status": target, **({column: at} if column else {})}
        changed = change_row(session, offers, offer, access.now, version=offer.version, **values)
        if event is not None:
            self._applications.note(session, access, application, event, at, offer_id=offer.id, opening_id=offer.opening_id)
        return changed

    def hire(
        self, session: Session, access: Access, application: AnyRow, offer: AnyRow, at: datetime, contract_kind: str, owner_id: UUID | None
    ) -> AnyRow:
        """Turn an accepted offer into a hire; the application ends as hired, its other offers are superseded.

        The event names whom to tell: ``owner_id``, who owns the job, and the agency's person who proposed the candidate.
        """
        self._applications.end_offers_of(session, access, application, "superseded", at)
        ended = self._applications.end_locked(session, access, application, "hired", at)
        values = {"opening_id": offer.opening_id, "offer_id": offer.id, "start_date": offer.start_date, "contract_kind": contract_kind}
        row = insert_row(
            session,
            hires,
            access.now,
            tenant_id=ended.tenant_id,
            application_id=ended.id,
            accepted_at=at,
            hired_at=at,
            status="pending_start",
            **values,
        )
        data = {"tenant_id": ended.tenant_id, "job_id": ended.job_id, "candidate_id": ended.candidate_id, "hire_id": row.id}
        data |= {"owner_id": owner_id, "agency_user_id": repository.agency_user_of(session, ended.id)}
        record(session, EventType.CANDIDATE_HIRED, "application", ended.id, ended.version, at, **data)
        return row

    def hire_row(self, session: Session, access: Access, hire_id: UUID) -> AnyRow:
        """Return one hire in reach."""
        return find_row(session, hires, repository.hire_in_reach(access.reach, hire_id), NO_HIRE)

    def hire_of(self, session: Session, access: Access, offer_id: UUID) -> AnyRow | None:
        """Return the hire an offer led to, None where it led to none."""
        mine = (hires.c.offer_id == offer_id) & access.reach.applications(hires.c.tenant_id, hires.c.application_id)
        return session.execute(select(hires).where(mine)).one_or_none()

    def hire_page(self, session: Session, access: Access, filters: list[ColumnElement[bool]], paging: Paging) -> dict[str, Any]:
        """Return hires in reach that meet the filters."""
        return read_page(session, hires, [access.reach.applications(hires.c.tenant_id, hires.c.application_id), *filters], paging)

    def move_hire(self, session: Session, access: Access, hire_id: UUID, status: str, event: EventType, at: datetime) -> AnyRow:
        """Start or lose a hire that has not started.

        Raises:
            HireStepNotAllowed: it started, ended or was lost before.
        """
        application = self._applications.lock(session, access, self.hire_row(session, access, hire_id).application_id)
        row = lock_row(session, hires, hires.c.id == hire_id, NO_HIRE)
        if row.status != "pending_start":
            raise errors.HireStepNotAllowed(f"the hire is {row.status}: only one that is pending_start can become {status}")
        row = change_row(session, hires, row, access.now, status=status)
        self._applications.note(session, access, application, event, at, hire_id=row.id, job_id=application.job_id)
        return row

    def record_outcome(self, session: Session, access: Access, hire_id: UUID, body: NewOutcome) -> AnyRow:
        """Add how an employment stands; a later record corrects an earlier one, nothing is overwritten.

        Raises:
            HireStepNotAllowed: the person never started. InstantOutOfOrder: the day lies ahead.
        """
        application = self._applications.lock(session, access, self.hire_row(session, access, hire_id).application_id)
        hire = lock_row(session, hires, hires.c.id == hire_id, NO_HIRE)
        if hire.status == "reneged":
            raise errors.HireStepNotAllowed("the hire is reneged: there was no employment")
        if body.as_of > access.now.date():
            raise errors.InstantOutOfOrder("as_of: lies in the future")
        row = insert_row(session, employment_outcomes, access.now, tenant_id=hire.tenant_id, hire_id=hire.id, **body.model_dump())
        status = "started" if body.still_employed else "ended"
        if hire.status != status:
            change_row(session, hires, hire, access.now, status=status)
        event = EventType.EMPLOYMENT_OUTCOME_RECORDED
        self._applications.note(session, access, application, event, access.now, hire_id=hire.id, outcome_id=row.id)
        return row

    def outcomes(self, session: Session, access: Access, hire_id: UUID) -> list[AnyRow]:
        """Return what was recorded of an employment."""
        hire = self.hire_row(session, access, hire_id)
        mine = select(employment_outcomes).where(employment_outcomes.c.hire_id == hire.id)
        return list(session.execute(mine.order_by(employment_outcomes.c.as_of, employment_outcomes.c.id)))

    def _lock(self, session: Session, access: Access, offer_id: UUID) -> tuple[AnyRow, AnyRow]:
        found = self.offer(session, access, offer_id)
        application = self._applications.lock_active(session, access, found.application_id)
        return application, lock_row(session, offers, offers.c.id == offer_id, NO_OFFER)

    def _insert(
        self,
        session: Session,
        access: Access,
        application: AnyRow,
        opening_id: UUID,
        chain_id: UUID,
        version: int,
        terms: OfferTerms,
        at: datetime,
        offer_id: UUID | None = None,
    ) -> AnyRow:
        values = terms.model_dump(include={"start_date", "fte", "salary_minor", "salary_currency"})
        place = {"tenant_id": application.tenant_id, "application_id": application.id, "opening_id": opening_id}
        # a back-dated offer was made when it was made: created_at is the offer's own instant
        values |= {"id": offer_id or new_id(), "status": "draft", "chain_id": chain_id, "version": version, "created_at": at}
        row = insert_row(session, offers, access.now, **place, **values)
        self._applications.note(session, access, application, EventType.OFFER_DRAFTED, at, offer_id=row.id, opening_id=opening_id)
        return row
