"""Command line of a migration: ``python -m hiring.legacy load|list|report|rollback|window``. The front door starts it as ``nexus migrate``.

Exit codes: 0 done, 1 refused, failed, or the two sides do not agree.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError

from foundation import logs
from foundation.settings import Databases, Home, MissingSecret
from hiring.database import open_engine, session_factory
from hiring.legacy import windows
from hiring.legacy.importing import ImportRefused, ImportSummary, load
from hiring.legacy.loading import Progress as Told
from hiring.legacy.naming import BadLogFolder, read_names
from hiring.legacy.reconciling import as_text, reconcile
from hiring.legacy.rollback import roll_back
from hiring.legacy.tables import imports

_SHOWN = 50


@contextmanager
def _bar(title: str) -> Iterator[Told]:
    """Show how many jobs and applications are done, on the error output, so that the report can be piped."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


@contextmanager
def _database(options: argparse.Namespace, role: str) -> Iterator[Engine]:
    engine = open_engine(options.url or Databases().url(role), 2)
    try:
        yield engine
    finally:
        engine.dispose()


def _load(options: argparse.Namespace, engine: Engine) -> int:
    sessions = session_factory(engine)
    names = read_names(options.columns) if options.columns else None
    with _bar("Rehearsing" if options.dry_run else "Loading") as told:
        summary = load(
            engine, sessions, Home().ensure_secret("candidate_key"), options.folder, options.school,
            names=names, is_dry=options.dry_run, is_resumed=options.resume, progress=told,
        )  # fmt: skip
    sys.stdout.write(_summary(summary))
    if options.dry_run:
        return 0
    sys.stdout.write(f"\nimport {summary.import_id}\n")
    with sessions() as session:
        report = reconcile(session, summary.import_id)
    _tell(as_text(report), options.report)
    return 0 if report.ties_out else 1


def _summary(summary: ImportSummary) -> str:
    verb = "would be loaded" if summary.is_dry else "loaded"
    lines = [
        f"{table}: {read:,} read, {summary.loaded[table]:,} {verb}, {summary.earlier[table]:,} loaded before"
        for table, read in summary.read.items()
        if read
    ]
    lines += [f"set aside: {count:,} × {label}" for label, count in sorted(summary.quarantined.items())]
    return "\n".join(lines) + "\n"


def _tell(text: str, file: Path | None) -> None:
    if file is None:
        sys.stdout.write(text)
    else:
        file.write_text(text)
        sys.stdout.write(f"report written to {file}\n")


def _report(options: argparse.Namespace, engine: Engine) -> int:
    with session_factory(engine)() as session:
        report = reconcile(session, options.import_id)
    _tell(as_text(report), options.report)
    return 0 if report.ties_out else 1


def _list(_options: argparse.Namespace, engine: Engine) -> int:
    with session_factory(engine)() as session:
        for row in session.execute(select(imports).order_by(imports.c.started_at)):
            sys.stdout.write(f"{row.id} {row.state:<11} {row.started_at:%Y-%m-%d %H:%M} school {row.tenant_id} from {row.folder}\n")
    return 0


def _roll_back(options: argparse.Namespace, engine: Engine) -> int:
    if not options.yes:
        raise ImportRefused("a rollback deletes: add --yes if that is meant")
    done = roll_back(engine, options.import_id)
    for table, count in done.deleted.items():
        if count:
            sys.stdout.write(f"{table}: {count:,} deleted\n")
    for table, source_id, why in done.kept[:_SHOWN]:
        sys.stdout.write(f"kept: {table} {source_id}: {why}\n")
    if len(done.kept) > _SHOWN:
        sys.stdout.write(f"and {len(done.kept) - _SHOWN:,} more rows are kept\n")
    return 0


def _window(options: argparse.Namespace, engine: Engine) -> int:
    sessions = session_factory(engine)
    if options.verb == "open":
        folder = options.folder or Home().folder("legacy", str(options.school))
        sys.stdout.write(f"open: changes of the school are written to {windows.open_window(sessions, options.school, folder)}\n")
        return 0
    if options.verb == "close":
        agreement = windows.close_window(sessions, options.school, options.wait)
        sys.stdout.write(windows.as_text(agreement))
        return 0 if agreement.agrees else 1
    sys.stdout.write(windows.status(sessions, options.school))
    return 0


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m hiring.legacy", description="Move a school from its earlier system into the core.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--url", default="", help="Postgres URL; default: the database of the settings")
    common.set_defaults(role="hiring")
    verbs = parser.add_subparsers(required=True)
    loading = verbs.add_parser("load", parents=[common], help="load a hiring log into the core")
    loading.add_argument("folder", type=Path)
    loading.add_argument("--school", type=UUID, required=True, help="organisation id")
    loading.add_argument("--columns", type=Path, help="TOML file that names the files' columns")
    loading.add_argument("--dry-run", action="store_true", help="do everything, then take it back")
    loading.add_argument("--resume", action="store_true", help="go on with the import that was not finished")
    loading.add_argument("--report", type=Path, help="write the reconciliation here")
    loading.set_defaults(run=_load)
    verbs.add_parser("list", parents=[common], help="show imports").set_defaults(run=_list)
    report = verbs.add_parser("report", parents=[common], help="compare log and core")
    report.add_argument("import_id", type=UUID)
    report.add_argument("--report", type=Path, help="write it here")
    report.set_defaults(run=_report)
    rollback = verbs.add_parser("rollback", parents=[common], help="delete what an import made and nobody changed")
    rollback.add_argument("import_id", type=UUID)
    rollback.add_argument("--yes", action="store_true", help="it is meant")
    rollback.set_defaults(run=_roll_back, role="owner")
    window = verbs.add_parser("window", parents=[common], help="the dual-write window")
    window.add_argument("verb", choices=["open", "close", "status"])
    window.add_argument("--school", type=UUID, required=True, help="organisation id")
    window.add_argument("--folder", type=Path, help="where the files go; default: legacy/<school> in the home")
    window.add_argument("--wait", type=float, default=30, help="seconds to wait for the worker when closing")
    window.set_defaults(run=_window)
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Run the verb and return the process's exit code."""
    options = _arguments(arguments)
    try:
        with _database(options, options.role) as engine:
            return int(options.run(options, engine))
    except (BadLogFolder, ImportRefused, MissingSecret, OSError) as error:
        sys.stderr.write(f"{error}\n")
    except DBAPIError as error:
        cause = type(error.orig).__name__
        sys.stderr.write(f"the hiring database refused or did not answer ({cause}): what was loaded stays; go on with --resume\n")
    return 1


if __name__ == "__main__":
    logs.configure()
    sys.exit(main(sys.argv[1:]))
