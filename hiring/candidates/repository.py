"""Statements over the schema ``candidates``."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Row, Text, bindparam, exists, func, literal, select
from sqlalchemy.orm import Session

from hiring.access import among, one_of
from hiring.candidates.tables import candidates, consents, credentials
from hiring.rows import AnyRow

# Made once: building a statement costs as much as running it.
_MERGED = select(candidates.c.id).where(candidates.c.merged_into_id == bindparam("candidate_id"))
_BY_ADDRESS = (
    select(candidates)
    .where(candidates.c.email_hash == bindparam("address"), candidates.c.merged_into_id.is_(None), candidates.c.erased_at.is_(None))
    .order_by(candidates.c.id)
    .limit(1)
)
_NAMES = select(candidates.c.id, candidates.c.given_name, candidates.c.family_name).where(among(candidates.c.id, "candidate_ids"))
_LOCK_ADDRESS = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("address", type_=Text), literal(0, BigInteger))))


def in_talent_pool() -> ColumnElement[bool]:
    """Return the condition: the person agreed to be found by every school, and still does."""
    granted = (consents.c.candidate_id == candidates.c.id) & (consents.c.purpose == "talent_pool") & consents.c.withdrawn_at.is_(None)
    return exists(select(1).where(granted).correlate(candidates)) & candidates.c.merged_into_id.is_(None) & candidates.c.erased_at.is_(None)


def family_of(session: Session, candidate_id: UUID) -> frozenset[UUID]:
    """Return the record and those merged into it: one person."""
    return frozenset({candidate_id, *session.execute(_MERGED, {"candidate_id": candidate_id}).scalars()})


def remaining(session: Session, candidate_id: UUID) -> AnyRow | None:
    """Return the record that stays after merges."""
    row = session.execute(select(candidates).where(candidates.c.id == candidate_id)).one_or_none()
    while row is not None and row.merged_into_id is not None:
        row = session.execute(select(candidates).where(candidates.c.id == row.merged_into_id)).one_or_none()
    return row


def by_email_hash(session: Session, email_hash: str) -> AnyRow | None:
    """Return the oldest live record with this address."""
    return session.execute(_BY_ADDRESS, {"address": email_hash}).one_or_none()


def lock_address(session: Session, email_hash: str) -> None:
    """Let two registrations of one address wait for each other until the transaction ends."""
    session.execute(_LOCK_ADDRESS, {"address": email_hash})


def duplicates_of(session: Session, row: AnyRow, limit: int) -> list[AnyRow]:
    """Return live records with the same address, or the same names and country."""
    names = (func.lower(candidates.c.given_name) == row.given_name.lower()) & (
        func.lower(candidates.c.family_name) == row.family_name.lower()
    )
    same = names & candidates.c.country.is_not_distinct_from(row.country)
    if row.email_hash is not None:
        same |= candidates.c.email_hash == row.email_hash
    others = (candidates.c.id != row.id) & candidates.c.merged_into_id.is_(None) & candidates.c.erased_at.is_(None) & same
    return list(session.execute(select(candidates).where(others).order_by(candidates.c.id).limit(limit)))


def is_in_talent_pool(session: Session, candidate_id: UUID) -> bool:
    """Say whether a person agreed to be found by every school."""
    return session.execute(select(1).select_from(candidates).where(candidates.c.id == candidate_id, in_talent_pool())).scalar() is not None


def talent_pool_ids(session: Session, after: UUID | None, limit: int) -> list[UUID]:
    """Return ids in the talent pool behind a cursor."""
    query = select(candidates.c.id).where(in_talent_pool()).order_by(candidates.c.id).limit(limit)
    return list(session.execute(query if after is None else query.where(candidates.c.id > after)).scalars())


def by_ids(session: Session, ids: Iterable[UUID]) -> list[AnyRow]:
    """Return records in the order of ids."""
    return list(session.execute(select(candidates).where(one_of(candidates.c.id, ids)).order_by(candidates.c.id)))


def names(session: Session, ids: Iterable[UUID]) -> list[Row[tuple[UUID, str, str]]]:
    """Return id, given and family name of records."""
    return list(session.execute(_NAMES, {"candidate_ids": list(ids)}))


def named(session: Session, ids: Iterable[UUID], words: Iterable[str]) -> frozenset[UUID]:
    """Return those whose name has every word in it, given name first or family name first, as some write it in one."""
    given, family = candidates.c.given_name, candidates.c.family_name
    name = given + " " + family + " " + family + given
    every = [name.icontains(word, autoescape=True) for word in words]
    return frozenset(session.execute(select(candidates.c.id).where(one_of(candidates.c.id, ids), *every)).scalars())


def parts_of(session: Session, table: str, family: Iterable[UUID]) -> list[AnyRow]:
    """Return ``credentials`` or ``consents`` of a person."""
    parts = {"credentials": credentials, "consents": consents}[table]
    return list(session.execute(select(parts).where(one_of(parts.c.candidate_id, family)).order_by(parts.c.id)))
