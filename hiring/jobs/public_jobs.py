"""Statements over the jobs that anybody may see: open, with a place left, and posted outside."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, literal_column, or_, select, tuple_
from sqlalchemy.orm import Session

from hiring.access import one_of
from hiring.jobs.tables import jobs, openings, postings
from hiring.rows import AnyRow

# The expression of the index jobs_search. `simple`: titles come in every language.
_WORDS: ColumnElement[Any] = literal_column(
    "to_tsvector('simple', jobs.jobs.title || ' ' || translate(jobs.jobs.subject, '_', ' ') || ' ' || jobs.jobs.grade_range)"
)


def search(
    session: Session,
    now: datetime,
    limit: int,
    *,
    words: str | None = None,
    subject: str | None = None,
    level: str | None = None,
    starts_from: date | None = None,
    starts_to: date | None = None,
    tenant_ids: Iterable[UUID] | None = None,
    after: tuple[datetime, UUID] | None = None,
) -> list[AnyRow]:
    """Return up to ``limit`` public jobs with their free places, newest first.

    Args:
        session: the transaction.
        now: postings are live at this instant.
        limit: rows at most.
        words: web-search syntax over title, subject and level.
        subject: code.
        level: grades taught, as the job names them.
        starts_from: first day of work on or after.
        starts_to: first day of work on or before.
        tenant_ids: the schools to look at; None: all.
        after: opening instant and id of the last job of the page before.
    """
    query = _PUBLIC
    if words:
        query = query.where(_WORDS.op("@@")(func.websearch_to_tsquery("simple", words)))
    for column, value in ((jobs.c.subject, subject), (jobs.c.grade_range, level)):
        if value is not None:
            query = query.where(column == value)
    if starts_from is not None:
        query = query.where(jobs.c.target_start_date >= starts_from)
    if starts_to is not None:
        query = query.where(jobs.c.target_start_date <= starts_to)
    if tenant_ids is not None:
        query = query.where(one_of(jobs.c.tenant_id, tenant_ids))
    if after is not None:
        query = query.where(tuple_(jobs.c.opened_at, jobs.c.id) < after)
    return list(session.execute(query.order_by(jobs.c.opened_at.desc(), jobs.c.id.desc()).limit(limit), {"now": now}))


def by_id(session: Session, now: datetime, job_id: UUID) -> AnyRow | None:
    """Return one public job with its free places; None when there is none."""
    return session.execute(_PUBLIC.where(jobs.c.id == job_id), {"now": now}).one_or_none()


def _public() -> Select[Any]:
    now = bindparam("now", type_=postings.c.live_from.type)
    live = and_(postings.c.live_from <= now, or_(postings.c.live_to.is_(None), postings.c.live_to > now))
    is_posted = exists().where(postings.c.job_id == jobs.c.id, postings.c.is_internal.is_(False), live).correlate(jobs)
    is_free = and_(
        openings.c.job_id == jobs.c.id,
        openings.c.closed_at.is_(None),
        openings.c.filled_by_application_id.is_(None),
        openings.c.reserved_by_offer_id.is_(None),
    )
    free = select(func.count()).select_from(openings).where(is_free).correlate(jobs).scalar_subquery()
    return select(jobs, free.label("openings_count")).where(jobs.c.status == "open", jobs.c.opened_at.is_not(None), is_posted, free > 0)


_PUBLIC = _public()  # made once: building it costs as much as running it
