"""The bus over a real RabbitMQ: confirmed, in order, nothing lost when the broker dies, loses a queue or is told nonsense."""

import asyncio
import time
from collections.abc import Callable, Iterator

import aio_pika
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from hiring.bus.__main__ import main
from hiring.bus.broker_link import LoopThread
from hiring.bus.consumer import TRIES, Consumer, EventRefused
from hiring.bus.envelope import Event
from hiring.bus.rabbitmq import EXCHANGE, Publisher, QueueReader
from hiring.bus.relay import Relay
from hiring.database import open_engine, session_factory
from hiring.domain_events import EventType
from hiring.rows import new_id
from tests.support.bus import collector, drain, work_until, write
from tests.support.rabbitmq import RabbitServer

NAME = "tests"
QUEUE_SETTLES_SECONDS = 1.5  # RabbitMQ 3.10 writes the name of a new quorum queue to disk half a second late


@pytest.fixture
def engine(migrated_database) -> Iterator[Engine]:
    engine = open_engine(migrated_database.hiring, 8)
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(engine) -> sessionmaker[Session]:
    return session_factory(engine)


@pytest.fixture
def thread(rabbitmq_server: RabbitServer) -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.close()
    on_channel(rabbitmq_server, _delete_queues)


@pytest.fixture
def relay(engine, rabbitmq_server, thread) -> Relay:
    return Relay(engine, publish=Publisher(rabbitmq_server.url, thread))


@pytest.fixture
def reader(engine, sessions, rabbitmq_server, thread) -> Callable[[Consumer], QueueReader]:
    return lambda consumer: QueueReader(consumer, sessions, engine, rabbitmq_server.url, thread)


def on_channel(server: RabbitServer, work):
    async def run():
        async with await aio_pika.connect(server.url) as connection, connection.channel() as channel:
            return await work(channel)

    return asyncio.run(run())


async def _delete_queues(channel) -> None:
    for name in (NAME, f"{NAME}.dead"):
        await channel.queue_delete(name)


async def _dead_count(channel) -> int:
    queue = await channel.declare_queue(f"{NAME}.dead", passive=True)
    return queue.declaration_result.message_count


def test_events_travel_in_order_in_batches_and_stay_in_the_log(engine, sessions, relay, reader):
    first, second = new_id(), new_id()
    found: list[Event] = []
    queue = reader(collector(found))
    assert queue.work() == 0  # declares its queue
    for sequence in range(1, 121):
        write(sessions, first, sequence)
        write(sessions, second, sequence, EventType.STAGE_MOVED if sequence % 2 else EventType.JOB_OPENED)
    drain(relay, queue)
    assert [event.sequence for event in found if event.aggregate_id == first] == list(range(1, 121))
    assert [event.sequence for event in found if event.aggregate_id == second] == list(range(1, 121, 2))
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from outbox.event_log")).scalar() == 240
        assert connection.execute(text("select seq from outbox.offsets")).scalar() == 240


def test_without_any_queue_nothing_moves(engine, sessions, relay, rabbitmq_server):
    on_channel(rabbitmq_server, lambda channel: channel.exchange_delete(EXCHANGE))  # a queue that was just deleted may still be bound
    write(sessions, new_id(), 1)
    with pytest.raises(Exception, match="NO_ROUTE"):
        relay.work()
    with engine.connect() as connection:
        counts = connection.execute(text("select (select count(*) from outbox.events), (select count(*) from outbox.event_log)")).one()
    assert counts == (1, 0)


def test_a_queue_that_is_new_or_was_lost_is_filled_from_the_log(sessions, relay, reader, rabbitmq_server):
    aggregate = new_id()
    found: list[Event] = []
    queue = reader(collector(found))
    queue.work()
    for sequence in (1, 2):
        write(sessions, aggregate, sequence)
        relay.work()
    on_channel(rabbitmq_server, _delete_queues)  # with both messages
    write(sessions, aggregate, 3)
    work_until(lambda: len(found) >= 3, queue, relay)
    assert list(dict.fromkeys(event.sequence for event in found)) == [1, 2, 3]


