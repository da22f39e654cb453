"""The bus over a real Postgres: what a transaction records reaches every consumer once, in the order of each aggregate."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from foundation import clock
from hiring.bus.consumer import TRIES, EventRefused, LogReader
from hiring.bus.envelope import Event
from hiring.bus.relay import Relay
from hiring.database import open_engine, session_factory
from hiring.domain_events import EventType, record, recorded_together
from hiring.rows import new_id
from tests.support.bus import TENANT, collector, drain, write


@pytest.fixture
def engine(migrated_database) -> Iterator[Engine]:
    engine = open_engine(migrated_database.hiring, 8)
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(engine) -> sessionmaker[Session]:
    return session_factory(engine)


def test_events_reach_a_consumer_in_order_and_once(engine, sessions):
    first, second = new_id(), new_id()
    for sequence in range(1, 6):
        write(sessions, first, sequence)
        write(sessions, second, sequence)
        write(sessions, first, 100 + sequence, EventType.JOB_OPENED)  # not wanted
    found: list[Event] = []
    reader = LogReader(collector(found), sessions, engine, batch=4)
    drain(Relay(engine, batch=3), reader)
    assert [event.sequence for event in found if event.aggregate_id == first] == [1, 2, 3, 4, 5]
    assert [event.sequence for event in found if event.aggregate_id == second] == [1, 2, 3, 4, 5]
    assert reader.work() == 0
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from outbox.events")).scalar() == 0


def test_what_is_recorded_together_keeps_its_order_within_more_that_is(engine, sessions):
    aggregate = new_id()

    def tell(session: Session, sequence: int) -> None:
        record(session, EventType.STAGE_MOVED, "application", aggregate, sequence, clock.now(), tenant_id=TENANT, to_stage="interview")

    with sessions() as session, session.begin(), recorded_together(session):
        tell(session, 1)
        with recorded_together(session):
            tell(session, 2)
        with suppress(ValueError), recorded_together(session):
            tell(session, 100)
            raise ValueError("of the work")
        tell(session, 3)
    found: list[Event] = []
    drain(Relay(engine), LogReader(collector(found), sessions, engine))
    assert [event.sequence for event in found] == [1, 2, 3]


def test_an_effect_that_fails_is_rolled_back_and_told_again(engine, sessions):
    aggregate = new_id()
    for sequence in (1, 2, 3):
        write(sessions, aggregate, sequence)
    drain(Relay(engine))
    found, failures = [], []

    def fail_once(event: Event) -> None:
        if event.sequence == 2 and not failures:
            failures.append(event)
            raise RuntimeError("of the effect")

    reader = LogReader(collector(found, fail_once), sessions, engine)
    drain(reader)
    assert [event.sequence for event in found] == [1, 2, 3]


def test_an_event_nobody_understands_is_kept_and_the_next_ones_go_on(engine, sessions):
    aggregate = new_id()
    for sequence in (1, 2, 3):
        write(sessions, aggregate, sequence)
    drain(Relay(engine))
    found: list[Event] = []

    def refuse(event: Event) -> None:
        if event.sequence == 2:
            raise EventRefused("to_stage: unknown")

    drain(LogReader(collector(found, refuse), sessions, engine))
    assert [event.sequence for event in found] == [1, 3]
    with engine.connect() as connection:
        assert connection.execute(text("select consumer, reason from outbox.refused")).all() == [("tests", "to_stage: unknown")]


def test_a_handler_that_always_fails_is_tried_again_before_its_event_is_refused(engine, sessions):
    aggregate = new_id()
    for sequence in (1, 2):
        write(sessions, aggregate, sequence)
    drain(Relay(engine))
    found: list[Event] = []

    def fail(event: Event) -> None:
        if event.sequence == 1:
            raise RuntimeError("always")

    reader = LogReader(collector(found, fail), sessions, engine)
    assert reader.work() == 1
    for _ in range(TRIES - 1):
        with pytest.raises(RuntimeError):
            reader.work()
    drain(reader)
    assert [event.sequence for event in found] == [2]


def test_relays_and_readers_side_by_side_lose_and_double_nothing(engine, sessions):
    aggregates = [new_id() for _ in range(4)]
    found: list[Event] = []
    stopping = threading.Event()

    def produce(aggregate: UUID) -> None:
        for sequence in range(1, 51):
            write(sessions, aggregate, sequence)

    def work(station) -> None:
        while not stopping.is_set():
            station.work() or stopping.wait(0.01)

    stations = [Relay(engine, batch=7), Relay(engine, batch=11), *(LogReader(collector(found), sessions, engine, 13) for _ in range(2))]
    workers = [threading.Thread(target=work, args=(station,)) for station in stations]
    producers = [threading.Thread(target=produce, args=(aggregate,)) for aggregate in aggregates]
    for thread in [*workers, *producers]:
        thread.start()
    for thread in producers:
        thread.join()
    for _ in range(300):
        if len(found) >= 200:
            break
        stopping.wait(0.05)
    stopping.set()
    for thread in workers:
        thread.join()
    assert {aggregate: [e.sequence for e in found if e.aggregate_id == aggregate] for aggregate in aggregates} == {
        aggregate: list(range(1, 51)) for aggregate in aggregates
    }


def test_a_failing_publish_moves_nothing(engine, sessions):
    write(sessions, new_id(), 1)

    def broken(events: Sequence[Event]) -> None:
        raise ConnectionError("broker gone")

    with pytest.raises(ConnectionError):
        Relay(engine, publish=broken).work()
    published: list[Event] = []
    assert Relay(engine, publish=published.extend).work() == 1
    assert [event.type for event in published] == ["STAGE_MOVED"]
