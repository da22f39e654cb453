"""Routes of audited actions: equity packs and files of figures. The data never passes the API: it only says, and logs, who may."""

from typing import Annotated

from fastapi import Depends, Request

from hiring.access import Access, requires
from hiring.audit import schemas
from hiring.audit.service import EQUITY_PACK, AuditService
from hiring.errors import NotFound
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
    """Log that a file of figures leaves; whoever makes files asks before, and makes none without a yes."""
    if body.tenant_id is not None:
        access.require_school(body.tenant_id, NotFound("tenant_id: there is no such school"))
    access.log("export.file", "figures", body.name, tenant_id=body.tenant_id, rows_affected=body.rows, after={"format": body.format})
