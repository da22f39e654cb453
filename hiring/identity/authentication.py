"""From a credential to a caller: access tokens, API keys and the grants behind them. What doesn't belong here: making credentials."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from foundation.access import Principal, Role
from hiring.access import Caller, Grant
from hiring.identity import repository
from hiring.identity.access_tokens import AccessTokens
from hiring.identity.credentials import digests_equal, split_api_key
from hiring.permissions import PLATFORM_ROLES
from hiring.rows import AnyRow

AgencyTenants = Callable[[Session, UUID], frozenset[UUID]]


@dataclass(frozen=True)
class Authentication:
    """Verifies credentials.

    Attributes:
        access_tokens: verifies what a session's bearer sends.
        agency_tenants: schools an agency submitted applications to.
    """

    access_tokens: AccessTokens
    agency_tenants: AgencyTenants

    def __call__(self, session: Session, credential: str, now: datetime) -> Caller | None:
        """Return the caller behind an access token or an API key, None when it is not valid.

        A token's signature is not enough: its session must be alive in the database, so that a revoked one ends at once.
        """
        parts = split_api_key(credential)
        if parts is not None:
            key = repository.live_api_key(session, parts[0], now)
            return _service(key) if key is not None and digests_equal(key.secret_hash, parts[1]) else None
        claims = self.access_tokens.verify(credential, now)
        known = None if claims is None else repository.live_session(session, claims.session_id, now)
        if claims is None or known is None or known.user_id != claims.user_id:
            return None
        return self.person(session, known, claims.expires_at)

    def person(self, session: Session, known: AnyRow, expires_at: datetime) -> Caller:
        """Return the caller of a live session (``repository.live_session``); roles and schools come from memberships alone."""
        grants = tuple(self._grants(session, known.user_id))
        roles, tenants, agency_id = _flatten(grants)
        principal = Principal(
            subject_id=str(known.user_id),
            kind="user",
            display_name=known.display_name,
            roles=roles,
            scopes=frozenset(),
            tenant_ids=None if tenants is None else frozenset(map(str, tenants)),
            agency_id=None if agency_id is None else str(agency_id),
            expires_at=expires_at,
        )
        return Caller(principal, grants, known.id)

    def _grants(self, session: Session, user_id: UUID) -> list[Grant]:
        """Return what the memberships grant; one that fits no rule grants nothing."""
        rows = repository.memberships_of(session, user_id)
        groups = [row.organisation_id for row in rows if row.kind == "school_group"]
        schools = repository.schools_of(session, groups) if groups else {}
        grants = []
        for row in rows:
            role = Role(row.role)
            if row.organisation_id is None:
                if role in PLATFORM_ROLES:
                    grants.append(Grant(role, None))
            elif row.kind == "agency":
                if role is Role.AGENCY_USER:
                    grants.append(Grant(role, self.agency_tenants(session, row.organisation_id), row.organisation_id))
            elif role is not Role.AGENCY_USER:
                own = {row.organisation_id} if row.kind == "school" else schools.get(row.organisation_id, set())
                grants.append(Grant(role, frozenset(own)))
        return grants


def _flatten(grants: tuple[Grant, ...]) -> tuple[frozenset[Role], frozenset[UUID] | None, UUID | None]:
    """Return roles, schools and agency as other services see them: one set of roles that is true at every school named.

    Roles that differ from school to school are cut to the common ones; without any, to the schools that share the most
    widespread set. Agency submissions never mix with a school's own rows.
    """
    staff = [grant for grant in grants if grant.agency_id is None]
    platform = frozenset(grant.role for grant in staff if grant.tenant_ids is None)
    if platform:
        return platform, None, None
    at: dict[UUID, set[Role]] = {}
    for grant in staff:
        for tenant_id in grant.tenant_ids or ():
            at.setdefault(tenant_id, set()).add(grant.role)
    if not at:
        agencies = [grant for grant in grants if grant.agency_id is not None]
        if agencies:
            return frozenset({Role.AGENCY_USER}), agencies[0].tenant_ids, agencies[0].agency_id
        return frozenset(grant.role for grant in staff), frozenset(), None
    sets = [frozenset(roles) for roles in at.values()]
    common = frozenset.intersection(*sets)
    chosen = common or max(sorted(set(sets), key=sorted), key=sets.count)
    return chosen, frozenset(tenant_id for tenant_id, roles in at.items() if chosen <= roles), None


def _service(key: AnyRow) -> Caller:
    return Caller(
        Principal(
            subject_id=str(key.id),
            kind="service",
            display_name=key.name,
            roles=frozenset(),
            scopes=frozenset(key.scopes),
            tenant_ids=None if "*" in key.tenant_ids else frozenset(key.tenant_ids),
            agency_id=None,
            expires_at=key.expires_at,
        )
    )
