"""What ends an offer wakes its saga: declined, expired, taken back or replaced by hand, ended with its application or its job.

Their events were recorded in the transaction of the answer itself, so none is lost. An acceptance is no matter of this consumer: it
goes through ``service.py``, which brings the hire about at once.
"""

from collections.abc import Sequence

from sqlalchemy import update
from sqlalchemy.orm import Session

from foundation import clock
from hiring.bus.consumer import Consumer
from hiring.bus.envelope import Event
from hiring.domain_events import EventType
from hiring.hire_saga.tables import sagas

_SIGNALS = {
    EventType.OFFER_DECLINED.value: "declined",
    EventType.OFFER_EXPIRED.value: "expired",
    EventType.OFFER_WITHDRAWN.value: "withdrawn",
    EventType.OFFER_RESCINDED.value: "rescinded",
    EventType.OFFER_SUPERSEDED.value: "superseded",
}


def answers() -> Consumer:
    """Return the consumer that gives answers to the sagas they belong to."""
    return Consumer("hire-saga", frozenset(_SIGNALS), _signal)


def _signal(session: Session, events: Sequence[Event]) -> None:
    now = clock.now()
    for event in events:
        mine = (sagas.c.offer_id == event.data["offer_id"]) & (sagas.c.direction == "forward") & sagas.c.ended_at.is_(None)
        values = {"signal": _SIGNALS[event.type], "state": "processing", "attempts": 0, "due_at": now, "updated_at": now}
        session.execute(update(sagas).where(mine, sagas.c.signal.is_(None)).values(version=sagas.c.version + 1, **values))
