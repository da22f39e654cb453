"""The worker: ``python -m hiring.worker`` (by the front door: ``nexus worker``). Everything that happens after a request, in one process.

Deliveries are done by the notification service's own process, unless they are asked for here (``--deliver``, ``--only deliver``).

Several may run at once: rows are claimed with SKIP LOCKED, readers lock their offset, the relay its transaction. A worker that is
killed loses nothing: what it had not committed is done again by whoever comes next.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from foundation import logs
from foundation.settings import Databases, Home
from hiring.applications.messages_sent import MESSAGES_SENT
from hiring.assessments.settings import AssessmentsSettings
from hiring.assessments.stations import stations as assessments_stations
from hiring.bus.consumer import Consumer
from hiring.bus.relay import LOG_CHANNEL
from hiring.bus.transport import Transport, chosen_transport
from hiring.bus.upkeep import Pruner
from hiring.database import open_engine, session_factory
from hiring.hire_saga.answers import answers
from hiring.hire_saga.engine import Ticker
from hiring.hire_saga.service import hire_saga_service
from hiring.legacy import feeding as legacy_feeding
from hiring.notifications.settings import NotificationSettings
from hiring.settings import BusSettings
from hiring.work.loop import Station, run

if TYPE_CHECKING:
    from hiring.notifications.stations import Work

DELIVER = "deliver"  # first word of the notification service's stations


class UnknownStation(ValueError):
    """``--only`` names something this worker does not do. The message lists what it does."""


def consumers() -> list[Consumer]:
    """Return everybody who reacts to events in the core's own database."""
    return [answers(), MESSAGES_SENT, legacy_feeding.consumer()]


def stations(database_url: str, transport: Transport) -> list[Station]:
    """Return everything a worker does.

    Args:
        database_url: of the hiring database.
        transport: the way events travel.
    """
    engine = open_engine(database_url)
    sessions = session_factory(engine)
    readers = [transport.reader(consumer, sessions, engine) for consumer in consumers()]
    core: list[Station] = [transport.relay(engine), *readers, Ticker(hire_saga_service().engine, sessions), legacy_feeding.LogFiles(engine)]
    settings = AssessmentsSettings()
    own = open_engine(settings.database_url) if settings.database_url else engine
    return [*core, *assessments_stations(engine, own, transport, settings, Home()), Pruner(sessions, BusSettings().keep_days)]


def chosen(every: Sequence[Station], only: Sequence[str]) -> list[Station]:
    """Return the stations whose name starts with one of ``only``; all when it is empty.

    Raises:
        UnknownStation: a word matches none.
    """
    for word in only:
        if not any(station.name.startswith(word) for station in every):
            known = dict.fromkeys([*(station.name for station in every), DELIVER])
            raise UnknownStation(f"--only {word}: this worker knows {', '.join(known)}")
    return [station for station in every if not only or station.name.startswith(tuple(only))]


def main(arguments: list[str]) -> int:
    """Work until SIGINT or SIGTERM; return the exit code."""
    options = _options(arguments)
    logs.configure()
    settings = NotificationSettings()
    delivers = [word.startswith(DELIVER) for word in options.only]
    url = options.url or (settings.postgres if delivers and all(delivers) else Databases().url("hiring"))
    transport = chosen_transport()
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    letters = _letters(settings, options.url, stopping) if options.deliver or any(delivers) else None
    try:
        work = chosen([*stations(url, transport), *(letters.stations if letters else ())], options.only)
    except UnknownStation as error:
        sys.stderr.write(f"{error}\n")
        return 2
    off = sorted(letters.missing) if letters else []
    logs.logger("worker").info("started", stations=[station.name for station in work], off=off)
    run(work, stopping, url, [LOG_CHANNEL])
    transport.close()
    if letters:
        letters.close()
    logs.logger("worker").info("stopped")
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m hiring.worker", description=__doc__.splitlines()[0] if __doc__ else "",
        epilog="examples: python -m hiring.worker · python -m hiring.worker --only relay --only consumer · … --only deliver",
    )  # fmt: skip
    parser.add_argument("--only", action="append", default=[], metavar="STATION", help="do only stations whose name starts so; repeatable")
    parser.add_argument("--deliver", action="store_true", help="also take in and send messages, as the notification service does")
    parser.add_argument("--url", default="", help="Postgres URL; default: the hiring database of the settings")
    return parser.parse_args(arguments)


def _letters(settings: NotificationSettings, url: str, stopping: threading.Event) -> "Work":
    """Return the stations of the notification service; only a worker that was asked knows mail passwords."""
    from hiring.notifications.stations import prepare  # mail and templates cost memory: only who sends pays

    return prepare(settings, Home(), open_engine(url or settings.postgres, 4), stopping)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
