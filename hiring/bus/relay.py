"""The relay moves events from the outbox to the log, in the order of their transactions: nothing lost, nothing twice.

The leader is whoever holds the advisory lock of the moving transaction: after a crash the next one goes on at once. Rows are
deleted when moved. A cursor over ids or transaction ids would not do: ids become visible out of order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Row, text

from hiring.bus.envelope import Event

LEADER = 7_226_201_002  # any constant: one relay moves at a time
LOG_CHANNEL = "bus_log"
BATCH = 1000

# A range, not a list of ids: whatever the planner believes of a table that is empty one moment and full the next, it stays linear.
_MOVE = text("""
with moved as (
  delete from outbox.events where id <= (select max(id) from (select id from outbox.events order by id limit :batch) lowest) returning *
)
insert into outbox.event_log (event_id, type, subject, sequence, data, occurred_at, correlation_id, schema_version)
select event_id, type, subject, sequence, data, occurred_at, correlation_id, schema_version from moved order by id
returning seq, event_id, type, subject, sequence, occurred_at, data, correlation_id, schema_version
""")

Publish = Callable[[Sequence[Event]], None]


@dataclass(frozen=True)
class Relay:
    """Station of the worker: one round moves one batch.

    Attributes:
        engine: of the database with the outbox and the log.
        publish: called with each batch before it is committed, to tell a broker too; a failure moves nothing.
        batch: rows a transaction.
    """

    engine: Engine
    publish: Publish | None = None
    batch: int = BATCH
    name: str = "relay"

    def work(self) -> int:
        """Move one batch; return how many events, 0 when there are none or another relay is moving."""
        with self.engine.begin() as connection:
            if not connection.execute(text("select pg_try_advisory_xact_lock(:key)"), {"key": LEADER}).scalar():
                return 0
            moved = connection.execute(_MOVE, {"batch": self.batch})
            if self.publish is None:
                count = moved.rowcount
            else:
                rows = sorted(moved, key=lambda row: row.seq)
                count = len(rows)
                if rows:
                    self.publish([event_of(row) for row in rows])
            if count:
                connection.execute(text("select pg_notify(:channel, '')"), {"channel": LOG_CHANNEL})
            return count


def event_of(row: Row[Any]) -> Event:
    """Return the event in a row of the log."""
    return Event(
        id=row.event_id,
        type=row.type,
        subject=row.subject,
        sequence=row.sequence,
        time=row.occurred_at,
        data=row.data,
        correlation_id=row.correlation_id,
        seq=row.seq,
        schema_version=row.schema_version,
    )
