"""Reading deliveries, and sending dead letters again: what the API and the command share. They hold ids and codes, no address."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation.settings import Home
from hiring.errors import NotFound
from hiring.notifications.outcomes import queue_of
from hiring.notifications.settings import NotificationSettings
from hiring.notifications.stations import providers
from hiring.notifications.tables import deliveries
from hiring.rows import AnyRow, Paging, find_row, read_page


class DeadLetterNotFound(NotFound):
    """No dead letter has this id: it never was one, or was sent again."""


NO_LETTER = DeadLetterNotFound("there is no such dead letter")


def dead_page(session: Session, paging: Paging) -> dict[str, Any]:
    """Return dead letters in the order they were made."""
    return read_page(session, deliveries, [deliveries.c.state == "dead"], paging)


def dead_letter(session: Session, delivery_id: UUID) -> AnyRow:
    """Return one dead letter."""
    return find_row(session, deliveries, (deliveries.c.id == delivery_id) & (deliveries.c.state == "dead"), NO_LETTER)


def replay(session: Session, settings: NotificationSettings, ids: Sequence[UUID] | None, now: datetime) -> int:
    """Let dead letters be sent again with all their tries (None: all of them); return how many."""
    return queue_of(settings).replay(session, ids, now)


def overview(session: Session, home: Home) -> dict[str, Any]:
    """Return deliveries by channel and state, since when the oldest waits, and which channels can't send for want of a setting."""
    columns = deliveries.c
    counts: dict[str, dict[str, int]] = {}
    query = select(columns.channel, columns.state, func.count().label("n")).group_by(columns.channel, columns.state)
    for row in session.execute(query.order_by(columns.channel, columns.state)):
        counts.setdefault(row.channel, {})[row.state] = row.n
    waiting_since = session.execute(select(func.min(columns.created_at)).where(columns.state.in_(["ready", "sending"]))).scalar()
    off = {provider.channel: reason for provider in providers(home) if (reason := provider.missing())}
    return {"deliveries": counts, "waiting_since": waiting_since, "off": off}
