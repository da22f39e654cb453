"""Routes of the flows."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Depends, Request, Response

from hiring.access import Access, requires
from hiring.applications import schemas as application_schemas
from hiring.applications.service import ApplicationService
from hiring.candidates.schemas import MergeInto
from hiring.candidates.service import CandidateService
from hiring.flows import schemas
from hiring.flows.closing import Closing
from hiring.flows.resizing import Resizing
from hiring.flows.submitting import Submitting
from hiring.jobs import schemas as job_schemas
from hiring.permissions import Permission
from hiring.routing import ExpectedVersion, RequiredVersion, When, created, domain_router, tagged
from hiring.transaction import DatabaseSession

router = domain_router("flows")


@dataclass(frozen=True)
class Flows:
    """The flows as the wiring made them."""

    submitting: Submitting
    closing: Closing
    resizing: Resizing
    candidates: CandidateService
    applications: ApplicationService


async def _flows(request: Request) -> Flows:
    flows: Flows = request.app.state.flows
    return flows


Wired = Annotated[Flows, Depends(_flows)]
WriteJobs = Annotated[Access, requires(Permission.JOBS_WRITE)]
WriteApplications = Annotated[Access, requires(Permission.APPLICATIONS_WRITE)]


@router.post("/applications", status_code=201, response_model=application_schemas.Application)
def submit_application(
    body: schemas.NewApplication, access: WriteApplications, session: DatabaseSession, flows: Wired, response: Response
) -> Any:
    """Apply to an open job: for a person you may know of, or a new one."""
    row = flows.submitting.apply(session, access, body)
    created(response, "applications", row.id)
    return tagged(response, row)


@router.post("/applications/{application_id}/reopen", response_model=application_schemas.Application)
def reopen_application(
    application_id: UUID, body: When, access: WriteApplications, session: DatabaseSession, flows: Wired, response: Response
) -> Any:
    """Take a rejected or withdrawn application up again where it stood."""
    return tagged(response, flows.submitting.reopen(session, access, application_id, body.event_at))


@router.post("/agency-submissions", status_code=201, response_model=schemas.SubmittedForAgency)
def submit_for_agency(
    body: schemas.NewAgencySubmission, access: Annotated[Access, requires(Permission.AGENCY_SUBMIT)], session: DatabaseSession, flows: Wired
) -> Any:
    """Propose a person for a job that is offered to agencies."""
    submission, application = flows.submitting.submit_for_agency(session, access, body)
    return {"submission": submission, "application": application}


@router.post("/jobs/{job_id}/close", response_model=job_schemas.Job)
def close_job(
    job_id: UUID,
    body: Annotated[job_schemas.Closing, Body(default_factory=job_schemas.Closing)],
    version: ExpectedVersion,
    access: WriteJobs,
    session: DatabaseSession,
    flows: Wired,
    response: Response,
) -> Any:
    """Close a job that will not be filled; its active applications end."""
    return tagged(response, flows.closing.close_job(session, access, job_id, "close", body.reason, body.event_at, version))


@router.post("/jobs/{job_id}/cancel", response_model=job_schemas.Job)
def cancel_job(
    job_id: UUID, body: When, version: ExpectedVersion, access: WriteJobs, session: DatabaseSession, flows: Wired, response: Response
) -> Any:
    """Cancel a job; its active applications end."""
    return tagged(response, flows.closing.close_job(session, access, job_id, "cancel", "cancelled", body.event_at, version))


@router.post("/jobs/{job_id}/headcount", response_model=job_schemas.Job)
def resize_job(
    job_id: UUID,
    body: job_schemas.NewHeadcount,
    version: RequiredVersion,
    access: Annotated[Access, requires(Permission.JOBS_APPROVE)],
    session: DatabaseSession,
    flows: Wired,
    response: Response,
) -> Any:
    """Give a job more openings or fewer; whoever may approve jobs decides for how many people."""
    return tagged(response, flows.resizing.resize(session, access, job_id, body.headcount, version))


@router.post("/candidates/{candidate_id}/merge", response_model=schemas.Merged)
def merge_candidate(
    candidate_id: UUID,
    body: MergeInto,
    access: Annotated[Access, requires(Permission.CANDIDATES_MERGE)],
    session: DatabaseSession,
    flows: Wired,
) -> Any:
    """Merge a record into another of the same person; second applications to the same job become duplicates."""
    at = access.event_at(body.event_at)
    stays, same_person = flows.candidates.merge(session, access, candidate_id, body.into_id, at)
    duplicates = flows.applications.end_duplicates(session, access, same_person, at)
    return {"id": stays.id, "version": stays.version, "duplicate_application_ids": duplicates}
