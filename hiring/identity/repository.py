"""Statements over the schema ``identity``."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Row, bindparam, exists, func, or_, select, true, update
from sqlalchemy.orm import Session

from foundation.access import Role
from hiring.access import Reach, one_of
from hiring.identity.tables import api_keys, calendar_days, memberships, organisations, refresh_tokens, sessions, users
from hiring.permissions import PLATFORM_ROLES, Permission, may
from hiring.rows import AnyRow


def organisations_in_reach(reach: Reach) -> ColumnElement[bool]:
    """Return the condition: schools in reach, the groups they belong to, and agencies, which are known to all."""
    if reach.tenant_ids is None:
        return true()
    parents = select(organisations.c.parent_id).where(one_of(organisations.c.id, reach.tenant_ids))
    return or_(one_of(organisations.c.id, reach.tenant_ids), organisations.c.id.in_(parents), organisations.c.kind == "agency")


def users_in_reach(reach: Reach) -> ColumnElement[bool]:
    """Return the condition: people with a membership at a school in reach."""
    if reach.tenant_ids is None:
        return true()
    return users.c.id.in_(select(memberships.c.user_id).where(one_of(memberships.c.organisation_id, reach.tenant_ids)))


def is_school(session: Session, organisation_id: UUID) -> bool:
    """Say whether there is such a school."""
    return session.execute(select(organisations.c.kind).where(organisations.c.id == organisation_id)).scalar() == "school"


def schools_in(session: Session, country: str) -> list[UUID]:
    """Return the ids of a country's schools."""
    found = select(organisations.c.id).where(organisations.c.kind == "school", organisations.c.country == country)
    return list(session.execute(found).scalars())


def names_and_countries(session: Session, organisation_ids: Iterable[UUID]) -> dict[UUID, AnyRow]:
    """Return name and country of organisations by their ids."""
    columns = (organisations.c.id, organisations.c.name, organisations.c.country)
    return {row.id: row for row in session.execute(select(*columns).where(one_of(organisations.c.id, organisation_ids)))}


def user_by_email_hash(session: Session, email_hash: str) -> AnyRow | None:
    """Return the user with this address."""
    return session.execute(select(users).where(users.c.email_hash == email_hash)).one_or_none()


def user_by_oidc_subject(session: Session, subject_hash: str) -> AnyRow | None:
    """Return the user bound to a subject of the provider."""
    return session.execute(select(users).where(users.c.oidc_subject_hash == subject_hash)).one_or_none()


def address_of_reader(session: Session, user_id: UUID, tenant_id: UUID | None) -> str | None:
    """Return the address of an active person with a role that reads a school's figures (None: the whole platform's), else None."""
    readers = [role for role in Role if may(role, Permission.INSIGHTS_READ) and role is not Role.AGENCY_USER]
    for_platform = memberships.c.role.in_([role.value for role in readers if role in PLATFORM_ROLES])
    place: ColumnElement[bool] = memberships.c.organisation_id.is_(None) & for_platform
    if tenant_id is not None:
        group = select(organisations.c.parent_id).where(organisations.c.id == tenant_id)
        place = or_(place, memberships.c.organisation_id == tenant_id, memberships.c.organisation_id.in_(group))
    roles = [role.value for role in readers]
    held = exists(select(1).where(memberships.c.user_id == users.c.id, memberships.c.role.in_(roles), place).correlate(users))
    address: str | None = session.execute(select(users.c.email).where(users.c.id == user_id, users.c.is_active, held)).scalar()
    return address


def colleagues(session: Session, school_id: UUID, roles: Iterable[Role]) -> list[AnyRow]:
    """Return id, name and roles of active people with one of the roles at a school or its group, in the order of names."""
    group = select(organisations.c.parent_id).where(organisations.c.id == school_id)
    here = or_(memberships.c.organisation_id == school_id, memberships.c.organisation_id.in_(group))
    query = select(users.c.id, users.c.display_name, func.array_agg(memberships.c.role).label("roles"))
    query = query.join(memberships, memberships.c.user_id == users.c.id)
    query = query.where(here, users.c.is_active, memberships.c.role.in_([role.value for role in roles]))
    return list(session.execute(query.group_by(users.c.id, users.c.display_name).order_by(users.c.display_name, users.c.id)))


