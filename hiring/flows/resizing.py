"""A job gets more openings or fewer: one that somebody has a live offer for is not given up."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from hiring.access import Access
from hiring.applications.standing import StandingService
from hiring.jobs.headcount import resize
from hiring.jobs.service import JobService
from hiring.rows import AnyRow


@dataclass(frozen=True)
class Resizing:
    """Brings jobs and offers together."""

    jobs: JobService
    standing: StandingService

    def resize(self, session: Session, access: Access, job_id: UUID, headcount: int, version: int) -> AnyRow:
        """Give a job that is not closed so many openings.

        Raises:
            TransitionNotAllowed: it is closed or cancelled. OpeningsTaken: so many are filled or on offer.
        """
        job = self.jobs.lock_unclosed(session, access, job_id, version)
        changed = resize(session, access, job, headcount, self.standing.openings_on_offer(session, access, job_id))
        access.log("job.resize", "job", job_id, tenant_id=job.tenant_id, before=job, after=changed)
        return changed
