"""Screening checks: requested, then completed with a result. What a check is made of stays with whoever made it."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from hiring.access import Access
from hiring.assessments import errors
from hiring.assessments.schemas import CheckCompletion, NewCheck
from hiring.assessments.tables import screening_checks
from hiring.domain_events import EventType, record
from hiring.rows import AnyRow, Paging, change_row, find_row, insert_row, lock_row, read_page

NO_CHECK = errors.CheckNotFound("there is no such screening check")


class ScreeningService:
    """Rules of screening checks."""

    def request(self, session: Session, access: Access, tenant_id: UUID, body: NewCheck) -> AnyRow:
        """Ask for a check of an application of this school."""
        values = {"application_id": body.application_id, "kind": body.kind, "requested_at": access.event_at(body.event_at)}
        return insert_row(session, screening_checks, access.now, tenant_id=tenant_id, version=1, **values)

    def check(self, session: Session, access: Access, check_id: UUID) -> AnyRow:
        """Return one check in reach."""
        return find_row(session, screening_checks, self._one(access, check_id), NO_CHECK)

    def page(self, session: Session, access: Access, filters: dict[str, Any], paging: Paging) -> dict[str, Any]:
        """Return checks in reach; ``filters`` are column = value."""
        conditions = [screening_checks.c[name] == value for name, value in filters.items() if value is not None]
        return read_page(session, screening_checks, [access.reach.tenants(screening_checks.c.tenant_id), *conditions], paging)

    def complete(self, session: Session, access: Access, check_id: UUID, body: CheckCompletion, version: int | None) -> AnyRow:
        """Keep what a check found.

        Raises:
            TransitionNotAllowed: it was completed before, or the instant lies before the request.
        """
        row = lock_row(session, screening_checks, self._one(access, check_id), NO_CHECK, version)
        at = access.event_at(body.event_at)
        if row.completed_at is not None:
            raise errors.TransitionNotAllowed("the check is completed: request another one")
        if at < row.requested_at:
            raise errors.TransitionNotAllowed("event_at: lies before the check was requested")
        changed = change_row(session, screening_checks, row, access.now, completed_at=at, result=body.result)
        about = {"tenant_id": row.tenant_id, "application_id": row.application_id, "kind": row.kind, "result": body.result}
        record(session, EventType.SCREENING_COMPLETED, "screening_check", row.id, changed.version, at, **about)
        return changed

    def _one(self, access: Access, check_id: UUID) -> ColumnElement[bool]:
        return (screening_checks.c.id == check_id) & access.reach.tenants(screening_checks.c.tenant_id)
