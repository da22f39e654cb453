"""A queue on a table: rows are claimed with SKIP LOCKED under a lease, and end as done or, after the last try, as dead.

The table needs the columns ``id, state, attempts, due_at, leased_until, error, updated_at``; all else is its owner's. A worker
that dies keeps its rows until the lease ends; so a lease is longer than the longest honest run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, literal, or_, select, update
from sqlalchemy.orm import Session

from hiring.access import one_of
from hiring.rows import AnyRow
from hiring.work.backoff import delay


@dataclass(frozen=True)
class Queue:
    """Claims and settles the rows of one table.

    Attributes:
        table: where the work waits.
        lease: how long a claimed row belongs to its worker.
        tries: failures after which a row is dead.
        ready, running, done, dead: the names of the states in this table.
        first_wait: before the second try; later ones wait longer.
    """

    table: Table
    lease: timedelta
    tries: int = 8
    ready: str = "ready"
    running: str = "running"
    done: str = "done"
    dead: str = "dead"
    first_wait: timedelta = timedelta(seconds=2)

    def claim(self, session: Session, now: datetime, limit: int, condition: ColumnElement[bool] | None = None) -> list[AnyRow]:
        """Return up to ``limit`` due rows, now running and leased, oldest due first. Commit before you work on them.

        A row whose lease ran out is claimed again; the run that lost it counts as a failed try. ``condition`` leaves rows to others.
        """
        columns = self.table.c
        is_due = and_(self._is(self.ready), columns.due_at <= now)
        is_abandoned = and_(self._is(self.running), columns.leased_until < now)
        mine = or_(is_due, is_abandoned) if condition is None else and_(condition, or_(is_due, is_abandoned))
        due = (
            select(columns.id).where(mine).order_by(columns.due_at, columns.id).limit(limit)
            .with_for_update(skip_locked=True)
        )  # fmt: skip
        values = {"state": self.running, "attempts": columns.attempts + 1, "leased_until": now + self.lease, "updated_at": now}
        claimed = session.execute(update(self.table).where(columns.id.in_(due)).values(**values).returning(self.table))
        return sorted(claimed, key=lambda row: (row.due_at, row.id))

    def finish(self, session: Session, rows: Sequence[AnyRow], now: datetime, **values: Any) -> int:
        """Settle claimed rows as done; return how many were still ours (a row whose lease was lost is somebody else's)."""
        return len(self.finish_ours(session, rows, now, **values))

    def finish_ours(self, session: Session, rows: Sequence[AnyRow], now: datetime, **values: Any) -> list[AnyRow]:
        """As ``finish``; return the rows that were still ours."""
        changes = {"state": self.done, "leased_until": None, "error": None, "updated_at": now, **values}
        settled = self._settle(session, [row.id for row in rows], rows[0].leased_until if rows else now, changes)
        return [row for row in rows if row.id in settled]

    def fail(self, session: Session, row: AnyRow, now: datetime, error: str) -> str:
        """Put a claimed row back for a later try, or settle it as dead after the last; return its state.

        Args:
            session: the running transaction.
            row: as claimed.
            now: the instant of the failure.
            error: a code; never what a person wrote.
        """
        state = self.dead if row.attempts >= self.tries else self.ready
        wait = delay(row.attempts, self.first_wait)
        changes = {"state": state, "due_at": now + wait, "leased_until": None, "error": error, "updated_at": now}
        self._settle(session, [row.id], row.leased_until, changes)
        return state

    def give_up(self, session: Session, row: AnyRow, now: datetime, error: str) -> None:
        """Settle a claimed row as dead at once: another try can't help."""
        self._settle(session, [row.id], row.leased_until, {"state": self.dead, "leased_until": None, "error": error, "updated_at": now})

    def put_back(self, session: Session, rows: Sequence[AnyRow], now: datetime, wait: timedelta, error: str) -> None:
        """Put claimed rows back without counting a try: an outage must not use up the tries of good work."""
        columns = self.table.c
        changes = {
            "state": self.ready, "attempts": columns.attempts - 1, "due_at": now + wait, "leased_until": None, "error": error,
            "updated_at": now,
        }  # fmt: skip
        self._settle(session, [row.id for row in rows], rows[0].leased_until if rows else now, changes)

    def replay(self, session: Session, ids: Sequence[UUID] | None, now: datetime) -> int:
        """Make dead rows ready again with all their tries (None: every dead row); return how many."""
        columns = self.table.c
        condition = self._is(self.dead) if ids is None else and_(self._is(self.dead), one_of(columns.id, ids))
        values = {"state": self.ready, "attempts": 0, "due_at": now, "updated_at": now}
        return len(session.execute(update(self.table).where(condition).values(**values).returning(columns.id)).all())

    def _settle(self, session: Session, ids: Sequence[UUID], leased_until: datetime, changes: dict[str, Any]) -> set[UUID]:
        """Write only while the lease is ours: rows claimed together share its end. Return which were."""
        columns = self.table.c
        ours = and_(one_of(columns.id, ids), self._is(self.running), columns.leased_until == leased_until)
        return set(session.execute(update(self.table).where(ours).values(**changes).returning(columns.id)).scalars())

    def _is(self, state: str) -> ColumnElement[bool]:
        """Compare with a constant, not a parameter: only so a prepared statement uses an index of waiting rows."""
        return self.table.c.state == literal(state, literal_execute=True)
