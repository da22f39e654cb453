"""Rules of API keys: made, followed by a successor, ended. At most two of one name and owner live, so that a rotation has an end."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hiring.access import Access
from hiring.identity import errors
from hiring.identity.credentials import digest, new_secret
from hiring.identity.schemas import KeyRotation, NewApiKey
from hiring.identity.tables import api_keys
from hiring.rows import AnyRow, Paging, change_row, insert_row, lock_row, read_page

LIVE_AT_ONCE = 2
WARNED_BEFORE = timedelta(days=30)
NO_KEY = errors.ApiKeyNotFound("there is no such API key")


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


def with_state(key: AnyRow, now: datetime) -> dict[str, Any]:
    """Return a key with how it stands: live, expiring (within 30 days: rotate it), expired or revoked."""
    state = "live"
    if key.revoked_at is not None:
        state = "revoked"
    elif key.expires_at <= now:
        state = "expired"
    elif key.expires_at <= now + WARNED_BEFORE:
        state = "expiring"
    return {**key._mapping, "state": state}


class ApiKeyService:
    """Keys of services: a platform administrator's business. Every change is a row of the audit log."""

    def issue(self, session: Session, access: Access, body: NewApiKey) -> dict[str, Any]:
        """Make a key; its credential is in the reply alone.

        Raises:
            TwoKeysLive: two of this name are in use already.
        """
        access.require_platform()
        tenants = ["*"] if body.tenant_ids == "*" else [str(tenant_id) for tenant_id in body.tenant_ids]
        _require_room(session, body.name, access.actor_id, access.now)
        key, credential = issue_api_key(session, access.now, body.name, list(body.scopes), tenants, body.days, access.actor_id)
        access.log("api_key.issue", "api_key", key.id, after={"scopes": key.scopes, "tenant_ids": key.tenant_ids})
        return {**with_state(key, access.now), "credential": credential}

    def rotate(self, session: Session, access: Access, key_id: UUID, body: KeyRotation) -> dict[str, Any]:
        """Make the successor of a key, with the same rights; the old one lives on for the grace period, never longer than it would have.

        Raises:
            ApiKeyNotFound: no such key. ApiKeyEnded: it is revoked or expired. TwoKeysLive: its successor, or another, lives already.
        """
        access.require_platform()
        key = lock_row(session, api_keys, api_keys.c.id == key_id, NO_KEY)
        if key.revoked_at is not None or key.expires_at <= access.now:
            raise errors.ApiKeyEnded("the key is revoked or expired: make a new one")
        if key.successor_id is not None:
            raise errors.TwoKeysLive("the key has a successor: rotate that one")
        _require_room(session, key.name, key.created_by, access.now)
        successor, credential = issue_api_key(session, access.now, key.name, key.scopes, key.tenant_ids, body.days, key.created_by)
        old_ends = min(key.expires_at, access.now + timedelta(hours=body.grace_hours))
        change_row(session, api_keys, key, access.now, successor_id=successor.id, expires_at=old_ends)
        access.log("api_key.rotate", "api_key", key.id, after={"successor_id": str(successor.id)})
        return {**with_state(successor, access.now), "credential": credential}

    def page(self, session: Session, access: Access, paging: Paging) -> dict[str, Any]:
        """Return every key, without its secret."""
        access.require_platform()
        page = read_page(session, api_keys, [], paging)
        return {**page, "items": [with_state(key, access.now) for key in page["items"]]}

    def revoke(self, session: Session, access: Access, key_id: UUID) -> None:
        """End a key at once."""
        access.require_platform()
        key = lock_row(session, api_keys, api_keys.c.id == key_id, NO_KEY)
        change_row(session, api_keys, key, access.now, revoked_at=key.revoked_at or access.now)
        access.log("api_key.revoke", "api_key", key.id)


def _require_room(session: Session, name: str, owner: UUID | None, now: datetime) -> None:
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"api key|{name}", 0))))  # two at once would both find room
    mine = (api_keys.c.name == name) & api_keys.c.created_by.is_not_distinct_from(owner)
    live = mine & api_keys.c.revoked_at.is_(None) & (api_keys.c.expires_at > now)
    if session.execute(select(func.count()).where(live)).scalar_one() >= LIVE_AT_ONCE:
        raise errors.TwoKeysLive(f"name: {LIVE_AT_ONCE} keys of this name are in use: revoke one first, or choose another name")
