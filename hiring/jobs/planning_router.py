"""Routes of postings, channels, costs and hiring plans."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request

from hiring.access import Access, requires
from hiring.jobs import schemas
from hiring.jobs.planning import PlanningService
from hiring.permissions import Permission
from hiring.routing import PageQuery, When, domain_router
from hiring.schemas import Page
from hiring.transaction import DatabaseSession

router = domain_router("planning")


async def _service(request: Request) -> PlanningService:
    service: PlanningService = request.app.state.planning
    return service


Service = Annotated[PlanningService, Depends(_service)]
ReadJobs = Annotated[Access, requires(Permission.JOBS_READ)]
WriteJobs = Annotated[Access, requires(Permission.JOBS_WRITE)]
Read = Annotated[Access, requires(Permission.PLANNING_READ)]
Write = Annotated[Access, requires(Permission.PLANNING_WRITE)]


@router.post("/jobs/{job_id}/postings", status_code=201, response_model=schemas.Posting)
def post_job(job_id: UUID, body: schemas.NewPosting, access: WriteJobs, session: DatabaseSession, service: Service) -> Any:
    """Advertise an open job on a channel."""
    return service.post(session, access, job_id, body)


@router.get("/jobs/{job_id}/postings", response_model=Page[schemas.Posting])
def list_postings(job_id: UUID, access: ReadJobs, session: DatabaseSession, service: Service, page: PageQuery) -> Any:
    """Return a job's postings."""
    return service.posting_page(session, access, job_id, page)


@router.post("/postings/{posting_id}/end", response_model=schemas.Posting)
def end_posting(posting_id: UUID, body: When, access: WriteJobs, session: DatabaseSession, service: Service) -> Any:
    """Take a posting down."""
    return service.end_posting(session, access, posting_id, body.event_at)


@router.post("/channels", status_code=201, response_model=schemas.Channel)
def add_channel(body: schemas.NewChannel, access: Write, session: DatabaseSession, service: Service) -> Any:
    """Add a place where candidates come from."""
    return service.add_channel(session, access, body)


@router.get("/channels", response_model=Page[schemas.Channel])
def list_channels(
    access: ReadJobs,
    session: DatabaseSession,
    service: Service,
    page: PageQuery,
    type: schemas.ChannelType | None = None,  # noqa: A002  the query's name
) -> Any:
    """List the network's channels and your schools' own."""
    return service.channel_page(session, access, type, page)


@router.post("/channel-costs", status_code=201, response_model=schemas.ChannelCost)
def add_cost(body: schemas.NewChannelCost, access: Write, session: DatabaseSession, service: Service) -> Any:
    """Keep what a channel cost in a month."""
    return service.add_cost(session, access, body)


@router.get("/channel-costs", response_model=Page[schemas.ChannelCost])
def list_costs(access: Read, session: DatabaseSession, service: Service, page: PageQuery) -> Any:
    """List channel costs."""
    return service.cost_page(session, access, page)


@router.put("/hiring-plans", response_model=schemas.HiringPlan)
def set_plan(body: schemas.NewHiringPlan, access: Write, session: DatabaseSession, service: Service) -> Any:
    """Add or replace a plan for a season and subject."""
    return service.set_plan(session, access, body)


@router.get("/hiring-plans", response_model=Page[schemas.HiringPlan])
def list_plans(access: Read, session: DatabaseSession, service: Service, page: PageQuery) -> Any:
    """List hiring plans."""
    return service.plan_page(session, access, page)
