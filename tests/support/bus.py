"""Short ways to put events on the bus and to see what arrives, over either transport."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from uuid import UUID

from sqlalchemy.orm import Session, sessionmaker

from foundation import clock
from hiring.bus.consumer import Consumer
from hiring.bus.envelope import Event
from hiring.domain_events import EventType, record
from hiring.rows import new_id

WANTED = frozenset({EventType.STAGE_MOVED.value})
TENANT = new_id()


def write(sessions: sessionmaker[Session], aggregate: UUID, sequence: int, event_type: EventType = EventType.STAGE_MOVED) -> None:
    """Record one event in a transaction of its own."""
    with sessions() as session, session.begin():
        data = {"to_stage": "interview"} if event_type is EventType.STAGE_MOVED else {"from_status": "approved"}
        record(session, event_type, "application", aggregate, sequence, clock.now(), tenant_id=TENANT, **data)


def collector(found: list[Event], fail: Callable[[Event], None] = lambda _: None, name: str = "tests") -> Consumer:
    """Return a consumer that keeps what it is told, unless ``fail`` raises."""

    def handle(session: Session, events: Sequence[Event]) -> None:
        for event in events:
            fail(event)
        found.extend(events)

    return Consumer(name, WANTED, handle)


def drain(*stations) -> None:
    """Let stations work until none has anything to do."""
    while sum(station.work() for station in stations):
        pass


def work_until(is_enough: Callable[[], bool], *stations, seconds: float = 30) -> None:
    """Let stations work as the worker does, after errors too, until it is enough."""
    deadline = time.monotonic() + seconds
    while not is_enough() and time.monotonic() < deadline:
        for station in stations:
            with suppress(Exception):
                station.work()
    assert is_enough()
