"""Figures of the bus: what waits in the outbox, how far behind each consumer is, what it refused."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hiring.bus.tables import event_log, events, offsets, refused
from hiring.operations.gauges import Gauge


def gauges(session: Session, now: datetime) -> list[Gauge]:
    """Return the bus's figures; the age is that of the oldest event that waits, 0 when none does."""
    waiting = session.execute(select(func.count()).select_from(events)).scalar_one()
    oldest = session.execute(select(func.min(events.c.occurred_at))).scalar()
    head: int = session.execute(select(func.coalesce(func.max(event_log.c.seq), 0))).scalar_one()
    behind = session.execute(select(offsets.c.consumer, offsets.c.seq).order_by(offsets.c.consumer))
    misunderstood = session.execute(select(refused.c.consumer, func.count().label("events_count")).group_by(refused.c.consumer))
    told = "Events a consumer could not understand: see `nexus bus refused list`."
    return [
        Gauge("outbox_events", "Events the relay has not moved yet.", waiting),
        Gauge("outbox_oldest_age_seconds", "Age of the oldest event in the outbox.", (now - oldest).total_seconds() if oldest else 0),
        Gauge("event_log_head", "Number of the newest event in the log.", head),
        *(
            Gauge("consumer_lag_events", "Events a consumer has not passed yet.", head - row.seq, {"consumer": row.consumer})
            for row in behind
        ),
        *(Gauge("consumer_refused_events", told, row.events_count, {"consumer": row.consumer}) for row in misunderstood),
    ]
