"""Routes of offers, hires and employment outcomes. Drafting, accepting and losing a hire touch openings too: see ``hiring/hire_saga``."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Depends, Request

from hiring.access import Access, requires
from hiring.applications import schemas
from hiring.applications.offers import OfferService
from hiring.applications.tables import hires, offers
from hiring.domain_events import EventType
from hiring.permissions import Permission
from hiring.routing import PageQuery, When, domain_router
from hiring.schemas import Page
from hiring.transaction import DatabaseSession

router = domain_router("offers")


async def _service(request: Request) -> OfferService:
    service: OfferService = request.app.state.offers
    return service


Service = Annotated[OfferService, Depends(_service)]
Read = Annotated[Access, requires(Permission.OFFERS_READ)]
Write = Annotated[Access, requires(Permission.OFFERS_WRITE)]
Approve = Annotated[Access, requires(Permission.OFFERS_APPROVE)]
WriteOutcomes = Annotated[Access, requires(Permission.OUTCOMES_WRITE)]


@router.get("/offers", response_model=Page[schemas.Offer])
def list_offers(
    access: Read,
    session: DatabaseSession,
    service: Service,
    page: PageQuery,
    application_id: UUID | None = None,
    opening_id: UUID | None = None,
    status: schemas.OfferStatus | None = None,
) -> Any:
    """List offers."""
    equal = {"application_id": application_id, "opening_id": opening_id, "status": status}
    return service.page(session, access, [offers.c[name] == value for name, value in equal.items() if value is not None], page)


@router.get("/offers/{offer_id}", response_model=schemas.Offer)
def show_offer(offer_id: UUID, access: Read, session: DatabaseSession, service: Service) -> Any:
    """Return one offer."""
    return service.offer(session, access, offer_id)


@router.post("/offers/{offer_id}/revise", status_code=201, response_model=schemas.Offer)
def revise_offer(offer_id: UUID, body: schemas.OfferTerms, access: Write, session: DatabaseSession, service: Service) -> Any:
    """Replace a live offer by a new version."""
    return service.revise(session, access, offer_id, body)


@router.post("/offers/{offer_id}/submit", response_model=schemas.Offer)
def submit_offer(offer_id: UUID, body: When, access: Write, session: DatabaseSession, service: Service) -> Any:
    """Ask for approval."""
    return service.step(session, access, offer_id, "submit", body.event_at)


@router.post("/offers/{offer_id}/approve", response_model=schemas.Offer)
def approve_offer(offer_id: UUID, body: When, access: Approve, session: DatabaseSession, service: Service) -> Any:
    """Approve an offer."""
    return service.step(session, access, offer_id, "approve", body.event_at)


@router.post("/offers/{offer_id}/send", response_model=schemas.Offer)
def send_offer(offer_id: UUID, body: When, access: Write, session: DatabaseSession, service: Service) -> Any:
    """Send an approved offer."""
    return service.step(session, access, offer_id, "send", body.event_at)


@router.post("/offers/{offer_id}/expire", response_model=schemas.Offer)
def expire_offer(offer_id: UUID, body: When, access: Write, session: DatabaseSession, service: Service) -> Any:
    """Let a sent offer lapse; the application stays active."""
    return service.step(session, access, offer_id, "expire", body.event_at)


@router.post("/offers/{offer_id}/rescind", response_model=schemas.Offer)
def rescind_offer(offer_id: UUID, body: When, access: Write, session: DatabaseSession, service: Service) -> Any:
    """Take an offer back; the application stays active."""
    return service.step(session, access, offer_id, "rescind", body.event_at)


@router.post("/offers/{offer_id}/decline", response_model=schemas.Offer)
def decline_offer(
    offer_id: UUID,
    body: Annotated[schemas.Ending, Body(default_factory=schemas.Ending)],
    access: Write,
    session: DatabaseSession,
    service: Service,
) -> Any:
    """Keep that the candidate declined; the application ends."""
    return service.decline(session, access, offer_id, body.reason_id, body.event_at)


@router.get("/hires", response_model=Page[schemas.Hire])
def list_hires(access: Read, session: DatabaseSession, service: Service, page: PageQuery, application_id: UUID | None = None) -> Any:
    """List hires."""
    filters = [hires.c.application_id == application_id] if application_id is not None else []
    return service.hire_page(session, access, filters, page)


@router.get("/hires/{hire_id}", response_model=schemas.Hire)
def show_hire(hire_id: UUID, access: Read, session: DatabaseSession, service: Service) -> Any:
    """Return one hire."""
    return service.hire_row(session, access, hire_id)


@router.post("/hires/{hire_id}/start", response_model=schemas.Hire)
def start_hire(hire_id: UUID, body: When, access: WriteOutcomes, session: DatabaseSession, service: Service) -> Any:
    """Keep that the person started."""
    return service.move_hire(session, access, hire_id, "started", EventType.HIRE_STARTED, access.event_at(body.event_at))


@router.post("/hires/{hire_id}/employment-outcomes", status_code=201, response_model=schemas.Outcome)
def record_outcome(hire_id: UUID, body: schemas.NewOutcome, access: WriteOutcomes, session: DatabaseSession, service: Service) -> Any:
    """Record how an employment stands on a day."""
    return service.record_outcome(session, access, hire_id, body)


@router.get("/hires/{hire_id}/employment-outcomes", response_model=list[schemas.Outcome])
def list_outcomes(hire_id: UUID, access: WriteOutcomes, session: DatabaseSession, service: Service) -> Any:
    """Return what was recorded of an employment."""
    return service.outcomes(session, access, hire_id)
