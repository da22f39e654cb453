"""``python -m hiring.bus`` (by the front door: ``nexus bus``): see how far the bus is, replay, settle refused events, prune, describe.

What belongs here: options and what is printed. What doesn't: what is done (upkeep.py).
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session, sessionmaker

from foundation import logs
from foundation.settings import Databases, MissingSecret
from hiring.bus import asyncapi, upkeep
from hiring.database import open_engine, session_factory
from hiring.settings import BusSettings

Sessions = sessionmaker[Session]


class WrongUsage(ValueError):
    """Options that do not go together. The message names them and the fix."""


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text}: say the time zone too, for example {text}Z")
    return moment


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _status(options: argparse.Namespace, sessions: Sessions) -> None:
    with sessions() as session:
        now = upkeep.status(session)
    rows = [
        {
            "consumer": lag.consumer,
            "offset": lag.seq,
            "behind": lag.behind_count,
            "refused": lag.refused_count,
            "moved_at": str(lag.moved_at),
        }
        for lag in now.consumers
    ]
    transport = "rabbitmq" if BusSettings().url else "postgres log"
    if options.json:
        outbox = {"count": now.outbox_count, "age_seconds": round(now.outbox_age_seconds, 1)}
        _say(json.dumps({"transport": transport, "outbox": outbox, "log": {"head": now.head, "count": now.log_count}, "consumers": rows}))
        return
    _say(f"transport: {transport}")
    _say(f"outbox: {now.outbox_count} events, the oldest {now.outbox_age_seconds:.1f} s old")
    _say(f"log: head {now.head}, {now.log_count} events kept")
    for row in rows:
        told = (f"{name} {row[name]}" for name in ("offset", "behind", "refused"))
        _say(f"consumer {row['consumer']}: {', '.join(told)}, last moved {row['moved_at']}")


def _replay(options: argparse.Namespace, sessions: Sessions) -> None:
    url = BusSettings().url
    if options.until is not None and not url:
        raise WrongUsage("--until: with the log a consumer goes on to the end; it needs RabbitMQ (NEXUS_BUS_URL)")
    with sessions() as session, session.begin():
        wanted = upkeep.span(session, options.from_seq, options.since, options.until)
        if not wanted.count:
            _say("the log holds no such events: nothing to replay")
            return
        told = f"{wanted.count} events, seq {wanted.first} to {wanted.last}"
        if options.dry_run:
            _say(f"would replay {told} to {options.consumer}")
        elif url:
            upkeep.require_consumer(session, options.consumer)
            with _publish_to(url) as publish_to:
                upkeep.publish_again(session, options.consumer, wanted, publish_to)
            _say(f"published again to {options.consumer}: {told}")
        else:
            before, now = upkeep.move_offset(session, options.consumer, wanted.first - 1)
            _say(f"{options.consumer} goes on after {now}, it was at {before}: {told}")


def _refused(options: argparse.Namespace, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        if options.what == "list":
            for row in upkeep.refused_events(session, options.consumer):
                _say(f"{row.refused_at:%Y-%m-%d %H:%M} {row.consumer} {row.event_id} {row.type or 'not in the log'}: {row.reason}")
            return
        if options.consumer is None or (options.event is None and not options.all):
            raise WrongUsage(f"refused {options.what}: name --consumer, and --event ID or --all")
        if options.what == "discard":
            _say(f"discarded: {upkeep.discard_refused(session, options.consumer, options.event)}")
            return
        events = upkeep.take_refused(session, options.consumer, options.event)
        url = BusSettings().url
        if url:
            with _publish_to(url) as publish_to:
                publish_to(options.consumer, events)
        else:
            upkeep.move_offset(session, options.consumer, events[0].seq - 1)
        _say(f"replayed to {options.consumer}: {len(events)}")


def _prune(options: argparse.Namespace, sessions: Sessions) -> None:
    _say(f"pruned: {upkeep.prune(sessions, options.keep_days or BusSettings().keep_days)} events")


def _asyncapi() -> None:
    _say(json.dumps(asyncapi.document(), indent=2))


@contextmanager
def _publish_to(url: str) -> Iterator[upkeep.PublishTo]:
    from hiring.bus.broker_link import LoopThread
    from hiring.bus.rabbitmq import Publisher

    thread = LoopThread()
    try:
        yield Publisher(url, thread).publish_to
    finally:
        thread.close()


def parser() -> argparse.ArgumentParser:
    """Return the commands and their options."""
    top = argparse.ArgumentParser(prog="nexus bus", description="The event bus: status, replay, refused events, old events, description.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, does: Callable[[argparse.Namespace, Sessions], None] | None, told: str, example: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=told, description=told, epilog=f"example: nexus bus {example}")
        added.set_defaults(does=does)
        return added

    status = command("status", _status, "Show outbox, log, and how far each consumer is.", "status --json")
    status.add_argument("--json", action="store_true", help="write JSON, for programs")
    told = "Tell a consumer events of the log again; it knows those it had by their ids."
    replay = command("replay", _replay, told, "replay --consumer insights --since 2026-11-01T00:00:00Z --dry-run")
    replay.add_argument("--consumer", required=True, metavar="NAME", help="see `nexus bus status`")
    start = replay.add_mutually_exclusive_group(required=True)
    start.add_argument("--from", dest="from_seq", type=int, metavar="SEQ", help="begin at this place in the log")
    start.add_argument("--since", type=_instant, metavar="INSTANT", help="begin with what was logged then (ISO 8601 with time zone)")
    replay.add_argument("--until", type=_instant, metavar="INSTANT", help="end with what was logged then; RabbitMQ only")
    replay.add_argument("--dry-run", action="store_true", help="only say what would be replayed")
    told = "List events that consumers could not handle; replay them (with the log: and what followed) or discard them."
    refused = command("refused", _refused, told, "refused replay --consumer insights --all")
    refused.add_argument("what", choices=["list", "replay", "discard"])
    refused.add_argument("--consumer", metavar="NAME")
    refused.add_argument("--event", type=UUID, metavar="ID", help="one event")
    refused.add_argument("--all", action="store_true", help="every refused event of the consumer")
    told = "Delete old events that every consumer has passed and none refused; the worker does so hourly."
    prune = command("prune", _prune, told, "prune --keep-days 30")
    prune.add_argument("--keep-days", type=int, metavar="DAYS", help="default: NEXUS_BUS_KEEP_DAYS, 90")
    command("asyncapi", None, "Write the AsyncAPI 3 document of all events.", "asyncapi > asyncapi.json")
    return top


def main(arguments: list[str]) -> int:
    """Run one command; return the exit code: 0 done, 1 refused, 2 wrong usage."""
    options = parser().parse_args(arguments)
    try:
        if options.does is None:
            _asyncapi()
            return 0
        with _sessions() as sessions:
            options.does(options, sessions)
    except WrongUsage as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except (upkeep.UnknownConsumer, upkeep.NothingRefused, MissingSecret, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


@contextmanager
def _sessions() -> Iterator[Sessions]:
    engine = open_engine(Databases().url("hiring"), 1)
    try:
        yield session_factory(engine)
    finally:
        engine.dispose()


if __name__ == "__main__":
    logs.configure()
    sys.exit(main(sys.argv[1:]))
