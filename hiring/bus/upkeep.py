"""Looking after the bus: how far everybody is, replay, refused events, old events. Behind ``nexus bus`` and the worker.

What doesn't belong here: what the commands print (``__main__.py``).
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from foundation import clock, logs
from hiring.bus.envelope import Event
from hiring.bus.relay import event_of
from hiring.bus.tables import event_log, events, offsets, refused

PRUNE_EVERY_SECONDS = 3600.0
PRUNE_BATCH = 10_000
REPLAY_BATCH = 1000

PublishTo = Callable[[str, Sequence[Event]], None]


class UnknownConsumer(ValueError):
    """No offset carries the name. The message lists those that do."""


class NothingRefused(ValueError):
    """The consumer refused no such event."""


@dataclass(frozen=True)
class Lag:
    """How far one consumer is: the last seq it passed, events after it, refused ones."""

    consumer: str
    seq: int
    behind_count: int
    refused_count: int
    moved_at: datetime


@dataclass(frozen=True)
class Status:
    """How full the outbox is, where the log ends, how far everybody is; ages in seconds."""

    outbox_count: int
    outbox_age_seconds: float
    head: int
    log_count: int
    consumers: list[Lag]


def status(session: Session) -> Status:
    """Return how the bus stands now."""
    waiting = session.execute(select(func.count()).select_from(events)).scalar_one()
    oldest = session.execute(select(func.min(events.c.occurred_at))).scalar()
    head = session.execute(select(func.max(event_log.c.seq))).scalar() or 0
    kept = session.execute(select(func.count()).select_from(event_log)).scalar_one()
    behind = select(func.count()).select_from(event_log).where(event_log.c.seq > offsets.c.seq).scalar_subquery()
    turned_away = select(func.count()).select_from(refused).where(refused.c.consumer == offsets.c.consumer).scalar_subquery()
    rows = session.execute(select(offsets, behind.label("behind"), turned_away.label("refused")).order_by(offsets.c.consumer))
    age = (clock.now() - oldest).total_seconds() if oldest is not None else 0.0
    return Status(waiting, age, head, kept, [Lag(row.consumer, row.seq, row.behind, row.refused, row.moved_at) for row in rows])


@dataclass(frozen=True)
class Span:
    """A stretch of the log: ``first`` and ``last`` seq, both included, and how many events; a count of 0: none."""

    first: int
    last: int
    count: int


def span(session: Session, first: int | None, since: datetime | None, until: datetime | None) -> Span:
    """Return the stretch that begins at a seq, or with what was logged at an instant, and ends with what was logged at another."""
    conditions: list[ColumnElement[bool]] = []
    if first is not None:
        conditions.append(event_log.c.seq >= first)
    if since is not None:
        conditions.append(event_log.c.logged_at >= since)
    if until is not None:
        conditions.append(event_log.c.logged_at <= until)
    lowest: int | None = session.execute(select(func.min(event_log.c.seq)).where(*conditions)).scalar()
    highest: int | None = session.execute(select(func.max(event_log.c.seq)).where(*conditions)).scalar()
    count = session.execute(select(func.count()).select_from(event_log).where(*conditions)).scalar_one()
    return Span(lowest or 0, highest or 0, count)


def require_consumer(session: Session, consumer: str) -> int:
    """Return a consumer's offset, locked: waits for the round a reader is in.

    Raises:
        UnknownConsumer: it has none.
    """
    offset: int | None = session.execute(select(offsets.c.seq).where(offsets.c.consumer == consumer).with_for_update()).scalar()
    if offset is None:
        known = ", ".join(session.execute(select(offsets.c.consumer).order_by(offsets.c.consumer)).scalars()) or "none yet"
        raise UnknownConsumer(f"--consumer {consumer}: no such consumer; there are: {known}")
    return offset


def move_offset(session: Session, consumer: str, seq: int) -> tuple[int, int]:
    """Let a reader of the log go back to a place, never forward; return where it was and is.

    Raises:
        UnknownConsumer: it has no offset.
    """
    before = require_consumer(session, consumer)
    now = min(before, seq)
    session.execute(update(offsets).where(offsets.c.consumer == consumer).values(seq=now, moved_at=clock.now()))
    return before, now


def publish_again(session: Session, consumer: str, wanted: Span, publish_to: PublishTo) -> None:
    """Publish a stretch of the log again, to one consumer's queue."""
    after = wanted.first - 1
    while True:
        query = select(event_log).where(event_log.c.seq > after, event_log.c.seq <= wanted.last).order_by(event_log.c.seq)
        batch = [event_of(row) for row in session.execute(query.limit(REPLAY_BATCH))]
        if not batch:
            return
        publish_to(consumer, batch)
        after = batch[-1].seq


