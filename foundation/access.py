"""Who may see what: the one place that decides scopes, tenants and pages.

What belongs here: pure decisions over a verified ``Principal``. What doesn't: verifying a credential (hiring/identity)
or fetching rows (every reader applies the ``Scope`` it gets from here).
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal


class Role(StrEnum):
    """Roles a membership can grant."""

    HR_DIRECTOR = "hr_director"
    RECRUITER = "recruiter"
    HIRING_MANAGER = "hiring_manager"
    INTERVIEWER = "interviewer"
    AGENCY_USER = "agency_user"
    ANALYST = "analyst"
    ENGINEER = "engineer"
    PRIVACY_OFFICER = "privacy_officer"
    PLATFORM_ADMIN = "platform_admin"
    BIAS_AUDITOR = "bias_auditor"


class Page(StrEnum):
    """Pages of the Enterprise dashboard."""

    OVERVIEW = "overview"
    FUNNEL = "funnel"
    SOURCES = "sources"
    TIME = "time"
    EQUITY = "equity"
    FORECAST = "forecast"
    ACCURACY = "accuracy"
    DATA_HEALTH = "data_health"
    ALERTS = "alerts"
    AGENCY = "agency"
    HIRING = "hiring"


_INSIGHTS = frozenset({Page.OVERVIEW, Page.FUNNEL, Page.SOURCES, Page.TIME, Page.FORECAST, Page.ACCURACY, Page.DATA_HEALTH})
_PAGES_BY_ROLE: dict[Role, frozenset[Page]] = {
    Role.HR_DIRECTOR: _INSIGHTS | {Page.EQUITY, Page.ALERTS, Page.AGENCY, Page.HIRING},
    Role.PRIVACY_OFFICER: _INSIGHTS | {Page.EQUITY, Page.AGENCY},
    Role.PLATFORM_ADMIN: _INSIGHTS | {Page.EQUITY, Page.ALERTS, Page.AGENCY, Page.HIRING},
    Role.RECRUITER: _INSIGHTS | {Page.AGENCY, Page.HIRING},
    Role.HIRING_MANAGER: _INSIGHTS | {Page.AGENCY, Page.HIRING},
    Role.AGENCY_USER: frozenset({Page.AGENCY}),
    Role.ANALYST: frozenset({Page.OVERVIEW, Page.DATA_HEALTH}),
    Role.ENGINEER: frozenset({Page.OVERVIEW, Page.DATA_HEALTH}),
}


class Right(StrEnum):
    """What the prediction and metrics API lets a caller do. Services are granted rights as scopes, people by their pages."""

    READ_PREDICTIONS = "predictions:read"
    READ_METRICS = "metrics:read"
    READ_EQUITY = "metrics:equity"
    READ_OPERATIONS = "operations:read"


_PAGES_BY_RIGHT: dict[Right, frozenset[Page]] = {  # any of them; an agency's metrics stay cut down to its submissions by the scope
    Right.READ_PREDICTIONS: frozenset({Page.FORECAST}),
    Right.READ_METRICS: frozenset({Page.OVERVIEW, Page.AGENCY}),
    Right.READ_EQUITY: frozenset({Page.EQUITY}),
    Right.READ_OPERATIONS: frozenset(),  # services alone: people have the page Data health
}


class ScopeExceeded(PermissionError):
    """A request names a tenant outside the principal's scope."""


@dataclass(frozen=True)
class Scope:
    """The rows a principal may read.

    Attributes:
        tenant_ids: schools whose rows may be read; ``None`` means every school, an empty set means none.
        agency_id: when set, only applications which that agency submitted may be read.
    """

    tenant_ids: frozenset[str] | None
    agency_id: str | None = None

    def allows(self, tenant_id: str) -> bool:
        """Say whether rows of this school may be read."""
        return self.tenant_ids is None or tenant_id in self.tenant_ids

    def narrow(self, requested: Iterable[str]) -> "Scope":
        """Return the scope cut down to the requested schools.

        Raises:
            ScopeExceeded: a requested school is outside the scope. A filter narrows, it never widens.
        """
        wanted = frozenset(requested)
        if not wanted:
            return self
        if self.tenant_ids is not None and not wanted <= self.tenant_ids:
            raise ScopeExceeded("a requested school is outside your scope")
        return Scope(wanted, self.agency_id)

    def covers(self, other: "Scope") -> bool:
        """Say whether everything that ``other`` may read may be read under this scope too."""
        if self.agency_id is not None and self.agency_id != other.agency_id:
            return False
        return self.tenant_ids is None or (other.tenant_ids is not None and other.tenant_ids <= self.tenant_ids)

    def digest(self) -> str:
        """Return a short, stable digest for cache keys: equal scopes, equal digests."""
        tenants = None if self.tenant_ids is None else sorted(self.tenant_ids)
        return hashlib.sha256(json.dumps([tenants, self.agency_id]).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Principal:
    """A verified caller: a person with roles, or a service with scopes.

    ``tenant_ids`` is ``None`` only for a platform-wide grant.
    """

    subject_id: str
    kind: Literal["user", "service"]
    display_name: str
    roles: frozenset[Role]
    scopes: frozenset[str]
    tenant_ids: frozenset[str] | None
    agency_id: str | None
    expires_at: datetime

    def scope(self) -> Scope:
        """Return the rows this principal may read; an agency's people and services see their own submissions alone."""
        if Role.AGENCY_USER in self.roles and self.agency_id is None:
            return Scope(frozenset())
        return Scope(self.tenant_ids, self.agency_id)

    def pages(self) -> frozenset[Page]:
        """Return the pages this principal may open: the union over its roles, nothing by default."""
        return frozenset().union(*(_PAGES_BY_ROLE.get(role, frozenset()) for role in self.roles)) if self.roles else frozenset()

    def may_open(self, page: Page) -> bool:
        """Say whether this principal may open a page."""
        return page in self.pages()

    def may(self, right: Right) -> bool:
        """Say whether this caller has a right: a service by its scopes, a person by a page that shows the same."""
        return right in self.scopes if self.kind == "service" else bool(self.pages() & _PAGES_BY_RIGHT[right])

    def has_scope(self, scope: str) -> bool:
        """Say whether a service scope was granted to this principal."""
        return scope in self.scopes

    def to_json(self) -> dict[str, Any]:
        """Return the reply of ``POST /v1/credentials/introspect`` for an active credential."""
        return {
            "active": True,
            "subject_id": self.subject_id,
            "kind": self.kind,
            "display_name": self.display_name,
            "roles": sorted(self.roles),
            "scopes": sorted(self.scopes),
            "tenant_ids": None if self.tenant_ids is None else sorted(self.tenant_ids),
            "agency_id": self.agency_id,
            "expires_at": self.expires_at.isoformat(),
        }

    @classmethod
    def from_json(cls, reply: dict[str, Any]) -> "Principal | None":
        """Read an introspection reply; ``None`` when the credential is not active."""
        if not reply.get("active"):
            return None
        tenants = reply["tenant_ids"]
        return cls(
            subject_id=reply["subject_id"],
            kind=reply["kind"],
            display_name=reply["display_name"],
            roles=frozenset(Role(role) for role in reply["roles"]),
            scopes=frozenset(reply["scopes"]),
            tenant_ids=None if tenants is None else frozenset(tenants),
            agency_id=reply["agency_id"],
            expires_at=datetime.fromisoformat(reply["expires_at"]),
        )


def may_open(principal: Principal, page: Page) -> bool:
    """Say whether a principal may open a page."""
    return principal.may_open(page)
