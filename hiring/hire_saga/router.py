"""Routes of the hire saga, and of offers and hires where they touch openings: drafting, accepting, losing."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Depends, Request, Response

from hiring.access import Access, requires
from hiring.applications import schemas as application_schemas
from hiring.hire_saga import schemas
from hiring.hire_saga.engine import is_stuck
from hiring.hire_saga.service import HireSagaService
from hiring.hire_saga.tables import sagas
from hiring.permissions import Permission
from hiring.routing import PageQuery, When, created, domain_router, tagged
from hiring.schemas import Page
from hiring.transaction import DatabaseSession

router = domain_router("hire saga")


async def _service(request: Request) -> HireSagaService:
    service: HireSagaService = request.app.state.hire_sagas
    return service


Service = Annotated[HireSagaService, Depends(_service)]
Read = Annotated[Access, requires(Permission.OFFERS_READ)]
Write = Annotated[Access, requires(Permission.OFFERS_WRITE)]
Approve = Annotated[Access, requires(Permission.OFFERS_APPROVE)]
WriteOutcomes = Annotated[Access, requires(Permission.OUTCOMES_WRITE)]


@router.post("/applications/{application_id}/hire", status_code=202, response_model=schemas.HireSaga)
def start_hire_saga(
    application_id: UUID, body: schemas.NewHire, access: Approve, session: DatabaseSession, service: Service, response: Response
) -> Any:
    """Start hiring somebody: reserve an opening, send an offer on these terms, await the answer. The same again answers the same."""
    row = service.start(session, access, application_id, body)
    created(response, "hire-sagas", row.id)
    return tagged(response, row)


@router.get("/hire-sagas", response_model=Page[schemas.HireSaga])
def list_hire_sagas(
    access: Read,
    session: DatabaseSession,
    service: Service,
    page: PageQuery,
    application_id: UUID | None = None,
    job_id: UUID | None = None,
    state: schemas.State | None = None,
) -> Any:
    """List hires; ``state=stuck`` also those whose step is overdue."""
    equal = {"application_id": application_id, "job_id": job_id, "state": None if state == "stuck" else state}
    filters = [sagas.c[name] == value for name, value in equal.items() if value is not None]
    return service.page(session, access, filters + ([is_stuck(access.now)] if state == "stuck" else []), page)


@router.get("/hire-sagas/{saga_id}", response_model=schemas.HireSaga)
def show_hire_saga(saga_id: UUID, access: Read, session: DatabaseSession, service: Service, response: Response) -> Any:
    """Return a hire: where it stands, what failed, when it is tried again."""
    return tagged(response, service.saga(session, access, saga_id))


@router.post("/hire-sagas/{saga_id}/retry", response_model=schemas.HireSaga)
def retry_hire_saga(saga_id: UUID, access: Write, session: DatabaseSession, service: Service) -> Any:
    """Try the step that failed again, at once."""
    return service.retry(session, access, saga_id)


@router.post("/hire-sagas/{saga_id}/cancel", response_model=schemas.HireSaga)
def cancel_hire_saga(saga_id: UUID, access: Write, session: DatabaseSession, service: Service) -> Any:
    """Withdraw the offer before it is answered: the opening becomes free, the agency is told; the application stays active."""
    return service.cancel(session, access, saga_id)


@router.post("/applications/{application_id}/offers", status_code=201, response_model=application_schemas.Offer)
def draft_offer(
    application_id: UUID, body: application_schemas.NewOffer, access: Write, session: DatabaseSession, service: Service, response: Response
) -> Any:
    """Draft an offer for a free opening, to be approved and sent by hand. It reserves nothing: the first acceptance gets the opening."""
    row = service.draft_offer(session, access, application_id, body)
    created(response, "offers", row.id)
    return row


@router.post("/offers/{offer_id}/accept", status_code=201, response_model=application_schemas.Hire)
def accept_offer(
    offer_id: UUID,
    body: Annotated[application_schemas.Acceptance, Body(default_factory=application_schemas.Acceptance)],
    access: Write,
    session: DatabaseSession,
    service: Service,
    response: Response,
) -> Any:
    """Keep that the candidate accepted: the opening is filled; with the last one the job closes and its other applications end."""
    row = service.accept(session, access, offer_id, body)
    created(response, "hires", row.id)
    return row


@router.post("/hires/{hire_id}/renege", response_model=application_schemas.Hire)
def renege_hire(hire_id: UUID, body: When, access: WriteOutcomes, session: DatabaseSession, service: Service) -> Any:
    """Keep that a hired person never started: the opening is free again."""
    return service.renege(session, access, hire_id, body.event_at)
