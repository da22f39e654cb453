"""A person applies, or an agency proposes them: job, person and application in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from hiring.access import Access
from hiring.applications.errors import AgencyNotFound
from hiring.applications.schemas import NewTouch
from hiring.applications.service import ApplicationService, Submission
from hiring.candidates.schemas import NewCandidate
from hiring.candidates.service import CandidateService
from hiring.domain_events import recorded_together
from hiring.flows.schemas import NewAgencySubmission, NewApplication
from hiring.identity.service import IdentityService
from hiring.jobs.planning import PlanningService
from hiring.jobs.service import JobService
from hiring.rows import AnyRow

NO_AGENCY = AgencyNotFound("agency_id: there is no such agency")


@dataclass(frozen=True)
class Submitting:
    """Brings jobs, candidates and applications together."""

    identity: IdentityService
    jobs: JobService
    planning: PlanningService
    candidates: CandidateService
    applications: ApplicationService

    def apply(self, session: Session, access: Access, body: NewApplication) -> AnyRow:
        """Make an application of a known or new person to an open job."""
        job = self.jobs.accepting_job(session, access, body.job_id, by_agency=False)
        for touch in body.touches:
            if touch.channel_id is not None:
                self.planning.require_channel(session, access, touch.channel_id)
        at = access.event_at(body.event_at)
        with recorded_together(session):
            new = self._submission(session, access, job, body.candidate_id, body.candidate, body.origin, body.is_internal, at)
            return self.applications.submit(session, access, new, body.touches, None)

    def reopen(self, session: Session, access: Access, application_id: UUID, event_at: datetime | None) -> AnyRow:
        """Take an ended application to an open job up again."""
        found = self.applications.application(session, access, application_id)
        self.jobs.accepting_job(session, access, found.job_id, by_agency=False)
        person_id = self.candidates.remaining_id(session, access, found.candidate_id)
        same_person = self.candidates.same_person(session, person_id)
        return self.applications.reopen(session, access, application_id, same_person, access.event_at(event_at))

    def submit_for_agency(self, session: Session, access: Access, body: NewAgencySubmission) -> tuple[AnyRow, AnyRow]:
        """Make an application that an agency proposes; return the submission and the application.

        Raises:
            AgencyNotFound: the caller may not submit for this agency.
        """
        agency_id = body.agency_id or next(iter(sorted(access.reach.agency_ids)), None)
        if agency_id is None or (access.reach.agency_ids and agency_id not in access.reach.agency_ids):
            raise NO_AGENCY
        self.identity.require_kind(session, agency_id, "agency", NO_AGENCY)
        job = self.jobs.accepting_job(session, access, body.job_id, by_agency=bool(access.reach.agency_ids))
        at = access.event_at(body.event_at)
        new = self._submission(session, access, job, body.candidate_id, body.candidate, "agency", False, at)
        touch = NewTouch(touched_at=at)
        row = self.applications.submit(session, access, new, [touch], agency_id)
        fee = body.model_dump(include={"fee_basis", "fee_minor", "fee_currency"})
        submission = self.applications.submit_for_agency(session, access, row, agency_id, fee, at)
        return submission, row

    def _submission(
        self,
        session: Session,
        access: Access,
        job: AnyRow,
        candidate_id: UUID | None,
        candidate: NewCandidate | None,
        origin: str,
        is_internal: bool,
        at: datetime,
    ) -> Submission:
        is_known = True
        if candidate is not None:
            row, is_known = self.candidates.register(session, access, candidate)
            person_id: UUID = row.id
        else:
            assert candidate_id is not None
            person_id = self.candidates.remaining_id(session, access, candidate_id)
        return Submission(
            tenant_id=job.tenant_id,
            job_id=job.id,
            candidate_id=person_id,
            same_person=self.candidates.same_person(session, person_id) if is_known else frozenset({person_id}),
            origin=origin,  # type: ignore[arg-type]  # one of Origin's literals, checked by the request schema
            is_internal=is_internal,
            applied_at=at,
        )
