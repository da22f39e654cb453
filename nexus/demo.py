"""The demo: a simulated network, the whole pipeline, a table of what was built, and the addresses to open."""

import atexit
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime

from rich.console import Console

from foundation.settings import Databases, Home
from nexus.commands.data import run_pipeline, show_simulation, show_summary, simulate_history
from nexus.databases import PROJECT, migrate
from nexus.screen import StepBar, open_console, plain_table
from nexus.services import Database

console = open_console()


class LoginsFailed(RuntimeError):
    """The demo logins could not be made. The message carries what the hiring core said last."""


def build(home: Home, *, scale: str, world: str, seed: int, until: datetime, keep_database: bool) -> None:
    """Bring the home up to ``until`` and show what was built.

    Args:
        home: where everything lives; what is there is continued.
        scale: of the simulated history.
        world: of the simulation.
        seed: of the simulation.
        until: instant up to which the history is simulated.
        keep_database: leave the embedded server running at the end, for the services.
    """
    database = Database(home)
    is_done = False
    try:
        with StepBar(console, "Starting the database"):
            database.start()
        with StepBar(console, "Creating the hiring schemas"):
            migrate(Databases().url("owner"))
        show_simulation(simulate_history(home, scale=scale, world=world, seed=seed, until=until))
        with StepBar(console, "Making a login for each role"):
            ensure_logins()
        show_summary(run_pipeline(home))
        is_done = True
    finally:
        if not (is_done and keep_database):
            database.stop_if_ours()


def ensure_logins() -> None:
    """Make one login a role and the services' key, in a process of the hiring core's own; existing ones are kept.

    Raises:
        LoginsFailed: with the reason.
    """
    done = subprocess.run([sys.executable, "-m", "hiring.demo_logins"], capture_output=True, text=True, cwd=PROJECT, env=os.environ)
    if done.returncode:
        raise LoginsFailed(f"the demo logins could not be made: {' '.join(done.stderr.split()[-60:])}")


def become_the_platform() -> None:
    """Replace this process by ``nexus up``: what the pipeline had loaded (a gigabyte) goes, the database stays our child."""
    atexit._run_exitfuncs()  # replacing the process skips them: libraries would leave semaphores behind
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "nexus", "up", "--migrated"])  # noqa: S606  no shell: our own interpreter and module


def show_addresses(out: Console, home: Home, addresses: Mapping[str, str], *notes: str) -> None:
    """Print where to go and who may sign in."""
    table = plain_table("Educator Nexus is running", "open", "address")
    for name, address in addresses.items():
        if address.startswith("http"):
            table.add_row(name, address + ("/docs" if name in ("hiring", "assessments", "prediction") else ""))
    out.print(table)
    if (home.root / "secrets" / "demo_logins.json").exists():
        logins = plain_table("Demo logins", "as", "e-mail", "password", "of")
        for name, login in json.loads(home.read_secret("demo_logins.json")).items():
            logins.add_row(name, login["email"], login["password"], login["organisation"])
        out.print(logins)
    for note in notes:
        out.print(note)
