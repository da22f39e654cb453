"""Asks the core where to write to people, a batch at a time, at the moment of sending. Nothing it answers is kept or logged."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from foundation.settings import Home
from hiring.notifications.asking import Asking
from hiring.notifications.interviews import Appointment
from hiring.notifications.settings import NotificationSettings
from hiring.rows import AnyRow


@dataclass(frozen=True)
class Contact:
    """Where and how to write to one person; ``person`` is their id after merges."""

    person: str
    email: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    display_name: str = field(repr=False)
    locale: str | None

    def address(self, channel: str) -> str | None:
        """Return the address on a channel. A push provider knows devices by the person's id."""
        return {"email": self.email, "sms": self.phone, "push": self.person}[channel]


@dataclass(frozen=True)
class Found:
    """What is known of a batch: contacts by recipient, the words each application is spoken of by, and the interviews letters are about."""

    contacts: dict[str, Contact]
    applications: dict[UUID, dict[str, str]]
    interviews: dict[UUID, Appointment] = field(default_factory=dict)


class ContactBook:
    """A client of ``POST /internal/contacts``."""

    def __init__(self, settings: NotificationSettings, home: Home) -> None:
        self._client = Asking(home, lambda: settings.core(home), "contacts")

    def look_up(self, rows: Sequence[AnyRow]) -> Found:
        """Return contacts and words for deliveries.

        Raises:
            Unanswered: the core did not answer; the deliveries can wait.
        """
        applications = {str(row.application_id) for row in rows if row.application_id}
        question = {"recipients": sorted({row.recipient for row in rows}), "application_ids": sorted(applications)}
        answer = self._client.post("/internal/contacts", question).json()
        return Found(
            {contact.pop("recipient"): Contact(**contact) for contact in answer["contacts"]},
            {UUID(words.pop("id")): words for words in answer["applications"]},
        )

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
