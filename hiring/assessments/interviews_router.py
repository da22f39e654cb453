"""Routes of interviews, who takes part, scorecards, and screening checks."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from hiring.access import Access, BearerCredential, requires
from hiring.assessments import schemas
from hiring.assessments.interviews import InterviewService
from hiring.assessments.known_applications import KnownApplications
from hiring.assessments.screening import ScreeningService
from hiring.permissions import Permission
from hiring.routing import ExpectedVersion, PageQuery, When, created, domain_router, tagged
from hiring.schemas import Page
from hiring.transaction import DatabaseSession, TransactionRoute

router = domain_router("interviews")
internal = APIRouter(prefix="/internal", tags=["internal"], route_class=TransactionRoute)


async def _interviews(request: Request) -> InterviewService:
    service: InterviewService = request.app.state.interviews
    return service


async def _screening(request: Request) -> ScreeningService:
    service: ScreeningService = request.app.state.screening
    return service


async def known_applications(request: Request) -> KnownApplications:
    """Return what this service knows of applications."""
    known: KnownApplications = request.app.state.known_applications
    return known


Service = Annotated[InterviewService, Depends(_interviews)]
Screening = Annotated[ScreeningService, Depends(_screening)]
Known = Annotated[KnownApplications, Depends(known_applications)]
Read = Annotated[Access, requires(Permission.ASSESSMENTS_READ)]
Write = Annotated[Access, requires(Permission.ASSESSMENTS_WRITE)]
Score = Annotated[Access, requires(Permission.SCORECARDS_OWN)]


@internal.post("/interviews", response_model=list[schemas.Appointment])
def look_up_interviews(
    body: schemas.InterviewQuestion,
    access: Annotated[Access, requires(Permission.CONTACTS_READ, keeps_reply=False)],
    session: DatabaseSession,
    service: Service,
) -> Any:
    """Return when and where interviews are, for the service that tells candidates; for a service's key alone, never for people."""
    access.require_platform()
    return service.appointments(session, body.ids)


@router.post("/interviews", status_code=201, response_model=schemas.Interview)
def schedule_interview(
    body: schemas.NewInterview,
    access: Write,
    session: DatabaseSession,
    service: Service,
    known: Known,
    sent: BearerCredential,
    response: Response,
) -> Any:
    """Schedule an interview of an application."""
    assert sent is not None
    tenant_id = known.require(session, access, sent.credentials, body.application_id).tenant_id
    row = service.schedule(session, access, tenant_id, body)
    created(response, "interviews", row.id)
    return tagged(response, row)


@router.get("/interviews", response_model=Page[schemas.Interview])
def list_interviews(
    access: Read,
    session: DatabaseSession,
    service: Service,
    page: PageQuery,
    application_id: UUID | None = None,
    status: schemas.InterviewStatus | None = None,
) -> Any:
    """List interviews of your schools."""
    return service.page(session, access, {"application_id": application_id, "status": status}, page)


@router.get("/interviews/{interview_id}", response_model=schemas.Interview)
def show_interview(interview_id: UUID, access: Read, session: DatabaseSession, service: Service, response: Response) -> Any:
    """Return one interview."""
    return tagged(response, service.interview(session, access, interview_id))


@router.post("/interviews/{interview_id}/reschedule", response_model=schemas.Interview)
def reschedule_interview(
    interview_id: UUID,
    body: schemas.NewTimes,
    version: ExpectedVersion,
    access: Write,
    session: DatabaseSession,
    service: Service,
    response: Response,
) -> Any:
    """Give a scheduled interview other times, or another place."""
    return tagged(response, service.reschedule(session, access, interview_id, body, version))


@router.post("/interviews/{interview_id}/held", response_model=schemas.Interview)
def hold_interview(
    interview_id: UUID, body: When, version: ExpectedVersion, access: Write, session: DatabaseSession, service: Service, response: Response
) -> Any:
    """Say that an interview was held."""
    return tagged(response, service.end(session, access, interview_id, "held", body.event_at, version))


