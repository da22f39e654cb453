"""Routes of organisations, users and their roles."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Body, Depends, Request, Response

from foundation.access import Role
from hiring.access import Access, AgencySubmissions, reach_of, requires
from hiring.identity import schemas
from hiring.identity.service import IdentityService
from hiring.permissions import Permission
from hiring.routing import PageQuery, RequiredVersion, created, domain_router, tagged
from hiring.schemas import Page
from hiring.transaction import DatabaseSession

router = domain_router("identity")


async def _service(request: Request) -> IdentityService:
    service: IdentityService = request.app.state.identity
    return service


Service = Annotated[IdentityService, Depends(_service)]
ReadOrganisations = Annotated[Access, requires(Permission.ORGANISATIONS_READ)]
WriteOrganisations = Annotated[Access, requires(Permission.ORGANISATIONS_WRITE)]
ReadUsers = Annotated[Access, requires(Permission.USERS_READ)]
WriteUsers = Annotated[Access, requires(Permission.USERS_WRITE)]


@router.post("/organisations", status_code=201, response_model=schemas.Organisation)
def register_organisation(
    body: schemas.NewOrganisation, access: WriteOrganisations, session: DatabaseSession, service: Service, response: Response
) -> Any:
    """Add a school, school group or agency."""
    row = service.register_organisation(session, access, body)
    created(response, "organisations", row.id)
    return tagged(response, row)


@router.get("/organisations", response_model=Page[schemas.Organisation])
def list_organisations(
    access: ReadOrganisations,
    session: DatabaseSession,
    service: Service,
    page: PageQuery,
    kind: Literal["school", "school_group", "agency"] | None = None,
) -> Any:
    """List organisations in reach."""
    return service.organisation_page(session, access, kind, page)


@router.get("/organisations/{organisation_id}", response_model=schemas.Organisation)
def show_organisation(
    organisation_id: UUID, access: ReadOrganisations, session: DatabaseSession, service: Service, response: Response
) -> Any:
    """Return one organisation."""
    return tagged(response, service.organisation(session, access, organisation_id))


@router.patch("/organisations/{organisation_id}", response_model=schemas.Organisation)
def change_organisation(
    organisation_id: UUID,
    body: schemas.OrganisationChange,
    version: RequiredVersion,
    access: WriteOrganisations,
    session: DatabaseSession,
    service: Service,
    response: Response,
) -> Any:
    """Change name, time zone or whether the equity survey is allowed."""
    return tagged(response, service.change_organisation(session, access, organisation_id, body, version))


@router.put("/organisations/{organisation_id}/calendar-days", response_model=list[schemas.CalendarDay])
def set_calendar(
    organisation_id: UUID,
    days: Annotated[list[schemas.CalendarDay], Body(max_length=800)],
    access: WriteOrganisations,
    session: DatabaseSession,
    service: Service,
) -> Any:
    """Add or replace days of a school's calendar."""
    return service.set_calendar(session, access, organisation_id, days)


@router.get("/organisations/{organisation_id}/calendar-days", response_model=list[schemas.CalendarDay])
def show_calendar(organisation_id: UUID, access: ReadOrganisations, session: DatabaseSession, service: Service) -> Any:
    """Return a school's calendar."""
    return service.calendar(session, access, organisation_id)


@router.get("/organisations/{organisation_id}/hiring-team", response_model=list[schemas.Colleague])
def list_hiring_team(
    organisation_id: UUID, access: Annotated[Access, requires(Permission.PIPELINE_READ)], session: DatabaseSession, service: Service
) -> Any:
    """Return who interviews and hires at a school: names alone."""
    return service.hiring_team(session, access, organisation_id)


@router.post("/users", status_code=201, response_model=schemas.UserReference)
def register_user(body: schemas.NewUser, access: WriteUsers, session: DatabaseSession, service: Service, response: Response) -> Any:
    """Add a person who signs in, with a role at one of your schools."""
    row = service.register_user(session, access, body)
    created(response, "users", row.id)
    return tagged(response, row)


@router.get("/users", response_model=Page[schemas.User])
def list_users(access: ReadUsers, session: DatabaseSession, service: Service, page: PageQuery) -> Any:
    """List people with a role in reach."""
    return service.user_page(session, access, page)


@router.get("/users/{user_id}", response_model=schemas.User)
def show_user(user_id: UUID, access: ReadUsers, session: DatabaseSession, service: Service, response: Response) -> Any:
    """Return one person."""
    return tagged(response, service.user(session, access, user_id))


@router.patch("/users/{user_id}", response_model=schemas.User)
def change_user(
    user_id: UUID,
    body: schemas.UserChange,
    version: RequiredVersion,
    access: WriteUsers,
    session: DatabaseSession,
    service: Service,
    response: Response,
) -> Any:
    """Rename, close or reopen an account."""
    return tagged(response, service.change_user(session, access, user_id, body, version))


@router.get("/users/{user_id}/memberships", response_model=list[schemas.Membership])
def list_memberships(user_id: UUID, access: ReadUsers, session: DatabaseSession, service: Service) -> Any:
    """Return a person's roles in reach."""
    return service.membership_list(session, access, user_id)


@router.post("/users/{user_id}/memberships", status_code=201, response_model=schemas.Membership)
def grant_membership(user_id: UUID, body: schemas.NewMembership, access: WriteUsers, session: DatabaseSession, service: Service) -> Any:
    """Grant a role."""
    return service.grant_membership(session, access, user_id, body.organisation_id, Role(body.role))


@router.delete("/users/{user_id}/memberships/{membership_id}", status_code=204)
def revoke_membership(user_id: UUID, membership_id: UUID, access: WriteUsers, session: DatabaseSession, service: Service) -> None:
    """Take a role away."""
    service.revoke_membership(session, access, user_id, membership_id)


@router.post("/feedback", status_code=201, response_model=schemas.Feedback)
def give_feedback(
    body: schemas.NewFeedback, access: Annotated[Access, requires(Permission.FEEDBACK_WRITE)], session: DatabaseSession, service: Service
) -> Any:
    """Say how likely your school or agency is to recommend the platform."""
    return service.give_feedback(session, access, body.organisation_id, body.respondent_kind, body.score)


@router.get("/sessions/current/permissions", response_model=list[schemas.HeldPermission])
def list_held_permissions(access: Annotated[Access, requires(Permission.OWN_SESSION)], session: DatabaseSession) -> Any:
    """Return what the caller may do at which schools: so that a page offers nothing that would be refused."""
    held = [permission for permission in Permission if access.caller.holds(permission)]
    reached = {each: reach_of(access.caller, each, session, lambda *_: AgencySubmissions()).tenant_ids for each in held}
    return [{"permission": each, "tenant_ids": None if ids is None else sorted(ids)} for each, ids in reached.items()]
