"""Statements over the schema ``insights``, and what this domain asks of the others through the wiring."""

from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Table, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hiring.access import Access
from hiring.insights.tables import receipts, saved_views
from hiring.rows import AnyRow


class AddressBook(Protocol):
    """Finds where to write to people (the domain ``identity`` has one)."""

    def __call__(self, session: Session, user_id: UUID, tenant_id: UUID | None) -> str | None:
        """Return the address of an active person with a role that reads a school's figures (None: the whole platform's)."""
        ...


def own_views(access: Access) -> ColumnElement[bool]:
    """Return the condition: views of the caller."""
    return saved_views.c.owner_id == access.actor_id


def in_reach(access: Access, table: Table, row_id: UUID) -> ColumnElement[bool]:
    """Return the condition: one row of a school in reach; rows of the whole platform belong to whoever reaches every school."""
    condition: ColumnElement[bool] = (table.c.id == row_id) & access.reach.tenants(table.c.tenant_id)
    return condition


def matching(access: Access, table: Table, filters: dict[str, Any]) -> list[ColumnElement[bool]]:
    """Return the conditions of a list: rows in reach whose columns equal the given values."""
    return [access.reach.tenants(table.c.tenant_id), *(table.c[name] == value for name, value in filters.items() if value is not None)]


def keep_receipt(session: Session, **values: Any) -> AnyRow:
    """Insert a receipt unless the same content was kept before; return what is kept."""
    fresh = insert(receipts).values(**values).on_conflict_do_nothing(index_elements=["content_hash"]).returning(receipts)
    made = session.execute(fresh).one_or_none()
    return made or session.execute(select(receipts).where(receipts.c.content_hash == values["content_hash"])).one()
