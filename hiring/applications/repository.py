"""Statements over the schema ``applications``."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select, true, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import LateralFromClause

from hiring.access import AgencySubmissions, Reach, among, made_once, one_of
from hiring.applications.tables import agency_submissions, applications, hires, offers, stage_definitions, stage_events, touches
from hiring.rows import AnyRow

OTHER = "other"  # a stage that the school never defined, as an import may leave one behind
LIVE_OFFERS = ("draft", "pending_approval", "approved", "sent")
_STEPS = stage_events.alias("steps")
_LAST_SEQUENCE = select(func.coalesce(func.max(_STEPS.c.sequence), 0))
_LAST_SPELL = select(func.coalesce(func.max(_STEPS.c.spell_number), 1))
# Made once: building a statement costs as much as running it.
_AT = bindparam("at", type_=stage_definitions.c.active_from.type)
_STAGES = (
    select(stage_definitions)
    .where(stage_definitions.c.organisation_id == bindparam("tenant_id"))
    .where(or_(stage_definitions.c.job_id.is_(None), stage_definitions.c.job_id == bindparam("job_id")))
    .where(stage_definitions.c.active_from <= _AT, or_(stage_definitions.c.active_to.is_(None), stage_definitions.c.active_to > _AT))
    .order_by(stage_definitions.c.rank, stage_definitions.c.id)
)
_ATTEMPTS = (
    select(applications)
    .where(among(applications.c.candidate_id, "candidate_ids"), applications.c.job_id == bindparam("job_id"))
    .order_by(applications.c.id)
)
_DEFINITIONS = (
    select(stage_definitions)
    .where(among(stage_definitions.c.organisation_id, "tenant_ids"))
    .order_by(stage_definitions.c.active_from, stage_definitions.c.id)
)


def in_reach(reach: Reach) -> ColumnElement[bool]:
    """Return the condition on applications."""
    return reach.applications(applications.c.tenant_id, applications.c.id)


def submissions_of(session: Session, agency_ids: frozenset[UUID]) -> AgencySubmissions:
    """Return what agencies submitted."""
    rows = session.execute(
        select(applications.c.id, applications.c.job_id, applications.c.candidate_id)
        .join(agency_submissions, agency_submissions.c.application_id == applications.c.id)
        .where(one_of(agency_submissions.c.agency_id, agency_ids))
    ).all()
    return AgencySubmissions(
        frozenset(row.id for row in rows), frozenset(row.job_id for row in rows), frozenset(row.candidate_id for row in rows)
    )


def agency_tenants(session: Session, agency_id: UUID) -> frozenset[UUID]:
    """Return the schools an agency submitted applications to."""
    query = select(agency_submissions.c.tenant_id).distinct().where(agency_submissions.c.agency_id == agency_id)
    return frozenset(session.execute(query).scalars())


class Applicants:
    """Which people applied where: what the candidates' rules ask."""

    def known_candidates(self, session: Session, reach: Reach, candidate_ids: frozenset[UUID]) -> frozenset[UUID]:
        """Return which of the candidates have an application in reach."""
        query = select(applications.c.candidate_id).distinct().where(one_of(applications.c.candidate_id, candidate_ids), in_reach(reach))
        return frozenset(session.execute(query).scalars())

    def candidate_ids(self, session: Session, reach: Reach, after: UUID | None, limit: int) -> list[UUID]:
        """Return candidates of applications in reach, in the order of ids."""
        query = select(applications.c.candidate_id).distinct().where(in_reach(reach)).order_by(applications.c.candidate_id).limit(limit)
        return list(session.execute(query if after is None else query.where(applications.c.candidate_id > after)).scalars())


def agency_user_of(session: Session, application_id: UUID) -> UUID | None:
    """Return who of an agency proposed the candidate, None where no agency did."""
    by_agency = exists(select(1).where(agency_submissions.c.application_id == application_id))
    first = (stage_events.c.application_id == application_id) & (stage_events.c.sequence == 1)
    actor_id: UUID | None = session.execute(select(stage_events.c.actor_id).where(first, by_agency)).scalar()
    return actor_id


def attempts(session: Session, candidate_ids: Iterable[UUID], job_id: UUID) -> list[AnyRow]:
    """Return a person's applications to a job."""
    return list(session.execute(_ATTEMPTS, {"candidate_ids": list(candidate_ids), "job_id": job_id}))


