"""Routes of saved views, targets and receipts."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Path, Request, Response

from hiring.access import Access, requires
from hiring.insights import schemas
from hiring.insights.service import InsightsService
from hiring.permissions import Permission
from hiring.routing import PageQuery, RequiredVersion, created, domain_router, tagged
from hiring.schemas import Code, Page
from hiring.transaction import DatabaseSession

router = domain_router("insights")


async def _service(request: Request) -> InsightsService:
    service: InsightsService = request.app.state.insights
    return service


Service = Annotated[InsightsService, Depends(_service)]
Own = Annotated[Access, requires(Permission.VIEWS_OWN)]
Read = Annotated[Access, requires(Permission.INSIGHTS_READ)]
Manage = Annotated[Access, requires(Permission.INSIGHTS_MANAGE)]


@router.post("/saved-views", status_code=201, response_model=schemas.SavedView)
def save_view(body: schemas.NewView, access: Own, session: DatabaseSession, service: Service, response: Response) -> Any:
    """Save a page's filters under a name, for yourself."""
    row = service.save_view(session, access, body)
    created(response, "saved-views", row.id)
    return tagged(response, row)


@router.get("/saved-views", response_model=Page[schemas.SavedView])
def list_views(access: Own, session: DatabaseSession, service: Service, paging: PageQuery, page: Code | None = None) -> Any:
    """List your own views; ``page`` names a dashboard page."""
    return service.view_page(session, access, page, paging)


@router.get("/saved-views/{view_id}", response_model=schemas.SavedView)
def show_view(view_id: UUID, access: Own, session: DatabaseSession, service: Service, response: Response) -> Any:
    """Return one of your views."""
    return tagged(response, service.view(session, access, view_id))


@router.patch("/saved-views/{view_id}", response_model=schemas.SavedView)
def change_view(
    view_id: UUID,
    body: schemas.ViewChange,
    version: RequiredVersion,
    access: Own,
    session: DatabaseSession,
    service: Service,
    response: Response,
) -> Any:
    """Rename a view or give it other filters."""
    return tagged(response, service.change_view(session, access, view_id, body, version))


@router.delete("/saved-views/{view_id}", status_code=204)
def delete_view(view_id: UUID, access: Own, session: DatabaseSession, service: Service) -> None:
    """Forget a view."""
    service.delete_view(session, access, view_id)


@router.post("/targets", status_code=201, response_model=schemas.Target)
def set_target(body: schemas.NewTarget, access: Manage, session: DatabaseSession, service: Service, response: Response) -> Any:
    """Set what a metric should be at a school."""
    row = service.set_target(session, access, body)
    created(response, "targets", row.id)
    return tagged(response, row)


@router.get("/targets", response_model=Page[schemas.Target])
def list_targets(
    access: Read,
    session: DatabaseSession,
    service: Service,
    paging: PageQuery,
    tenant_id: UUID | None = None,
    metric_id: schemas.MetricId | None = None,
    season: schemas.Season | None = None,
) -> Any:
    """List targets of your schools."""
    return service.target_page(session, access, {"tenant_id": tenant_id, "metric_id": metric_id, "season": season}, paging)


@router.get("/targets/{target_id}", response_model=schemas.Target)
def show_target(target_id: UUID, access: Read, session: DatabaseSession, service: Service, response: Response) -> Any:
    """Return one target."""
    return tagged(response, service.target(session, access, target_id))


@router.patch("/targets/{target_id}", response_model=schemas.Target)
def change_target(
    target_id: UUID,
    body: schemas.TargetChange,
    version: RequiredVersion,
    access: Manage,
    session: DatabaseSession,
    service: Service,
    response: Response,
) -> Any:
    """Change a goal."""
    return tagged(response, service.change_target(session, access, target_id, body, version))


@router.delete("/targets/{target_id}", status_code=204)
def delete_target(target_id: UUID, access: Manage, session: DatabaseSession, service: Service) -> None:
    """Give a target up."""
    service.delete_target(session, access, target_id)


@router.post("/receipts", status_code=201, response_model=schemas.Receipt)
def make_receipt(
    body: schemas.NewReceipt,
    access: Annotated[Access, requires(Permission.RECEIPTS_WRITE)],
    session: DatabaseSession,
    service: Service,
    response: Response,
) -> Any:
    """Keep a figure with everything that explains it. Only services that compute figures may."""
    row = service.make_receipt(session, access, body)
    response.headers["Location"] = f"/v1/receipts/{row.id}"
    return row


@router.get("/receipts/{receipt_id}", response_model=schemas.Receipt)
def show_receipt(receipt_id: Annotated[str, Path(max_length=64)], access: Read, session: DatabaseSession, service: Service) -> Any:
    """Return a receipt made under a scope that yours covers."""
    return service.receipt(session, access, receipt_id)
