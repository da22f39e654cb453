"""Chaos on the way of a letter: events, deliveries and a mail server, while relay, sender, Postgres and mail server are killed with -9.

SMTP has no exactly once: a letter that the mail server took, and whose sender did not hear of it, is sent again under its Message-ID.
"""

import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import cycle
from pathlib import Path
from signal import SIGKILL
from uuid import UUID

import psycopg
from sqlalchemy import Engine, text

from foundation import clock
from foundation.settings import Home
from hiring.database import open_engine, session_factory
from hiring.domain_events import EventType, record
from hiring.identity.api_keys import issue_api_key
from hiring.notifications.settings import API_KEY
from hiring.permissions import Permission
from hiring.rows import new_id
from nexus.embedded_postgres import EmbeddedPostgres, die_with_parent
from tests.support.chaos import number, wait_until
from tests.support.hiring_api import HiringApi
from tests.support.mail_server import free_port

APPLICATIONS = 8
OUTAGE_SECONDS = 2.0  # longer than the waits of all eight tries together
SCHEMA = "create schema chaos; create table chaos.letters (event_id uuid primary key); grant usage on schema chaos to hiring_app;\
 grant select, insert on chaos.letters to hiring_app"
_SETTINGS = {
    "NEXUS_NOTIFICATIONS_LEASE_SECONDS": "3",
    "NEXUS_NOTIFICATIONS_CONNECTIONS": "4",
    "NEXUS_NOTIFICATIONS_BATCH": "60",
    "NEXUS_NOTIFICATIONS_FLUSH": "10",
    "NEXUS_NOTIFICATIONS_FIRST_WAIT_SECONDS": "0.01",
    "NEXUS_NOTIFICATIONS_BREAKER_SECONDS": "0.05",
    "NEXUS_SMTP_HOST": "127.0.0.1",
    "NEXUS_SMTP_SECURITY": "none",
    "NEXUS_SMTP_SENDER": "nexus@school.example",
    "NEXUS_BUS_URL": "",
}


@dataclass
class CountedLetters:
    """What was recorded and what the mail server took; ``after_the_note``: sent again although the sender had written it down as sent."""

    kills: dict[str, int]
    recorded: int
    arrived: int
    lost: int
    duplicates: int
    after_the_note: int
    not_sent: int
    seconds: float