def refused_events(session: Session, consumer: str | None) -> list[Any]:
    """Return refused events, the newest first, with their type while the log still holds them."""
    query = (
        select(refused, event_log.c.type, event_log.c.subject)
        .join(event_log, event_log.c.event_id == refused.c.event_id, isouter=True)
        .order_by(refused.c.refused_at.desc())
    )
    return list(session.execute(query.where(refused.c.consumer == consumer) if consumer else query))


def discard_refused(session: Session, consumer: str, event_id: UUID | None) -> int:
    """Forget refusals of a consumer: one, or all; return how many.

    Raises:
        NothingRefused: there is none.
    """
    return len(list(_taken(session, consumer, event_id)))


def take_refused(session: Session, consumer: str, event_id: UUID | None) -> list[Event]:
    """Forget refusals of a consumer, and return the events in the order of the log: to be told again.

    Raises:
        NothingRefused: there is none, or the log no longer holds it.
    """
    ids = list(_taken(session, consumer, event_id))
    query: Select[Any] = select(event_log).where(event_log.c.event_id.in_(ids)).order_by(event_log.c.seq)
    found = [event_of(row) for row in session.execute(query)]
    if len(found) < len(ids):
        raise NothingRefused(f"the log holds {len(found)} of {len(ids)} refused events: discard the others one by one with --event")
    return found


def _taken(session: Session, consumer: str, event_id: UUID | None) -> Iterator[UUID]:
    chosen = delete(refused).where(refused.c.consumer == consumer)
    if event_id is not None:
        chosen = chosen.where(refused.c.event_id == event_id)
    ids: list[UUID] = list(session.execute(chosen.returning(refused.c.event_id)).scalars())
    if not ids:
        raise NothingRefused(f"--consumer {consumer}: it refused no such event; see `nexus bus refused list`")
    yield from ids


_PRUNE = text("""
delete from outbox.event_log where seq in (
  select seq from outbox.event_log e
  where logged_at < :before
    and seq <= coalesce((select min(seq) from outbox.offsets), e.seq)
    and not exists (select from outbox.refused r where r.event_id = e.event_id)
  order by seq limit :batch)
""")


def prune(sessions: sessionmaker[Session], keep_days: int) -> int:
    """Delete what was logged more than ``keep_days`` ago, every consumer has passed and none refused; return how many events."""
    before = clock.now() - timedelta(days=keep_days)
    pruned = 0
    while True:
        with sessions() as session, session.begin():
            count: int = session.execute(_PRUNE, {"before": before, "batch": PRUNE_BATCH}).rowcount  # type: ignore[attr-defined]  # of a cursor
        pruned += count
        if count < PRUNE_BATCH:
            return pruned


@dataclass
class Pruner:
    """Station of the worker: prunes the log once an hour."""

    sessions: sessionmaker[Session]
    keep_days: int
    name: str = "pruner"
    _due: float = field(default_factory=time.monotonic)

    def work(self) -> int:
        """Prune when an hour has gone by; return how many events went."""
        if time.monotonic() < self._due:
            return 0
        pruned = prune(self.sessions, self.keep_days)
        self._due = time.monotonic() + PRUNE_EVERY_SECONDS
        if pruned:
            logs.logger("bus").info("pruned", events_count=pruned, keep_days=self.keep_days)
        return pruned
