"""Which rows a request may touch: the one place of the hiring core that turns a caller into conditions on rows.

Every handler takes an ``Access`` from ``requires(permission)`` and no tenant parameter; a route without one fails a test.
A person's roles count only where they were granted: a director of one school who recruits for another directs one school.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial, wraps
from typing import Annotated, Any, Protocol, cast
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, any_, bindparam, false, literal, or_, true
from sqlalchemy.orm import Session

from foundation import clock
from foundation.access import Principal, Role
from hiring.errors import Forbidden, Invalid, NotFound, Problem, Unauthenticated
from hiring.idempotency import claim_reply
from hiring.origin import Origin, origin_of
from hiring.permissions import BACKDATE, Permission, may
from hiring.request_limit import RequestLimit
from hiring.rows import AnyRow
from hiring.transaction import get_session

Column = ColumnElement[Any]
Side = AnyRow | Mapping[str, Any] | None  # of a change, before or after it
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True)
class Grant:
    """One role where it was granted: ``tenant_ids`` None means the whole platform; an agency's role reaches its own submissions."""

    role: Role
    tenant_ids: frozenset[UUID] | None
    agency_id: UUID | None = None


@dataclass(frozen=True)
class Caller:
    """A verified caller: the principal other services see, the grants it was made from, and a person's session."""

    principal: Principal
    grants: tuple[Grant, ...] = ()
    session_id: UUID | None = None

    def holds(self, permission: Permission) -> bool:
        """Say whether any grant, or the key's scopes, hold the permission; whoever has a session may see and end it, without a role too."""
        if permission is Permission.OWN_SESSION and self.session_id is not None:
            return True
        return self.principal.has_scope(permission) or any(may(grant.role, permission) for grant in self.grants)


NOBODY = Caller(Principal("nobody", "user", "", frozenset(), frozenset(), frozenset(), None, datetime.max.replace(tzinfo=UTC)))
"""Whoever has not signed in, as the audit log names them."""


@dataclass(frozen=True)
class AgencySubmissions:
    """What an agency submitted: the only rows its people see."""

    application_ids: frozenset[UUID] = frozenset()
    job_ids: frozenset[UUID] = frozenset()
    candidate_ids: frozenset[UUID] = frozenset()


def one_of(column: Column, ids: Iterable[UUID]) -> ColumnElement[bool]:
    """Return ``column = any(ids)``: one parameter however many ids."""
    return column == any_(literal(list(ids), ARRAY(Uuid)))


def among(column: Column, parameter: str) -> ColumnElement[bool]:
    """Return ``column = any(:parameter)``, for a statement that is made once and executed with a list of ids."""
    return column == any_(bindparam(parameter, type_=ARRAY(Uuid)))


@dataclass(frozen=True)
class Reach:
    """The rows a permission extends to: schools (None: all of them) and what agencies of the caller submitted."""

    tenant_ids: frozenset[UUID] | None
    submissions: AgencySubmissions = AgencySubmissions()
    agency_ids: frozenset[UUID] = frozenset()

    def tenants(self, tenant: Column) -> ColumnElement[bool]:
        """Return the condition on rows that a school owns and no agency sees."""
        if self.tenant_ids is None:
            return true()
        return one_of(tenant, self.tenant_ids) if self.tenant_ids else false()

    def jobs(self, tenant: Column, job: Column) -> ColumnElement[bool]:
        """Return the condition on jobs and their parts."""
        return or_(self.tenants(tenant), one_of(job, self.submissions.job_ids)) if self.agency_ids else self.tenants(tenant)

    def applications(self, tenant: Column, application: Column) -> ColumnElement[bool]:
        """Return the condition on applications and their parts."""
        if not self.agency_ids:
            return self.tenants(tenant)
        return or_(self.tenants(tenant), one_of(application, self.submissions.application_ids))

    def require_tenant(self, tenant_id: UUID, missing: NotFound) -> None:
        """Raise ``missing`` unless the school is in reach."""
        if self.tenant_ids is not None and tenant_id not in self.tenant_ids:
            raise missing


