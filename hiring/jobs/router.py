"""Routes of jobs, their steps and openings. Closing and cancelling end applications too: see ``hiring/flows``."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Depends, Request, Response

from hiring.access import Access, requires
from hiring.jobs import schemas
from hiring.jobs.service import JobService
from hiring.permissions import Permission
from hiring.routing import ExpectedVersion, PageQuery, RequiredVersion, When, created, domain_router, tagged
from hiring.schemas import Page
from hiring.transaction import DatabaseSession

router = domain_router("jobs")


async def _service(request: Request) -> JobService:
    service: JobService = request.app.state.jobs
    return service


Service = Annotated[JobService, Depends(_service)]
Read = Annotated[Access, requires(Permission.JOBS_READ)]
Write = Annotated[Access, requires(Permission.JOBS_WRITE)]
Approve = Annotated[Access, requires(Permission.JOBS_APPROVE)]


@router.post("/jobs", status_code=201, response_model=schemas.Job)
def draft_job(body: schemas.NewJob, access: Write, session: DatabaseSession, service: Service, response: Response) -> Any:
    """Draft a job with one opening per headcount."""
    row = service.draft(session, access, body)
    created(response, "jobs", row.id)
    return tagged(response, row)


@router.get("/jobs", response_model=Page[schemas.Job])
def list_jobs(
    access: Read,
    session: DatabaseSession,
    service: Service,
    page: PageQuery,
    status: schemas.JobStatus | None = None,
    subject: str | None = None,
    tenant_id: UUID | None = None,
    owner_id: UUID | None = None,
) -> Any:
    """List jobs in reach; ``tenant_id`` narrows, it never widens."""
    return service.page(session, access, {"status": status, "subject": subject, "tenant_id": tenant_id, "owner_id": owner_id}, page)


@router.get("/jobs/{job_id}", response_model=schemas.Job)
def show_job(job_id: UUID, access: Read, session: DatabaseSession, service: Service, response: Response) -> Any:
    """Return one job."""
    return tagged(response, service.job(session, access, job_id))


@router.patch("/jobs/{job_id}", response_model=schemas.Job)
def change_job(
    job_id: UUID,
    body: schemas.JobChange,
    version: RequiredVersion,
    access: Write,
    session: DatabaseSession,
    service: Service,
    response: Response,
) -> Any:
    """Change a job that is not closed."""
    return tagged(response, service.change(session, access, job_id, body, version))


@router.post("/jobs/{job_id}/approve", response_model=schemas.Job)
def approve_job(
    job_id: UUID, body: When, version: ExpectedVersion, access: Approve, session: DatabaseSession, service: Service, response: Response
) -> Any:
    """Approve a draft."""
    return tagged(response, service.step(session, access, job_id, "approve", body.event_at, version=version))


@router.post("/jobs/{job_id}/open", response_model=schemas.Job)
def open_job(
    job_id: UUID, body: When, version: ExpectedVersion, access: Write, session: DatabaseSession, service: Service, response: Response
) -> Any:
    """Open an approved job: it takes applications from now on."""
    return tagged(response, service.step(session, access, job_id, "open", body.event_at, version=version))


@router.post("/jobs/{job_id}/hold", response_model=schemas.Job)
def hold_job(
    job_id: UUID,
    body: Annotated[schemas.StatusStep, Body(default_factory=schemas.StatusStep)],
    version: ExpectedVersion,
    access: Write,
    session: DatabaseSession,
    service: Service,
    response: Response,
) -> Any:
    """Put an open job on hold."""
    return tagged(response, service.step(session, access, job_id, "hold", body.event_at, body.reason, version))


@router.post("/jobs/{job_id}/reopen", response_model=schemas.Job)
def reopen_job(
    job_id: UUID,
    body: Annotated[schemas.StatusStep, Body(default_factory=schemas.StatusStep)],
    version: ExpectedVersion,
    access: Write,
    session: DatabaseSession,
    service: Service,
    response: Response,
) -> Any:
    """Open a held, closed or cancelled job again; its unfilled openings come back."""
    return tagged(response, service.step(session, access, job_id, "reopen", body.event_at, body.reason, version))


@router.get("/jobs/{job_id}/status-events", response_model=list[schemas.StatusEvent])
def list_status_events(job_id: UUID, access: Read, session: DatabaseSession, service: Service) -> Any:
    """Return the steps of a job's life."""
    return service.status_events(session, access, job_id)


@router.get("/jobs/{job_id}/openings", response_model=list[schemas.Opening])
def list_openings(job_id: UUID, access: Read, session: DatabaseSession, service: Service) -> Any:
    """Return a job's openings."""
    return service.openings(session, access, job_id)
