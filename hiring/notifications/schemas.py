"""What the routes of notifications take and give."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from hiring.notifications.rules import Category, Channel
from hiring.schemas import Instant, Reply, RequestBody, example

Recipient = Annotated[str, StringConstraints(pattern=r"^(candidate|user):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


class DeadLetter(Reply):
    """A delivery that was given up. ``recipient`` is an id, ``error`` a code."""

    id: UUID
    event_id: UUID
    channel: Channel
    recipient: str
    template: str
    category: str
    tenant_id: UUID | None
    application_id: UUID | None
    attempts: int
    error: str | None
    created_at: Instant
    updated_at: Instant


class Replay(RequestBody):
    """Which dead letters to send again."""

    model_config = example(ids=["01890000-0000-7000-8000-000000000000"])

    ids: list[UUID] | None = Field(default=None, max_length=1000, description="leave out for all of them")


class Replayed(Reply):
    """How many dead letters wait again."""

    count: int


class Overview(Reply):
    """How deliveries stand, by channel and state."""

    deliveries: dict[str, dict[str, int]]
    waiting_since: Instant | None
    off: dict[str, str] = Field(description="channels that send nothing, each with the setting that is missing")


class Preference(RequestBody):
    """Whether somebody wants a category of messages on a channel."""

    model_config = example(channel="sms", category="application", is_wanted=True)

    channel: Channel
    category: Category
    is_wanted: bool


class KeptPreference(Reply):
    """A choice that was made; without one: e-mail yes, other channels no."""

    channel: str
    category: str
    is_wanted: bool
    updated_at: Instant
