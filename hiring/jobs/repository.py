"""Statements over the schema ``jobs``."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.orm import Session

from hiring.access import Reach, among, one_of
from hiring.jobs.tables import channels, job_status_events, jobs, openings, postings
from hiring.rows import AnyRow

# Made once: building a statement costs as much as running it.
_LEFT = (
    select(openings.c.job_id, func.count().label("left"))
    .where(among(openings.c.job_id, "job_ids"), openings.c.filled_by_application_id.is_(None), openings.c.closed_at.is_(None))
    .group_by(openings.c.job_id)
)


def jobs_in_reach(reach: Reach) -> ColumnElement[bool]:
    """Return the condition on jobs."""
    return reach.jobs(jobs.c.tenant_id, jobs.c.id)


def offered_to_agencies(now: datetime) -> ColumnElement[bool]:
    """Return the condition: the job is open and posted, not internally, on a channel of type agency."""
    live = or_(postings.c.live_to.is_(None), postings.c.live_to > now)
    posted = exists(
        select(1)
        .select_from(postings)
        .join(channels, channels.c.id == postings.c.channel_id)
        .where(postings.c.job_id == jobs.c.id, channels.c.type == "agency", live, postings.c.is_internal.is_(False))
        .correlate(jobs)
    )
    return (jobs.c.status == "open") & posted


def openings_of(session: Session, job_id: UUID) -> list[AnyRow]:
    """Return a job's openings."""
    return list(session.execute(select(openings).where(openings.c.job_id == job_id).order_by(openings.c.id)))


def openings_left(session: Session, job_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return how many openings are neither filled nor closed, by job; jobs without one are left out."""
    return {row.job_id: row.left for row in session.execute(_LEFT, {"job_ids": list(job_ids)})}


def titles_of(session: Session, condition: ColumnElement[bool], job_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return titles of jobs that meet a condition."""
    rows = session.execute(select(jobs.c.id, jobs.c.title).where(condition, one_of(jobs.c.id, job_ids)))
    return {row.id: row.title for row in rows}


def lock_openings(session: Session, job_id: UUID) -> list[AnyRow]:
    """Return a job's openings, locked in the order of ids."""
    return list(session.execute(select(openings).where(openings.c.job_id == job_id).order_by(openings.c.id).with_for_update()))


def set_openings(session: Session, ids: list[UUID], now: datetime, **values: Any) -> None:
    """Write the same values into several openings."""
    session.execute(update(openings).where(one_of(openings.c.id, ids)).values(updated_at=now, **values))


def end_postings(session: Session, job_id: UUID, at: datetime, now: datetime) -> None:
    """Take every live posting of a job down."""
    live = (postings.c.job_id == job_id) & postings.c.live_to.is_(None)
    session.execute(update(postings).where(live).values(live_to=at, updated_at=now))


def status_events_of(session: Session, job_id: UUID) -> list[AnyRow]:
    """Return the steps of a job's life in order."""
    events = job_status_events
    return list(session.execute(select(events).where(events.c.job_id == job_id).order_by(events.c.event_at, events.c.id)))


def shared_or_in_reach(reach: Reach, tenant: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition on rows that are the network's or a school's own."""
    return or_(tenant.is_(None), reach.tenants(tenant))
