"""Verbs that bring data in and through: simulate, import, run."""

import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from foundation import clock
from foundation.settings import Databases, Home
from nexus.databases import migrate
from nexus.screen import StepBar, open_console
from nexus.services import Database, read_addresses

if TYPE_CHECKING:
    from ingestion import ImportReport
    from orchestration.run import PipelineSummary
    from simulator import SimulationReport

console = open_console()

Scale = Annotated[str, typer.Option("--scale", help="How much history: `small` (~40 k applications) or `medium` (~1 M).")]
World = Annotated[str, typer.Option("--world", help="`realistic`, or `predictable` where outcomes follow the features.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed makes the same history.")]
Until = Annotated[str | None, typer.Option("--until", metavar="DATE", help="Up to this instant (UTC). Default: today 00:00.")]


def parse_until(text: str | None, option: str = "--until") -> datetime:
    """Return the instant a date or an ISO instant names, in UTC; today 00:00 UTC when none is given.

    Raises:
        typer.BadParameter: it is neither.
    """
    if text is None:
        return clock.today_midnight()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date: write 2026-08-31 or 2026-08-31T12:00:00+00:00", param_hint=option) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def simulate_history(home: Home, *, scale: str, world: str, seed: int, until: datetime) -> "SimulationReport":
    """Simulate what is missing up to ``until``, with a bar, and return the simulator's report."""
    from simulator import simulate

    home.path("run", "world").write_text(world)  # the pipeline shows it beside every figure of accuracy
    with StepBar(console, "Simulating the hiring life of the network") as bar:
        return simulate(
            Databases().url("owner"),
            home.root,
            scale=scale,
            world=world,
            seed=seed,
            until=until,
            progress=lambda done, total, what: bar.report(what, done, total),
        )


def simulate(
    scale: Scale = "small",
    world: World = "realistic",
    seed: Seed = 7,
    until: Until = None,
    live: Annotated[bool, typer.Option("--live", help="Go on through the hiring API of a running `nexus up`, until Ctrl-C.")] = False,
    per_minute: Annotated[float, typer.Option("--per-minute", min=0.1, help="With --live: things done a minute, on average.")] = 30,
) -> None:
    """Simulate the hiring life of schools and agencies into the transactional database.

    What was simulated before is remembered: only the missing days are added.

    Examples: `nexus simulate` · `nexus simulate --scale medium` · `nexus simulate --until 2026-09-01` · `nexus simulate --live`
    """
    home = Home()
    if live:
        _simulate_live(home, world, per_minute)
        return
    moment = parse_until(until)
    with Database(home):
        migrate(Databases().url("owner"))
        report = simulate_history(home, scale=scale, world=world, seed=seed, until=moment)
    show_simulation(report)


def _simulate_live(home: Home, world: str, per_minute: float) -> None:
    """Do as people would through the API, one line a thing, until Ctrl-C."""
    from simulator import live

    address = read_addresses(home).get("hiring")
    if address is None:
        raise RuntimeError("the hiring API is not running: start it with `nexus up`")
    counts: Counter[str] = Counter()

    def tell(what: str, so_far: "Counter[str]") -> None:
        counts.update({what: so_far[what] - counts[what]})
        console.print(f"{clock.now():%H:%M:%S} {what} ({so_far.total():,} so far)", markup=False)

    try:
        live(address, home.read_secret("simulator_api_key"), per_minute=per_minute, world=world, report=tell)
    except KeyboardInterrupt:
        console.print(" · ".join(f"{count:,} {what}" for what, count in counts.most_common()) or "nothing was done")


