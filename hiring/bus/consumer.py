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
    _failures: dict[UUID, int] = field(default_factory=dict)
    _alone: int = 0  # events to handle one by one, after a batch that failed

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
            if isinstance(error, DBAPIError) and not _is_of_the_statement(error):
                raise
            logs.logger("bus").warning("batch_failed", consumer=self.consumer.name, error=type(error).__name__)
            self._alone = self.batch
            return 1

    def _round(self, size: int) -> int:
        with self.sessions() as session, session.begin():
            offset = self._lock_offset(session)
            if offset is None:
                return 0
            events = self._after(session, offset, size)
            if not events:
                return 0
            wanted = [event for event in events if event.type in self.consumer.types]
            if size == 1 and wanted:
                self._handle_alone(session, wanted[0])
            elif wanted:
                self.consumer.handle(session, wanted)
            moved = update(offsets).where(offsets.c.consumer == self.consumer.name).values(seq=events[-1].seq, moved_at=clock.now())
            session.execute(moved)
            return len(events)

    def _handle_alone(self, session: Session, event: Event) -> None:
        try:
            with session.begin_nested():
                self.consumer.handle(session, [event])
        except Exception as error:
            tries = self._failures.get(event.id, 0) + 1
            if not isinstance(error, EventRefused) and tries < TRIES:
                self._failures[event.id] = tries
                raise
            reason = str(error) if isinstance(error, EventRefused) else type(error).__name__
            refuse(session, self.consumer.name, event, reason)
        self._failures.pop(event.id, None)

    def _lock_offset(self, session: Session) -> int | None:
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

    def _after(self, session: Session, offset: int, size: int) -> list[Event]:
        query = select(event_log).where(event_log.c.seq > offset).order_by(event_log.c.seq).limit(size)
        if session.get_bind() is self.log:
            return [event_of(row) for row in session.execute(query)]
        with self.log.connect() as connection:
            return [event_of(row) for row in connection.execute(query)]


def refuse(session: Session, consumer: str, event: Event, reason: str) -> None:
    """Keep that a consumer could not understand an event; it is told on Data health and replayed by command."""
    values = {"consumer": consumer, "event_id": event.id, "seq": event.seq or None, "reason": reason, "refused_at": clock.now()}
    session.execute(upsert(refused).values(**values).on_conflict_do_nothing())
    logs.logger("bus").error("event_refused", consumer=consumer, event_id=str(event.id), type=event.type, reason=reason)


def _is_of_the_statement(error: DBAPIError) -> bool:
    """Say whether the statement was at fault (a broken rule, a bad value) and not the database (gone, locked, full)."""
    state = getattr(error.orig, "sqlstate", None) or ""
    return state[:2] in {"22", "23", "42"}
