"""Verbs of the audit log: verify, review, anchor, purge. The hiring core does the work, in a process of its own."""

import subprocess
import sys
from typing import Annotated

import typer

from foundation.settings import Home
from nexus.databases import PROJECT
from nexus.services import Database, environment

audit = typer.Typer(no_args_is_help=True, help="Check, review, anchor and purge the audit log.")


@audit.command()
def verify() -> None:
    """Check that the log is as it was written: every row, the end of the chain, purges, and every anchor outside the database.

    Exit code 1 names the first bad row and how it shows.

    Example: `nexus audit verify`
    """
    _run("verify")


@audit.command()
def review(
    month: Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="The month, UTC.")],
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV, for a spreadsheet.")] = False,
) -> None:
    """Show what was done and refused in a month, by action and caller: refusals first, then exports, grants and equity.

    The review is itself a row of the log: it shows that somebody looked.

    Examples: `nexus audit review --month 2026-11` · `nexus audit review --month 2026-11 --csv > november.csv`
    """
    _run("review", "--month", month, *(["--csv"] if as_csv else []))


@audit.command()
def anchor() -> None:
    """Sign the end of the log and add it to `audit_anchors/anchors.jsonl`, outside the database; a schedule does it every hour.

    Only anchors show that whoever owns the database cut the log's end. Keep copies where nobody can change them, or let
    NEXUS_AUDIT_ANCHORS_FOLDER name such a place.

    Example: `nexus audit anchor`
    """
    _run("anchor")


@audit.command()
def purge(
    before: Annotated[str, typer.Option("--before", metavar="YYYY-MM-DD", help="At least two years ago; grants: a year before it.")],
    reason: Annotated[str, typer.Option("--reason", help="A sentence, kept in the log.")] = "",
    really: Annotated[bool, typer.Option("--really", help="Delete. Without it, only count.")] = False,
) -> None:
    """Delete rows that need not be kept any longer; what stays can still be verified. The purge is a row of the log.

    Examples: `nexus audit purge --before 2024-11-01` · `nexus audit purge --before 2024-11-01 --reason "Yearly retention" --really`
    """
    _run("purge", "--before", before, "--reason", reason, *(["--really"] if really else []))


def _run(*arguments: str) -> None:
    home = Home()
    with Database(home):
        done = subprocess.run([sys.executable, "-m", "hiring.audit", *arguments], cwd=PROJECT, env=environment(home))
    if done.returncode:
        raise typer.Exit(done.returncode)


def register(app: typer.Typer) -> None:
    """Add the verbs of this group."""
    app.add_typer(audit, name="audit", rich_help_panel="Platform")
