"""Hires under way in tests: a worker to be moved by hand or killed, and what must hold of every hire whatever happened to it."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from foundation import clock
from hiring.access import on_behalf
from hiring.bus.consumer import LogReader
from hiring.bus.relay import Relay
from hiring.database import open_engine, session_factory
from hiring.hire_saga.answers import answers
from hiring.hire_saga.engine import Engine, Ticker
from hiring.hire_saga.service import hire_saga_service
from hiring.permissions import Permission
from tests.support.hiring_api import HiringApi

_CHECKS = {
    "a hire under way needs somebody": """
        select id from hire_saga.sagas where ended_at is null and (state <> 'waiting' or due_at <> expires_at or attempts > 0)""",
    "a job is closed as filled without a standing hire for each opening": """
        select j.id from jobs.jobs j join jobs.openings o on o.job_id = j.id
        where j.status = 'closed' and j.close_reason = 'filled'
          and not exists (select from applications.hires h where h.opening_id = o.id and h.status <> 'reneged')""",
    "a job without a free opening is still open": """
        select j.id from jobs.jobs j where j.status = 'open'
          and not exists (select from jobs.openings o where o.job_id = j.id and o.closed_at is null)""",
    "an opening and its hires disagree": """
        select o.id from jobs.openings o left join applications.hires h on h.opening_id = o.id and h.status <> 'reneged'
        group by o.id, o.filled_by_application_id
        having count(h.id) <> (o.filled_by_application_id is not null)::int
            or max(h.application_id::text) is distinct from o.filled_by_application_id::text""",
    "an opening is reserved by a hire that is not under way": """
        select o.id from jobs.openings o where o.reserved_by_offer_id is not null and o.filled_by_application_id is null and not exists (
          select from hire_saga.sagas s where s.offer_id = o.reserved_by_offer_id and s.opening_id = o.id and s.ended_at is null)""",
    "a hire awaits an answer without its reservation or offer": """
        select s.id from hire_saga.sagas s where s.state = 'waiting' and not (
          exists (select from jobs.openings o where o.reserved_by_offer_id = s.offer_id)
          and exists (select from applications.offers f where f.id = s.offer_id and f.status = 'sent'))""",
    "an offer is out that nobody awaits": """
        select f.id from applications.offers f join hire_saga.sagas s on s.offer_id = f.id
        where f.status in ('draft', 'pending_approval', 'approved', 'sent') and s.ended_at is not null""",
    "a completed saga has not one hire": """
        select s.id from hire_saga.sagas s where s.state = 'completed'
          and (select count(*) from applications.hires h where h.offer_id = s.offer_id) <> 1""",
    "a saga that went back has a standing hire": """
        select s.id from hire_saga.sagas s join applications.hires h on h.offer_id = s.offer_id
        where s.state <> 'completed' and h.status <> 'reneged'""",
    "an application was hired twice": """
        select application_id from applications.hires where status <> 'reneged' group by application_id having count(*) > 1""",
}
_ONCE_AN_OFFER = {"OFFER_DRAFTED", "OFFER_SENT", "OFFER_ACCEPTED", "OFFER_RESCINDED", "OFFER_DECLINED", "OFFER_EXPIRED"}


@dataclass(frozen=True)
class SagaWorker:
    """The worker's stations, moved by hand in this process."""

    relay: Relay
    reader: LogReader
    sessions: sessionmaker[Session]
    engine: Engine

    def drain(self, engine: Engine | None = None) -> None:
        """Work until nothing is due."""
        stations = (self.relay, self.reader, Ticker(engine or self.engine, self.sessions))
        while sum(station.work() for station in stations):
            pass

    def take_over(self, engine: Engine) -> None:
        """Work until nothing is due, after another worker died: Postgres needs a moment to notice, and its rows stay locked till then."""
        due, deadline = text("select count(*) from hire_saga.sagas where ended_at is null and due_at <= now()"), time.monotonic() + 20
        while True:
            self.drain(engine)
            with self.sessions() as session:
                if not session.execute(due).scalar_one():
                    return
            assert time.monotonic() < deadline, "a killed worker's rows are still locked"
            time.sleep(0.02)

    def tick(self, engine: Engine | None = None) -> int:
        """Take one step of one hire."""
        return Ticker(engine or self.engine, self.sessions).work()

    def accepted(self, saga: dict[str, Any]) -> None:
        """Commit that the candidate accepted, and leave the rest to the worker."""
        access = on_behalf(UUID(int=1), Permission.OFFERS_WRITE, frozenset({UUID(saga["tenant_id"])}), clock.now())
        answer = {"contract_kind": "permanent", "answered_at": access.now.isoformat()}
        with self.sessions() as session, session.begin():
            hire_saga_service().answered(session, access, UUID(saga["offer_id"]), answer)


@pytest.fixture
def saga_worker(hiring_api: HiringApi) -> Iterator[SagaWorker]:
    """Return the stations of a worker over the API's database."""
    engine = open_engine(hiring_api.urls.hiring, 4)
    sessions = session_factory(engine)
    yield SagaWorker(Relay(engine), LogReader(answers(), sessions, engine), sessions, hire_saga_service().engine)
    engine.dispose()


def broken_rules(api: HiringApi) -> list[str]:
    """Return what does not hold of the hires in a database, empty when all is well."""
    with api.engine.connect() as connection:
        broken = [rule for rule, query in _CHECKS.items() if connection.execute(text(query)).first()]
        statement = "select type, subject, sequence, data->>'offer_id' from outbox.{} order by {}"
        told = [
            *connection.exec_driver_sql(statement.format("event_log", "seq")),
            *connection.exec_driver_sql(statement.format("events", "id")),
        ]
        ended = Counter(connection.execute(text("select id::text, state from hire_saga.sagas")).all())
    sequences: dict[str, list[int]] = {}
    for _, subject, sequence, _ in told:
        sequences.setdefault(subject, []).append(sequence)
    if any(found != sorted(set(found)) for found in sequences.values()):
        broken.append("versions of an aggregate's events do not go up")
    of_sagas = Counter((kind, subject) for kind, subject, _, _ in told if subject.startswith("hire_saga:"))
    of_offers = Counter((kind, offer_id) for kind, _, _, offer_id in told if kind in _ONCE_AN_OFFER)
    if [found for found, count in (of_sagas + of_offers).items() if count > 1]:
        broken.append("something was told twice")
    for saga_id, state in ended:
        ends = {kind for kind, subject in of_sagas if subject == f"hire_saga:{saga_id}"} & {"HIRE_SAGA_COMPLETED", "HIRE_SAGA_COMPENSATED"}
        if ends != ({f"HIRE_SAGA_{state.upper()}"} if state in ("completed", "compensated") else set()):
            broken.append("the end of a saga was not told")
    return broken


class MortalWorkers:
    """A process that makes workers by fork: each ticks until nothing is due, or dies by SIGKILL at the named place.

    Places: ``before`` a step's effect, ``after`` it and before the commit, ``committed``.
    """

    def __init__(self, url: str) -> None:
        """Start the parent of the workers."""
        command = [sys.executable, "-m", "tests.support.mortal_worker", url]
        self._parent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])

    def work(self, **orders: str) -> bool:
        """Let one worker work; return whether it was killed. ``refuse`` names a step whose effect is refused."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(json.dumps(orders) + "\n")
        self._parent.stdin.flush()
        status = int(self._parent.stdout.readline())
        assert status in (0, 9), f"the worker ended with {status}"
        return status == 9

    def close(self) -> None:
        """End the parent."""
        self._parent.communicate(timeout=20)
