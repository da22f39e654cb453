"""From a credential to a caller: sign-in, session tokens, API keys and the grants behind them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from foundation.access import Principal, Role
from foundation.pseudonyms import email_hash
from hiring.access import Caller, Grant
from hiring.identity import repository
from hiring.identity.credentials import digest, digests_equal, new_secret, password_matches, split_api_key
from hiring.identity.errors import SignInRefused
from hiring.identity.tables import api_keys, sessions
from hiring.permissions import PLATFORM_ROLES
from hiring.rows import AnyRow, insert_row

AgencyTenants = Callable[[Session, UUID], frozenset[UUID]]


@dataclass(frozen=True)
class IssuedSession:
    """A session as the person gets it: the token is nowhere else."""

    token: str
    expires_at: datetime
    caller: Caller


@dataclass(frozen=True)
class Authentication:
    """Verifies credentials.

    Attributes:
        candidate_key: key of the address hash.
        session_hours: how long a sign-in lasts.
        agency_tenants: schools an agency submitted applications to.
    """

    candidate_key: str
    session_hours: float
    agency_tenants: AgencyTenants

    def sign_in(self, session: Session, email: str, password: str, now: datetime) -> IssuedSession:
        """Open a session.

        Raises:
            SignInRefused: the address, the password or the account is not valid; which one is not told.
        """
        user = repository.user_by_email_hash(session, email_hash(self.candidate_key, email))
        if not password_matches(user.password_hash if user else None, password) or user is None or not user.is_active:
            raise SignInRefused("the address or the password is wrong, or the account is not active")
        token = new_secret()
        expires_at = now + timedelta(hours=self.session_hours)
        opened = insert_row(session, sessions, now, token_hash=digest(token), user_id=user.id, expires_at=expires_at)
        return IssuedSession(token, expires_at, self._person(session, user.id, user.display_name, expires_at, opened.id))

    def __call__(self, session: Session, credential: str, now: datetime) -> Caller | None:
        """Return the caller behind a session token or an API key, None when it is not valid."""
        parts = split_api_key(credential)
        if parts is not None:
            key = repository.live_api_key(session, parts[0], now)
            return _service(key) if key is not None and digests_equal(key.secret_hash, parts[1]) else None
        known = repository.live_session(session, digest(credential), now)
        return None if known is None else self._person(session, known.user_id, known.display_name, known.expires_at, known.id)

    def sign_out(self, session: Session, credential: str, now: datetime) -> None:
        """End the session behind a token."""
        repository.revoke_sessions(session, now, sessions.c.token_hash == digest(credential))

    def _person(self, session: Session, user_id: UUID, display_name: str, expires_at: datetime, session_id: UUID) -> Caller:
        grants = tuple(self._grants(session, user_id))
        roles, tenants, agency_id = _flatten(grants)
        principal = Principal(
            subject_id=str(user_id),
            kind="user",
            display_name=display_name,
            roles=roles,
            scopes=frozenset(),
            tenant_ids=None if tenants is None else frozenset(map(str, tenants)),
            agency_id=None if agency_id is None else str(agency_id),
            expires_at=expires_at,
        )
        return Caller(principal, grants, session_id)

    def _grants(self, session: Session, user_id: UUID) -> list[Grant]:
        """Return what the memberships grant; one that fits no rule grants nothing."""
        rows = repository.memberships_of(session, user_id)
        schools = repository.schools_of(session, [row.organisation_id for row in rows if row.kind == "school_group"])
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


def issue_api_key(
    session: Session, now: datetime, name: str, scopes: list[str], tenant_ids: list[str], days: int, created_by: UUID | None
) -> tuple[AnyRow, str]:
    """Make a key; return its row and the credential ``id.secret``, which is nowhere else."""
    secret = new_secret()
    key = insert_row(
        session,
        api_keys,
        now,
        name=name,
        secret_hash=digest(secret),
        scopes=scopes,
        tenant_ids=tenant_ids,
        created_by=created_by,
        expires_at=now + timedelta(days=days),
    )
    return key, f"{key.id}.{secret}"
