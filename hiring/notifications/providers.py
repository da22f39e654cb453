"""What a channel's provider must be, and how it says what became of a message. Adapters: smtp.py (e-mail), webhook.py (SMS, push)."""

from dataclasses import dataclass, field
from typing import Protocol

from hiring.notifications.texts import Words


@dataclass(frozen=True)
class Letter:
    """One message to one address. ``key`` is the event's id: a receiver that sees it twice drops the second."""

    key: str
    to: str = field(repr=False)
    words: Words = field(repr=False)
    unsubscribe_url: str = field(default="", repr=False)


class NotTaken(Exception):
    """The provider did not take a message. ``code`` says why in letters, digits and underscores; no address is in it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Refused(NotTaken):
    """It never will: the address is unknown, the content not allowed. Another try can't help."""


class Postponed(NotTaken):
    """It may later: a full mailbox, a limit. Counts as a try."""


class Dropped(NotTaken):
    """The connection ended while the message was under way. Whose fault it is shows by what becomes of the others."""


class ProviderDown(NotTaken):
    """The provider can't be reached, or refuses us as a client. Counts as no try: the message is not at fault."""


class Provider(Protocol):
    """A way to send messages of one channel.

    To bring in another SMS or push service write an adapter with this interface, or a small web service that takes the signed calls
    of ``webhook.Webhooks``. An adapter must tell the receiver ``letter.key`` as its idempotency key, keep connections open between
    messages, answer within ``SECONDS``, and map its answers onto the five outcomes: return (taken), ``Refused``, ``Postponed``,
    ``Dropped``, ``ProviderDown``. It logs nothing: addresses and words pass through it.
    """

    channel: str

    def missing(self) -> str:
        """Return which setting is missing, in one sentence; empty when messages can be sent."""

    async def send(self, letter: Letter) -> None:
        """Send one message; several are under way at once. Returns once the provider took it.

        Raises:
            NotTaken: one of its four kinds.
        """

    async def close(self) -> None:
        """Close the connections; the next ``send`` opens new ones."""


SECONDS = 60
"""The longest one message may take, connecting included."""