def lock_active(session: Session, condition: ColumnElement[bool]) -> list[AnyRow]:
    """Return active applications, locked in the order of ids."""
    active = select(applications).where(condition, applications.c.status == "active")
    return list(session.execute(active.order_by(applications.c.id).with_for_update()))


def events_of(session: Session, application_id: UUID) -> list[AnyRow]:
    """Return the steps of an application in order."""
    mine = stage_events.c.application_id == application_id
    return list(session.execute(select(stage_events).where(mine).order_by(stage_events.c.sequence, stage_events.c.id)))


def last_event(application_id: UUID) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """Return formulas of the highest sequence and spell number of a locked application's steps; 0 and 1 before the first."""
    mine = _STEPS.c.application_id == application_id
    return _LAST_SEQUENCE.where(mine).scalar_subquery(), _LAST_SPELL.where(mine).scalar_subquery()


def stages_of(session: Session, tenant_id: UUID, job_id: UUID, at: datetime) -> list[AnyRow]:
    """Return the stages in force for a job: its own if it has any, else the school's."""
    rows = list(session.execute(_STAGES, {"tenant_id": tenant_id, "job_id": job_id, "at": at}))
    return [row for row in rows if row.job_id is not None] or rows


def lock_live_offers(session: Session, condition: ColumnElement[bool]) -> list[AnyRow]:
    """Return live offers, locked in the order of ids."""
    live = select(offers).where(condition, offers.c.status.in_(LIVE_OFFERS))
    return list(session.execute(live.order_by(offers.c.id).with_for_update()))


def lock_applications_of_offers(session: Session, condition: ColumnElement[bool]) -> None:
    """Lock the applications of live offers, in the order of ids: an application is always locked before its offer."""
    ids = select(offers.c.application_id).where(condition, offers.c.status.in_(LIVE_OFFERS))
    session.execute(select(applications.c.id).where(applications.c.id.in_(ids)).order_by(applications.c.id).with_for_update())


def last_revision(session: Session, chain_id: UUID) -> int:
    """Return the highest version of a chain of offers."""
    return session.execute(select(func.max(offers.c.version)).where(offers.c.chain_id == chain_id)).scalar_one()


def set_submission_status(session: Session, application_id: UUID, status: str, now: datetime) -> None:
    """Write the status of an application's agency submission, if it has one."""
    mine = agency_submissions.c.application_id == application_id
    session.execute(update(agency_submissions).where(mine).values(status=status, updated_at=now))


def hire_in_reach(reach: Reach, hire_id: UUID) -> ColumnElement[bool]:
    """Return the condition on one hire."""
    return (hires.c.id == hire_id) & reach.applications(hires.c.tenant_id, hires.c.application_id)


def definitions_of(session: Session, tenant_ids: Iterable[UUID]) -> list[AnyRow]:
    """Return every stage definition of schools, ended ones too, the newest last."""
    return list(session.execute(_DEFINITIONS, {"tenant_ids": list(tenant_ids)}))


def stage_counts(session: Session, reach: Reach, job_ids: Iterable[UUID]) -> list[AnyRow]:
    """Return how many applications of jobs stand in which stage with which status: job_id, tenant_id, current_stage, status, count."""
    return list(session.execute(_stage_counts(reach), {"job_ids": list(job_ids)}))


@made_once
def _stage_counts(reach: Reach) -> Select[Any]:
    place = (applications.c.job_id, applications.c.tenant_id, applications.c.current_stage, applications.c.status)
    mine = among(applications.c.job_id, "job_ids") & in_reach(reach)
    return select(*place, func.count().label("applications_count")).where(mine).group_by(*place)


def candidates_of(session: Session, condition: ColumnElement[bool]) -> frozenset[UUID]:
    """Return the candidates of applications that meet a condition."""
    return frozenset(session.execute(select(applications.c.candidate_id).where(condition)).scalars())


def standings_of_job(session: Session, reach: Reach, *, ended: bool, canonical: Mapping[str, str], **sought: Any) -> list[AnyRow]:
    """Return a job's applications with since when they stand where they do, the channel of their last touch and the status of their offer.

    Of each place those that have stood longest; ``matching`` is how many there are at the place.

    Args:
        session: the transaction.
        reach: of the caller.
        ended: those that ended, by how they did; else the active ones, by canonical stage.
        canonical: the canonical stage behind each name of one.
        sought: ``job_id``; ``skip`` and ``last``: which numbers of a place; to narrow, ``place`` or ``candidate_ids``.
    """
    statement = _standings_of_job(reach, ended, "place" in sought, "candidate_ids" in sought)
    return list(session.execute(statement, {"canonical": dict(canonical), **sought}))


