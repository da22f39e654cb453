"""Domain events: what happened, told to whoever listens. Ids and codes only, never personal data.

``record`` writes the outbox row in the caller's transaction, after the aggregate was locked and its version raised: the
event exists exactly when the change does. The relay (``hiring/bus``) moves the row to whoever consumes it. What each event
carries is declared in ``hiring/bus/payloads.py``: nothing else can leave.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from foundation import logs
from hiring.bus.payloads import newest_version, written
from hiring.bus.tables import events
from hiring.rows import new_id


class EventType(StrEnum):
    """Every event of the hiring core."""

    ORGANISATION_REGISTERED = "ORGANISATION_REGISTERED"
    USER_REGISTERED = "USER_REGISTERED"
    JOB_DRAFTED = "JOB_DRAFTED"
    JOB_CHANGED = "JOB_CHANGED"
    JOB_APPROVED = "JOB_APPROVED"
    JOB_OPENED = "JOB_OPENED"
    JOB_PUT_ON_HOLD = "JOB_PUT_ON_HOLD"
    JOB_REOPENED = "JOB_REOPENED"
    JOB_CLOSED = "JOB_CLOSED"
    JOB_CANCELLED = "JOB_CANCELLED"
    OPENING_RESERVED = "OPENING_RESERVED"
    OPENING_FILLED = "OPENING_FILLED"
    OPENING_FREED = "OPENING_FREED"
    JOB_POSTED = "JOB_POSTED"
    POSTING_ENDED = "POSTING_ENDED"
    CANDIDATE_REGISTERED = "CANDIDATE_REGISTERED"
    CANDIDATE_MERGED = "CANDIDATE_MERGED"
    CONSENT_GRANTED = "CONSENT_GRANTED"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    APPLICATION_SUBMITTED = "APPLICATION_SUBMITTED"
    AGENCY_CANDIDATE_SUBMITTED = "AGENCY_CANDIDATE_SUBMITTED"
    CANDIDATE_REFERRED = "CANDIDATE_REFERRED"
    STAGE_MOVED = "STAGE_MOVED"
    APPLICATION_REJECTED = "APPLICATION_REJECTED"
    APPLICATION_WITHDRAWN = "APPLICATION_WITHDRAWN"
    APPLICATION_REOPENED = "APPLICATION_REOPENED"
    APPLICATION_ENDED = "APPLICATION_ENDED"
    MESSAGE_SENT = "MESSAGE_SENT"
    OFFER_DRAFTED = "OFFER_DRAFTED"
    OFFER_APPROVED = "OFFER_APPROVED"
    OFFER_SENT = "OFFER_SENT"
    OFFER_ACCEPTED = "OFFER_ACCEPTED"
    OFFER_DECLINED = "OFFER_DECLINED"
    OFFER_EXPIRED = "OFFER_EXPIRED"
    OFFER_WITHDRAWN = "OFFER_WITHDRAWN"
    OFFER_RESCINDED = "OFFER_RESCINDED"
    OFFER_SUPERSEDED = "OFFER_SUPERSEDED"
    HIRE_SAGA_STARTED = "HIRE_SAGA_STARTED"
    HIRE_SAGA_COMPLETED = "HIRE_SAGA_COMPLETED"
    HIRE_SAGA_COMPENSATED = "HIRE_SAGA_COMPENSATED"
    AGENCY_NOTIFIED = "AGENCY_NOTIFIED"
    CANDIDATE_HIRED = "CANDIDATE_HIRED"
    HIRE_STARTED = "HIRE_STARTED"
    HIRE_RENEGED = "HIRE_RENEGED"
    EMPLOYMENT_OUTCOME_RECORDED = "EMPLOYMENT_OUTCOME_RECORDED"
    INTERVIEW_SCHEDULED = "INTERVIEW_SCHEDULED"
    INTERVIEW_HELD = "INTERVIEW_HELD"
    INTERVIEW_CANCELLED = "INTERVIEW_CANCELLED"
    INTERVIEW_MISSED = "INTERVIEW_MISSED"
    SCORECARD_SUBMITTED = "SCORECARD_SUBMITTED"
    SCREENING_COMPLETED = "SCREENING_COMPLETED"
    RESUME_PARSED = "RESUME_PARSED"
    INTERVIEW_ANALYSED = "INTERVIEW_ANALYSED"


_HELD = "held events"
_ADD = insert(events)  # made once: building the statement would cost more than running it


def record(
    session: Session,
    event_type: EventType,
    kind: str,
    aggregate_id: UUID,
    sequence: int,
    occurred_at: datetime,
    /,
    event_id: UUID | None = None,
    **data: Any,
) -> None:
    """Add one event to the outbox, in the running transaction.

    Args:
        session: the transaction of the change itself.
        event_type: what happened.
        kind: the aggregate's kind: ``application``, ``job``, ``candidate``, …
        aggregate_id: which one.
        sequence: its version after the change.
        occurred_at: when it happened.
        event_id: where it must not be recorded twice, an id made from what it must be unique for; default: a new one.
        data: ids, codes, numbers and instants, as the type's payload declares them.

    Raises:
        PayloadRefused: the data are not what the type declares.
    """
    record_all(session, event_type, kind, [Happened(aggregate_id, sequence, occurred_at, data, event_id)])


@dataclass(frozen=True)
class Happened:
    """One event of several that are recorded together; see ``record``."""

    aggregate_id: UUID
    sequence: int
    occurred_at: datetime
    data: Mapping[str, Any]
    event_id: UUID | None = None


def record_all(session: Session, event_type: EventType, kind: str, news: Sequence[Happened]) -> None:
    """Add events of one type to the outbox, in the running transaction and in this order; raises as ``record`` does."""
    rows = [
        {
            "event_id": each.event_id or new_id(),
            "type": event_type.value,
            "subject": f"{kind}:{each.aggregate_id}",
            "sequence": each.sequence,
            "data": written(event_type.value, each.data),
            "schema_version": newest_version(event_type.value),
            "occurred_at": each.occurred_at,
            "correlation_id": logs.correlation_id(),
        }
        for each in news
    ]
    held: list[dict[str, Any]] | None = session.info.get(_HELD)
    if held is None:
        session.execute(_ADD, rows)
    else:
        held += rows


@contextmanager
def recorded_together(session: Session) -> Iterator[None]:
    """Insert what is recorded meanwhile with one statement at the end, nothing after an error: for work of many steps.

    Within another one it is inserted with that one's events, so that the order stays.
    """
    outer: list[dict[str, Any]] | None = session.info.get(_HELD)
    held: list[dict[str, Any]] = []
    session.info[_HELD] = held
    try:
        yield
    finally:
        session.info[_HELD] = outer
    if outer is not None:
        outer += held
    elif held:
        session.execute(_ADD, held)
