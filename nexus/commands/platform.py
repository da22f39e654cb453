"""Verbs that start, stop and show the platform: demo, up, down, status, docs."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from foundation.settings import Databases, Home
from nexus import demo as demonstration
from nexus import state
from nexus.commands.data import Scale, Seed, Until, World, parse_until
from nexus.databases import PROJECT, migrate
from nexus.embedded_postgres import die_with_parent, free_port
from nexus.processes import AlreadyRunning
from nexus.screen import StepBar, open_console, plain_table
from nexus.services import Database, environment, read_addresses, supervisor

console = open_console()


def demo(
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Stop after the pipeline instead of serving until Ctrl-C.")] = False,
    scale: Scale = "small",
    world: World = "realistic",
    seed: Seed = 7,
    until: Until = None,
) -> None:
    """Run the whole platform on a simulated three-year history: simulate, run the pipeline, show the figures, serve.

    A second demo continues: only the missing days are simulated.

    Examples: `nexus demo` · `nexus demo --no-serve` · `nexus demo --world predictable --seed 7`
    """
    demonstration.build(Home(), scale=scale, world=world, seed=seed, until=parse_until(until), keep_database=not no_serve)
    if not no_serve:
        demonstration.become_the_platform()


def up(
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Serve in the background; stop with `nexus down`.")] = False,
    migrated: Annotated[bool, typer.Option("--migrated", hidden=True, help="The schemas were brought up to date just now.")] = False,
) -> None:
    """Start the platform and serve until Ctrl-C: hiring API, notifications, prediction API, dashboard, Dagster and their database.

    What dies is started again; a taken port gives the next free one.

    Examples: `nexus up` · `nexus up --detach`
    """
    home = Home()
    if state.supervisor_pid(home):
        console.print("already running:")
        demonstration.show_addresses(console, home, read_addresses(home))
        return
    if detach:
        _detach(home)
        return
    database = Database(home)
    try:
        with StepBar(console, "Starting the database"):
            database.start()
            if not migrated:
                migrate(Databases().url("owner"))
            if any(not (home.root / "secrets" / name).exists() for name in ("internal_api_key", "notifications_api_key")):
                demonstration.ensure_logins()
        chosen = supervisor(home, database)
        for line in chosen.moved_ports():
            console.print(line, style="yellow")
        console.print("Starting the services …")
        chosen.run(
            on_ready=lambda: demonstration.show_addresses(console, home, chosen.addresses, "Ctrl-C stops everything."),
            on_event=lambda line: console.print(line, style="yellow", markup=False),
        )
    except AlreadyRunning:
        raise
    except BaseException:
        database.stop()
        raise
    console.print("stopped")


def _detach(home: Home) -> None:
    with home.path("logs", "up.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "nexus", "up"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True, env=environment(home),
        )  # fmt: skip
    with StepBar(console, "Starting the services"):
        state.await_ready(home, process)
    demonstration.show_addresses(console, home, read_addresses(home), "`nexus down` stops everything.")


def down(
    purge: Annotated[
        bool, typer.Option("--purge", help="Also delete all state of this home: database, warehouse, models, secrets.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before deleting.")] = False,
) -> None:
    """Stop everything of this home. `--purge` makes a clean start; with an external database the equity ledger and its key are kept.

    Examples: `nexus down` · `nexus down --purge --yes`
    """
    home = Home()
    if purge and not yes and sys.stdin.isatty():
        typer.confirm(f"Delete all state in {home.root}?", abort=True)
    was_running = state.stop_supervisor(home)
    database = Database(home)
    was_running = (database.is_alive() and not database.is_external) or was_running
    database.stop()
    console.print("stopped" if was_running else "nothing was running")
    if purge:
        state.purge(home, keep_equity=database.is_external)
        console.print(f"deleted the state in {home.root}" + (", kept the equity ledger and its key" if database.is_external else ""))


def status(as_json: Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")] = False) -> None:
    """Show what runs, where, how much memory it takes, and what is published. Exit code 0 when everything runs, else 1.

    Examples: `nexus status` · `nexus status --json`
    """
    now = state.look(Home())
    if as_json:
        typer.echo(json.dumps(now, indent=2, default=str))
    else:
        table = plain_table(f"home {now['home']}", "service", "state", "address", "pid", "memory", "restarts")
        for row in now["services"]:
            memory = f"{row['memory_mb']} MB" if row["memory_mb"] else ""
            cells = (row["name"], row["state"], row["address"] or "", row["pid"] or "", memory, row["restarts_count"])
            table.add_row(*(str(cell) for cell in cells))
        console.print(table)
        published = now["published"]
        console.print(
            f"published: {published['publish_version']} as of {published['as_of']}" if published else "nothing published yet: `nexus run`"
        )
    if not now["is_running"]:
        raise typer.Exit(1)


def worker(
    only: Annotated[list[str], typer.Option("--only", metavar="STATION", help="Do only stations whose name starts so; repeatable.")] = [],  # noqa: B006  typer's way to say none; never changed
    deliver: Annotated[bool, typer.Option("--deliver", help="Also send messages, as the notification service does.")] = False,
) -> None:
    """Do what happens after requests until Ctrl-C: move events, feed consumers, hires, files. `nexus up` keeps one; start more at will.

    Stations: `relay`, `consumer NAME`, `saga`, `read resume`, `read interview`, `sweep uploads`, `legacy files`, `pruner`; and `deliver`
    (`deliver intake`, `deliver email`, `deliver sms`, `deliver push`), which the notification service does unless it is asked for here.

    Examples: `nexus worker` · `nexus worker --only relay` · `nexus worker --only deliver` · `nexus worker --deliver`
    """
    home = Home()
    command = [sys.executable, "-m", "hiring.worker", *(part for station in only for part in ("--only", station))]
    command += ["--deliver"] if deliver else []
    os.execve(command[0], command, environment(home))  # noqa: S606  no shell: our own interpreter and module


def jobs(
    words: Annotated[list[str], typer.Argument(metavar="list|show|retry …", help="list [--state dead] · show ID · retry ID… | --all")],
) -> None:
    """Look after the background jobs of assessments: résumés to read, transcripts to analyse.

    Examples: `nexus jobs list --state dead` · `nexus jobs show 018b…` · `nexus jobs retry --all`
    """
    command = [sys.executable, "-m", "hiring.assessments", "jobs", *words]
    os.execve(command[0], command, environment(Home()))  # noqa: S606  no shell: our own interpreter and module


def docs(
    experiments: Annotated[bool, typer.Option("--experiments", help="Show the model experiments (MLflow) instead.")] = False,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Only write the pages.")] = False,
) -> None:
    """Show the documentation of every dbt model, column and test, from this home's warehouse, until Ctrl-C.

    Examples: `nexus docs` · `nexus docs --no-serve` · `nexus docs --experiments`
    """
    home = Home()
    port = free_port(8050 if experiments else 8060)
    if experiments:
        store = f"sqlite:///{home.path('mlflow', 'mlflow.db')}"
        command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", store, "--host", "127.0.0.1", "--port", str(port)]
        command += ["--workers", "1"]
    else:
        folder = _write_docs(home)
        console.print(f"written: {folder / 'index.html'}")
        if no_serve:
            return
        command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(folder), str(port)]
    console.print(f"http://127.0.0.1:{port}  (Ctrl-C stops)")
    with home.path("logs", "docs.log").open("ab") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, env=environment(home), preexec_fn=lambda: die_with_parent(signal.SIGTERM)
        )
        try:
            code = process.wait()
        except KeyboardInterrupt:
            process.terminate()
            process.wait(10)
            return
    raise RuntimeError(f"the pages ended with code {code}: see {log.name}")


def _write_docs(home: Home) -> Path:
    from warehouse.connection import Warehouse

    warehouse = Warehouse(home.root)
    if not warehouse.build_path.exists():
        raise RuntimeError("there is no warehouse yet: `nexus run` builds it")
    folder = home.folder("docs")
    project = str(PROJECT / "dbt_project")
    command = [sys.executable, "-m", "dbt.cli.main", "docs", "generate", "--project-dir", project, "--profiles-dir", project, "--quiet"]
    command += ["--target", "duckdb", "--target-path", str(folder), "--log-path", str(home.folder("logs"))]
    with StepBar(console, "Writing the documentation"), warehouse.lock(wait_seconds=5):
        values = environment(home) | {"NEXUS_WAREHOUSE_BUILD": str(warehouse.build_path)}
        done = subprocess.run(command, capture_output=True, text=True, env=values)
    if done.returncode:
        raise RuntimeError(f"dbt could not write its documentation: {' '.join((done.stdout + done.stderr).split())[-400:]}")
    return folder


def register(app: typer.Typer) -> None:
    """Add the verbs of this group."""
    for verb in (demo, up, down, status, worker, docs):
        app.command(rich_help_panel="Platform")(verb)
    app.command(rich_help_panel="Platform", context_settings={"ignore_unknown_options": True})(jobs)
