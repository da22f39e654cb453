"""The bus over RabbitMQ: what the relay publishes with, and the reader that feeds a consumer from its queue, at least once and in order.

What belongs here: exchange, queues, confirms, acknowledgements. What doesn't: effects, and connections (broker_link.py).

One message holds up to 100 consecutive events of the log as a CloudEvents batch, so the order of an aggregate is the order of
the queue; the next is published after the confirm of the one before, so a refused one is never overtaken. The reader moves the
same offset as the reader of the log: a message that does not follow on it (a new queue, a broker that lost its disk, a message
that was delivered too often) makes it read what is missing from the log first. Consumers recognise duplicates by event id.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from uuid import UUID

import orjson
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractIncomingMessage
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from foundation import logs
from hiring.bus.broker_link import Link, LoopThread
from hiring.bus.consumer import BATCH, Consumer, Position, Telling, is_outage, keep_refusal
from hiring.bus.envelope import Event, NotAnEvent, from_cloud_event, to_cloud_event

EXCHANGE = "hiring.events"
DEAD_EXCHANGE = "hiring.dead"
CONTENT_TYPE = "application/cloudevents-batch+json"
EVENTS_A_MESSAGE = 100
PREFETCH = 20  # messages, so up to 2,000 events in hand
DELIVERY_LIMIT = 10
PUBLISH_SECONDS = 30
TAKE_SECONDS = 0.5  # how long a round waits for a message: news arrives at once, and nothing polls the broker


async def declare_exchange(channel: AbstractChannel) -> AbstractExchange:
    """Return the exchange of events. Routing keys name the kinds of aggregates in a message: ``#.job.#`` is everything with jobs."""
    return await channel.declare_exchange(EXCHANGE, "topic", durable=True)


async def declare_queue(channel: AbstractChannel, consumer: str) -> int:
    """Declare a consumer's queue, its dead-letter queue and their bindings; return how many messages wait."""
    dead_exchange = await channel.declare_exchange(DEAD_EXCHANGE, "direct", durable=True)
    dead = await channel.declare_queue(f"{consumer}.dead", durable=True, arguments={"x-queue-type": "quorum"})
    await dead.bind(dead_exchange, consumer)
    queue = await channel.declare_queue(
        consumer,
        durable=True,
        arguments={
            "x-queue-type": "quorum",
            "x-single-active-consumer": True,  # several workers take over from each other, and never overtake
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-dead-letter-exchange": DEAD_EXCHANGE,
            "x-dead-letter-routing-key": consumer,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        },
    )
    await queue.bind(await declare_exchange(channel), "#")
    return queue.declaration_result.message_count or 0


def packed(events: Sequence[Event]) -> Message:
    """Return one persistent message that holds the events."""
    return Message(
        orjson.dumps([to_cloud_event(event) for event in events]),
        content_type=CONTENT_TYPE,
        delivery_mode=DeliveryMode.PERSISTENT,
        message_id=str(events[0].id),
    )


def unpacked(message: AbstractIncomingMessage) -> list[Event]:
    """Return the events of a message.

    Raises:
        NotAnEvent: it is no batch of CloudEvents.
    """
    try:
        batch = orjson.loads(message.body)
    except orjson.JSONDecodeError:
        raise NotAnEvent("the body is not JSON") from None
    if not isinstance(batch, list) or not batch:
        raise NotAnEvent("the body is not a batch of events")
    return [from_cloud_event(each) for each in batch]


def chunks(events: Sequence[Event]) -> list[Sequence[Event]]:
    """Return consecutive pieces of one message each."""
    return [events[start : start + EVENTS_A_MESSAGE] for start in range(0, len(events), EVENTS_A_MESSAGE)]


class Publisher:
    """What the relay publishes with. A failure (refused, unroutable, connection gone) raises: the relay moves nothing then."""

    def __init__(self, url: str, thread: LoopThread) -> None:
        """Connect when first called.

        Args:
            url: ``amqp://…`` of the broker.
            thread: where its connection lives.
        """
        self._link = Link(url, thread)

    def __call__(self, events: Sequence[Event]) -> None:
        """Publish the events in their order; each message is confirmed by every queue before the next leaves.

        Raises:
            Exception: of the client; nothing is known of what was published, so all is published again.
        """
        self._link.run(self._publish(events), PUBLISH_SECONDS)

    def publish_to(self, consumer: str, events: Sequence[Event]) -> None:
        """Publish events again, to one consumer's queue alone. Without their place in the log: what comes again is no gap in it."""
        self._link.run(self._publish([replace(event, seq=0) for event in events], consumer), PUBLISH_SECONDS)

    def close(self) -> None:
        """Drop the connection."""
        self._link.close()

    async def _publish(self, events: Sequence[Event], queue: str | None = None) -> None:
        channel = await self._link.channel()
        if queue is not None:
            await declare_queue(channel, queue)
        exchange = channel.default_exchange if queue is not None else await declare_exchange(channel)
        for chunk in chunks(events):
            key = queue or ".".join(sorted({event.kind for event in chunk}))
            await exchange.publish(packed(chunk), key, mandatory=True)


