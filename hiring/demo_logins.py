"""One login per role for a demonstration, and the keys its services use: ``python -m hiring.demo_logins``.

Idempotent: logins and keys that still work stay as they are. Passwords are random and written to ``secrets/demo_logins.json`` (0600).
"""

import argparse
import json
import secrets
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Insert, select, text, update
from sqlalchemy.orm import Session

from foundation import clock
from foundation.access import Role
from foundation.pseudonyms import email_hash
from foundation.settings import Databases, Home, MissingSecret
from hiring.audit.service import by_operator
from hiring.database import open_engine, session_factory
from hiring.identity.api_keys import issue_api_key
from hiring.identity.credentials import digests_equal, hash_password, password_matches, split_api_key
from hiring.identity.repository import live_api_key, user_by_email_hash
from hiring.identity.tables import memberships, users
from hiring.permissions import BACKDATE, SERVICE_ONLY, Permission
from hiring.rows import insert_row

LOGINS_FILE = "demo_logins.json"
SERVICE_KEYS: dict[str, tuple[list[str], list[str]]] = {
    # file in secrets/: scopes, tenants
    "internal_api_key": ([Permission.INTROSPECT.value, Permission.RECEIPTS_WRITE.value, Permission.EXPORTS_RECORD.value], ["*"]),
    "metrics_api_key": ([Permission.OPERATIONS_READ.value], ["*"]),
    "pipeline_api_key": ([Permission.INSIGHTS_READ.value, Permission.ALERTS_RECORD.value], ["*"]),
    "notifications_api_key": ([Permission.INTROSPECT.value, Permission.CONTACTS_READ.value], ["*"]),
    "simulator_api_key": (
        sorted({permission.value for permission in frozenset(Permission) - SERVICE_ONLY - {Permission.EQUITY_AUDIT}} | {BACKDATE}),
        ["*"],
    ),
}


class NothingToAttachTo(RuntimeError):
    """The database holds no school, group or agency yet."""


@dataclass(frozen=True)
class DemoLogin:
    """A login to be made: a role at an organisation (None: the whole platform)."""

    name: str
    role: Role
    organisation_id: UUID | None
    organisation_name: str


def _busiest(session: Session) -> dict[str, tuple[UUID, str]]:
    """Return the school with most applications, the group with most schools and the agency with most submissions, each with its name."""
    orders = {
        "school": "(select count(*) from applications.applications a where a.tenant_id = o.id)",
        "school_group": "(select count(*) from identity.organisations s where s.parent_id = o.id)",
        "agency": "(select count(*) from applications.agency_submissions s where s.agency_id = o.id)",
    }
    found = {}
    for kind, size in orders.items():
        statement = text(f"select id, name from identity.organisations o where kind = :kind order by {size} desc, id limit 1")
        row = session.execute(statement, {"kind": kind}).one_or_none()
        if row is None:
            raise NothingToAttachTo(f"there is no organisation of kind {kind}: run `nexus simulate` first")
        found[kind] = (row.id, row.name)
    return found


def _logins(session: Session) -> list[DemoLogin]:
    places = _busiest(session)
    at_school = [Role.HR_DIRECTOR, Role.RECRUITER, Role.HIRING_MANAGER, Role.INTERVIEWER]
    for_platform = [Role.ANALYST, Role.ENGINEER, Role.PRIVACY_OFFICER, Role.PLATFORM_ADMIN, Role.BIAS_AUDITOR]
    return [
        *(DemoLogin(role.value, role, *places["school"]) for role in at_school),
        DemoLogin("group_head", Role.HR_DIRECTOR, *places["school_group"]),
        DemoLogin("agency_user", Role.AGENCY_USER, *places["agency"]),
        *(DemoLogin(role.value, role, None, "all schools") for role in for_platform),
    ]


