"""``python -m tests.support.chaos_process ROLE URL``: the product's stations with a consumer that notes what it is told, until killed.

Each event it is told also lets a job wait in a queue; the role ``worker`` does those.

Imports as little as the product does: it is started anew after every kill.
"""

import sys
import threading
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Column, Integer, MetaData, Table, text
from sqlalchemy.orm import Session, sessionmaker

from foundation import clock, logs
from hiring.bus.consumer import Consumer
from hiring.bus.envelope import Event
from hiring.bus.relay import LOG_CHANNEL
from hiring.bus.transport import chosen_transport
from hiring.columns import instant, key
from hiring.columns import text as text_column
from hiring.database import open_engine, session_factory
from hiring.work.loop import Station, run
from hiring.work.queue import Queue

_NOTE = text("""insert into chaos.handled (event_id, subject, sequence)
select * from unnest(cast(:ids as uuid[]), cast(:subjects as text[]), cast(:sequences as bigint[])) on conflict do nothing""")
_LET_WAIT = text("insert into chaos.jobs (id) select unnest(cast(:ids as uuid[])) on conflict do nothing")
_DONE = text("insert into chaos.done (job_id) select unnest(cast(:ids as uuid[]))")
LEASE = timedelta(seconds=2)


def note(session: Session, events: Sequence[Event]) -> None:
    """Write down what one was told; an event is handled once however often it is told."""
    values = {
        "ids": [event.id for event in events],
        "subjects": [event.subject for event in events],
        "sequences": [event.sequence for event in events],
    }
    session.execute(_NOTE, values)
    session.execute(_LET_WAIT, {"ids": values["ids"]})
    session.execute(text("insert into chaos.told (events) values (:count)"), {"count": len(events)})


class Jobs:
    """Station that does the jobs: claims some, and settles them in the transaction of their effect."""

    name = "jobs"

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions
        columns = (text_column("state"), Column("attempts", Integer), *map(instant, ("due_at", "updated_at")))
        table = Table(
            "jobs", MetaData(schema="chaos"), key(), *columns, instant("leased_until", optional=True), text_column("error", optional=True)
        )
        self._queue = Queue(table, LEASE, tries=1000)  # a killed worker costs a try, and here they are killed all the time

    def work(self) -> int:
        with self._sessions.begin() as session:
            rows = self._queue.claim(session, clock.now(), 50)
        with self._sessions.begin() as session:
            ours = self._queue.finish_ours(session, rows, clock.now())
            session.execute(_DONE, {"ids": [row.id for row in ours]})
        return len(rows)


CONSUMER = Consumer("chaos", frozenset({"STAGE_MOVED"}), note)


def serve(role: str, url: str) -> None:
    """Be the process under test until killed."""
    logs.configure()
    transport, engine = chosen_transport(), open_engine(url, 4)
    stations: list[Station] = []
    if role != "consumer":
        stations.append(transport.relay(engine))
    if role == "worker":
        stations.append(Jobs(session_factory(engine)))
    if role != "relay":
        stations.append(transport.reader(CONSUMER, session_factory(engine), engine))
    run(stations, threading.Event(), url, [LOG_CHANNEL])


if __name__ == "__main__":
    serve(*sys.argv[1:3])
