"""Routes of the self-identification survey: application, school and consent are read, then the answer is written alone."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy.orm import Session, sessionmaker

from foundation import clock
from hiring.access import Access, public, requires
from hiring.applications.service import ApplicationService
from hiring.candidates.service import CandidateService
from hiring.equity import schemas
from hiring.equity.errors import SurveyNotOffered
from hiring.equity.service import EquityService
from hiring.identity.service import IdentityService
from hiring.permissions import Permission
from hiring.routing import domain_router
from hiring.transaction import DatabaseSession

router = domain_router("equity survey")


@dataclass(frozen=True)
class SurveyFlow:
    """What the survey needs of other domains, and its own data path."""

    identity: IdentityService
    candidates: CandidateService
    applications: ApplicationService
    equity: EquityService
    session_maker: sessionmaker[Session]


async def _flow(request: Request) -> SurveyFlow:
    flow: SurveyFlow = request.app.state.survey
    return flow


Wired = Annotated[SurveyFlow, Depends(_flow)]


@router.post("/equity/invitations", status_code=201, response_model=schemas.Invitation)
def invite(
    body: schemas.NewInvitation,
    access: Annotated[Access, requires(Permission.EQUITY_INVITE, keeps_reply=False)],
    session: DatabaseSession,
    flow: Wired,
) -> Any:
    """Make a survey link for the person behind an application, where the school offers the survey."""
    application = flow.applications.application(session, access, body.application_id)
    person_id = flow.candidates.remaining_id(session, access, application.candidate_id)
    if not flow.identity.survey_enabled(session, application.tenant_id):
        raise SurveyNotOffered("the school does not offer the survey: law or its settings forbid it")
    if flow.candidates.refuses_survey(session, person_id):
        raise SurveyNotOffered("the person withdrew from the survey")
    # Neither person nor application: the order of rows would lead from them to the invitation, which is written next.
    access.log("equity.invite", "equity_invitation", tenant_id=application.tenant_id)
    session.commit()  # what follows shares no transaction with what was read
    token, last_day = flow.equity.invite(application.tenant_id, person_id, body.question_set_version, body.locale, access.now.date())
    return {"token": token, "valid_until": last_day}


@router.post("/equity/responses", status_code=204, dependencies=[Depends(public)])
def answer(body: schemas.Answers, flow: Wired) -> None:
    """Answer the survey; the link is the only credential. An answer is final."""
    link = flow.equity.open_link(body.token.get_secret_value())
    with flow.session_maker() as session:
        is_offered = flow.identity.survey_enabled(session, link.tenant_id)
    if not is_offered:
        raise SurveyNotOffered("the school does not offer the survey any more")
    flow.equity.answer(link, body, clock.now().date())