def made_once(make: Callable[..., Select[Any]]) -> Callable[..., Select[Any]]:
    """Keep the statements a function makes, by reach and kind: making one takes as long as running it.

    Those of an agency are made anew: its reach names every submission, and changes with the next.
    """
    kept = lru_cache(100)(make)

    @wraps(make)
    def statement(reach: Reach, *kind: bool) -> Select[Any]:
        return make(reach, *kind) if reach.agency_ids else kept(reach, *kind)

    return statement


class Log(Protocol):
    """Adds a row to the audit log, for the running transaction and its caller (the domain ``audit`` has one)."""

    def __call__(
        self,
        action: str,
        object_type: str,
        object_id: object = None,
        *,
        tenant_id: UUID | None = None,
        subject_id: UUID | None = None,
        reason: str | None = None,
        rows_affected: int | None = None,
        before: Side = None,
        after: Side = None,
    ) -> None:
        """Log what is done: ``organisation.change``, to what, for which school, of whom, and what changed."""
        ...


@dataclass(frozen=True)
class Access:
    """One authorised request: who, on which rows, at which instant."""

    caller: Caller
    permission: Permission
    reach: Reach
    now: datetime
    is_school: Callable[[UUID], bool]
    log: Log

    @property
    def actor_id(self) -> UUID:
        """Id of the user or API key that acts."""
        return UUID(self.caller.principal.subject_id)

    @property
    def is_platform_wide(self) -> bool:
        """Whether the permission extends to every school."""
        return self.reach.tenant_ids is None

    def require_school(self, tenant_id: UUID, missing: NotFound) -> None:
        """Raise ``missing`` unless the school is in reach; for the whole platform: unless it exists."""
        self.reach.require_tenant(tenant_id, missing)
        if self.is_platform_wide and not self.is_school(tenant_id):
            raise missing

    def require_platform(self) -> None:
        """Raise unless the permission was granted for the whole platform."""
        if not self.is_platform_wide:
            raise Forbidden(f"this needs {self.permission} for the whole platform")

    def event_at(self, requested: datetime | None) -> datetime:
        """Return when the action happened: now, unless an import or simulation names an earlier instant.

        Raises:
            Forbidden: the caller may not back-date. Invalid: the instant lies in the future.
        """
        if requested is None:
            return self.now
        if not self.caller.principal.has_scope(BACKDATE):
            raise Forbidden(f"event_at: only an API key with scope {BACKDATE} may name the instant; leave it out")
        if requested > self.now:
            raise Invalid("event_at: lies in the future")
        return requested


def on_behalf(actor_id: UUID, permission: Permission, tenant_ids: frozenset[UUID] | None, now: datetime) -> Access:
    """Return the access of work that goes on after a request: who began it, at these schools (None: all of them), with no other right."""
    tenants = None if tenant_ids is None else frozenset(str(tenant_id) for tenant_id in tenant_ids)
    principal = Principal(str(actor_id), "service", "worker", frozenset(), frozenset({permission.value}), tenants, None, now)
    return Access(Caller(principal), permission, Reach(tenant_ids), now, lambda _: False, _administers_nothing)


def _administers_nothing(action: str, *_: object, **__: object) -> None:
    """Refuse: what must be logged is done in a request, where caller and origin are known."""
    raise RuntimeError(f"{action} must not be done after a request: the audit log could not say who asked")


class Authenticator(Protocol):
    """Turns a credential into a caller; None when it is not valid."""

    def __call__(self, session: Session, credential: str, now: datetime) -> Caller | None:
        """Verify one credential."""
        ...


class SubmissionReader(Protocol):
    """Reads what agencies submitted."""

    def __call__(self, session: Session, agency_ids: frozenset[UUID]) -> AgencySubmissions:
        """Return the rows of the agencies' submissions."""
        ...


class Trail(Protocol):
    """The audit log (the domain ``audit`` has it)."""

    def log_of(self, session: Session, caller: Caller, origin: Origin) -> Log:
        """Return the log of one request: its rows belong to the session's transaction."""
        ...

    def log_denial(self, caller: Caller, origin: Origin, action: str, *, reason: str, tried: Mapping[str, Any]) -> None:
        """Log a refusal, and what was tried, in a transaction of its own: the request's was rolled back."""
        ...


