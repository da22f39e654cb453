"""The notification service beside a served hiring API and a real mail server, its stations worked by hand."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from foundation import clock
from foundation.settings import Home
from hiring.applications.messages_sent import MESSAGES_SENT
from hiring.bus.consumer import LogReader
from hiring.bus.relay import Relay
from hiring.database import open_engine, session_factory
from hiring.identity.api_keys import issue_api_key
from hiring.notifications.intake import Intake
from hiring.notifications.settings import API_KEY, NotificationSettings
from hiring.notifications.stations import Work, prepare
from hiring.permissions import Permission
from tests.support.hiring_api import HiringApi
from tests.support.mail_server import MailServer, mail_server


@dataclass
class Notifying:
    """The service's parts. ``mail`` is None while the mail server is down."""

    api: HiringApi
    mail: MailServer
    engine: Engine
    home: Home
    patch: pytest.MonkeyPatch
    settings: NotificationSettings = field(default_factory=NotificationSettings)
    stopping: threading.Event = field(default_factory=threading.Event)
    opened: list[Work] = field(default_factory=list)

    @contextmanager
    def work(self, **settings: Any) -> Iterator[Work]:
        """Yield fresh stations under other settings."""
        work = prepare(self.settings.model_copy(update=settings), self.home, self.engine, self.stopping)
        try:
            yield work
        finally:
            work.close()

    def take_in(self, **settings: Any) -> list[Any]:
        """Move every event into deliveries; return those."""
        sessions = session_factory(self.engine)
        intake = LogReader(Intake(self.settings.model_copy(update=settings)).consumer(), sessions, self.engine)
        stations = [Relay(self.engine), intake, LogReader(MESSAGES_SENT, sessions, self.engine)]
        while sum(station.work() for station in stations):
            pass
        return self.deliveries()

    def send(self, **settings: Any) -> None:
        """Send what is due, in one process with one connection a channel and more."""
        with self.work(**settings) as work:
            while sum(sender.work() for sender in work.senders):
                pass

    def deliveries(self) -> list[Any]:
        """Return every delivery in the order it was made."""
        return self.api.rows("select * from notifications.deliveries order by id")

    def letters(self) -> list[EmailMessage]:
        """Return the letters the mail server took."""
        return [letter for _, letter in self.mail.letters]

    def environment(self) -> dict[str, str]:
        """Return what a process of the service needs to know."""
        return {
            "NEXUS_HOME": str(self.home.root),
            "NEXUS_NOTIFICATIONS_DATABASE_URL": self.api.urls.hiring,
            "NEXUS_NOTIFICATIONS_CORE_URL": str(self.api.client.base_url),
            "NEXUS_SMTP_HOST": self.mail.host,
            "NEXUS_SMTP_PORT": str(self.mail.port),
            "NEXUS_SMTP_SECURITY": "none",
            "NEXUS_SMTP_SENDER": "nexus@school.example",
        }

    def set_environment(self) -> None:
        """Give this process the same."""
        for name, value in self.environment().items():
            self.patch.setenv(name, value)


@pytest.fixture
def notifying(hiring_api: HiringApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notifying]:
    """Serve the core and a mail server, and begin to listen: what happened before is nobody's news."""
    home = Home(home=tmp_path / "notifications")
    engine = open_engine(hiring_api.urls.owner, 1)
    with session_factory(engine)() as session, session.begin():
        scopes = [Permission.CONTACTS_READ.value, Permission.INTROSPECT.value]
        home.write_secret(API_KEY, issue_api_key(session, clock.now(), "notifications", scopes, ["*"], 1, None)[1])
    engine.dispose()
    engine = open_engine(hiring_api.urls.hiring, 6)
    with mail_server() as mail:
        parts = Notifying(hiring_api, mail, engine, home, monkeypatch)
        parts.set_environment()
        parts.settings = NotificationSettings(first_wait_seconds=0.05, breaker_seconds=0.05, connections=4)
        parts.take_in()
        yield parts
    engine.dispose()