def _ensure_login(
    session: Session, candidate_key: str, login: DemoLogin, known_password: str | None, now: datetime, done: list[Insert]
) -> dict[str, Any]:
    email = f"{login.name.replace('_', '.')}@demo.example"
    user = user_by_email_hash(session, email_hash(candidate_key, email))
    if user is None or known_password is None or not password_matches(user.password_hash, known_password):
        known_password = secrets.token_urlsafe(12)
    if user is None:
        user = insert_row(
            session,
            users,
            now,
            email=email,
            email_hash=email_hash(candidate_key, email),
            display_name=login.name.replace("_", " ").capitalize(),
            password_hash=hash_password(known_password),
            is_active=True,
        )
        done.append(by_operator("user.register", "user", user.id, {}))
    elif not password_matches(user.password_hash, known_password):
        values = {"password_hash": hash_password(known_password), "is_active": True, "updated_at": now}
        session.execute(update(users).where(users.c.id == user.id).values(**values))
        done.append(by_operator("user.change", "user", user.id, {"changed": ["password"]}))
    held = session.execute(select(memberships.c.role, memberships.c.organisation_id).where(memberships.c.user_id == user.id)).all()
    if not held:  # an existing login stays where it is, also when another school has become the busiest
        granted = insert_row(session, memberships, now, user_id=user.id, organisation_id=login.organisation_id, role=login.role.value)
        place = str(login.organisation_id) if login.organisation_id else None
        after = {"user_id": str(user.id), "role": login.role.value, "organisation_id": place}
        done.append(by_operator("membership.grant", "membership", granted.id, after))
    return {"email": email, "password": known_password, "role": login.role.value, "organisation": login.organisation_name}


def _ensure_service_key(session: Session, home: Home, name: str, now: datetime, done: list[Insert]) -> None:
    scopes, tenants = SERVICE_KEYS[name]
    try:
        parts = split_api_key(home.read_secret(name))
    except MissingSecret:
        parts = None
    key = live_api_key(session, parts[0], now) if parts else None
    if parts and key and digests_equal(key.secret_hash, parts[1]) and set(scopes) <= set(key.scopes):
        return
    made, credential = issue_api_key(session, now, name, scopes, tenants, 365, None)
    done.append(by_operator("api_key.issue", "api_key", made.id, {"scopes": scopes, "tenant_ids": tenants}))
    home.write_secret(name, credential)


def ensure_demo_logins(url: str, home: Home) -> dict[str, dict[str, Any]]:
    """Make what is missing of logins and service keys; return the logins by name.

    Args:
        url: a Postgres URL that may write the schema ``identity``.
        home: where the secrets are kept.

    Raises:
        NothingToAttachTo: no organisations exist yet.
    """
    candidate_key = home.ensure_secret("candidate_key")
    file = home.root / "secrets" / LOGINS_FILE
    known: dict[str, dict[str, Any]] = json.loads(home.read_secret(LOGINS_FILE)) if file.exists() else {}
    engine = open_engine(url, pool_size=1)
    now = clock.now()
    done: list[Insert] = []
    try:
        with session_factory(engine)() as session, session.begin():
            logins = {
                login.name: _ensure_login(session, candidate_key, login, known.get(login.name, {}).get("password"), now, done)
                for login in _logins(session)
            }
            for name in SERVICE_KEYS:
                _ensure_service_key(session, home, name, now, done)
            for row in done:
                session.execute(row)
    finally:
        engine.dispose()
    home.write_secret(LOGINS_FILE, json.dumps(logins, indent=2))
    return logins


def main(arguments: list[str]) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m hiring.demo_logins", description="Make one login per role and the service keys.")
    parser.add_argument("--url", default="", help="Postgres URL; default: the hiring database of the settings")
    options = parser.parse_args(arguments)
    try:
        logins = ensure_demo_logins(options.url or Databases().url("hiring"), Home())
    except NothingToAttachTo as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{len(logins)} logins in secrets/{LOGINS_FILE}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