bearer = HTTPBearer(auto_error=False, description="an access token (POST /v1/sessions) or an API key (id.secret)")
BearerCredential = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


async def authenticate(request: Request, sent: BearerCredential) -> Caller:
    """Return the verified caller of a request, or answer 401."""
    if sent is None or not sent.credentials:
        raise Unauthenticated()
    authenticator: Authenticator = request.app.state.authenticator
    caller = authenticator(await get_session(request), sent.credentials.strip(), clock.now())
    if caller is None:
        raise Unauthenticated("the credential is unknown, expired or revoked: sign in again")
    limit: RequestLimit = request.app.state.request_limit
    limit.take(str(caller.session_id or caller.principal.subject_id))
    return caller


def reach_of(caller: Caller, permission: Permission, session: Session, read_submissions: SubmissionReader) -> Reach:
    """Return the rows over which the caller holds a permission: the union of the grants that include it."""
    if caller.principal.has_scope(permission):
        tenants = caller.principal.tenant_ids
        return Reach(None if tenants is None else frozenset(UUID(tenant) for tenant in tenants))
    grants = [grant for grant in caller.grants if may(grant.role, permission)]
    agencies = frozenset(grant.agency_id for grant in grants if grant.agency_id is not None)
    submissions = read_submissions(session, agencies) if agencies else AgencySubmissions()
    schools = [grant.tenant_ids for grant in grants if grant.agency_id is None]
    if any(tenant_ids is None for tenant_ids in schools):
        return Reach(None)
    return Reach(frozenset().union(*(tenant_ids or frozenset() for tenant_ids in schools)), submissions, agencies)


class Requires:
    """Dependency that lets a request in only with a permission and hands its ``Access`` to the handler."""

    def __init__(self, permission: Permission, keeps_reply: bool, audited_as: str) -> None:
        """Remember what the route declared."""
        self.permission = permission
        self.keeps_reply = keeps_reply
        self.audited_as = audited_as

    async def __call__(self, request: Request, caller: Annotated[Caller, Depends(authenticate)]) -> Access:
        """Check the permission, resolve the reach and claim the idempotency key; every refusal from here on is logged."""
        session, trail = await get_session(request), cast(Trail, request.app.state.audit)
        origin = origin_of(request)
        request.state.on_refusal = partial(self._log_refusal, trail, caller, origin, request.path_params)
        if not caller.holds(self.permission):
            raise Forbidden(f"this needs the permission {self.permission}")
        reach = reach_of(caller, self.permission, session, request.app.state.read_submissions)
        log = trail.log_of(session, caller, origin)
        access = Access(caller, self.permission, reach, clock.now(), partial(request.app.state.is_school, session), log)
        if self.keeps_reply and request.method == "POST":
            await claim_reply(request, session, caller.principal.subject_id, access.now)
        return access

    def _log_refusal(self, trail: Trail, caller: Caller, origin: Origin, ids: Mapping[str, str], problem: Problem) -> None:
        """Log a 403, and a 404: another tenant's thing looks like a missing one, and trying ids is worth seeing."""
        if not problem.is_logged and problem.status in {Forbidden.status, NotFound.status}:
            tried = {name: UUID(value) for name, value in ids.items() if _UUID.fullmatch(value)}
            trail.log_denial(caller, origin, self.audited_as or self.permission, reason=problem.detail, tried=tried)


def requires(permission: Permission, *, keeps_reply: bool = True, audited_as: str = "") -> Any:
    """Declare what a route needs.

    Args:
        permission: what the caller must hold.
        keeps_reply: False where a reply must never be stored for replay (secrets, survey answers).
        audited_as: action of the audit log under which a denial is written; default: the permission's name.
    """
    return Depends(Requires(permission, keeps_reply, audited_as))


async def public() -> None:
    """Declare a route that needs no credential. Without this or ``requires`` a route does not pass the tests."""
