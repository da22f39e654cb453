"""Reading, locking and versioning rows, the same way in every domain. What doesn't belong here: any rule of a domain."""

import base64
import binascii
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import ClauseElement, ColumnElement, Insert, Row, Select, Table, Update, bindparam, insert, select, update
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from hiring.errors import BadRequest, Problem, VersionMismatch

AnyRow = Row[Any]
Item = TypeVar("Item")
_STAMPS = "stamps"


def new_id() -> UUID:
    """Return a UUIDv7: sorts by the time it was made."""
    return uuid7()


def stamp(session: Session, table: Table, **values: Any) -> None:
    """Let the next row inserted into a table hold these values: an import says where the row came from and what it was there."""
    session.info.setdefault(_STAMPS, {}).setdefault(table.fullname, deque()).append(values)


def forget_stamps(session: Session) -> None:
    """Drop stamps that no row took."""
    session.info.pop(_STAMPS, None)


def insert_row(session: Session, table: Table, now: datetime, **values: Any) -> AnyRow:
    """Insert one row with a new id (unless given) and the request's instant; return it."""
    if waiting := session.info.get(_STAMPS, {}).get(table.fullname):
        values |= waiting.popleft()
    values.setdefault("id", new_id())
    for column in ("created_at", "updated_at", "recorded_at"):
        if column in table.c:
            values.setdefault(column, now)
    formulas = {name: value for name, value in values.items() if isinstance(value, ClauseElement)}
    statement = _insert(table).values(formulas) if formulas else _insert(table)
    return session.execute(statement, {name: value for name, value in values.items() if name not in formulas}).one()


# Built once a table: building a statement costs as much as running it.
@cache
def _insert(table: Table) -> Insert:
    return insert(table).returning(table)


@cache
def _select(table: Table) -> Select[Any]:
    return select(table)


@cache
def _update(table: Table, *, counts: bool) -> Update:
    changed = update(table).where(table.c.id == bindparam("row_id")).returning(table)
    return changed.values(version=table.c.version + 1) if counts else changed


def find_row(session: Session, table: Table, condition: ColumnElement[bool], missing: Problem) -> AnyRow:
    """Return the one row the condition names, or raise ``missing``."""
    row = session.execute(_select(table).where(condition)).one_or_none()
    if row is None:
        raise missing
    return row


def lock_row(
    session: Session, table: Table, condition: ColumnElement[bool], missing: Problem, expected_version: int | None = None
) -> AnyRow:
    """Return the row, locked until the transaction ends.

    Raises:
        Problem: ``missing`` when there is none; ``VersionMismatch`` when it moved on since ``expected_version``.
    """
    row = session.execute(_select(table).where(condition).with_for_update()).one_or_none()
    if row is None:
        raise missing
    if expected_version is not None and row.version != expected_version:
        raise VersionMismatch(f"version is {row.version}, not {expected_version}: read it again and repeat the change")
    return row


def change_row(session: Session, table: Table, row: AnyRow, now: datetime, **values: Any) -> AnyRow:
    """Write values into a locked row, raise its version where it has one, and return it as it is now."""
    counts = "version" in table.c and "version" not in values
    return session.execute(_update(table, counts=counts), {**values, "updated_at": now, "row_id": row.id}).one()


@dataclass(frozen=True)
class Paging:
    """Which page of a list: ids after the cursor, at most ``limit`` of them."""

    after: UUID | None
    limit: int


def encode_cursor(last_id: UUID) -> str:
    """Return the opaque cursor behind a row."""
    return base64.urlsafe_b64encode(last_id.bytes).decode().rstrip("=")


def decode_cursor(cursor: str) -> UUID:
    """Return the id in a cursor.

    Raises:
        BadRequest: it was not made by this API.
    """
    try:
        return UUID(bytes=base64.b64decode(cursor + "==", altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise BadRequest("cursor: use the next_cursor of a previous page as it was given") from error


def read_page(
    session: Session, table: Table, conditions: list[ColumnElement[bool]], paging: Paging, statement: Select[Any] | None = None
) -> dict[str, Any]:
    """Return ``{"items", "next_cursor"}`` of the rows that meet every condition, in the order of ids."""
    query = (select(table) if statement is None else statement).where(*conditions).order_by(table.c.id).limit(paging.limit + 1)
    if paging.after is not None:
        query = query.where(table.c.id > paging.after)
    return page_of(list(session.execute(query).all()), paging, lambda row: cast(UUID, row.id))


def page_of(rows: list[Item], paging: Paging, id_of: Callable[[Item], UUID]) -> dict[str, Any]:
    """Cut ``limit + 1`` fetched rows into a page."""
    items = rows[: paging.limit]
    return {"items": items, "next_cursor": encode_cursor(id_of(items[-1])) if len(rows) > paging.limit else None}
