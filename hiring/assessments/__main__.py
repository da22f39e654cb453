"""Command line of assessments: ``python -m hiring.assessments prepare | jobs list | jobs show ID | jobs retry ID…`` (``nexus jobs``).

What it shows of a job are ids, codes and counts; what was read in a document is never printed.
"""

import argparse
import json
import sys
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import clock
from foundation.settings import Databases
from hiring.assessments.jobs import TABLES, queue
from hiring.assessments.own_database import prepare
from hiring.assessments.settings import AssessmentsSettings
from hiring.assessments.tables import uploads
from hiring.database import open_engine, session_factory

_SHOWN = (
    "id", "state", "progress", "attempts", "error", "due_at", "leased_until", "created_at", "application_id", "tenant_id", "upload_id",
)  # fmt: skip
_STATES = ("queued", "running", "done", "dead")


def _rows(session: Session, state: str | None, job_id: UUID | None = None, limit: int = 100) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for task, table in TABLES.items():
        conditions = [table.c.state == state] if state else []
        conditions += [table.c.id == job_id] if job_id else []
        statement = select(*(table.c[name] for name in _SHOWN)).where(*conditions).order_by(table.c.id.desc()).limit(limit)
        found += [{"task": task, **row._mapping} for row in session.execute(statement)]
    return found


def retry(session: Session, settings: AssessmentsSettings, ids: list[UUID] | None) -> int:
    """Queue dead jobs whose file is still there again (None: every one); return how many."""
    count = 0
    for table in TABLES.values():
        here = select(table.c.id).join(uploads, uploads.c.id == table.c.upload_id)
        here = here.where(table.c.state == "dead", uploads.c.state == "stored")
        found: list[UUID] = list(session.execute(here if ids is None else here.where(table.c.id.in_(ids))).scalars())
        count += queue(table, settings).replay(session, found, clock.now())
    return count


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m hiring.assessments",
        description="Look after the background jobs of assessments, or prepare a database of their own.",
        epilog="examples: python -m hiring.assessments jobs list --state dead · python -m hiring.assessments jobs retry --all",
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    own = verbs.add_parser("prepare", help="make the schema of assessments in a database without the hiring core")
    own.add_argument("--url", required=True, help="Postgres URL of the database's owner")
    jobs = verbs.add_parser("jobs", help="list, show or retry jobs").add_subparsers(dest="what", required=True)
    listing = jobs.add_parser("list", help="newest first")
    listing.add_argument("--state", choices=_STATES, help="only these")
    jobs.add_parser("show", help="one job as JSON").add_argument("id", type=UUID)
    again = jobs.add_parser("retry", help="queue dead jobs again whose file is still there")
    again.add_argument("id", type=UUID, nargs="*")
    again.add_argument("--all", action="store_true", help="every dead job")
    return parser


def main(arguments: list[str]) -> int:
    """Run the command and return its exit code."""
    options = _parser().parse_args(arguments)
    if options.verb == "prepare":
        done = prepare(options.url)
        sys.stdout.write(f"done: {', '.join(done)}\n" if done else "nothing to do\n")
        return 0
    settings = AssessmentsSettings()
    engine = open_engine(settings.database_url or Databases().url("hiring"), pool_size=1)
    with session_factory(engine).begin() as session:
        code = _jobs(session, settings, options)
    engine.dispose()
    return code


def _jobs(session: Session, settings: AssessmentsSettings, options: argparse.Namespace) -> int:
    if options.what == "list":
        for row in _rows(session, options.state):
            words = (row["id"], row["task"], row["state"], f"{row['progress']} %", f"tries {row['attempts']}", row["error"] or "")
            sys.stdout.write("  ".join(map(str, words)).rstrip() + "\n")
        return 0
    if options.what == "show":
        rows = _rows(session, None, options.id)
        sys.stdout.write(json.dumps(rows[0], default=str, indent=2) + "\n" if rows else "there is no such job\n")
        return 0 if rows else 1
    if not options.id and not options.all:
        sys.stderr.write("jobs retry: name ids, or --all\n")
        return 2
    sys.stdout.write(f"{retry(session, settings, None if options.all else options.id)} job(s) queued again\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
