"""Figures of the background jobs: what waits, what runs, what is dead."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from hiring.assessments.jobs import TABLES
from hiring.operations.gauges import Gauge, by_state


def gauges(session: Session, _now: datetime) -> list[Gauge]:
    """Return the number of jobs by kind and state; done ones are history, and imported rows were never in the queue."""
    text, states = "Background jobs; dead ones: `nexus jobs list`.", ("queued", "running", "dead")
    return [
        replace(gauge, labels={**gauge.labels, "kind": kind})
        for kind, table in TABLES.items()
        for gauge in by_state(session, table, "jobs", text, states, table.c.upload_id.is_not(None))
    ]
