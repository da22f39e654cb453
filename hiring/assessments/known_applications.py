"""What this service knows of applications: kept from events, asked of the core where an event never told (imports, older histories)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from foundation import clock
from hiring.access import Access
from hiring.assessments.errors import ApplicationNotFound, CoreUnavailable
from hiring.assessments.tables import known_applications
from hiring.bus.consumer import Consumer, EventRefused
from hiring.bus.envelope import Event
from hiring.domain_events import EventType
from hiring.rows import AnyRow

NO_APPLICATION = ApplicationNotFound("application_id: there is no such application")


class KnownApplications:
    """Finds the application something is about. The core answers with the caller's own credential: it decides who may know."""

    def __init__(self, core: httpx.Client) -> None:
        """Ask the core through this client."""
        self._core = core

    def require(self, session: Session, access: Access, credential: str, application_id: UUID, *, with_job: bool = False) -> AnyRow:
        """Return one application in reach; with ``with_job`` also what its job is about.

        Raises:
            ApplicationNotFound: there is none in reach. CoreUnavailable: it had to be asked for and the core did not answer.
        """
        row = session.execute(select(known_applications).where(known_applications.c.application_id == application_id)).one_or_none()
        if row is None or (with_job and row.subject is None):
            row = self._learn(session, credential, application_id, with_job=with_job)
        access.reach.require_tenant(row.tenant_id, NO_APPLICATION)
        return row

    def _learn(self, session: Session, credential: str, application_id: UUID, *, with_job: bool) -> AnyRow:
        told = self._ask(f"/v1/applications/{application_id}", credential)
        if told is None:
            raise NO_APPLICATION
        names = {name: UUID(told[name]) for name in ("tenant_id", "job_id", "candidate_id")}
        job = (self._ask(f"/v1/jobs/{names['job_id']}", credential) or {}) if with_job else {}
        about = {"subject": job.get("subject"), "staff_class": job.get("staff_class")} if job else {}
        now = clock.now()
        fresh = insert(known_applications).values(application_id=application_id, **names, **about, created_at=now, updated_at=now)
        kept = fresh.on_conflict_do_update(index_elements=["application_id"], set_={**names, **about, "updated_at": now})
        return session.execute(kept.returning(known_applications)).one()

    def _ask(self, path: str, credential: str) -> dict[str, Any] | None:
        try:
            reply = self._core.get(path, headers={"Authorization": f"Bearer {credential}"})
            if reply.status_code in {403, 404}:
                return None
            reply.raise_for_status()
        except httpx.HTTPError as error:
            raise CoreUnavailable("the hiring core did not answer: try again", {"Retry-After": "2"}) from error
        told: dict[str, Any] = reply.json()
        return told


def keep_submitted(session: Session, events: Sequence[Event]) -> None:
    """Keep applications that were submitted; one that is known stays as it is."""
    now = clock.now()
    rows = [{"application_id": event.aggregate_id, **_names(event), "created_at": now, "updated_at": now} for event in events]
    session.execute(insert(known_applications).on_conflict_do_nothing(), rows)


def _names(event: Event) -> dict[str, UUID]:
    try:
        return {name: UUID(event.data[name]) for name in ("tenant_id", "job_id", "candidate_id")}
    except (KeyError, ValueError, TypeError) as error:
        raise EventRefused("tenant_id, job_id, candidate_id: each must be an id") from error


def consumer() -> Consumer:
    """Return who learns of applications."""
    return Consumer("assessments", frozenset({EventType.APPLICATION_SUBMITTED.value}), keep_submitted)
