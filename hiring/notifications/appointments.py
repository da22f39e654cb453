"""Of letters about one interview only the newest word goes out: what still waits is fetched at sending, so it says the newest time.

What belongs here: which of new and waiting letters about interviews are needed. What doesn't: whom an event tells (rules.py).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, literal, select, update
from sqlalchemy.orm import Session

from hiring.notifications.tables import deliveries

INVITATION, SCHEDULED, MOVED, CANCELLED = "interview", "interview_scheduled", "interview_moved", "interview_cancelled"

Row = dict[str, Any]


def mark_needless(session: Session, rows: Sequence[Row], now: datetime) -> None:
    """Set ``is_needless`` of new deliveries, and skip waiting ones that newer ones make needless.

    A change is not told while the letter before it waits: that one tells it. An interview that is cancelled before anybody was told
    of it is not told of at all. An invitation to agree on a time is needless once there is one. What is needless is kept as skipped:
    events that are told twice find it.

    Args:
        session: transaction of the intake.
        rows: new deliveries in the order of their events.
        now: instant of the change.
    """
    columns = deliveries.c
    about = [row for row in rows if row["interview_id"]]
    if not about:
        return
    known: set[UUID] = set(session.execute(select(columns.event_id).where(_in(columns.event_id, about, "event_id"))).scalars())
    stored = {(str(row.interview_id), row.channel): row for row in _waiting(session, _in(columns.interview_id, about, "interview_id"))}
    last: dict[tuple[str, str], Any] = {place: row.template for place, row in stored.items()}
    fresh: dict[tuple[str, str], Row] = {}  # waiting ones of this batch
    needless: set[UUID] = set()
    for row in about:
        if UUID(row["event_id"]) in known:
            continue
        place = (row["interview_id"], row["channel"])
        before = last.get(place)
        if row["template"] != CANCELLED:
            row["is_needless"] = before is not None
            if before is None:
                last[place], fresh[place] = row["template"], row
            continue
        row["is_needless"] = last.pop(place, None) == SCHEDULED
        if place in fresh:
            fresh.pop(place)["is_needless"] = True
        elif before is not None:
            needless.add(stored[place].id)
    scheduled = [row for row in fresh.values() if row["template"] == SCHEDULED]
    settled = {row["application_id"] for row in scheduled}
    for row in rows:
        row["is_needless"] |= row["template"] == INVITATION and row["application_id"] in settled
    invited = (columns.template == INVITATION) & _in(columns.application_id, scheduled, "application_id")
    needless |= {row.id for row in _waiting(session, invited)}
    over = columns.id == any_(literal(sorted(needless), ARRAY(Uuid)))
    session.execute(update(deliveries).where(over).values(state="skipped", error="superseded", updated_at=now))


def _waiting(session: Session, condition: Any) -> list[Any]:
    """Return deliveries that wait, locked: a sender that claims one of them first has it."""
    query = select(deliveries.c.id, deliveries.c.interview_id, deliveries.c.channel, deliveries.c.template)
    return list(session.execute(query.where(condition, deliveries.c.state == "ready").order_by(deliveries.c.id).with_for_update()))


def _in(column: Any, rows: Sequence[Row], name: str) -> Any:
    return column == any_(literal([UUID(row[name]) for row in rows], ARRAY(Uuid)))
