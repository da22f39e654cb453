"""Unsubscribe links: signed tokens that name a recipient, a channel and a category. A link works without a sign-in and never expires."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hiring.errors import Problem
from hiring.notifications.rules import CHANNELS, TRANSACTIONAL, Category
from hiring.notifications.tables import preferences

_BYTES = 18  # of the signature: 144 bits


class UnsubscribeLinkBroken(Problem):
    """The token in the link was not made here, or is cut off."""

    status = 400


@dataclass(frozen=True)
class Subscription:
    """What a token unsubscribes, and the language of the page it opens."""

    recipient: str
    channel: str
    category: str
    locale: str


def sign(key: str, subscription: Subscription) -> str:
    """Return the token of a subscription: ``<base64url of its parts>.<HMAC-SHA256>``."""
    parts = "|".join((subscription.recipient, subscription.channel, subscription.category, subscription.locale))
    payload = base64.urlsafe_b64encode(parts.encode()).decode().rstrip("=")
    return f"{payload}.{_signature(key, payload)}"


def read(key: str, token: str) -> Subscription:
    """Return what a token names.

    Raises:
        UnsubscribeLinkBroken: it was not signed here.
    """
    payload, _, signature = token.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(key, payload).encode()):
        raise UnsubscribeLinkBroken("token: the link is not complete: open it again from the message, or copy all of it")
    return Subscription(*base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode().split("|"))


def unsubscribe(session: Session, subscription: Subscription, token: str, now: datetime) -> None:
    """Keep that a person does not want a category any more; a second time changes nothing. The token itself is kept as a hash."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    set_preference(
        session, subscription.recipient, subscription.channel, subscription.category, is_wanted=False, now=now, token_hash=digest
    )


def set_preference(
    session: Session, recipient: str, channel: str, category: str, *, is_wanted: bool, now: datetime, token_hash: str | None = None
) -> None:
    """Keep whether somebody wants a category on a channel; without a row: e-mail yes, other channels no."""
    assert channel in CHANNELS
    assert category in get_args(Category)
    values = {"is_wanted": is_wanted, "token_hash": token_hash, "updated_at": now}
    new = insert(preferences).values(recipient=recipient, channel=channel, category=category, **values)
    session.execute(
        new.on_conflict_do_update(
            index_elements=["recipient", "channel", "category"], set_=values, where=preferences.c.is_wanted.is_distinct_from(is_wanted)
        )
    )


def is_optional(category: str) -> bool:
    """Say whether people may unsubscribe from a category."""
    return category not in TRANSACTIONAL


def _signature(key: str, payload: str) -> str:
    made = hmac.new(key.encode(), f"unsubscribe|{payload}".encode(), hashlib.sha256).digest()[:_BYTES]
    return base64.urlsafe_b64encode(made).decode()
