"""The worker: ``python -m hiring.worker`` (by the front door: ``nexus worker``). Everything that happens after a request, in one process.

Several may run at once: rows are claimed with SKIP LOCKED, readers lock their offset, the relay its transaction. A worker that is
killed loses nothing: what it had not committed is done again by whoever comes next.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

from foundation import logs
from foundation.settings import Databases
from hiring.bus.consumer import Consumer, LogReader
from hiring.bus.relay import LOG_CHANNEL, Relay
from hiring.database import open_engine, session_factory
from hiring.legacy import feeding as legacy_feeding
from hiring.work.loop import Station, run


class UnknownStation(ValueError):
    """``--only`` names something this worker does not do. The message lists what it does."""


def consumers() -> list[Consumer]:
    """Return everybody who reacts to events in the core's own database."""
    return [legacy_feeding.consumer()]


def stations(database_url: str) -> list[Station]:
    """Return everything a worker does.

    Args:
        database_url: of the hiring database.
    """
    engine = open_engine(database_url)
    sessions = session_factory(engine)
    return [Relay(engine), *(LogReader(consumer, sessions, engine) for consumer in consumers()), legacy_feeding.LogFiles(engine)]


def chosen(every: Sequence[Station], only: Sequence[str]) -> list[Station]:
    """Return the stations whose name starts with one of ``only``; all when it is empty.

    Raises:
        UnknownStation: a word matches none.
    """
    for word in only:
        if not any(station.name.startswith(word) for station in every):
            raise UnknownStation(f"--only {word}: this worker knows {', '.join(station.name for station in every)}")
    return [station for station in every if not only or station.name.startswith(tuple(only))]


def main(arguments: list[str]) -> int:
    """Work until SIGINT or SIGTERM; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m hiring.worker", description=__doc__.splitlines()[0] if __doc__ else "",
        epilog="examples: python -m hiring.worker · python -m hiring.worker --only relay --only consumer",
    )  # fmt: skip
    parser.add_argument("--only", action="append", default=[], metavar="STATION", help="do only stations whose name starts so; repeatable")
    parser.add_argument("--url", default="", help="Postgres URL; default: the hiring database of the settings")
    options = parser.parse_args(arguments)
    logs.configure()
    url = options.url or Databases().url("hiring")
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    try:
        work = chosen(stations(url), options.only)
    except UnknownStation as error:
        sys.stderr.write(f"{error}\n")
        return 2
    logs.logger("worker").info("started", stations=[station.name for station in work])
    run(work, stopping, url, [LOG_CHANNEL])
    logs.logger("worker").info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
