"""Routes of the pipeline: what the Hiring tab reads. Personal: names are in every reply but the list of jobs."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request

from hiring.access import Access, requires
from hiring.flows import pipeline_schemas as schemas
from hiring.flows.pipeline import Pipeline
from hiring.jobs.schemas import JobStatus
from hiring.permissions import Permission
from hiring.routing import PageQuery, domain_router
from hiring.schemas import Page
from hiring.transaction import DatabaseSession

router = domain_router("pipeline")


async def _pipeline(request: Request) -> Pipeline:
    pipeline: Pipeline = request.app.state.pipeline
    return pipeline


Wired = Annotated[Pipeline, Depends(_pipeline)]
Read = Annotated[Access, requires(Permission.PIPELINE_READ)]


@router.get("/pipeline/jobs", response_model=Page[schemas.JobStanding])
def list_job_standings(
    access: Read,
    session: DatabaseSession,
    pipeline: Wired,
    page: PageQuery,
    status: JobStatus | None = None,
    subject: str | None = None,
    tenant_id: UUID | None = None,
    search: Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00]*$", description="a part of the title")] = None,
) -> Any:
    """List jobs in reach with openings left and applications by stage."""
    return pipeline.job_page(session, access, {"status": status, "subject": subject, "tenant_id": tenant_id}, search, page)


@router.get("/pipeline/jobs/{job_id}", response_model=schemas.JobPipeline)
def show_job_pipeline(job_id: UUID, access: Read, session: DatabaseSession, pipeline: Wired, ended: bool = False) -> Any:
    """Return a job and the first of its candidates at each place: the active ones, or with ``ended`` those whose application ended."""
    return pipeline.job(session, access, job_id, schemas.CandidateFilter(ended=ended))


@router.post("/pipeline/jobs/{job_id}/search", response_model=schemas.JobPipeline)
def search_job_pipeline(
    job_id: UUID,
    body: schemas.CandidateFilter,
    access: Annotated[Access, requires(Permission.PIPELINE_READ, keeps_reply=False)],
    session: DatabaseSession,
    pipeline: Wired,
) -> Any:
    """Return a job and those of its candidates that are sought; a POST, so that a name is in no URL and no log."""
    return pipeline.job(session, access, job_id, body)


@router.get("/pipeline/applications", response_model=list[schemas.TitledApplication])
def list_applications_by_id(
    application_id: Annotated[list[UUID], Query(max_length=200)], access: Read, session: DatabaseSession, pipeline: Wired
) -> Any:
    """Return applications in reach by their ids; others are left out."""
    return pipeline.applications(session, access, application_id)


@router.get("/pipeline/waiting", response_model=schemas.Waiting)
def list_waiting(access: Read, session: DatabaseSession, pipeline: Wired) -> Any:
    """Return live offers and hires to come."""
    return pipeline.waiting(session, access)
