"""Command line for operators: ``python -m hiring.hire_saga list | show ID | retry ID``; by the front door: ``nexus sagas``."""

import argparse
import json
import sys
from uuid import UUID

from sqlalchemy.orm import Session

from foundation import clock
from foundation.settings import Databases
from hiring.access import Access, on_behalf
from hiring.database import open_engine, session_factory
from hiring.errors import Problem
from hiring.hire_saga.engine import is_stuck
from hiring.hire_saga.schemas import HireSaga
from hiring.hire_saga.service import hire_saga_service
from hiring.hire_saga.tables import sagas
from hiring.permissions import Permission
from hiring.rows import AnyRow, Paging

OPERATOR = UUID(int=0)  # at the machine, not signed in
STATES = ("processing", "waiting", "stuck", "completed", "compensated")


def main(arguments: list[str]) -> int:
    """Run the verb and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m hiring.hire_saga", description="List, show and retry hires under way.",
        epilog="examples: python -m hiring.hire_saga list --state stuck · python -m hiring.hire_saga retry 018f…",
    )  # fmt: skip
    parser.add_argument("--url", default="", help="Postgres URL; default: the hiring database of the settings")
    verbs = parser.add_subparsers(dest="verb", required=True)
    listing = verbs.add_parser("list", help="newest last; stuck ones too")
    listing.add_argument("--state", choices=STATES, help="only hires in this state")
    for verb, text in (("show", "everything of one hire"), ("retry", "try a step that failed again, at once")):
        verbs.add_parser(verb, help=text).add_argument("saga", type=UUID, help="id of the hire")
    options = parser.parse_args(arguments)
    engine = open_engine(options.url or Databases().url("hiring"), pool_size=1)
    try:
        with session_factory(engine)() as session, session.begin():
            access = on_behalf(OPERATOR, Permission.OFFERS_WRITE, None, clock.now())
            sys.stdout.write(_run(session, access, options))
    except Problem as refusal:
        sys.stderr.write(f"{refusal.detail}\n")
        return 1
    finally:
        engine.dispose()
    return 0


def _run(session: Session, access: Access, options: argparse.Namespace) -> str:
    service = hire_saga_service()
    if options.verb == "list":
        condition = is_stuck(access.now) if options.state == "stuck" else sagas.c.state == options.state
        rows = service.page(session, access, [condition] if options.state else [], Paging(None, 1000))["items"]
        return "".join(_line(row) for row in rows) or "no such hires\n"
    if options.verb == "show":
        shown = HireSaga.model_validate(service.saga(session, access, options.saga)).model_dump(mode="json")
        return json.dumps(shown, indent=2) + "\n"
    return _line(service.retry(session, access, options.saga))


def _line(row: AnyRow) -> str:
    failed = f"  failed {row.attempts}×: {row.error}" if row.attempts else f"  {row.error}" if row.error else ""
    due = "" if row.ended_at is not None else f"  due {row.due_at:%Y-%m-%d %H:%M:%S}Z"
    return f"{row.id}  {row.state:<11}  {row.direction:<7}  {row.step:<15}{due}{failed}\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