@dataclass
class LetterChaos:
    """One run.

    Attributes:
        postgres: a server of the run's own.
        api: the hiring API served over it: senders ask it for addresses.
        folder: for the processes' logs, the service's home and the mail server's list.
        letters_a_kill: letters taken between two kills.
    """

    postgres: EmbeddedPostgres
    api: HiringApi
    folder: Path
    letters_a_kill: int = 30
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _is_over: threading.Event = field(default_factory=threading.Event)
    _mail_port: int = field(default_factory=free_port)

    def run(self, kills_count: int, seconds: float) -> CountedLetters:
        """Kill so often, let every letter arrive, and count; fail when that takes longer than ``seconds``."""
        began = time.monotonic()
        deadline = began + seconds
        applications = self._prepare()
        victims = ("sink", "sender", "postgres", "relay")
        kills = dict.fromkeys(victims, 0)
        for name in ("sink", "relay"):
            self._start(name)
        producers = [threading.Thread(target=self._produce, args=(each,)) for each in applications]
        try:
            # A new service tells nobody of what happened before it: what made the applications lies in the log before it listens.
            self._await(lambda: self._number("select count(*) from outbox.events") == 0, deadline)
            self._start("sender")
            self._await(lambda: self._number("select count(*) from outbox.offsets where consumer = 'notifications'") == 1, deadline)
            for thread in producers:
                thread.start()
            for done, victim in zip(range(kills_count), cycle(victims), strict=False):
                goal = self._taken() + self.letters_a_kill
                self._await(lambda goal=goal: self._taken() >= goal, deadline)
                self._kill(victim, pause=OUTAGE_SECONDS if done == 0 else 0)
                kills[victim] += 1
            self._is_over.set()
            for thread in producers:
                thread.join()
            self._await(lambda: self._number("select count(*) from chaos.letters") == self._number(_SETTLED), deadline)
        finally:
            self._is_over.set()
            for process in self._processes.values():
                process.kill()
                process.wait()
        return self._count(kills, time.monotonic() - began)

    def _prepare(self) -> list[tuple[UUID, UUID, UUID]]:
        """Make applications of people with addresses, and the service's key; return tenant, application and candidate of each."""
        with psycopg.connect(self.api.urls.owner) as connection:
            connection.execute(SCHEMA)
        sessions = session_factory(self.api.engine)
        with sessions() as session, session.begin():
            scopes = [Permission.CONTACTS_READ.value, Permission.INTROSPECT.value]
            key = issue_api_key(session, clock.now(), "notifications", scopes, ["*"], 1, None)[1]
        Home(home=self.folder / "home").write_secret(API_KEY, key)
        job = self.api.open_job(self.api.organisation("school"))
        made = [self.api.apply(job) for _ in range(APPLICATIONS)]
        return [(UUID(each["tenant_id"]), UUID(each["id"]), UUID(each["candidate_id"])) for each in made]

    def _produce(self, application: tuple[UUID, UUID, UUID]) -> None:
        engine = open_engine(self.api.urls.hiring, 1)
        sequence = 1000
        while not self._is_over.is_set():
            sequence += 1
            with suppress(Exception):  # whether it was committed, the table of letters tells
                _record_one(engine, application, sequence)
            self._is_over.wait(0.05)
        engine.dispose()

    def _start(self, name: str) -> None:
        commands = {
            "sink": ["tests.support.smtp_sink", str(self._list), "0.005", str(self._mail_port)],
            "relay": ["tests.support.chaos_process", "relay", self.api.urls.hiring],
            "sender": ["hiring.worker", "--only", "deliver"],
        }
        environment = os.environ | _SETTINGS | {
            "NEXUS_HOME": str(self.folder / "home"),
            "NEXUS_NOTIFICATIONS_DATABASE_URL": self.api.urls.hiring,
            "NEXUS_NOTIFICATIONS_CORE_URL": str(self.api.client.base_url),
            "NEXUS_SMTP_PORT": str(self._mail_port),
        }  # fmt: skip
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", *commands[name]], stdout=log, stderr=log, env=environment,
                preexec_fn=lambda: die_with_parent(SIGKILL),
            )  # fmt: skip

    def _kill(self, victim: str, pause: float) -> None:
        if victim == "postgres":
            running = self.postgres.postmaster()
            assert running is not None
            os.kill(running.pid, SIGKILL)
            self.postgres.start()
            return
        self._processes[victim].kill()
        self._processes[victim].wait()
        time.sleep(pause)
        self._start(victim)

    @property
    def _list(self) -> Path:
        return self.folder / "letters"

    def _arrivals(self) -> list[tuple[str, float]]:
        """Return event id and instant of each letter the mail server took; a line that a kill cut short was not answered."""
        if not self._list.exists():
            return []
        lines = [line.split() for line in self._list.read_text().splitlines(keepends=True) if line.endswith("\n")]
        return [(words[0], float(words[1])) for words in lines if len(words) == 2]

    def _taken(self) -> int:
        return len(self._arrivals())

    def _number(self, statement: str) -> int:
        return number(self.api.urls.owner, statement)

    def _await(self, is_so: Callable[[], bool], deadline: float) -> None:
        wait_until(is_so, deadline, lambda: f"taken {self._taken()}", self.folder)

    def _count(self, kills: dict[str, int], seconds: float) -> CountedLetters:
        with psycopg.connect(self.api.urls.owner) as connection:
            recorded = {str(row[0]) for row in connection.execute("select event_id from chaos.letters")}
            rows = connection.execute("select event_id, state, sent_at from notifications.deliveries").fetchall()
        noted: dict[str, datetime | None] = {str(event_id): sent_at for event_id, _, sent_at in rows}
        arrived: dict[str, list[float]] = defaultdict(list)
        for event_id, at in self._arrivals():
            arrived[event_id].append(at)
        late = sum(at > sent_at.timestamp() for event_id, ats in arrived.items() if (sent_at := noted.get(event_id)) for at in ats)
        return CountedLetters(
            kills, len(recorded), len(arrived), lost=len(recorded - set(arrived)), duplicates=sum(len(ats) - 1 for ats in arrived.values()),
            after_the_note=late, not_sent=sum(state != "sent" for _, state, _ in rows), seconds=seconds,
        )  # fmt: skip


_SETTLED = "select count(*) from notifications.deliveries d join chaos.letters l using (event_id) where d.state in ('sent', 'dead')"
_KEEP = text("insert into chaos.letters (event_id) values (:id)")


def _record_one(engine: Engine, application: tuple[UUID, UUID, UUID], sequence: int) -> None:
    tenant_id, application_id, candidate_id = application
    event_id = new_id()
    with session_factory(engine)() as session, session.begin():
        session.execute(_KEEP, {"id": event_id})
        record(
            session, EventType.OFFER_SENT, "application", application_id, sequence, clock.now(), event_id,
            tenant_id=tenant_id, candidate_id=candidate_id, offer_id=new_id(),
        )  # fmt: skip
