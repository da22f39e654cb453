"""Verbs of a migration from an earlier system into the core. The hiring core does the work, in a process of its own."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from foundation.settings import Databases, Home
from nexus.databases import PROJECT
from nexus.databases import migrate as migrate_schemas
from nexus.services import Database, environment


class _LoadsByDefault(TyperGroup):
    """``nexus migrate DIR`` is short for ``nexus migrate load DIR``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Name the verb where it was left out."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["load", *args]
        rest: list[str] = super().parse_args(ctx, args)
        return rest


migrate = typer.Typer(
    cls=_LoadsByDefault,
    no_args_is_help=True,
    help="Move a school's earlier system into the core. Example: `nexus migrate DIR --school ID`.",
)
window = typer.Typer(no_args_is_help=True, help="Feed the earlier system while both run. Example: `nexus migrate window open --school ID`.")
migrate.add_typer(window, name="window")

School = Annotated[str, typer.Option("--school", metavar="ID", help="Organisation id of the school.")]
ReportFile = Annotated[Path | None, typer.Option("--report", dir_okay=False, help="Write the reconciliation to this file.")]


@migrate.command()
def load(
    folder: Annotated[Path, typer.Argument(metavar="LOG_DIR", exists=True, file_okay=False, help="Folder of the hiring log's files.")],
    school: School,
    columns: Annotated[
        Path | None, typer.Option("--columns", metavar="TOML", exists=True, dir_okay=False, help="How the files name their columns.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything in one transaction and take it back: writes nothing.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an import that was interrupted.")] = False,
    report: ReportFile = None,
) -> None:
    """Load a hiring log into the core through its rules; each row once. Rows the rules refuse are set aside with a reason.

    Ends with the reconciliation; exit code 1 when the log and the core do not tie out to the row.

    Examples: `nexus migrate logs/north --school 018f… --dry-run` · `nexus migrate logs/north --school 018f… --report north.txt` ·
    `nexus migrate logs/north --school 018f… --columns north.toml` · `nexus migrate logs/north --school 018f… --resume`
    """
    named = ["--columns", str(columns.absolute())] if columns else []
    options = [*named, *(["--dry-run"] if dry_run else []), *(["--resume"] if resume else []), *_to_file(report)]
    _run("load", str(folder.absolute()), "--school", school, *options)


@migrate.command("list")
def list_imports() -> None:
    """Show every import: id, state, when, which school, from where.

    Example: `nexus migrate list`
    """
    _run("list")


@migrate.command("report")
def report_import(import_id: Annotated[str, typer.Argument(metavar="IMPORT_ID")], report: ReportFile = None) -> None:
    """Compare a log with the core, row by row: read, loaded, set aside by reason, missing, differing, sums. Exit code 1: does not tie out.

    Example: `nexus migrate report 018f… --report north.txt`
    """
    _run("report", import_id, *_to_file(report))


@migrate.command()
def rollback(
    import_id: Annotated[str, typer.Argument(metavar="IMPORT_ID")],
    yes: Annotated[bool, typer.Option("--yes", help="Delete. Without it nothing happens.")] = False,
) -> None:
    """Delete what an import made and nobody changed since; what people changed stays and is listed.

    Example: `nexus migrate rollback 018f… --yes`
    """
    _run("rollback", import_id, *(["--yes"] if yes else []))


@window.command("open")
def open_window(
    school: School,
    folder: Annotated[Path | None, typer.Option("--folder", help="Empty folder for the files; default: in the home.")] = None,
) -> None:
    """From now on write every change of the school's jobs and applications as rows of a hiring log; the worker does it.

    Example: `nexus migrate window open --school 018f… --folder exchange/north`
    """
    _run("window", "open", "--school", school, *(["--folder", str(folder.absolute())] if folder else []))


@window.command("close")
def close_window(school: School, wait: Annotated[float, typer.Option("--wait", help="Seconds to wait for the worker.")] = 30) -> None:
    """End the window when everything is written, and say whether both sides agree (exit code 1: they do not).

    Example: `nexus migrate window close --school 018f…`
    """
    _run("window", "close", "--school", school, "--wait", str(wait))


@window.command("status")
def window_status(school: School) -> None:
    """Say whether the window is open, and how much waits.

    Example: `nexus migrate window status --school 018f…`
    """
    _run("window", "status", "--school", school)


def _to_file(report: Path | None) -> list[str]:
    return ["--report", str(report.absolute())] if report else []


def _run(*arguments: str) -> None:
    home = Home()
    with Database(home) as database:
        if not database.is_external:
            migrate_schemas(Databases().url("owner"))
        done = subprocess.run([sys.executable, "-m", "hiring.legacy", *arguments], cwd=PROJECT, env=environment(home))
    if done.returncode:
        raise typer.Exit(done.returncode)


def register(app: typer.Typer) -> None:
    """Add the verbs of this group."""
    app.add_typer(migrate, name="migrate", rich_help_panel="Platform")