@router.post("/interviews/{interview_id}/cancel", response_model=schemas.Interview)
def cancel_interview(
    interview_id: UUID, body: When, version: ExpectedVersion, access: Write, session: DatabaseSession, service: Service, response: Response
) -> Any:
    """Cancel a scheduled interview."""
    return tagged(response, service.end(session, access, interview_id, "cancelled", body.event_at, version))


@router.post("/interviews/{interview_id}/no-show", response_model=schemas.Interview)
def miss_interview(
    interview_id: UUID, body: When, version: ExpectedVersion, access: Write, session: DatabaseSession, service: Service, response: Response
) -> Any:
    """Say that the candidate did not come."""
    return tagged(response, service.end(session, access, interview_id, "no_show", body.event_at, version))


@router.get("/interviews/{interview_id}/participants", response_model=list[schemas.Participant])
def list_participants(interview_id: UUID, access: Read, session: DatabaseSession, service: Service) -> Any:
    """Return who interviews."""
    return service.participants(session, access, interview_id)


@router.post("/interviews/{interview_id}/participants", status_code=201, response_model=schemas.Participant)
def add_participant(interview_id: UUID, body: schemas.NewParticipant, access: Write, session: DatabaseSession, service: Service) -> Any:
    """Add an interviewer."""
    return service.add_participant(session, access, interview_id, body.user_id)


@router.delete("/interviews/{interview_id}/participants/{user_id}", status_code=204)
def remove_participant(interview_id: UUID, user_id: UUID, access: Write, session: DatabaseSession, service: Service) -> None:
    """Take an interviewer off."""
    service.remove_participant(session, access, interview_id, user_id)


@router.post("/interviews/{interview_id}/scorecards", status_code=201, response_model=schemas.Scorecard)
def submit_scorecard(interview_id: UUID, body: schemas.NewScorecard, access: Score, session: DatabaseSession, service: Service) -> Any:
    """Submit your scorecard; it is final."""
    return service.submit_scorecard(session, access, interview_id, body)


@router.get("/interviews/{interview_id}/scorecards", response_model=list[schemas.Scorecard])
def list_scorecards(interview_id: UUID, access: Read, session: DatabaseSession, service: Service) -> Any:
    """Return the submitted scorecards."""
    return service.scorecards(session, access, interview_id)


@router.post("/screening-checks", status_code=201, response_model=schemas.Check, tags=["screening"])
def request_check(
    body: schemas.NewCheck,
    access: Write,
    session: DatabaseSession,
    service: Screening,
    known: Known,
    sent: BearerCredential,
    response: Response,
) -> Any:
    """Ask for a screening check of an application."""
    assert sent is not None
    tenant_id = known.require(session, access, sent.credentials, body.application_id).tenant_id
    row = service.request(session, access, tenant_id, body)
    created(response, "screening-checks", row.id)
    return tagged(response, row)


@router.get("/screening-checks", response_model=Page[schemas.Check])
def list_checks(access: Read, session: DatabaseSession, service: Screening, page: PageQuery, application_id: UUID | None = None) -> Any:
    """List screening checks of your schools."""
    return service.page(session, access, {"application_id": application_id}, page)


@router.get("/screening-checks/{check_id}", response_model=schemas.Check)
def show_check(check_id: UUID, access: Read, session: DatabaseSession, service: Screening, response: Response) -> Any:
    """Return one screening check."""
    return tagged(response, service.check(session, access, check_id))


@router.post("/screening-checks/{check_id}/complete", response_model=schemas.Check)
def complete_check(
    check_id: UUID,
    body: schemas.CheckCompletion,
    version: ExpectedVersion,
    access: Write,
    session: DatabaseSession,
    service: Screening,
    response: Response,
) -> Any:
    """Keep what a check found."""
    return tagged(response, service.complete(session, access, check_id, body, version))
