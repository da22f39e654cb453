"""What a process of this service does: the intake, and for each channel that is set up its senders."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from foundation import clock
from foundation.delivery import SmtpSettings
from foundation.settings import Home
from hiring.bus.relay import LOG_CHANNEL
from hiring.bus.transport import Transport, chosen_transport
from hiring.database import session_factory
from hiring.notifications.breaker import STATES, Breaker
from hiring.notifications.contacts import ContactBook
from hiring.notifications.intake import Intake
from hiring.notifications.interviews import InterviewBook
from hiring.notifications.letters import Letters
from hiring.notifications.providers import Provider
from hiring.notifications.sender import Sender
from hiring.notifications.settings import SIGNING_KEY, NotificationSettings
from hiring.notifications.smtp import Smtp
from hiring.notifications.webhook import Webhooks
from hiring.operations.gauges import Gauge
from hiring.work.loop import Station, run


def providers(home: Home) -> list[Provider]:
    """Return a provider for each channel, set up or not."""
    return [Smtp(SmtpSettings(), home), Webhooks(home, "sms"), Webhooks(home, "push")]


@dataclass(frozen=True)
class Takes:
    """The intake as a station: it reads the bus, and is called by what it is part of."""

    reader: Station
    name: str = "deliver intake"

    def work(self) -> int:
        """Read one batch; return how many events were passed."""
        return self.reader.work()


@dataclass(frozen=True)
class Work:
    """The stations of a process, and how its channels are."""

    intake: Station
    transport: Transport
    senders: Sequence[Sender]
    breakers: dict[str, Breaker]
    missing: dict[str, str]

    @property
    def stations(self) -> list[Station]:
        """Return the stations. A channel that is not set up has none: its deliveries wait."""
        return [self.intake, *self.senders]

    def health(self) -> dict[str, Any]:
        """Return the state of each channel's breaker, and the contacts': closed, half_open, open with its code, or off."""
        now = clock.now()
        states: dict[str, Any] = {name: f"{breaker.state(now)} {breaker.code}".strip() for name, breaker in self.breakers.items()}
        return states | dict.fromkeys(self.missing, "off")

    def gauges(self, _session: Session, now: datetime) -> list[Gauge]:
        """Return 1 for the state each breaker of this process is in and 0 for the others; a channel that is off has none."""
        text = "Breakers by state; open: the provider could not be reached, its messages wait."
        return [
            Gauge("breaker_state", text, float(breaker.state(now) == state), {"channel": name, "state": state})
            for name, breaker in self.breakers.items()
            for state in STATES
        ]

    def run(self, stopping: threading.Event, database_url: str) -> None:
        """Work until ``stopping`` is set, then close every connection; woken by the relay's notifications."""
        run(self.stations, stopping, database_url, [LOG_CHANNEL])
        self.close()

    def close(self) -> None:
        """Close the connections of senders and bus. Not on a thread that runs an event loop."""
        self.transport.close()
        for sender in self.senders:
            sender.close()


def prepare(settings: NotificationSettings, home: Home, engine: Engine, stopping: threading.Event) -> Work:
    """Return the work of one process; nothing is connected yet."""
    sessions = session_factory(engine)
    letters = Letters(home.ensure_secret(SIGNING_KEY), settings.public_url, settings.news_days)
    first_pause = timedelta(seconds=settings.breaker_seconds)
    core, assessments = Breaker(first_pause), Breaker(first_pause)
    breakers, missing, senders = {"contacts": core, "interviews": assessments}, {}, []
    for provider in providers(home):
        channel = provider.channel
        if reason := provider.missing():
            missing[channel] = reason
            continue
        breakers[channel] = Breaker(first_pause)
        books = ContactBook(settings, home), InterviewBook(settings, home)
        senders.append(Sender(provider, books[0], letters, sessions, settings, breakers[channel], core, books[1], assessments, stopping))
    transport = chosen_transport()
    intake = Takes(transport.reader(Intake(settings).consumer(), sessions, engine))
    return Work(intake, transport, senders, breakers, missing)
