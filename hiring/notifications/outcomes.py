"""What became of a batch, and how that is written: in one transaction with the fact that a candidate was written to."""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Self

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from foundation import clock
from hiring.domain_events import EventType, Happened, record_all
from hiring.notifications.providers import Dropped, NotTaken, Postponed, Refused
from hiring.notifications.settings import NotificationSettings
from hiring.notifications.tables import deliveries
from hiring.rows import AnyRow
from hiring.work.queue import Queue

Kind = Literal["sent", "skipped", "refused", "postponed", "dropped", "down", "unsent"]
_ANSWERS = frozenset({"sent", "refused", "postponed"})  # the provider said something: it is there
_PATIENCE_SECONDS = (0.5, 2, 5)  # while the database is away: a note that is lost is a message sent twice


@dataclass(frozen=True)
class Outcome:
    """What became of one delivery; ``code`` says why it was not sent."""

    row: AnyRow
    kind: Kind
    code: str = ""
    locale: str = ""

    @classmethod
    def of(cls, row: AnyRow, error: NotTaken) -> Self:
        """Return the outcome of what a provider raised."""
        kinds: dict[type[NotTaken], Kind] = {Refused: "refused", Postponed: "postponed", Dropped: "dropped"}
        return cls(row, kinds.get(type(error), "down"), error.code)

    @property
    def is_answer(self) -> bool:
        """Whether the provider answered."""
        return self.kind in _ANSWERS

    @property
    def is_settled(self) -> bool:
        """Whether it can be written without knowing what became of the others."""
        return self.kind in _ANSWERS or self.kind == "skipped"


def queue_of(settings: NotificationSettings) -> Queue:
    """Return the queue of deliveries."""
    first_wait = timedelta(seconds=settings.first_wait_seconds)
    return Queue(deliveries, settings.lease, settings.tries, running="sending", done="sent", first_wait=first_wait)


class Settling:
    """Writes outcomes."""

    def __init__(self, sessions: sessionmaker[Session], settings: NotificationSettings) -> None:
        self._sessions = sessions
        self.queue = queue_of(settings)

    def note(self, outcomes: Sequence[Outcome]) -> None:
        """Write settled outcomes; tries again for some seconds while the database is away.

        Raises:
            DBAPIError: it stayed away.
        """
        for pause in _PATIENCE_SECONDS:
            try:
                self._note(outcomes)
            except DBAPIError:
                time.sleep(pause)
            else:
                return
        self._note(outcomes)

    def _note(self, outcomes: Sequence[Outcome]) -> None:
        now = clock.now()
        sent: dict[str, list[AnyRow]] = defaultdict(list)
        skipped: dict[str, list[AnyRow]] = defaultdict(list)
        with self._sessions() as session, session.begin():
            for outcome in outcomes:
                if outcome.kind == "sent":
                    sent[outcome.locale].append(outcome.row)
                elif outcome.kind == "skipped":
                    skipped[outcome.code].append(outcome.row)
                elif outcome.kind == "refused":
                    self.queue.give_up(session, outcome.row, now, outcome.code)
                else:
                    self.queue.fail(session, outcome.row, now, outcome.code)
            for code, rows in skipped.items():
                self.queue.finish(session, rows, now, state="skipped", error=code)
            told = [row for locale, rows in sent.items() for row in self.queue.finish_ours(session, rows, now, sent_at=now, locale=locale)]
            facts = [_fact(row, now) for row in told if row.application_id and row.recipient.startswith("candidate:")]
            if facts:
                record_all(session, EventType.MESSAGE_SENT, "delivery", facts)

    def put_back(self, rows: Sequence[AnyRow], wait: timedelta, code: str) -> None:
        """Put rows back uncounted: no message was at fault."""
        with self._sessions() as session, session.begin():
            self.queue.put_back(session, rows, clock.now(), wait, code)


def _fact(row: AnyRow, now: datetime) -> Happened:
    data = {"tenant_id": row.tenant_id, "application_id": row.application_id, "channel": row.channel, "template": row.template}
    return Happened(row.id, 1, now, data)
