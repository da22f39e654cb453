"""From an offer to a hire: job, opening, application and offer in one transaction, until the hire saga replaces it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from hiring.access import Access
from hiring.applications.offers import OfferService
from hiring.applications.schemas import Acceptance, NewOffer
from hiring.applications.service import ApplicationService
from hiring.applications.tables import offers
from hiring.domain_events import EventType
from hiring.jobs.service import JobService
from hiring.rows import AnyRow


@dataclass(frozen=True)
class Hiring:
    """Brings jobs, applications and offers together."""

    jobs: JobService
    applications: ApplicationService
    offers: OfferService

    def draft_offer(self, session: Session, access: Access, application_id: UUID, body: NewOffer) -> AnyRow:
        """Draft an offer for a free opening of the application's job."""
        job_id = self.applications.application(session, access, application_id).job_id
        opening = self.jobs.free_opening(session, self.jobs.lock(session, access, job_id), body.opening_id)
        application = self.applications.lock_active(session, access, application_id)
        return self.offers.draft(session, access, application, opening.id, body, access.event_at(body.event_at))

    def accept(self, session: Session, access: Access, offer_id: UUID, body: Acceptance) -> AnyRow:
        """Keep that the candidate accepted: fill the opening, hire, end what the hire makes void; returns the hire.

        With the last opening the job closes and its other applications end.

        Raises:
            JobAlreadyFilled: somebody else got the opening. OfferStepNotAllowed: the offer is not out.
        """
        at = access.event_at(body.event_at)
        offer = self.offers.offer(session, access, offer_id)
        application = self.applications.application(session, access, offer.application_id)
        job = self.jobs.lock(session, access, application.job_id)
        opening = self.jobs.free_opening(session, job, offer.opening_id)
        application, offer = self.offers.lock_for_answer(session, access, offer_id)
        self.offers.take_step(session, access, application, offer, "accept", at)
        hire = self.offers.hire(session, access, application, offer, at, body.contract_kind, job.owner_id)
        self.applications.end_offers(session, access, offers.c.opening_id == opening.id, "rescinded", at)
        if self.jobs.fill_opening(session, access, job, opening, application.id, at):
            self.applications.end_siblings(session, access, job.id, at)
        return hire

    def close_job(
        self, session: Session, access: Access, job_id: UUID, step: str, reason: str, event_at: datetime | None, version: int | None
    ) -> AnyRow:
        """Close or cancel a job; its active applications and live offers end."""
        at = access.event_at(event_at)
        job = self.jobs.take_step(session, access, self.jobs.lock(session, access, job_id, version), step, at, reason)
        self.applications.end_siblings(session, access, job.id, at)
        return job

    def renege(self, session: Session, access: Access, hire_id: UUID, event_at: datetime | None) -> AnyRow:
        """Keep that a hired person never started: the opening is free again, the job reopens if that closed it."""
        at = access.event_at(event_at)
        hire = self.offers.hire_row(session, access, hire_id)
        job_id = self.applications.application(session, access, hire.application_id).job_id
        job = self.jobs.lock(session, access, job_id)
        hire = self.offers.move_hire(session, access, hire_id, "reneged", EventType.HIRE_RENEGED, at)
        self.jobs.free_filled_opening(session, access, job, hire.opening_id, at)
        return hire