def standings_of(session: Session, reach: Reach, application_ids: list[UUID]) -> list[AnyRow]:
    """Return applications by their ids as ``standings_of_job`` does."""
    return list(session.execute(_standings_by_id(reach), {"application_ids": application_ids, "skip": 0, "last": len(application_ids)}))


@made_once
def _standings_of_job(reach: Reach, ended: bool, at_one_place: bool, of_some_people: bool) -> Select[Any]:
    active, place = applications.c.status == "active", applications.c.status if ended else _CANONICAL
    conditions = [applications.c.job_id == bindparam("job_id"), in_reach(reach), ~active if ended else active]
    conditions += [place == bindparam("place")] if at_one_place else []
    conditions += [among(applications.c.candidate_id, "candidate_ids")] if of_some_people else []
    return _standings(and_(*conditions), place)


@made_once
def _standings_by_id(reach: Reach) -> Select[Any]:
    return _standings(among(applications.c.id, "application_ids") & in_reach(reach), applications.c.status)


def _standings(condition: ColumnElement[bool], place: ColumnElement[Any]) -> Select[Any]:
    since = func.coalesce(_STEP.c.event_at, applications.c.applied_at).label("since")
    number = func.row_number().over(partition_by=place, order_by=(since, applications.c.id)).label("number")
    matching = func.count().over(partition_by=place).label("matching")
    found = select(applications.c.id, since, place.label("place"), number, matching)
    ranked = found.select_from(applications.outerjoin(_STEP, true())).where(condition).subquery()
    query = select(*_LISTED, ranked.c.since, ranked.c.place, ranked.c.matching, _TOUCH.c.channel_id, _OFFER.c.offer_status)
    parts = applications.join(ranked, ranked.c.id == applications.c.id).outerjoin(_TOUCH, true()).outerjoin(_OFFER, true())
    shown = (ranked.c.number > bindparam("skip")) & (ranked.c.number <= bindparam("last"))
    return query.select_from(parts).where(shown).order_by(ranked.c.since, applications.c.id)


def _latest(query: Select[Any], application_id: ColumnElement[Any], order: ColumnElement[Any]) -> LateralFromClause:
    """Return the last row of an application's parts, to be joined to the application."""
    return query.where(application_id == applications.c.id).order_by(order.desc()).limit(1).correlate(applications).lateral()


_LIVE = select(offers.c.status.label("offer_status")).where(offers.c.status.in_(LIVE_OFFERS))
_STEP = _latest(select(stage_events.c.event_at), stage_events.c.application_id, stage_events.c.sequence)
_TOUCH = _latest(select(touches.c.channel_id), touches.c.application_id, touches.c.position)
_OFFER = _latest(_LIVE, offers.c.application_id, offers.c.id)
_LISTED = [
    applications.c[name]
    for name in ("id", "tenant_id", "job_id", "candidate_id", "status", "current_stage", "applied_at", "origin", "is_internal", "version")
]
_CANONICAL = func.coalesce(bindparam("canonical", type_=JSONB)[applications.c.current_stage].astext, OTHER)


def live_offers(session: Session, condition: ColumnElement[bool], limit: int | None) -> list[AnyRow]:
    """Return live offers of active applications, the oldest first."""
    active = select(offers, applications.c.job_id, applications.c.candidate_id).join(
        applications, applications.c.id == offers.c.application_id
    )
    wanted = active.where(condition, offers.c.status.in_(LIVE_OFFERS), applications.c.status == "active")
    return list(session.execute(wanted.order_by(offers.c.id).limit(limit)))


def hires_to_start(session: Session, condition: ColumnElement[bool], limit: int) -> list[AnyRow]:
    """Return hires whose person has not started, the earliest start first."""
    hired = select(hires, applications.c.job_id, applications.c.candidate_id).join(
        applications, applications.c.id == hires.c.application_id
    )
    wanted = hired.where(condition, hires.c.status == "pending_start")
    return list(session.execute(wanted.order_by(hires.c.start_date.nulls_last(), hires.c.id).limit(limit)))
