"""Where candidates come from and how many are wanted: postings, channels, their costs, hiring plans."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hiring.access import Access, one_of
from hiring.domain_events import EventType, record
from hiring.jobs import errors, repository
from hiring.jobs.schemas import NewChannel, NewChannelCost, NewHiringPlan, NewPosting
from hiring.jobs.service import NO_SCHOOL, JobService
from hiring.jobs.tables import channel_costs, channels, hiring_plans, jobs, postings
from hiring.rows import AnyRow, Paging, change_row, find_row, insert_row, lock_row, new_id, read_page

NO_CHANNEL = errors.ChannelNotFound("channel_id: there is no such channel")
NO_POSTING = errors.PostingNotFound("there is no such posting")


class PlanningService:
    """Rules of postings, channels, costs and plans."""

    def __init__(self, job_service: JobService) -> None:
        """Use the jobs' rules for finding and locking a job."""
        self._jobs = job_service

    def post(self, session: Session, access: Access, job_id: UUID, body: NewPosting) -> AnyRow:
        """Advertise an open job on a channel.

        Raises:
            JobNotOpen: only open jobs are advertised.
        """
        job = self._jobs.lock(session, access, job_id)
        if job.status != "open":
            raise errors.JobNotOpen(f"the job is {job.status}: open it before posting")
        self.require_channel(session, access, body.channel_id)
        at = access.event_at(body.event_at)
        values = {"url": body.url, "is_internal": body.is_internal, "channel_id": body.channel_id}
        row = insert_row(session, postings, access.now, tenant_id=job.tenant_id, job_id=job.id, live_from=at, **values)
        job = change_row(session, jobs, job, access.now)
        record(
            session,
            EventType.JOB_POSTED,
            "job",
            job.id,
            job.version,
            at,
            tenant_id=job.tenant_id,
            posting_id=row.id,
            channel_id=row.channel_id,
        )
        return row

    def posting_page(self, session: Session, access: Access, job_id: UUID, paging: Paging) -> dict[str, Any]:
        """Return a job's postings."""
        return read_page(session, postings, [postings.c.job_id == self._jobs.job(session, access, job_id).id], paging)

    def end_posting(self, session: Session, access: Access, posting_id: UUID, requested_at: datetime | None) -> AnyRow:
        """Take a posting down; a second time changes nothing."""
        mine = (postings.c.id == posting_id) & access.reach.tenants(postings.c.tenant_id)
        job = self._jobs.lock(session, access, find_row(session, postings, mine, NO_POSTING).job_id)
        row = lock_row(session, postings, mine, NO_POSTING)
        if row.live_to is not None:
            return row
        at = access.event_at(requested_at)
        row = change_row(session, postings, row, access.now, live_to=at)
        job = change_row(session, jobs, job, access.now)
        record(session, EventType.POSTING_ENDED, "job", job.id, job.version, at, tenant_id=job.tenant_id, posting_id=row.id)
        return row

    def add_channel(self, session: Session, access: Access, body: NewChannel) -> AnyRow:
        """Add a school's own channel, or one for the whole network."""
        if body.tenant_id is None:
            access.require_platform()
        else:
            access.require_school(body.tenant_id, NO_SCHOOL)
        row = insert_row(session, channels, access.now, **body.model_dump())
        access.log("channel.add", "channel", row.id, tenant_id=row.tenant_id, after=row)
        return row

    def channel_page(self, session: Session, access: Access, kind: str | None, paging: Paging) -> dict[str, Any]:
        """Return the network's channels and those of schools in reach."""
        conditions = [repository.shared_or_in_reach(access.reach, channels.c.tenant_id)]
        if kind is not None:
            conditions.append(channels.c.type == kind)
        return read_page(session, channels, conditions, paging)

    def channel_names(self, session: Session, access: Access, channel_ids: set[UUID]) -> dict[UUID, str]:
        """Return the names of channels that may be known."""
        if not channel_ids:
            return {}
        condition = one_of(channels.c.id, channel_ids) & repository.shared_or_in_reach(access.reach, channels.c.tenant_id)
        return {row.id: row.name for row in session.execute(select(channels.c.id, channels.c.name).where(condition))}

    def require_channel(self, session: Session, access: Access, channel_id: UUID) -> AnyRow:
        """Return a channel that may be named."""
        condition = (channels.c.id == channel_id) & repository.shared_or_in_reach(access.reach, channels.c.tenant_id)
        return find_row(session, channels, condition, NO_CHANNEL)

    def add_cost(self, session: Session, access: Access, body: NewChannelCost) -> AnyRow:
        """Keep what a channel cost a school in a month."""
        access.require_school(body.organisation_id, NO_SCHOOL)
        self.require_channel(session, access, body.channel_id)
        row = insert_row(session, channel_costs, access.now, **body.model_dump())
        access.log("channel_cost.add", "channel_cost", row.id, tenant_id=row.organisation_id, after=row)
        return row

    def cost_page(self, session: Session, access: Access, paging: Paging) -> dict[str, Any]:
        """Return costs of schools in reach."""
        return read_page(session, channel_costs, [access.reach.tenants(channel_costs.c.organisation_id)], paging)

    def set_plan(self, session: Session, access: Access, body: NewHiringPlan) -> AnyRow:
        """Add or replace a school's plan for a season and subject."""
        access.require_school(body.organisation_id, NO_SCHOOL)
        values = {**body.model_dump(), "updated_at": access.now}
        fresh = insert(hiring_plans).values(id=new_id(), created_at=access.now, recorded_at=access.now, **values)
        place = ["organisation_id", "season", "subject"]
        row = session.execute(fresh.on_conflict_do_update(index_elements=place, set_=values).returning(hiring_plans)).one()
        access.log("hiring_plan.set", "hiring_plan", row.id, tenant_id=row.organisation_id, after=row)
        return row

    def plan_page(self, session: Session, access: Access, paging: Paging) -> dict[str, Any]:
        """Return plans of schools in reach."""
        return read_page(session, hiring_plans, [access.reach.tenants(hiring_plans.c.organisation_id)], paging)
