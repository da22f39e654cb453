"""Where and how to write to people, for the notification service: it asks at the moment of sending and keeps nothing.

What belongs here: addresses, names and language of ids, and the names an application is spoken of by. What doesn't: who is told what.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from hiring.access import one_of
from hiring.applications.tables import applications
from hiring.candidates.service import CandidateService
from hiring.flows.schemas import ContactQuestion
from hiring.identity.tables import memberships, organisations, users
from hiring.jobs.tables import jobs

LANGUAGES = {"AT": "de", "CH": "de", "DE": "de", "KR": "ko", "LI": "de"}
DEFAULT_LANGUAGE = "en"


def contacts_of(session: Session, candidates: CandidateService, body: ContactQuestion) -> dict[str, Any]:
    """Return the contacts of the recipients that can be written to, and the names of the applications. Never to be logged."""
    asked: dict[str, list[UUID]] = {"candidate": [], "user": []}
    for recipient in body.recipients:
        kind, _, recipient_id = recipient.partition(":")
        asked[kind].append(UUID(recipient_id))
    of_candidates = [_candidate(asked_id, row) for asked_id, row in candidates.reachable(session, asked["candidate"]).items()]
    return {
        "contacts": [*of_candidates, *_users(session, asked["user"])],
        "applications": _applications(session, body.application_ids),
    }


def _candidate(asked_id: UUID, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "recipient": f"candidate:{asked_id}",
        "person": f"candidate:{row['id']}",
        "email": row["email"],
        "phone": row["phone"],
        "display_name": f"{row['given_name']} {row['family_name']}",
        "locale": row["preferred_language"],
    }


def _users(session: Session, ids: Iterable[UUID]) -> list[dict[str, Any]]:
    """Return active people; their language is that of a school they belong to."""
    country = (
        select(organisations.c.country)
        .join(memberships, memberships.c.organisation_id == organisations.c.id)
        .where(memberships.c.user_id == users.c.id)
        .order_by(memberships.c.id)
        .limit(1)
        .correlate(users)
        .scalar_subquery()
    )
    query = select(users.c.id, users.c.email, users.c.display_name, country.label("country"))
    return [
        {
            "recipient": f"user:{row.id}",
            "person": f"user:{row.id}",
            "email": row.email,
            "phone": None,
            "display_name": row.display_name,
            "locale": LANGUAGES.get(row.country, DEFAULT_LANGUAGE),
        }
        for row in session.execute(query.where(one_of(users.c.id, ids), users.c.is_active))
    ]


def _applications(session: Session, ids: Iterable[UUID]) -> list[Any]:
    school = (organisations.c.name.label("school_name"), organisations.c.timezone, organisations.c.country)
    query = (
        select(applications.c.id, jobs.c.title.label("job_title"), *school)
        .join(jobs, jobs.c.id == applications.c.job_id)
        .join(organisations, organisations.c.id == applications.c.tenant_id)
    )
    found = session.execute(query.where(one_of(applications.c.id, ids)))
    return [{**row._mapping, "locale": LANGUAGES.get(row.country, DEFAULT_LANGUAGE)} for row in found]
