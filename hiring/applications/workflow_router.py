"""Routes of stage definitions and terminal reasons."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request

from hiring.access import Access, requires
from hiring.applications import schemas
from hiring.applications.stages import WorkflowService
from hiring.permissions import Permission
from hiring.routing import PageQuery, domain_router
from hiring.schemas import Page
from hiring.transaction import DatabaseSession

router = domain_router("workflow")


async def _service(request: Request) -> WorkflowService:
    service: WorkflowService = request.app.state.workflow
    return service


Service = Annotated[WorkflowService, Depends(_service)]
Read = Annotated[Access, requires(Permission.APPLICATIONS_READ)]
Write = Annotated[Access, requires(Permission.WORKFLOW_WRITE)]


@router.post("/stage-definitions", status_code=201, response_model=schemas.Stage)
def add_stage(body: schemas.NewStage, access: Write, session: DatabaseSession, service: Service) -> Any:
    """Add a stage of a school's process."""
    return service.add_stage(session, access, body)


@router.post("/stage-definitions/{stage_id}/end", response_model=schemas.Stage)
def end_stage(stage_id: UUID, access: Write, session: DatabaseSession, service: Service) -> Any:
    """Take a stage out of use."""
    return service.end_stage(session, access, stage_id)


@router.get("/stage-definitions", response_model=Page[schemas.Stage])
def list_stages(access: Read, session: DatabaseSession, service: Service, page: PageQuery) -> Any:
    """List stages, ended ones too."""
    return service.stage_page(session, access, page)


@router.post("/terminal-reasons", status_code=201, response_model=schemas.Reason)
def add_reason(body: schemas.NewReason, access: Write, session: DatabaseSession, service: Service) -> Any:
    """Add a reason why applications end."""
    return service.add_reason(session, access, body)


@router.get("/terminal-reasons", response_model=Page[schemas.Reason])
def list_reasons(access: Read, session: DatabaseSession, service: Service, page: PageQuery) -> Any:
    """List the network's reasons and your schools' own."""
    return service.reason_page(session, access, page)
