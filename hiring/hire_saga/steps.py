"""The steps of the hire saga and what undoes each: calls into jobs, applications and offers, in the transaction of the saga's advance."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from hiring.access import Access
from hiring.applications.offers import OfferService
from hiring.applications.schemas import OfferTerms
from hiring.applications.service import ApplicationService
from hiring.applications.tables import offers
from hiring.domain_events import EventType
from hiring.hire_saga.engine import ACCEPTED, Engine, Refused, Step, tell
from hiring.jobs.service import JobService
from hiring.rows import AnyRow

RESERVE, SEND, AWAIT, FILL, NOTIFY = "reserve_opening", "send_offer", "await_answer", "fill_opening", "notify_agency"
_OFFERED = {"start_date", "fte", "salary_minor", "salary_currency"}


@dataclass(frozen=True)
class HireSteps:
    """The effects of a hire, forwards and back."""

    jobs: JobService
    applications: ApplicationService
    offers: OfferService

    def engine(self) -> Engine:
        """Return the engine that takes these steps."""
        return Engine(
            (
                Step(RESERVE, self.reserve, self.release),
                Step(SEND, self.send, self.take_back),
                Step(AWAIT, _await_answer, _nothing),
                Step(FILL, self.fill, self.lose),
                Step(NOTIFY, self.notify, _nothing),
            ),
            self.tell_agency,
        )

    def reserve(self, session: Session, access: Access, saga: AnyRow) -> dict[str, Any]:
        """Reserve the opening that was asked for, or the first free one."""
        return {"opening_id": self.jobs.reserve_opening(session, access, saga.job_id, saga.opening_id, saga.offer_id).id}

    def release(self, session: Session, access: Access, saga: AnyRow) -> None:
        """Free the reserved opening."""
        self.jobs.release_opening(session, access, saga.job_id, saga.offer_id)

    def send(self, session: Session, access: Access, saga: AnyRow) -> dict[str, Any]:
        """Draft, approve and send the offer: whoever started the hire approved its terms."""
        application = self.applications.lock_active(session, access, saga.application_id)
        terms = OfferTerms.model_validate({name: saga.terms[name] for name in _OFFERED})
        offer = self.offers.draft(session, access, application, saga.opening_id, terms, access.now, saga.offer_id)
        for step in ("approve", "send"):
            offer = self.offers.take_step(session, access, application, offer, step, access.now)
        return {"expires_at": access.now + timedelta(days=saga.terms["answer_days"])}

    def take_back(self, session: Session, access: Access, saga: AnyRow) -> None:
        """End the offer if it is still out; the application stays as it is."""
        self.offers.end_live(session, access, saga.application_id, saga.offer_id, "expire" if saga.signal == "expired" else "rescind")

    def fill(self, session: Session, access: Access, saga: AnyRow) -> dict[str, Any]:
        """Make the accepted offer a hire; with the last opening the job closes and its other applications end.

        Raises:
            JobAlreadyFilled, OpeningReserved: somebody else got the opening. OfferStepNotAllowed: the offer is not out.
        """
        at = datetime.fromisoformat(saga.terms["answered_at"])
        job = self.jobs.lock(session, access, saga.job_id)
        opening = self.jobs.free_opening(session, job, saga.opening_id, saga.offer_id)
        application, offer = self.offers.lock_for_answer(session, access, saga.offer_id)
        self.offers.take_step(session, access, application, offer, "accept", at)
        self.offers.hire(session, access, application, offer, at, saga.terms["contract_kind"], job.owner_id)
        self.applications.end_offers(session, access, offers.c.opening_id == opening.id, "rescinded", at)
        if self.jobs.fill_opening(session, access, job, opening, application.id, at):
            self.applications.end_siblings(session, access, job.id, at)
        return {}

    def lose(self, session: Session, access: Access, saga: AnyRow) -> None:
        """Give a hire up that has not started; its opening is free again, a job it had closed is open again."""
        hire = self.offers.hire_of(session, access, saga.offer_id)
        if hire is not None and hire.status == "pending_start":
            self.renege(session, access, saga.job_id, hire, access.now)

    def renege(self, session: Session, access: Access, job_id: UUID, hire: AnyRow, at: datetime) -> AnyRow:
        """Keep that a hired person does not start: the opening is free again, the job reopens if that had closed it."""
        job = self.jobs.lock(session, access, job_id)
        hire = self.offers.move_hire(session, access, hire.id, "reneged", EventType.HIRE_RENEGED, at)
        self.jobs.free_filled_opening(session, access, job, hire.opening_id, at)
        return hire

    def notify(self, session: Session, access: Access, saga: AnyRow) -> dict[str, Any]:
        """Tell the agency that its candidate is hired."""
        if saga.agency_id is not None:
            tell(session, access.now, saga, EventType.AGENCY_NOTIFIED, {"agency_id": saga.agency_id, "outcome": "hired"})
        return {}

    def tell_agency(self, session: Session, access: Access, saga: AnyRow) -> None:
        """Tell the agency that its candidate is not hired, and why, as a code."""
        if saga.agency_id is not None:
            data = {"agency_id": saga.agency_id, "outcome": "not_hired", "reason": saga.signal}
            tell(session, access.now, saga, EventType.AGENCY_NOTIFIED, data)


def _await_answer(_session: Session, access: Access, saga: AnyRow) -> dict[str, Any]:
    """Wait for the answer until the offer expires."""
    if saga.signal == ACCEPTED:
        return {}
    if access.now >= saga.expires_at:
        raise Refused("expired")
    return {"state": "waiting", "due_at": saga.expires_at}


def _nothing(_session: Session, _access: Access, _saga: AnyRow) -> None:
    """Undo a step that left nothing behind."""
