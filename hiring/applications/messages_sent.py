"""Keeps what the notification service sent to candidates as messages of their applications (read by metric T8)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hiring.applications.tables import messages
from hiring.bus.consumer import Consumer, EventRefused
from hiring.bus.envelope import Event
from hiring.domain_events import EventType


def keep_messages(session: Session, events: Sequence[Event]) -> None:
    """Write one message an event, under the event's id: a second telling writes nothing."""
    session.execute(insert(messages).on_conflict_do_nothing(index_elements=["id"]), [_message(event) for event in events])


def _message(event: Event) -> dict[str, Any]:
    try:
        return {
            "id": event.id,
            "tenant_id": UUID(event.data["tenant_id"]),
            "application_id": UUID(event.data["application_id"]),
            "sent_at": event.time,
            "direction": "to_candidate",
            "is_automatic": True,
            "source_system": "notifications",
            "source_id": str(event.aggregate_id),
        }
    except (KeyError, TypeError, ValueError):
        raise EventRefused("data: tenant_id and application_id must be ids") from None


MESSAGES_SENT = Consumer("messages", frozenset({EventType.MESSAGE_SENT.value}), keep_messages)
