"""Routes of applications. Submitting touches jobs and candidates too: see ``hiring/flows``."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Depends, Request, Response

from hiring.access import Access, requires
from hiring.applications import schemas
from hiring.applications.service import ApplicationService
from hiring.applications.standing import StandingService
from hiring.applications.tables import applications
from hiring.permissions import Permission
from hiring.routing import ExpectedVersion, PageQuery, domain_router, tagged
from hiring.schemas import Instant, Page
from hiring.transaction import DatabaseSession

router = domain_router("applications")


async def _service(request: Request) -> ApplicationService:
    service: ApplicationService = request.app.state.applications
    return service


async def _standing(request: Request) -> StandingService:
    standing: StandingService = request.app.state.standing
    return standing


Service = Annotated[ApplicationService, Depends(_service)]
Standing = Annotated[StandingService, Depends(_standing)]
Read = Annotated[Access, requires(Permission.APPLICATIONS_READ)]
Write = Annotated[Access, requires(Permission.APPLICATIONS_WRITE)]
Why = Annotated[schemas.Ending, Body(default_factory=schemas.Ending)]


@router.get("/applications", response_model=Page[schemas.Application])
def list_applications(
    access: Read,
    session: DatabaseSession,
    service: Service,
    page: PageQuery,
    tenant_id: UUID | None = None,
    job_id: UUID | None = None,
    candidate_id: UUID | None = None,
    status: schemas.Status | None = None,
    current_stage: str | None = None,
    applied_from: Instant | None = None,
    applied_to: Instant | None = None,
) -> Any:
    """List applications in reach; ``tenant_id`` narrows, it never widens."""
    columns = applications.c
    equal = {"tenant_id": tenant_id, "job_id": job_id, "candidate_id": candidate_id, "status": status, "current_stage": current_stage}
    filters = [columns[name] == value for name, value in equal.items() if value is not None]
    filters += [columns.applied_at >= applied_from] if applied_from else []
    filters += [columns.applied_at < applied_to] if applied_to else []
    return service.page(session, access, filters, page)


@router.get("/applications/{application_id}", response_model=schemas.Application)
def show_application(application_id: UUID, access: Read, session: DatabaseSession, service: Service, response: Response) -> Any:
    """Return one application."""
    return tagged(response, service.application(session, access, application_id))


@router.get("/applications/{application_id}/stage-events", response_model=list[schemas.StageEvent])
def list_stage_events(application_id: UUID, access: Read, session: DatabaseSession, service: Service) -> Any:
    """Return the steps of an application."""
    return service.events(session, access, application_id)


@router.get("/applications/{application_id}/moves", response_model=list[schemas.PossibleMove])
def list_moves(application_id: UUID, access: Read, session: DatabaseSession, standing: Standing) -> Any:
    """Return the stages an application may be moved to; none once it has ended."""
    return standing.moves(session, access, application_id)


@router.get("/applications/{application_id}/touches", response_model=list[schemas.Touch])
def list_touches(application_id: UUID, access: Read, session: DatabaseSession, service: Service) -> Any:
    """Return the contacts that count for attribution."""
    return service.parts(session, access, application_id, "touches")


@router.get("/applications/{application_id}/messages", response_model=list[schemas.Message])
def list_messages(application_id: UUID, access: Read, session: DatabaseSession, service: Service) -> Any:
    """Return when messages were exchanged."""
    return service.parts(session, access, application_id, "messages")


@router.post("/applications/{application_id}/move", response_model=schemas.Application)
def move_application(
    application_id: UUID,
    body: schemas.Move,
    version: ExpectedVersion,
    access: Write,
    session: DatabaseSession,
    service: Service,
    response: Response,
) -> Any:
    """Move an application to another stage, forwards or back."""
    return tagged(response, service.move(session, access, application_id, body.to_stage, body.event_at, version))


@router.post("/applications/{application_id}/reject", response_model=schemas.Application)
def reject_application(
    application_id: UUID,
    body: Why,
    version: ExpectedVersion,
    access: Write,
    session: DatabaseSession,
    service: Service,
    response: Response,
) -> Any:
    """Reject: the school ends the application."""
    return tagged(response, service.end(session, access, application_id, "rejected", body.reason_id, body.event_at, version))


@router.post("/applications/{application_id}/withdraw", response_model=schemas.Application)
def withdraw_application(
    application_id: UUID,
    body: Why,
    version: ExpectedVersion,
    access: Write,
    session: DatabaseSession,
    service: Service,
    response: Response,
) -> Any:
    """Withdraw: the candidate ends the application."""
    return tagged(response, service.end(session, access, application_id, "withdrawn", body.reason_id, body.event_at, version))


@router.post("/applications/{application_id}/messages", status_code=201, response_model=schemas.Message)
def add_message(application_id: UUID, body: schemas.NewMessage, access: Write, session: DatabaseSession, service: Service) -> Any:
    """Keep that a message was exchanged; its text is not kept."""
    return service.add_message(session, access, application_id, body)


@router.post("/applications/{application_id}/experience-surveys", status_code=201, response_model=schemas.ExperienceSurvey)
def add_survey(application_id: UUID, body: schemas.NewExperienceSurvey, access: Write, session: DatabaseSession, service: Service) -> Any:
    """Keep how a candidate rated the process."""
    return service.add_experience_survey(session, access, application_id, body)


@router.get("/agency-submissions", response_model=Page[schemas.AgencySubmission])
def list_submissions(access: Read, session: DatabaseSession, service: Service, page: PageQuery) -> Any:
    """List what agencies submitted to your schools, or your agency did."""
    return service.submission_page(session, access, page)