def test_a_message_that_is_lost_on_its_way_is_read_from_the_log(sessions, relay, reader, rabbitmq_server):
    aggregate = new_id()
    found: list[Event] = []
    before = reader(collector([]))
    before.work()
    before.close()
    for sequence in (1, 2, 3):
        write(sessions, aggregate, sequence)
        relay.work()

    async def lose_second(channel) -> None:
        arrived: asyncio.Queue = asyncio.Queue()
        await (await channel.get_queue(NAME, ensure=False)).consume(arrived.put)
        messages = [await arrived.get() for _ in range(3)]
        await messages[1].ack()

    on_channel(rabbitmq_server, lose_second)
    drain(reader(collector(found)))
    assert list(dict.fromkeys(event.sequence for event in found)) == [1, 2, 3]


def test_a_broker_that_is_killed_loses_and_reorders_nothing(sessions, relay, reader, rabbitmq_server):
    aggregate = new_id()
    found: list[Event] = []
    queue = reader(collector(found))
    queue.work()
    write(sessions, aggregate, 1)
    relay.work()
    time.sleep(QUEUE_SETTLES_SECONDS)
    rabbitmq_server.kill()
    write(sessions, aggregate, 2)
    with pytest.raises((ConnectionError, TimeoutError, aio_pika.exceptions.AMQPError)):
        relay.work()
    rabbitmq_server.start()
    work_until(lambda: any(event.sequence == 2 for event in found), relay, queue)
    assert list(dict.fromkeys(event.sequence for event in found)) == [1, 2]


def test_nonsense_goes_to_the_dead_letters_and_what_follows_goes_on(engine, sessions, relay, reader, rabbitmq_server):
    found: list[Event] = []
    queue = reader(collector(found))
    queue.work()

    async def publish_nonsense(channel) -> None:
        exchange = await channel.get_exchange(EXCHANGE)
        for body in (b"not json", b"{}", b'[{"specversion": "1.0"}]'):
            await exchange.publish(aio_pika.Message(body), "application")

    on_channel(rabbitmq_server, publish_nonsense)
    write(sessions, new_id(), 1)
    drain(relay, queue)
    assert [event.sequence for event in found] == [1]
    assert on_channel(rabbitmq_server, _dead_count) == 3
    with engine.connect() as connection:
        reasons = connection.execute(text("select reason from outbox.refused order by reason")).scalars().all()
    assert reasons == ["message: id: is missing", "message: the body is not JSON", "message: the body is not a batch of events"]


def test_a_handler_that_fails_is_told_again_and_refuses_alone(engine, sessions, relay, reader):
    aggregate = new_id()
    found: list[Event] = []
    failures: list[int] = []

    def fail(event: Event) -> None:
        if event.sequence == 2:
            failures.append(event.sequence)
            raise RuntimeError("always")
        if event.sequence == 3:
            raise EventRefused("to_stage: unknown")

    queue = reader(collector(found, fail))
    queue.work()
    for sequence in (1, 2, 3, 4):
        write(sessions, aggregate, sequence)
    relay.work()
    for _ in range(TRIES + 2):
        try:
            drain(queue)
        except RuntimeError:
            continue
    assert found[-1].sequence == 4
    assert len(failures) == TRIES + 1  # once in the batch
    with engine.connect() as connection:
        assert connection.execute(text("select reason from outbox.refused order by seq")).scalars().all() == [
            "RuntimeError",
            "to_stage: unknown",
        ]


def test_replay_publishes_again_to_the_queue_of_one_consumer(sessions, relay, reader, rabbitmq_server, migrated_database, monkeypatch):
    found: list[Event] = []
    queue = reader(collector(found))
    queue.work()
    for sequence in (1, 2, 3):
        write(sessions, new_id(), sequence)
    drain(relay, queue)
    monkeypatch.setenv("NEXUS_BUS_URL", rabbitmq_server.url)
    monkeypatch.setenv("NEXUS_DATABASE_HIRING_URL", migrated_database.hiring)
    assert main(["replay", "--consumer", NAME, "--from", "2"]) == 0
    work_until(lambda: len(found) >= 5, queue)
    assert [event.sequence for event in found] == [1, 2, 3, 2, 3]
