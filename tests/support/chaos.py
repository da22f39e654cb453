"""Chaos: producers write while relay, consumer, worker, Postgres and broker are killed with -9 on progress; then everything is counted."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from signal import SIGKILL
from uuid import UUID

import psycopg
from sqlalchemy import Engine, bindparam, text

from foundation import clock
from hiring.database import open_engine, session_factory
from hiring.domain_events import EventType, record
from hiring.rows import new_id
from nexus.databases import DatabaseUrls
from nexus.embedded_postgres import EmbeddedPostgres, die_with_parent
from tests.support.rabbitmq import RabbitServer

# A killed process loses nothing that the system has; a power cut is not tested.
DURABLE = {"fsync": "off", "synchronous_commit": "on", "max_wal_size": "1GB"}
AGGREGATES = 8
ROLES = ("relay", "consumer", "worker")
SCHEMA = """
create schema chaos;
create table chaos.aggregates (id uuid primary key, version bigint not null default 0);
create table chaos.handled (position bigint generated always as identity primary key, event_id uuid not null unique,
  subject text not null, sequence bigint not null);
create table chaos.jobs (id uuid primary key, state text not null default 'ready', attempts integer not null default 0,
  due_at timestamptz not null default now(), leased_until timestamptz, error text, updated_at timestamptz not null default now());
create table chaos.done (job_id uuid not null);
create table chaos.told (batches bigint generated always as identity primary key, events bigint not null);
grant usage on schema chaos to hiring_app;
grant select, insert, update on all tables in schema chaos to hiring_app;
"""
_RAISE = text("update chaos.aggregates set version = version + 1 where id = :id returning version").bindparams(bindparam("id"))


@dataclass
class Counted:
    """What was recorded and what arrived."""

    kills: dict[str, int]
    recorded: int
    handled: int
    told: int
    lost: int
    out_of_order: int
    jobs_done: int
    jobs_done_twice: int
    seconds: float


@dataclass
class Chaos:
    """One run over one transport.

    Attributes:
        postgres: a server of the run's own.
        urls: of the migrated database.
        folder: for the processes' logs.
        broker: None: the log is the transport.
        events_a_kill: handled events between two kills.
    """

    postgres: EmbeddedPostgres
    urls: DatabaseUrls
    folder: Path
    broker: RabbitServer | None = None
    events_a_kill: int = 100
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _is_over: threading.Event = field(default_factory=threading.Event)

    def run(self, kills_count: int, seconds: float) -> Counted:
        """Kill so often, let everything arrive, and count; fail when that takes longer than ``seconds``."""
        began = time.monotonic()
        deadline = began + seconds
        self._prepare()
        producers = [threading.Thread(target=self._produce, args=(aggregate,)) for aggregate in self._aggregates()]
        for role in ROLES:
            self._start(role)
        for thread in producers:
            thread.start()
        victims = ["relay", "consumer", "postgres", "worker", *(["broker"] if self.broker else [])]
        kills = dict.fromkeys(victims, 0)
        try:
            self._await(lambda: self._handled() > 0, deadline)
            for _, victim in zip(range(kills_count), cycle(victims), strict=False):
                goal = self._handled() + self.events_a_kill
                self._await(lambda goal=goal: self._handled() >= goal, deadline)
                self._kill(victim)
                kills[victim] += 1
            self._is_over.set()
            for thread in producers:
                thread.join()
            self._await(lambda: self._query("select sum(version) from chaos.aggregates") == self._handled(), deadline)
            self._await(lambda: self._query("select count(*) from chaos.jobs where state <> 'done'") == 0, deadline)
        finally:
            self._is_over.set()
            for process in self._processes.values():
                process.kill()
                process.wait()
        return self._count(kills, time.monotonic() - began)

    def _prepare(self) -> None:
        with psycopg.connect(self.urls.owner) as connection:
            connection.execute(SCHEMA)
            for _ in range(AGGREGATES):
                connection.execute("insert into chaos.aggregates (id) values (%s)", [new_id()])

    def _aggregates(self) -> list[UUID]:
        with psycopg.connect(self.urls.hiring) as connection:
            return [row[0] for row in connection.execute("select id from chaos.aggregates").fetchall()]

    def _produce(self, aggregate: UUID) -> None:
        """Record events of one aggregate; a transaction that fails may have been committed: the aggregate's version tells."""
        engine = open_engine(self.urls.hiring, 1)
        while not self._is_over.is_set():
            with suppress(Exception):
                _record_one(engine, aggregate)
            self._is_over.wait(0.005)
        engine.dispose()

    def _start(self, role: str) -> None:
        environment = {**os.environ, "NEXUS_BUS_URL": self.broker.url if self.broker else ""}
        with (self.folder / f"{role}.log").open("ab") as log:
            self._processes[role] = subprocess.Popen(
                [sys.executable, "-m", "tests.support.chaos_process", role, self.urls.hiring], stdout=log, stderr=log, env=environment,
                preexec_fn=lambda: die_with_parent(SIGKILL),
            )  # fmt: skip

    def _kill(self, victim: str) -> None:
        if victim == "postgres":
            running = self.postgres.postmaster()
            assert running is not None
            os.kill(running.pid, SIGKILL)
            self.postgres.start()
        elif victim == "broker":
            assert self.broker is not None
            self.broker.kill()
            self.broker.start()
        else:
            self._processes[victim].kill()
            self._processes[victim].wait()
            self._start(victim)

    def _handled(self) -> int:
        return self._query("select count(*) from chaos.handled")

    def _query(self, statement: str) -> int:
        return number(self.urls.hiring, statement)

    def _await(self, is_so: Callable[[], bool], deadline: float) -> None:
        wait_until(is_so, deadline, lambda: f"handled {self._handled()}", self.folder)

    def _count(self, kills: dict[str, int], seconds: float) -> Counted:
        lost = """select count(*) from chaos.aggregates a, generate_series(1, a.version) s where not exists (
          select from chaos.handled h where h.subject = 'application:' || a.id and h.sequence = s)"""
        disorder = """select count(*) from (
          select sequence - lag(sequence, 1, 0::bigint) over (partition by subject order by position) as step from chaos.handled
        ) s where step <> 1"""
        recorded = self._query("select sum(version) from chaos.aggregates")
        told = self._query("select sum(events) from chaos.told")
        done = self._query("select count(distinct job_id) from chaos.done")
        twice = self._query("select count(*) from chaos.done") - done
        return Counted(kills, recorded, self._handled(), told, self._query(lost), self._query(disorder), done, twice, seconds)


def number(url: str, statement: str) -> int:
    """Return one number from a database; -1 while it is away."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            row = connection.execute(statement).fetchone()
    except psycopg.Error:
        return -1
    return int(row[0] or 0) if row else 0


def wait_until(is_so: Callable[[], bool], deadline: float, done: Callable[[], str], logs: Path) -> None:
    """Return once it is so.

    Raises:
        AssertionError: it is not at ``deadline`` (seconds of the monotonic clock); tells what was ``done`` and how the logs end.
    """
    while not is_so():
        if time.monotonic() > deadline:
            told = "\n".join(f"{file.name}: {file.read_text()[-600:]}" for file in sorted(logs.glob("*.log")))
            raise AssertionError(f"no progress in time; {done()}\n{told}")
        time.sleep(0.05)


def _record_one(engine: Engine, aggregate: UUID) -> None:
    with session_factory(engine)() as session, session.begin():
        version = session.execute(_RAISE, {"id": aggregate}).scalar_one()
        record(session, EventType.STAGE_MOVED, "application", aggregate, version, clock.now(), tenant_id=aggregate, to_stage="interview")
