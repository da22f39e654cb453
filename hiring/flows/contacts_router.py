"""The route the notification service asks for contacts: for services with scope ``contacts:read`` alone, never for people."""

from typing import Annotated, Any

from fastapi import APIRouter, Request

from hiring.access import Access, requires
from hiring.candidates.service import CandidateService
from hiring.flows import schemas
from hiring.flows.contacts import contacts_of
from hiring.permissions import Permission
from hiring.transaction import DatabaseSession, TransactionRoute

router = APIRouter(prefix="/internal", tags=["internal"], route_class=TransactionRoute)


@router.post("/contacts", response_model=schemas.ContactAnswer)
def look_up_contacts(
    body: schemas.ContactQuestion,
    access: Annotated[Access, requires(Permission.CONTACTS_READ, keeps_reply=False)],
    session: DatabaseSession,
    request: Request,
) -> Any:
    """Return where to write to people, merged records followed; who was erased, left or is unknown is left out."""
    access.require_platform()
    candidates: CandidateService = request.app.state.candidates
    return contacts_of(session, candidates, body)
