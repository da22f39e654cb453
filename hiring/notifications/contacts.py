"""Asks the core where to write to people, a batch at a time, at the moment of sending. Nothing it answers is kept or logged."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import httpx

from foundation.settings import Home, MissingSecret
from hiring.notifications.settings import API_KEY, NotificationSettings
from hiring.rows import AnyRow

_TIMEOUT_SECONDS = 15


class ContactsUnavailable(RuntimeError):
    """The core did not answer. ``code`` says why: no_core_url, no_api_key, a status, the kind of failure."""

    def __init__(self, code: str) -> None:
        super().__init__(f"no contacts: {code}")
        self.code = code


@dataclass(frozen=True)
class Contact:
    """Where and how to write to one person; ``person`` is their id after merges."""

    person: str
    email: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    display_name: str = field(repr=False)
    locale: str

    def address(self, channel: str) -> str | None:
        """Return the address on a channel. A push provider knows devices by the person's id."""
        return {"email": self.email, "sms": self.phone, "push": self.person}[channel]


@dataclass(frozen=True)
class Found:
    """What the core knows of a batch: contacts by recipient, and the words each application is spoken of by."""

    contacts: dict[str, Contact]
    applications: dict[UUID, dict[str, str]]


class ContactBook:
    """A client of ``POST /internal/contacts``; its connection is kept open."""

    def __init__(self, settings: NotificationSettings, home: Home) -> None:
        self._settings, self._home = settings, home
        self._http: httpx.Client | None = None

    def look_up(self, rows: Sequence[AnyRow]) -> Found:
        """Return contacts and words for deliveries.

        Raises:
            ContactsUnavailable: the core did not answer; the deliveries can wait.
        """
        applications = {str(row.application_id) for row in rows if row.application_id}
        question = {"recipients": sorted({row.recipient for row in rows}), "application_ids": sorted(applications)}
        try:
            reply = self._client().post("/internal/contacts", json=question)
            reply.raise_for_status()
        except httpx.HTTPStatusError as error:
            self.close()  # the next try reads the key again: it may have been replaced
            raise ContactsUnavailable(f"contacts_{error.response.status_code}") from None
        except httpx.HTTPError as error:
            self.close()  # and the address: after a restart the core may have another port
            raise ContactsUnavailable(f"contacts_{type(error).__name__.lower()}") from None
        answer = reply.json()
        return Found(
            {contact.pop("recipient"): Contact(**contact) for contact in answer["contacts"]},
            {UUID(words.pop("id")): words for words in answer["applications"]},
        )

    def close(self) -> None:
        """Close the connection."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def _client(self) -> httpx.Client:
        if self._http is None:
            address = self._settings.core(self._home)
            if not address:
                raise ContactsUnavailable("no_core_url")
            try:
                key = self._home.read_secret(API_KEY)
            except MissingSecret:
                raise ContactsUnavailable("no_api_key") from None
            self._http = httpx.Client(base_url=address, timeout=_TIMEOUT_SECONDS, headers={"Authorization": f"Bearer {key}"})
        return self._http