def live_session(session: Session, session_id: UUID, now: datetime) -> AnyRow | None:
    """Return a session that was neither revoked nor left idle or open for too long, with its active user."""
    return session.execute(_LIVE_SESSION, {"session_id": session_id, "now": now}).one_or_none()


def live_sessions(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Return the condition on sessions that still count."""
    return sessions.c.revoked_at.is_(None) & (sessions.c.expires_at > now)


# What each request asks first; made once, as building a statement costs as much as running it.
_LIVE_SESSION = (
    select(sessions, users.c.display_name)
    .join(users, users.c.id == sessions.c.user_id)
    .where(sessions.c.id == bindparam("session_id"), live_sessions(bindparam("now")), users.c.is_active)
)
_LIVE_KEY = select(
    api_keys.c.id, api_keys.c.name, api_keys.c.secret_hash, api_keys.c.scopes, api_keys.c.tenant_ids, api_keys.c.expires_at
).where(api_keys.c.id == bindparam("key_id"), api_keys.c.revoked_at.is_(None), api_keys.c.expires_at > bindparam("now"))
_MEMBERSHIPS = (
    select(memberships.c.role, memberships.c.organisation_id, organisations.c.kind)
    .join(organisations, organisations.c.id == memberships.c.organisation_id, isouter=True)
    .where(memberships.c.user_id == bindparam("user_id"))
)


def spend_refresh_token(session: Session, token_hash: str, now: datetime) -> UUID | None:
    """Mark a refresh token as used and return its session; None when it is unknown or was used before, also a moment ago."""
    mine = (refresh_tokens.c.token_hash == token_hash) & refresh_tokens.c.spent_at.is_(None)
    spent: UUID | None = session.execute(
        update(refresh_tokens).where(mine).values(spent_at=now).returning(refresh_tokens.c.session_id)
    ).scalar()
    return spent


def session_of_token(session: Session, token_hash: str) -> UUID | None:
    """Return the session a refresh token was made for, spent or not."""
    known: UUID | None = session.execute(select(refresh_tokens.c.session_id).where(refresh_tokens.c.token_hash == token_hash)).scalar()
    return known


def live_api_key(session: Session, key_id: UUID, now: datetime) -> AnyRow | None:
    """Return the key unless it is revoked or expired."""
    return session.execute(_LIVE_KEY, {"key_id": key_id, "now": now}).one_or_none()


def memberships_of(session: Session, user_id: UUID) -> list[Row[tuple[str, UUID | None, str | None]]]:
    """Return role, organisation and its kind of every membership."""
    return list(session.execute(_MEMBERSHIPS, {"user_id": user_id}))


def schools_of(session: Session, group_ids: Iterable[UUID]) -> dict[UUID, set[UUID]]:
    """Return the schools of each group."""
    schools: dict[UUID, set[UUID]] = {}
    rows = session.execute(
        select(organisations.c.parent_id, organisations.c.id).where(
            one_of(organisations.c.parent_id, group_ids), organisations.c.kind == "school"
        )
    )
    for row in rows:
        schools.setdefault(row.parent_id, set()).add(row.id)
    return schools


def revoke_sessions(session: Session, now: datetime, condition: ColumnElement[bool]) -> list[UUID]:
    """End every session the condition names; return those that were alive."""
    ended = update(sessions).where(condition, live_sessions(now)).values(revoked_at=now).returning(sessions.c.id)
    return list(session.execute(ended).scalars())


def calendar(session: Session, organisation_id: UUID) -> list[AnyRow]:
    """Return a school's calendar in the order of days."""
    return list(
        session.execute(select(calendar_days).where(calendar_days.c.organisation_id == organisation_id).order_by(calendar_days.c.date))
    )
