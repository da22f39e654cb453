"""Figures of the deliveries: what waits, how long the oldest has been due, what is dead."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hiring.notifications.tables import deliveries
from hiring.operations.gauges import Gauge, by_state


def gauges(session: Session, now: datetime) -> list[Gauge]:
    """Return the figures; what was sent is history, not a queue."""
    oldest = session.execute(select(func.min(deliveries.c.due_at)).where(deliveries.c.state == "ready")).scalar()
    overdue = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    return [
        *by_state(
            session,
            deliveries,
            "deliveries",
            "Messages by state; dead ones: `nexus notifications dead list`.",
            ("ready", "sending", "dead"),
        ),
        Gauge("deliveries_overdue_seconds", "Time since the oldest waiting message was due.", overdue),
    ]