def import_log(
    folder: Annotated[Path, typer.Argument(metavar="DIR", exists=True, file_okay=False, help="Folder of the log's files.")],
    tenant: Annotated[str, typer.Option("--tenant", help="Organisation id the imported rows belong to.")],
    kind: Annotated[str, typer.Option("--format", help="Format of the folder; `hiring-log` is the only one so far.")] = "hiring-log",
    mapping: Annotated[
        Path | None,
        typer.Option("--mapping", exists=True, dir_okay=False, help="YAML file that maps other files and columns to a hiring log."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and count everything, write nothing.")] = False,
) -> None:
    """Import a hiring log: jobs, applications, stage events, offers and hires exported from another system.

    Malformed rows go to quarantine with a reason and are counted; importing the same files again changes nothing.

    Examples: `nexus import logs/north --tenant 018f… --dry-run` · `nexus import logs/north --tenant 018f… --mapping north.yml`
    """
    if kind != "hiring-log":
        raise typer.BadParameter(f"{kind!r} is not known: use hiring-log", param_hint="--format")
    from ingestion import import_hiring_log
    from warehouse.connection import Warehouse

    with StepBar(console, f"Importing {folder}" + (" (dry run)" if dry_run else "")) as bar:
        report = import_hiring_log(folder, tenant, Warehouse(Home().root), mapping=mapping, dry_run=dry_run, progress=bar.report)
    show_import(report)
    if not dry_run:
        console.print("next: `nexus run` builds the marts and publishes them")


def run(
    force: Annotated[bool, typer.Option("--force", help="Build and publish even when nothing is new.")] = False,
    new_equity_ledger: Annotated[
        str, typer.Option("--new-equity-ledger", metavar="REASON", help="Start a new equity ledger though figures were released before.")
    ] = "",
    reload: Annotated[
        str, typer.Option("--reload", metavar="REASON", help="Read every source table anew; the reason is kept in the audit log.")
    ] = "",
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help="Build what was known at this instant (UTC), beside the current version."),
    ] = None,
) -> None:
    """Run the pipeline once: extract, check, build, train, publish. Without new data nothing changes; a failed check publishes nothing.

    With --as-of the metrics API can answer as of then; pages go on showing the current version, and nothing is trained. What the
    source keeps no history of (the present status of a hire, merged candidates) is as it is now.

    Examples: `nexus run` · `nexus run --force` · `nexus run --as-of 2026-06-01` · `nexus run --reload "The source was restored"`
    """
    moment = None if as_of is None else parse_until(as_of, "--as-of")
    if new_equity_ledger:
        os.environ["NEXUS_PUBLISHING_NEW_EQUITY_LEDGER"] = new_equity_ledger
    if reload:
        os.environ["NEXUS_INGESTION_RELOAD"] = reload
    with Database(Home()) as database:
        if not database.is_external:
            migrate(Databases().url("owner"))  # the home may come from an earlier version
        show_summary(run_pipeline(Home(), force=force, as_of=moment))


def run_pipeline(home: Home, *, force: bool = False, as_of: datetime | None = None) -> "PipelineSummary":
    """Run the pipeline with a bar and return its summary."""
    with StepBar(console, "Running the pipeline") as bar:
        from orchestration.run import run_pipeline as run_all  # here: it takes seconds to load

        return run_all(home.root, bar.announce, force=force, as_of=as_of)


def show_summary(summary: "PipelineSummary") -> None:
    """Print what a run did: counts, seconds, and each figure of accuracy beside its baseline."""
    counts = Table(show_header=False, box=None, padding=(0, 2))
    for label, value in (
        ("rows extracted", f"{summary.rows_extracted:,}"),
        ("models built", f"{summary.models_built:,}"),
        ("checks passed", f"{summary.checks_passed:,}"),
        ("published", summary.publish_version + ("" if summary.changed else " (nothing new: the version stands)")),
        ("seconds", " · ".join(f"{name} {seconds:.1f}" for name, seconds in summary.seconds.items())),
    ):
        counts.add_row(label, value)
    console.print(counts)
    figures = Table(
        "model", "figure", "at", "value", "95 % interval", "baseline", "n", title="Accuracy on past periods", title_justify="left"
    )
    for row in summary.k_figures:
        interval = "" if row["lower"] is None else f"{row['lower']:.3f} to {row['upper']:.3f}"
        numbers = ["" if row[name] is None else f"{row[name]:.3f}" for name in ("value", "baseline")]
        figures.add_row(row["model"], row["metric_id"], row["landmark"] or "", numbers[0], interval, numbers[1], f"{row['n'] or 0:,}")
    if summary.k_figures:
        console.print(figures)


def show_simulation(report: "SimulationReport") -> None:
    """Print what a simulation wrote."""
    days = f"{report.since:%Y-%m-%d} to {report.until:%Y-%m-%d}"
    applications = report.rows.get("applications.applications", 0)
    says = f"{report.total:,} rows written, {applications:,} of them applications" if report.total else "nothing was missing"
    console.print(f"  {days}: {says}")


def show_import(report: "ImportReport") -> None:
    """Print an import: counts a table, then why rows were set aside and what was left out."""
    counts = Table(
        "table", "read", "accepted", "new", "changed", title="Would be imported" if report.dry_run else "Imported", title_justify="left"
    )
    for name, read_count in report.read.items():
        cells = (found.get(name, 0) for found in (report.loaded, report.inserted, report.updated))
        counts.add_row(name, f"{read_count:,}", *(f"{count:,}" for count in cells))
    console.print(counts)
    for reason, count in report.quarantined.items():
        console.print(f"  quarantined: {count:,} × {reason}", style="yellow", markup=False)
    for column, why in report.ignored_columns.items():
        console.print(f"  left out: {column}: {why}", markup=False)
    for note in report.notes:
        console.print(f"  note: {note}", markup=False)


def register(app: typer.Typer) -> None:
    """Add the verbs of this group."""
    app.command("simulate", rich_help_panel="Data")(simulate)
    app.command("import", rich_help_panel="Data")(import_log)
    app.command("run", rich_help_panel="Data")(run)
