"""Makes letters of deliveries: whose address, which words, which unsubscribe link; and says where nobody is to be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ARRAY, Text, any_, literal, select
from sqlalchemy.orm import Session

from foundation import clock
from hiring.notifications.appointments import CANCELLED
from hiring.notifications.contacts import Found
from hiring.notifications.interviews import Appointment
from hiring.notifications.providers import Letter
from hiring.notifications.rules import message_key
from hiring.notifications.tables import preferences
from hiring.notifications.texts import render, spoken
from hiring.notifications.unsubscribing import Subscription, is_optional, sign
from hiring.rows import AnyRow

Unwanted = frozenset[tuple[str, str, str]]


class NobodyToTell(Exception):
    """A delivery is not to be sent. ``code``: no_contact (erased, left, unknown), no_address, not_wanted, too_old, out_of_date."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Written:
    """A delivery and its letter."""

    row: AnyRow
    letter: Letter


@dataclass(frozen=True)
class Letters:
    """Writes letters. ``signing_key`` signs unsubscribe links, which begin with ``public_url``; ``news_days``: see the settings."""

    signing_key: str
    public_url: str
    news_days: float

    def unwanted(self, session: Session, rows: Sequence[AnyRow], found: Found) -> Unwanted:
        """Return what people unsubscribed from: recipient, channel, category. A merged person's choices count for all their ids."""
        people = {row.recipient for row in rows} | {contact.person for contact in found.contacts.values()}
        columns = preferences.c
        refused = columns.is_wanted.is_(False) & (columns.recipient == any_(literal(sorted(people), ARRAY(Text))))
        rows_refused = session.execute(select(columns.recipient, columns.channel, columns.category).where(refused))
        return frozenset((row.recipient, row.channel, row.category) for row in rows_refused)

    def write(self, row: AnyRow, found: Found, unwanted: Unwanted) -> Written:
        """Return a delivery's letter.

        Raises:
            NobodyToTell: there is no address, or the message is not wanted, or it waited so long that it is no news, or no longer true.
            jinja2.UndefinedError: the text asks for words the core does not know.
        """
        if row.due_at < clock.now() - timedelta(days=self.news_days):  # mail was off for weeks: nobody is flooded when it is set up
            raise NobodyToTell("too_old")
        contact = found.contacts.get(row.recipient)
        if contact is None:
            raise NobodyToTell("no_contact")
        address = contact.address(row.channel)
        if not address:
            raise NobodyToTell("no_address")
        if is_optional(row.category) and any((who, row.channel, row.category) in unwanted for who in (row.recipient, contact.person)):
            raise NobodyToTell("not_wanted")
        about = found.applications.get(row.application_id, {})
        locale = spoken(contact.locale, about.get("locale"))
        link = ""
        if is_optional(row.category):
            token = sign(self.signing_key, Subscription(contact.person, row.channel, row.category, locale))
            link = f"{self.public_url.rstrip('/')}/v1/notifications/unsubscribe?token={token}"
        values = {"name": contact.display_name, **about}
        if row.interview_id is not None:
            values |= _appointment(row, found).words(locale, about.get("timezone", "UTC"))
        words = render(row.template, locale, values, link)
        return Written(row, Letter(message_key(row.event_id, row.template), address, words, link))


def _appointment(row: AnyRow, found: Found) -> Appointment:
    """Return the interview a letter is about, if what the letter says of it still holds."""
    interview = found.interviews.get(row.interview_id)
    wanted = "cancelled" if row.template == CANCELLED else "scheduled"
    if interview is None or interview.status != wanted or interview.start < clock.now():
        raise NobodyToTell("out_of_date")
    return interview
