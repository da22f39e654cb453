"""Consumers: who reacts to which events, and the reader that feeds one from the log, exactly once and in order.

What belongs here: offsets, batches, refusals. What doesn't: effects (each consumer's own package) and RabbitMQ (rabbitmq.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Engine, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from foundation import clock, logs
from hiring.bus import payloads
from hiring.bus.envelope import Event
from hiring.bus.relay import event_of
from hiring.bus.tables import event_log, offsets, refused

BATCH = 1000
TRIES = 5  # of one event whose handling fails by itself; an outage of the database never counts

Handle = Callable[[Session, Sequence[Event]], None]


class EventRefused(ValueError):
    """A handler does not understand an event. The message is kept: it names fields, never their values."""


@dataclass(frozen=True)
class Consumer:
    """Somebody who reacts to events.

    Attributes:
        name: of its offset, and of its queue in RabbitMQ.
        types: events it wants; others are passed over.
        handle: brings the events' effect about in the given transaction. Idempotent by event id: a broker may tell twice.
        starts_at_end: True where old events must not take effect when the consumer is new (mails).
    """

    name: str
    types: frozenset[str]
    handle: Handle
    starts_at_end: bool = False


@dataclass
class Telling:
    """Tells one consumer of events: in one go, or one by one after that failed, with a count of tries for each event.

    Attributes:
        consumer: whom to tell.
    """

    consumer: Consumer
    _failures: dict[UUID, int] = field(default_factory=dict)

    def together(self, session: Session, events: Sequence[Event]) -> None:
        """Handle what the consumer wants of the events; refuse what does not fit its schema.

        Raises:
            Exception: the handler's own; nothing of the events took effect once the transaction is rolled back.
        """
        wanted = [event for event in events if event.type in self.consumer.types]
        if understood := [event for event in wanted if self._is_understood(session, event)]:
            self.consumer.handle(session, understood)

    def alone(self, session: Session, event: Event) -> None:
        """Handle one event; refuse it when it is not understood or failed too often.

        Raises:
            Exception: the handler's own, while tries are left.
        """
        if event.type not in self.consumer.types or not self._is_understood(session, event):
            return
        try:
            with session.begin_nested():
                self.consumer.handle(session, [event])
        except Exception as error:
            if is_outage(error):
                raise
            tries = self._failures.get(event.id, 0) + 1
            if not isinstance(error, EventRefused) and tries < TRIES:
                self._failures[event.id] = tries
                raise
            reason = str(error) if isinstance(error, EventRefused) else type(error).__name__
            refuse(session, self.consumer.name, event, reason)
        self._failures.pop(event.id, None)

    def _is_understood(self, session: Session, event: Event) -> bool:
        reason = payloads.fault(event)
        if reason is not None:
            refuse(session, self.consumer.name, event, reason)
        return reason is None


@dataclass
class Position:
    """How far one consumer has come in the log: everything up to there was handled.

    Attributes:
        consumer: whose.
        log: engine of the database with the log; the offset itself lives in the consumer's own database.
    """

    consumer: Consumer
    log: Engine

    def lock(self, session: Session) -> int | None:
        """Return the offset, locked; None while another reader of this consumer holds it."""
        found = select(offsets.c.seq).where(offsets.c.consumer == self.consumer.name).with_for_update(skip_locked=True)
        seq = session.execute(found).scalar()
        if seq is not None:
            return int(seq)
        start = 0
        if self.consumer.starts_at_end:
            with self.log.connect() as connection:
                start = connection.execute(text("select coalesce(max(seq), 0) from outbox.event_log")).scalar_one()
        new = upsert(offsets).values(consumer=self.consumer.name, seq=start, moved_at=clock.now()).on_conflict_do_nothing()
        session.execute(new)
        return session.execute(found).scalar()

    def move(self, session: Session, seq: int) -> None:
        """Write the offset, in the transaction of the effect."""
        session.execute(update(offsets).where(offsets.c.consumer == self.consumer.name).values(seq=seq, moved_at=clock.now()))

    def read(self, session: Session, after: int, size: int, before: int | None = None) -> list[Event]:
        """Return the next events of the log, those of a seq below ``before`` where that is given."""
        query = select(event_log).where(event_log.c.seq > after).order_by(event_log.c.seq).limit(size)
        if before is not None:
            query = query.where(event_log.c.seq < before)
        if session.get_bind() is self.log:
            return [event_of(row) for row in session.execute(query)]
        with self.log.connect() as connection:
            return [event_of(row) for row in connection.execute(query)]


@dataclass
class LogReader:
    """Station of the worker: feeds one consumer from the log. The offset moves in the transaction of the effect.

    Several readers of one consumer take turns: the offset row is locked.

    Attributes:
        consumer: whom to feed.
        sessions: of the consumer's own database; the offset lives there.
        log: engine of the database with the log; usually the same.
    """

    consumer: Consumer
    sessions: sessionmaker[Session]
    log: Engine
    batch: int = BATCH
    _alone: int = 0  # events to handle one by one, after a batch that failed

    def __post_init__(self) -> None:
        """Begin without failures."""
        self._telling = Telling(self.consumer)
        self._position = Position(self.consumer, self.log)

    @property
    def name(self) -> str:
        """Name of the station."""
        return f"consumer {self.consumer.name}"

    def work(self) -> int:
        """Handle one batch; return how many events were passed.

        Raises:
            DBAPIError: the database failed; nothing was lost, the next round takes the batch again.
        """
        if self._alone:
            done = self._round(1)
            self._alone = self._alone - 1 if done else 0
            return done
        try:
            return self._round(self.batch)
        except Exception as error:
            if is_outage(error):
                raise
            logs.logger("bus").warning("batch_failed", consumer=self.consumer.name, error=type(error).__name__)
            self._alone = self.batch
            return 1

    def _round(self, size: int) -> int:
        with self.sessions() as session, session.begin():
            offset = self._position.lock(session)
            events = [] if offset is None else self._position.read(session, offset, size)
            if not events:
                return 0
            if size == 1:
                self._telling.alone(session, events[0])
            else:
                self._telling.together(session, events)
            self._position.move(session, events[-1].seq)
            return len(events)


def refuse(session: Session, consumer: str, event: Event, reason: str) -> None:
    """Keep that a consumer could not understand an event; it is told on Data health and replayed by command."""
    keep_refusal(session, consumer, event.id, event.seq or None, reason)


def keep_refusal(session: Session, consumer: str, event_id: UUID, seq: int | None, reason: str) -> None:
    """Keep one refusal; a second of the same event changes nothing."""
    values = {"consumer": consumer, "event_id": event_id, "seq": seq, "reason": reason, "refused_at": clock.now()}
    session.execute(upsert(refused).values(**values).on_conflict_do_nothing())
    logs.logger("bus").error("event_refused", consumer=consumer, event_id=str(event_id), reason=reason)


def is_outage(error: Exception) -> bool:
    """Say whether the database failed (gone, locked, full), and not the statement (a broken rule, a bad value) or the handler."""
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None) or ""
    return state[:2] not in {"22", "23", "42"}
