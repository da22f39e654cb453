"""The engine: one tick takes one step of one saga, forwards or back; the step's effect and the saga's advance are one transaction.

A refusal turns the saga back. Any other error is tried again later; after the last try the saga turns back too. Going back never
ends in a refusal: it is tried until it succeeds, and told as stuck meanwhile.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid5

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, sessionmaker

from foundation import clock, logs
from hiring.access import Access, on_behalf
from hiring.domain_events import EventType, record
from hiring.errors import Problem
from hiring.hire_saga.tables import sagas
from hiring.permissions import Permission
from hiring.rows import AnyRow, change_row
from hiring.work.backoff import delay

TRIES = 5  # failures of a step before the saga turns back, or is told as stuck when it goes back already
OVERDUE = timedelta(minutes=15)
ACCEPTED = "accepted"
_ENDS = {"forward": (EventType.HIRE_SAGA_COMPLETED, "completed"), "back": (EventType.HIRE_SAGA_COMPENSATED, "compensated")}


class Refused(Exception):
    """A step must not be taken; the message is a code."""


@dataclass(frozen=True)
class Step:
    """One step of the saga.

    Attributes:
        name: as the table spells it.
        do: brings the effect about; returns the saga's columns it settles. ``state`` waiting with ``due_at``: ask again then.
        undo: takes back whatever of the effect there is; never refuses.
    """

    name: str
    do: Callable[[Session, Access, AnyRow], dict[str, Any]]
    undo: Callable[[Session, Access, AnyRow], None]


def tell(session: Session, now: datetime, saga: AnyRow, event: EventType, data: dict[str, Any], **values: Any) -> AnyRow:
    """Write values into a locked saga and record an event of it: each type once a saga, by the event's id."""
    saga = change_row(session, sagas, saga, now, **values)
    ids = {"tenant_id": saga.tenant_id, "application_id": saga.application_id, "job_id": saga.job_id, "offer_id": saga.offer_id}
    record(session, event, "hire_saga", saga.id, saga.version, now, event_id=uuid5(saga.id, event.value), **ids, **data)
    return saga


def is_stuck(now: datetime) -> ColumnElement[bool]:
    """Return the condition on sagas that need somebody: undoing keeps failing, or nobody has taken a step that was due."""
    return or_(sagas.c.state == "stuck", and_(sagas.c.ended_at.is_(None), sagas.c.due_at < now - OVERDUE))


@dataclass(frozen=True)
class Engine:
    """Moves sagas.

    Attributes:
        steps: in their order.
        turned_back: tells those concerned, once everything is undone.
    """

    steps: tuple[Step, ...]
    turned_back: Callable[[Session, Access, AnyRow], None]

    def tick(self, session: Session, now: datetime) -> bool:
        """Take one step of the saga that has been due longest; False when none is."""
        is_due = and_(sagas.c.ended_at.is_(None), sagas.c.due_at <= now)
        query = select(sagas).where(is_due).order_by(sagas.c.due_at, sagas.c.id).limit(1).with_for_update(skip_locked=True)
        saga = session.execute(query).one_or_none()
        if saga is None:
            return False
        with logs.correlated(saga.correlation_id):
            if saga.due_at < now - OVERDUE:
                late = int((now - saga.due_at).total_seconds())
                logs.logger("saga").warning("saga_overdue", saga_id=str(saga.id), step=saga.step, late_seconds=late)
            try:
                with session.begin_nested():
                    access = on_behalf(saga.started_by, Permission.OFFERS_WRITE, frozenset({saga.tenant_id}), now)
                    self.advance(session, access, saga)
            except Exception as error:
                self._failed(session, saga, now, error)
        return True

    def run(self, session: Session, access: Access, saga: AnyRow) -> AnyRow:
        """Take the steps of a locked saga, in the caller's transaction, until it waits or ends; a refusal is the caller's."""
        while saga.state == "processing":
            saga = self.advance(session, access, saga)
        return saga

    def advance(self, session: Session, access: Access, saga: AnyRow) -> AnyRow:
        """Take one step of a locked saga and return the saga after it."""
        index = [step.name for step in self.steps].index(saga.step)
        values: dict[str, Any] = {"attempts": 0, "state": "processing", "due_at": access.now}
        if saga.direction == "back":
            self.steps[index].undo(session, access, saga)
            values["error"], following = saga.signal, index - 1
        elif saga.signal not in (None, ACCEPTED):
            raise Refused(saga.signal)
        else:
            values |= {"error": None, **self.steps[index].do(session, access, saga)}
            following = index + (values["state"] != "waiting")
        if 0 <= following < len(self.steps):
            return change_row(session, sagas, saga, access.now, **values, step=self.steps[following].name)
        if saga.direction == "back":
            self.turned_back(session, access, saga)
        event, state = _ENDS[saga.direction]
        return tell(session, access.now, saga, event, {"reason": saga.signal}, **values | {"state": state, "ended_at": access.now})

    def _failed(self, session: Session, saga: AnyRow, now: datetime, error: Exception) -> None:
        code = str(error) if isinstance(error, Refused) else type(error).__name__
        is_back, attempts = saga.direction == "back", saga.attempts + 1
        is_refusal = isinstance(error, Problem | Refused)
        values: dict[str, Any] = {"error": code, "attempts": attempts, "due_at": now + delay(attempts)}
        if not is_back and (is_refusal or attempts >= TRIES):
            values |= {"direction": "back", "signal": code, "attempts": 0, "due_at": now}
        values["state"] = "stuck" if is_back and attempts >= TRIES else "processing"
        change_row(session, sagas, saga, now, **values)
        log, told = logs.logger("saga"), {"saga_id": str(saga.id), "step": saga.step, "attempts": attempts, "error": code}
        if values["state"] == "stuck":
            log.error("saga_stuck", **told)
        elif "direction" in values:
            log.info("saga_turned_back", **told)
        else:
            log.warning("step_failed", **told)


@dataclass(frozen=True)
class Ticker:
    """Station of the worker: one round takes one step."""

    engine: Engine
    sessions: sessionmaker[Session]
    name: str = "saga"

    def work(self) -> int:
        """Take one step; return 1, or 0 when no saga is due."""
        with self.sessions() as session, session.begin():
            return int(self.engine.tick(session, clock.now()))
