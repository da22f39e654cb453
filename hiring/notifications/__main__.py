"""The command: ``python -m hiring.notifications …`` (by the front door: ``nexus notifications …``). It works on the service's tables."""

import argparse
import json
import sys
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from foundation import clock
from foundation.settings import Home
from hiring.database import open_engine, session_factory
from hiring.notifications import dead_letters
from hiring.notifications.schemas import DeadLetter, Overview
from hiring.notifications.settings import NotificationSettings
from hiring.rows import Paging


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    settings, home = NotificationSettings(), Home()
    engine = open_engine(settings.postgres, 4)
    try:
        with session_factory(engine)() as session, session.begin():
            return _ask(session, settings, home, options)
    finally:
        engine.dispose()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="nexus notifications", description="Deliveries: how they stand, and dead letters.",
        epilog="examples: nexus notifications status · nexus notifications dead replay --all",
    )  # fmt: skip
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("status", help="count deliveries by channel and state; say which channels are off")
    dead = commands.add_parser("dead", help="list, show or replay dead letters").add_subparsers(dest="action", required=True)
    listing = dead.add_parser("list", help="one line a letter: id, channel, template, recipient, tries, code")
    listing.add_argument("--limit", type=int, default=50, help="at most so many (default 50)")
    dead.add_parser("show", help="everything about one").add_argument("id", type=UUID)
    replay = dead.add_parser("replay", help="send letters again with all their tries")
    which = replay.add_mutually_exclusive_group(required=True)
    which.add_argument("ids", type=UUID, nargs="*", default=[], metavar="ID")
    which.add_argument("--all", action="store_true", help="every dead letter")
    return parser


def _ask(session: Session, settings: NotificationSettings, home: Home, options: argparse.Namespace) -> int:
    if options.command == "status":
        _show(Overview.model_validate(dead_letters.overview(session, home)).model_dump(mode="json"))
    elif options.action == "list":
        for row in dead_letters.dead_page(session, Paging(None, options.limit))["items"]:
            sys.stdout.write(f"{row.id}  {row.channel}  {row.template}  {row.recipient}  tries {row.attempts}  {row.error}\n")
    elif options.action == "show":
        try:
            row = dead_letters.dead_letter(session, options.id)
        except dead_letters.DeadLetterNotFound as error:
            sys.stderr.write(f"{error}: see `nexus notifications dead list`\n")
            return 1
        _show(DeadLetter.model_validate(row).model_dump(mode="json"))
    else:
        count = dead_letters.replay(session, settings, None if options.all else options.ids, clock.now())
        sys.stdout.write(f"{count} waiting again\n")
        return 0 if options.all or count == len(set(options.ids)) else 1
    return 0


def _show(values: dict[str, Any]) -> None:
    sys.stdout.write(f"{json.dumps(values, indent=2)}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
