"""Starting, showing, cancelling and retrying hires; and answers to offers, those made by hand too: each acceptance is a saga."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from foundation import logs
from hiring.access import Access
from hiring.applications.errors import OfferStepNotAllowed
from hiring.applications.offers import OfferService
from hiring.applications.schemas import Acceptance, NewOffer
from hiring.applications.service import ApplicationService
from hiring.domain_events import EventType
from hiring.hire_saga import errors
from hiring.hire_saga.engine import ACCEPTED, Engine, tell
from hiring.hire_saga.schemas import NewHire
from hiring.hire_saga.steps import AWAIT, FILL, NOTIFY, RESERVE, HireSteps
from hiring.hire_saga.tables import sagas
from hiring.jobs.service import JobService
from hiring.rows import AnyRow, Paging, change_row, find_row, insert_row, lock_row, new_id, read_page

NO_SAGA = errors.HireSagaNotFound("there is no such hire saga")


@dataclass
class HireSagaService:
    """Rules of hires under way."""

    jobs: JobService
    applications: ApplicationService
    offers: OfferService
    steps: HireSteps = field(init=False)
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        """Make the steps and their engine."""
        self.steps = HireSteps(self.jobs, self.applications, self.offers)
        self.engine = self.steps.engine()

    def start(self, session: Session, access: Access, application_id: UUID, body: NewHire) -> AnyRow:
        """Start the hire of an active application; the same terms again return the hire under way.

        Raises:
            ApplicationEnded: it has ended. HireUnderWay: it is being hired on other terms. JobNotOpen, NoOpeningLeft, JobAlreadyFilled,
            OpeningReserved: there is nothing to hire for.
        """
        application = self.applications.application(session, access, application_id)
        self.jobs.lock(session, access, application.job_id)
        known = self._under_way(session, application_id)
        terms = body.model_dump(mode="json")
        if known is not None:
            if known.terms != terms:
                raise _under_way(known)
            return known
        job = self.jobs.accepting_job(session, access, application.job_id, by_agency=False)
        self.jobs.free_opening(session, job, body.opening_id)
        application = self.applications.lock_active(session, access, application_id)
        return self._insert(session, access, application, RESERVE, new_id(), body.opening_id, terms)

    def saga(self, session: Session, access: Access, saga_id: UUID) -> AnyRow:
        """Return one saga in reach."""
        return find_row(session, sagas, _one(access, saga_id), NO_SAGA)

    def page(self, session: Session, access: Access, filters: list[ColumnElement[bool]], paging: Paging) -> dict[str, Any]:
        """Return sagas in reach that meet the filters."""
        return read_page(session, sagas, [access.reach.tenants(sagas.c.tenant_id), *filters], paging)

    def retry(self, session: Session, access: Access, saga_id: UUID) -> AnyRow:
        """Let a step that failed be tried at once, with all its tries.

        Raises:
            HireSagaStepNotAllowed: nothing failed.
        """
        saga = lock_row(session, sagas, _one(access, saga_id), NO_SAGA)
        if saga.ended_at is not None or (saga.attempts == 0 and saga.due_at > access.now):
            raise errors.HireSagaStepNotAllowed(f"the saga is {saga.state}: only one with a step that failed or is overdue is retried")
        return change_row(session, sagas, saga, access.now, state="processing", attempts=0, due_at=access.now)

    def cancel(self, session: Session, access: Access, saga_id: UUID) -> AnyRow:
        """Withdraw the offer: everything so far is undone.

        Raises:
            HireSagaStepNotAllowed: the offer was answered, or the saga goes back already.
        """
        saga = lock_row(session, sagas, _one(access, saga_id), NO_SAGA)
        if saga.ended_at is not None or saga.signal is not None or saga.step in (FILL, NOTIFY):
            raise errors.HireSagaStepNotAllowed(f"the saga is {saga.state} ({saga.signal}): only an offer without an answer is withdrawn")
        return change_row(session, sagas, saga, access.now, signal="cancelled", state="processing", attempts=0, due_at=access.now)

    # offers made by hand, step by step: they reserve nothing, the first acceptance gets the opening

    def draft_offer(self, session: Session, access: Access, application_id: UUID, body: NewOffer) -> AnyRow:
        """Draft an offer for a free opening of the application's job.

        Raises:
            HireUnderWay: a saga makes the application's offer.
        """
        job_id = self.applications.application(session, access, application_id).job_id
        opening = self.jobs.free_opening(session, self.jobs.lock(session, access, job_id), body.opening_id)
        application = self.applications.lock_active(session, access, application_id)
        self._refuse_second(session, application_id)
        return self.offers.draft(session, access, application, opening.id, body, access.event_at(body.event_at))

    def accept(self, session: Session, access: Access, offer_id: UUID, body: Acceptance) -> AnyRow:
        """Keep that the candidate accepted, and go on to the saga's end; returns the hire.

        An offer that no saga made gets one here, so that there is one way to be hired.

        Raises:
            JobAlreadyFilled, OpeningReserved: somebody else got the opening. OfferStepNotAllowed: the offer is not out.
        """
        at = access.event_at(body.event_at)
        saga = self.answered(session, access, offer_id, {"contract_kind": body.contract_kind, "answered_at": at.isoformat()})
        self.engine.run(session, access, saga)
        hire = self.offers.hire_of(session, access, offer_id)
        assert hire is not None
        return hire

    def answered(self, session: Session, access: Access, offer_id: UUID, answer: dict[str, str]) -> AnyRow:
        """Give an acceptance to the offer's saga; whoever takes its next step brings the hire about."""
        offer = self.offers.offer(session, access, offer_id)
        saga = session.execute(select(sagas).where(sagas.c.offer_id == offer_id).with_for_update()).one_or_none()
        if saga is None:
            application = self.applications.application(session, access, offer.application_id)
            self.jobs.lock(session, access, application.job_id)
            self._refuse_second(session, application.id)
            offer = self.offers.offer(session, access, offer_id)
            if offer.status != "sent":
                raise OfferStepNotAllowed(f"cannot accept an offer that is {offer.status}: it must be sent")
            saga = self._insert(session, access, application, AWAIT, offer_id, offer.opening_id, {})
        if saga.step != AWAIT or saga.signal is not None:
            raise OfferStepNotAllowed(f"the offer was answered or is being taken back ({saga.signal}): it cannot be accepted")
        values = {"signal": ACCEPTED, "state": "processing", "due_at": access.now, "terms": {**saga.terms, **answer}}
        return change_row(session, sagas, saga, access.now, **values)

    def renege(self, session: Session, access: Access, hire_id: UUID, event_at: datetime | None) -> AnyRow:
        """Keep that a hired person never started: the opening is free again, the job reopens if that closed it."""
        hire = self.offers.hire_row(session, access, hire_id)
        job_id = self.applications.application(session, access, hire.application_id).job_id
        return self.steps.renege(session, access, job_id, hire, access.event_at(event_at))

    def _under_way(self, session: Session, application_id: UUID) -> AnyRow | None:
        live = (sagas.c.application_id == application_id) & sagas.c.ended_at.is_(None)
        return session.execute(select(sagas).where(live)).one_or_none()

    def _refuse_second(self, session: Session, application_id: UUID) -> None:
        known = self._under_way(session, application_id)
        if known is not None:
            raise _under_way(known)

    def _insert(
        self,
        session: Session,
        access: Access,
        application: AnyRow,
        step: str,
        offer_id: UUID,
        opening_id: UUID | None,
        terms: dict[str, Any],
    ) -> AnyRow:
        ids = {"tenant_id": application.tenant_id, "application_id": application.id, "job_id": application.job_id, "offer_id": offer_id}
        agency_id = self.applications.agency_of(session, access, application.id)
        saga = insert_row(
            session, sagas, access.now, **ids, opening_id=opening_id, agency_id=agency_id, step=step, direction="forward",
            state="processing", attempts=0, due_at=access.now, terms=terms, started_by=access.actor_id,
            correlation_id=logs.correlation_id(), version=0, started_at=access.now,
        )  # fmt: skip
        return tell(session, access.now, saga, EventType.HIRE_SAGA_STARTED, {"agency_id": agency_id})


def hire_saga_service() -> HireSagaService:
    """Return the service with domains of its own, for processes beside the API."""
    applications = ApplicationService()
    return HireSagaService(JobService(), applications, OfferService(applications))


def _one(access: Access, saga_id: UUID) -> ColumnElement[bool]:
    return (sagas.c.id == saga_id) & access.reach.tenants(sagas.c.tenant_id)


def _under_way(saga: AnyRow) -> errors.HireUnderWay:
    return errors.HireUnderWay("the application has a hire under way: wait for its end or cancel it first", saga_id=str(saga.id))
