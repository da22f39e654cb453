"""A job is closed or cancelled: its applications and their live offers end in the same transaction."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from hiring.access import Access
from hiring.applications.service import ApplicationService
from hiring.jobs.service import JobService
from hiring.rows import AnyRow


@dataclass(frozen=True)
class Closing:
    """Brings jobs and applications together."""

    jobs: JobService
    applications: ApplicationService

    def close_job(
        self, session: Session, access: Access, job_id: UUID, step: str, reason: str, event_at: datetime | None, version: int | None
    ) -> AnyRow:
        """Close or cancel a job; its active applications and live offers end."""
        at = access.event_at(event_at)
        job = self.jobs.take_step(session, access, self.jobs.lock(session, access, job_id, version), step, at, reason)
        self.applications.end_siblings(session, access, job.id, at)
        return job
