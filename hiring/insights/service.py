"""Saved views, targets and receipts. Alerts and report schedules: ``alerts.py``."""

import hashlib
import json
import secrets
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from foundation.access import Page, Scope
from hiring.access import Access
from hiring.insights import errors, repository
from hiring.insights.schemas import NewReceipt, NewTarget, NewView, TargetChange, ViewChange
from hiring.insights.tables import receipts, saved_views, targets
from hiring.rows import AnyRow, Paging, change_row, find_row, insert_row, lock_row, read_page

NO_VIEW = errors.ViewNotFound("there is no such saved view")
NO_TARGET = errors.TargetNotFound("there is no such target")
NO_RECEIPT = errors.ReceiptNotFound("there is no such receipt")
NO_SCHOOL = errors.SchoolNotFound("tenant_id: there is no such school")
_ID_BYTES = 12
_EQUITY = "D"  # family of the equity metrics


def require_owner_scope(access: Access, tenant_id: UUID | None) -> None:
    """Raise unless the caller may keep something for a school, or, for None, for the whole platform."""
    if tenant_id is None:
        access.require_platform()
    else:
        access.require_school(tenant_id, NO_SCHOOL)


class InsightsService:
    """Rules of views, targets and receipts."""

    def save_view(self, session: Session, access: Access, body: NewView) -> AnyRow:
        """Save a page's filters for the caller alone; a second of the same name on the page is refused."""
        return insert_row(session, saved_views, access.now, owner_id=access.actor_id, version=1, **body.model_dump())

    def view(self, session: Session, access: Access, view_id: UUID) -> AnyRow:
        """Return one view of the caller's own."""
        return find_row(session, saved_views, (saved_views.c.id == view_id) & repository.own_views(access), NO_VIEW)

    def view_page(self, session: Session, access: Access, page: str | None, paging: Paging) -> dict[str, Any]:
        """Return the caller's views, of one dashboard page or of all."""
        conditions = [repository.own_views(access), *([saved_views.c.page == page] if page else [])]
        return read_page(session, saved_views, conditions, paging)

    def change_view(self, session: Session, access: Access, view_id: UUID, body: ViewChange, version: int) -> AnyRow:
        """Rename a view or give it other filters."""
        row = lock_row(session, saved_views, (saved_views.c.id == view_id) & repository.own_views(access), NO_VIEW, version)
        return change_row(session, saved_views, row, access.now, **body.model_dump(exclude_unset=True, exclude_none=True))

    def delete_view(self, session: Session, access: Access, view_id: UUID) -> None:
        """Forget a view."""
        row = self.view(session, access, view_id)
        session.execute(delete(saved_views).where(saved_views.c.id == row.id))

    def set_target(self, session: Session, access: Access, body: NewTarget) -> AnyRow:
        """Set what a metric should be; a second target for the same figures is refused."""
        require_owner_scope(access, body.tenant_id)
        row = insert_row(session, targets, access.now, owner_id=access.actor_id, version=1, **body.model_dump())
        access.log("target.set", "target", row.id, tenant_id=row.tenant_id, after=row)
        return row

    def target(self, session: Session, access: Access, target_id: UUID) -> AnyRow:
        """Return one target in reach."""
        return find_row(session, targets, repository.in_reach(access, targets, target_id), NO_TARGET)

    def target_page(self, session: Session, access: Access, filters: dict[str, Any], paging: Paging) -> dict[str, Any]:
        """Return targets in reach; ``filters`` are column = value."""
        return read_page(session, targets, repository.matching(access, targets, filters), paging)

    def change_target(self, session: Session, access: Access, target_id: UUID, body: TargetChange, version: int) -> AnyRow:
        """Change the goal or its direction."""
        row = lock_row(session, targets, repository.in_reach(access, targets, target_id), NO_TARGET, version)
        changed = change_row(session, targets, row, access.now, **body.model_dump(exclude_unset=True, exclude_none=True))
        access.log("target.change", "target", row.id, tenant_id=row.tenant_id, before=row, after=changed)
        return changed

    def delete_target(self, session: Session, access: Access, target_id: UUID) -> None:
        """Give a target up."""
        row = self.target(session, access, target_id)
        session.execute(delete(targets).where(targets.c.id == row.id))
        access.log("target.delete", "target", row.id, tenant_id=row.tenant_id, before=row)

    def make_receipt(self, session: Session, access: Access, body: NewReceipt) -> AnyRow:
        """Keep a figure as it was published; the same content again answers the same receipt.

        The caller is a service that computed the figure: nobody can write a receipt by hand.
        """
        for tenant_id in body.tenant_ids or ():
            access.reach.require_tenant(tenant_id, NO_SCHOOL)
        if body.tenant_ids is None:
            access.require_platform()
        tenants = None if body.tenant_ids is None else sorted(map(str, body.tenant_ids))
        scope = _scope(tenants, body.agency_id)
        content = body.model_dump(mode="json", exclude={"tenant_ids", "agency_id"})
        text = json.dumps([content, tenants, scope.agency_id], sort_keys=True)
        return repository.keep_receipt(
            session,
            id=secrets.token_urlsafe(_ID_BYTES),
            content_hash=hashlib.sha256(text.encode()).hexdigest(),
            scope_digest=scope.digest(),
            tenant_ids=tenants,
            agency_id=body.agency_id,
            content=content,
            created_at=access.now,
        )

    def receipt(self, session: Session, access: Access, receipt_id: str) -> AnyRow:
        """Return a receipt whose scope the caller's covers; an equity figure's only to those who may open Equity.

        Raises:
            ReceiptNotFound: there is none, or it is not the caller's to read.
        """
        row = find_row(session, receipts, receipts.c.id == receipt_id, NO_RECEIPT)
        principal = access.caller.principal
        is_covered = principal.scope().covers(_scope(row.tenant_ids, row.agency_id))
        if not is_covered or (row.content["metric_id"].startswith(_EQUITY) and not principal.may_open(Page.EQUITY)):
            raise NO_RECEIPT
        return row


def _scope(tenants: list[str] | None, agency_id: UUID | None) -> Scope:
    return Scope(None if tenants is None else frozenset(tenants), None if agency_id is None else str(agency_id))
