"""``python -m tests.support.chaos_process ROLE URL``: the product's stations with a consumer that notes what it is told, until killed.

Imports as little as the product does: it is started anew after every kill.
"""

import sys
import threading
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from foundation import logs
from hiring.bus.consumer import Consumer
from hiring.bus.envelope import Event
from hiring.bus.relay import LOG_CHANNEL
from hiring.bus.transport import chosen_transport
from hiring.database import open_engine, session_factory
from hiring.work.loop import Station, run

_NOTE = text("""insert into chaos.handled (event_id, subject, sequence)
select * from unnest(cast(:ids as uuid[]), cast(:subjects as text[]), cast(:sequences as bigint[])) on conflict do nothing""")


def note(session: Session, events: Sequence[Event]) -> None:
    """Write down what one was told; an event is handled once however often it is told."""
    values = {
        "ids": [event.id for event in events],
        "subjects": [event.subject for event in events],
        "sequences": [event.sequence for event in events],
    }
    session.execute(_NOTE, values)
    session.execute(text("insert into chaos.told (events) values (:count)"), {"count": len(events)})


CONSUMER = Consumer("chaos", frozenset({"STAGE_MOVED"}), note)


def serve(role: str, url: str) -> None:
    """Be the process under test until killed."""
    logs.configure()
    transport, engine = chosen_transport(), open_engine(url, 4)
    stations: list[Station] = []
    if role != "consumer":
        stations.append(transport.relay(engine))
    if role != "relay":
        stations.append(transport.reader(CONSUMER, session_factory(engine), engine))
    run(stations, threading.Event(), url, [LOG_CHANNEL])


if __name__ == "__main__":
    serve(*sys.argv[1:3])
