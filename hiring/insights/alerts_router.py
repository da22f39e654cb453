"""Routes of alert rules, alert events and report schedules."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response

from hiring.access import Access, requires
from hiring.insights import alert_schemas as schemas
from hiring.insights.alerts import AlertService
from hiring.permissions import Permission
from hiring.routing import PageQuery, RequiredVersion, created, domain_router, tagged
from hiring.schemas import Page
from hiring.transaction import DatabaseSession

router = domain_router("alerts")


async def _service(request: Request) -> AlertService:
    service: AlertService = request.app.state.alerts
    return service


Service = Annotated[AlertService, Depends(_service)]
Read = Annotated[Access, requires(Permission.INSIGHTS_READ)]
Manage = Annotated[Access, requires(Permission.INSIGHTS_MANAGE)]
Record = Annotated[Access, requires(Permission.ALERTS_RECORD)]


@router.post("/alert-rules", status_code=201, response_model=schemas.Rule)
def add_rule(body: schemas.NewRule, access: Manage, session: DatabaseSession, service: Service, response: Response) -> Any:
    """Add a rule: whom to tell when a figure meets a condition."""
    row = service.add_rule(session, access, body)
    created(response, "alert-rules", row.id)
    return tagged(response, row)


@router.get("/alert-rules", response_model=Page[schemas.Rule])
def list_rules(
    access: Read,
    session: DatabaseSession,
    service: Service,
    page: PageQuery,
    tenant_id: UUID | None = None,
    is_active: bool | None = None,
) -> Any:
    """List rules of your schools, with what each saw last."""
    return service.rule_page(session, access, {"tenant_id": tenant_id, "is_active": is_active}, page)


@router.get("/alert-rules/{rule_id}", response_model=schemas.Rule)
def show_rule(rule_id: UUID, access: Read, session: DatabaseSession, service: Service, response: Response) -> Any:
    """Return one rule."""
    return tagged(response, service.rule(session, access, rule_id))


@router.patch("/alert-rules/{rule_id}", response_model=schemas.Rule)
def change_rule(
    rule_id: UUID,
    body: schemas.RuleChange,
    version: RequiredVersion,
    access: Manage,
    session: DatabaseSession,
    service: Service,
    response: Response,
) -> Any:
    """Change a rule, or switch it off."""
    return tagged(response, service.change_rule(session, access, rule_id, body, version))


@router.delete("/alert-rules/{rule_id}", status_code=204)
def delete_rule(rule_id: UUID, access: Manage, session: DatabaseSession, service: Service) -> None:
    """Delete a rule; its events stay."""
    service.delete_rule(session, access, rule_id)


@router.post("/alert-rules/{rule_id}/evaluations", response_model=schemas.Verdict)
def record_evaluation(rule_id: UUID, body: schemas.Evaluation, access: Record, session: DatabaseSession, service: Service) -> Any:
    """Keep what a rule saw in a published version; the reply holds the event to deliver, if there is one."""
    return service.record_evaluation(session, access, rule_id, body)


@router.get("/alert-rules/{rule_id}/recipient", response_model=schemas.Recipient)
def show_recipient(rule_id: UUID, access: Record, session: DatabaseSession, service: Service, response: Response) -> Any:
    """Return where a rule's alerts go, looked up now."""
    response.headers["Cache-Control"] = "no-store"
    return service.recipient(session, access, rule_id)


@router.get("/alert-events", response_model=Page[schemas.Event])
def list_events(
    access: Read,
    session: DatabaseSession,
    service: Service,
    page: PageQuery,
    rule_id: UUID | None = None,
    tenant_id: UUID | None = None,
) -> Any:
    """List what alerts said about your schools."""
    return service.event_page(session, access, {"rule_id": rule_id, "tenant_id": tenant_id}, page)


@router.get("/alert-events/{event_id}", response_model=schemas.Event)
def show_event(event_id: UUID, access: Read, session: DatabaseSession, service: Service) -> Any:
    """Return one event."""
    return service.event(session, access, event_id)


@router.patch("/alert-events/{event_id}", response_model=schemas.Event)
def settle_event(event_id: UUID, body: schemas.EventOutcome, access: Record, session: DatabaseSession, service: Service) -> Any:
    """Keep how the delivery of an event went."""
    return service.settle_event(session, access, event_id, body)


@router.post("/report-schedules", status_code=201, response_model=schemas.Schedule)
def add_schedule(body: schemas.NewSchedule, access: Manage, session: DatabaseSession, service: Service, response: Response) -> Any:
    """Have the board report sent again and again."""
    row = service.add_schedule(session, access, body)
    created(response, "report-schedules", row.id)
    return tagged(response, row)


@router.get("/report-schedules", response_model=Page[schemas.Schedule])
def list_schedules(
    access: Read,
    session: DatabaseSession,
    service: Service,
    page: PageQuery,
    tenant_id: UUID | None = None,
    is_active: bool | None = None,
) -> Any:
    """List schedules of your schools."""
    return service.schedule_page(session, access, {"tenant_id": tenant_id, "is_active": is_active}, page)


@router.get("/report-schedules/{schedule_id}", response_model=schemas.Schedule)
def show_schedule(schedule_id: UUID, access: Read, session: DatabaseSession, service: Service, response: Response) -> Any:
    """Return one schedule."""
    return tagged(response, service.schedule(session, access, schedule_id))


@router.patch("/report-schedules/{schedule_id}", response_model=schemas.Schedule)
def change_schedule(
    schedule_id: UUID,
    body: schemas.ScheduleChange,
    version: RequiredVersion,
    access: Manage,
    session: DatabaseSession,
    service: Service,
    response: Response,
) -> Any:
    """Change a schedule, or switch it off."""
    return tagged(response, service.change_schedule(session, access, schedule_id, body, version))


@router.delete("/report-schedules/{schedule_id}", status_code=204)
def delete_schedule(schedule_id: UUID, access: Manage, session: DatabaseSession, service: Service) -> None:
    """End a schedule."""
    service.delete_schedule(session, access, schedule_id)


@router.get("/report-schedules/{schedule_id}/recipients", response_model=schemas.Addresses)
def list_addresses(schedule_id: UUID, access: Record, session: DatabaseSession, service: Service, response: Response) -> Any:
    """Return where a schedule's report goes, looked up now."""
    response.headers["Cache-Control"] = "no-store"
    return service.addresses(session, access, schedule_id)


@router.post("/report-schedules/{schedule_id}/deliveries", response_model=schemas.Schedule)
def record_report(schedule_id: UUID, body: schemas.ReportOutcome, access: Record, session: DatabaseSession, service: Service) -> Any:
    """Keep how sending a report went."""
    return service.record_report(session, access, schedule_id, body)
