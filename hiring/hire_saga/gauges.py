"""Figures of the hire saga: how many hires are under way, and how many need somebody to look."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hiring.hire_saga.engine import is_stuck
from hiring.hire_saga.tables import sagas
from hiring.operations.gauges import Gauge


def gauges(session: Session, now: datetime) -> list[Gauge]:
    """Return the saga's figures; a stuck one is under way too."""
    live = select(func.count(), func.count().filter(is_stuck(now))).where(sagas.c.ended_at.is_(None))
    under_way, stuck = session.execute(live).one()
    return [
        Gauge("hire_sagas_under_way", "Hires between their start and their end.", under_way),
        Gauge(
            "hire_sagas_stuck", "Hires whose undoing keeps failing or whose step is overdue: see `nexus sagas list --state stuck`.", stuck
        ),
    ]
