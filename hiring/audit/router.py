"""Routes of audited actions: equity packs and files of figures. The data never passes the API: it only says, and logs, who may."""

from typing import Annotated

from fastapi import Depends, Request

from hiring.access import Access, requires
from hiring.audit import schemas
from hiring.audit.errors import ReasonRequired
from hiring.audit.service import EQUITY_PACK, AuditService
from hiring.errors import Forbidden, NotFound
from hiring.origin import origin_of
from hiring.permissions import Permission
from hiring.routing import domain_router
from hiring.transaction import DatabaseSession

router = domain_router("audit")


async def _service(request: Request) -> AuditService:
    service: AuditService = request.app.state.audit
    return service


@router.post("/audit/equity-packs", status_code=201, response_model=schemas.EquityPack)
def allow_equity_pack(
    body: schemas.NewEquityPack,
    access: Annotated[Access, requires(Permission.EQUITY_AUDIT, keeps_reply=False, audited_as=EQUITY_PACK)],
    session: DatabaseSession,
    service: Annotated[AuditService, Depends(_service)],
    request: Request,
) -> schemas.EquityPack:
    """Log, with its reason, that a bias auditor makes an audit pack of one model and year; `nexus audit-pack` then makes it."""
    return service.allow_equity_pack(session, access, body, origin_of(request))


@router.post("/audit/exports", status_code=204)
def keep_export(body: schemas.NewExport, access: Annotated[Access, requires(Permission.INSIGHTS_READ)]) -> None:
    """Log that a file leaves, or that people are listed; whoever makes files asks before, and makes none without a yes."""
    if body.tenant_id is not None:
        access.require_school(body.tenant_id, NotFound("tenant_id: there is no such school"))
    if body.holds == "people" and not access.caller.holds(Permission.APPLICATIONS_READ):
        raise Forbidden(f"a list of people needs the permission {Permission.APPLICATIONS_READ}")
    is_file = body.format != "page"
    if body.holds == "people" and is_file and not body.reason:
        raise ReasonRequired("reason: say in a few words why this list of people is taken, without naming anybody")
    action = "export.file" if is_file else "private.read"
    access.log(
        action, body.holds, body.name,
        tenant_id=body.tenant_id, reason=body.reason, rows_affected=body.rows, after={"format": body.format},
    )  # fmt: skip


@router.post("/audit/served-metrics", status_code=204)
def keep_served(
    body: schemas.ServedBatch,
    access: Annotated[Access, requires(Permission.EXPORTS_RECORD, keeps_reply=False)],
    session: DatabaseSession,
    service: Annotated[AuditService, Depends(_service)],
    request: Request,
) -> None:
    """Log what the metrics API gave to whom; for that service's key alone."""
    access.require_platform()
    service.log_served(session, access, body, origin_of(request))
