"""Command line of the audit log: ``python -m hiring.audit verify|review|anchor|purge|record``. The front door starts it as ``nexus audit``.

Exit codes: 0 all is well, 1 the log is not as it was written, or the request was refused.
"""

import argparse
import json
import sys
from datetime import UTC, date, datetime

import psycopg
from sqlalchemy.exc import DBAPIError

from foundation import clock
from foundation.settings import Databases, Home, MissingSecret
from hiring.audit.anchors import AnchorBook, AnchorRefused
from hiring.audit.retention import PurgeRefused, purge
from hiring.audit.review import as_csv, as_table, review
from hiring.audit.service import by_operator
from hiring.audit.verification import add_anchor, verify
from hiring.database import open_engine


def _verify(options: argparse.Namespace, book: AnchorBook) -> int:
    verdict = verify(options.url or Databases().url("owner"), book)
    for finding in verdict.findings[:1]:
        sys.stdout.write(f"NOT AS WRITTEN: row {finding.seq}: {finding.why}\n")
    if len(verdict.findings) > 1:
        sys.stdout.write(f"{len(verdict.findings) - 1} more findings behind it\n")
    newest = max(verdict.anchors, key=lambda anchor: anchor.seq, default=None)
    anchored = f"anchored to row {newest.seq} at {newest.at}" if newest else "never anchored: a cut end would go unnoticed"
    purged = f", purged to row {verdict.purged_to}" if verdict.purged_to else ""
    sys.stdout.write(f"{verdict.rows_count:,} rows, the last is {verdict.last_seq}{purged}; {anchored}\n")
    return 1 if verdict.findings else 0


def _review(options: argparse.Namespace, _book: AnchorBook) -> int:
    lines = review(options.url or Databases().url("owner"), options.month)
    sys.stdout.write(as_csv(lines) if options.csv else as_table(lines))
    return 0


def _anchor(options: argparse.Namespace, book: AnchorBook) -> int:
    anchor = add_anchor(options.url or Databases().url("pipeline"), book, clock.now())
    sys.stdout.write(f"anchored row {anchor.seq}\n" if anchor else "nothing was logged since the last anchor\n")
    return 0


def _purge(options: argparse.Namespace, book: AnchorBook) -> int:
    done = purge(options.url or Databases().url("owner"), book, options.before, options.reason, clock.now(), is_dry=not options.really)
    verb = "deleted" if options.really else "would be deleted (again with --really)"
    sys.stdout.write(f"{done.deleted_count:,} rows up to row {done.cut} {verb}, {done.kept_count:,} grants of them are kept\n")
    return 0


def _record(options: argparse.Namespace, _book: AnchorBook) -> int:
    after = json.loads(options.after)
    row = by_operator(
        options.action, options.object_type, options.object_id, after, actor=options.actor or None, reason=options.reason or None
    )
    with open_engine(options.url or Databases().url("hiring"), 1).begin() as connection:
        connection.execute(row)
    return 0


def _month(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m hiring.audit", description="Check, review, anchor and purge the audit log.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--url", default="", help="Postgres URL; default: the database of the settings")
    verbs = parser.add_subparsers(required=True)
    verbs.add_parser("verify", parents=[common], help="check rows, head, checkpoints and anchors").set_defaults(run=_verify)
    month = verbs.add_parser("review", parents=[common], help="a month by action, outcome and actor")
    month.add_argument("--month", type=_month, required=True, help="2026-11")
    month.add_argument("--csv", action="store_true", help="as CSV")
    month.set_defaults(run=_review)
    verbs.add_parser("anchor", parents=[common], help="sign the end of the log, outside the database").set_defaults(run=_anchor)
    old = verbs.add_parser("purge", parents=[common], help="delete what is older than it must be kept")
    old.add_argument("--before", type=date.fromisoformat, required=True, help="a day at least two years ago")
    old.add_argument("--reason", default="", help="a sentence, kept in the log")
    old.add_argument("--really", action="store_true", help="without it, only count")
    old.set_defaults(run=_purge)
    row = verbs.add_parser("record", parents=[common], help="log what was done outside the database: the front door asks for it")
    row.add_argument("--action", required=True, help="model.promote")
    row.add_argument("--object-type", required=True)
    row.add_argument("--object-id", required=True)
    row.add_argument("--actor", default="", help="default: whoever is logged in to the operating system")
    row.add_argument("--reason", default="")
    row.add_argument("--after", default="{}", help="JSON: ids and codes")
    row.set_defaults(run=_record)
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Run the verb and return the process's exit code."""
    options = _arguments(arguments)
    try:
        return int(options.run(options, AnchorBook.of(Home())))
    except (AnchorRefused, PurgeRefused, MissingSecret) as error:
        sys.stderr.write(f"{error}\n")
    except (psycopg.Error, DBAPIError) as error:
        sys.stderr.write(f"the hiring database refused or did not answer ({type(error).__name__}): is it up, and migrated?\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