@dataclass(frozen=True)
class _Letter:
    """A message in hand and the events in it."""

    message: AbstractIncomingMessage
    events: list[Event]

    @property
    def is_ordered(self) -> bool:
        """Whether it has a place in the log; what is told again has none."""
        return self.events[0].seq > 0


class QueueReader:
    """Station of the worker: feeds one consumer from its queue; a message is acknowledged after its effect was committed."""

    def __init__(self, consumer: Consumer, sessions: sessionmaker[Session], log: Engine, url: str, thread: LoopThread) -> None:
        """Connect in the first round.

        Args:
            consumer: whom to feed.
            sessions: of the consumer's own database.
            log: engine of the database with the log.
            url: ``amqp://…`` of the broker.
            thread: where its connection lives.
        """
        self.consumer = consumer
        self._sessions = sessions
        self._telling = Telling(consumer)
        self._position = Position(consumer, log)
        self._link = Link(url, thread)
        self._letters: list[_Letter] = []
        self._is_alone = False  # one event a transaction, after a batch that failed
        self._is_behind = False  # an empty queue says nothing about what the log holds

    @property
    def name(self) -> str:
        """Name of the station."""
        return f"consumer {self.consumer.name}"

    def work(self) -> int:
        """Handle the messages at hand; return how many events were passed.

        Raises:
            Exception: the broker or the database failed; what was not acknowledged is delivered again.
        """
        if not self._link.is_consuming:
            self._letters = []  # of a connection that is gone: the broker delivers them again
            self._is_behind = self._link.consume(self.consumer.name, PREFETCH, declare_queue) == 0
        for message in self._link.take(0 if self._letters or self._is_behind else TAKE_SECONDS):
            self._open(message)
        letters = self._letters[:1] if self._is_alone else _without_gap(self._letters)
        if not letters and not self._is_behind:
            return 0
        try:
            done, is_settled = self._round(letters)
        except Exception as error:
            if self._is_alone or is_outage(error):
                raise
            logs.logger("bus").warning("batch_failed", consumer=self.consumer.name, error=type(error).__name__)
            self._is_alone = True
            return 1
        self._is_alone = False
        self._is_behind = self._is_behind and (bool(letters) or done > 0)
        if is_settled:
            del self._letters[: len(letters)]
            self._link.acknowledge(letters[-1].message)
        return done

    def close(self) -> None:
        """Drop the connection."""
        self._link.close()

    def _open(self, message: AbstractIncomingMessage) -> None:
        """Put a message's events in hand; one that holds none goes to the dead-letter queue, and a row says so."""
        try:
            self._letters.append(_Letter(message, unpacked(message)))
        except NotAnEvent as error:
            digest = UUID(bytes=sha256(message.body).digest()[:16])
            with self._sessions() as session, session.begin():
                keep_refusal(session, self.consumer.name, digest, None, f"message: {error}")
            self._link.reject(message)

    def _round(self, letters: Sequence[_Letter]) -> tuple[int, bool]:
        """Handle what the log holds before the messages, else the messages; return how many events, and whether it was the messages."""
        with self._sessions() as session, session.begin():
            offset = self._position.lock(session)
            if offset is None:
                return 0, False
            if missing := self._missing(session, offset, letters):
                self._tell(session, missing)
                self._position.move(session, missing[-1].seq)
                return len(missing), False
            events = list({event.id: event for letter in letters for event in letter.events}.values())
            self._tell(session, events)
            last = max((letter.events[-1].seq for letter in letters), default=0)
            if last > offset:
                self._position.move(session, last)
            return len(events), bool(letters)

    def _missing(self, session: Session, offset: int, letters: Sequence[_Letter]) -> list[Event]:
        """Return events that the log holds between the offset and the messages; without messages: all after the offset."""
        first = next((letter.events[0].seq for letter in letters if letter.is_ordered), 0)
        if letters and first <= offset + 1:
            return []
        return self._position.read(session, offset, EVENTS_A_MESSAGE if self._is_alone else BATCH, first or None)

    def _tell(self, session: Session, events: Sequence[Event]) -> None:
        if not self._is_alone:
            self._telling.together(session, events)
            return
        for event in events:
            self._telling.alone(session, event)


def _without_gap(letters: Sequence[_Letter]) -> list[_Letter]:
    """Return the messages up to the first that does not follow on the one before it in the log."""
    taken: list[_Letter] = []
    last = 0
    for letter in letters:
        if letter.is_ordered and last and letter.events[0].seq > last + 1:
            break
        taken.append(letter)
        last = letter.events[-1].seq or last
    return taken
