"""The verb of the notification service: how deliveries stand, and dead letters. The service's own command does the work."""

import subprocess
import sys
from typing import Annotated

import typer

from foundation.settings import Home
from nexus.services import environment

notifications = typer.Typer(
    no_args_is_help=True, help="How messages to candidates and staff stand, and dead letters. A running database is enough."
)
dead = typer.Typer(no_args_is_help=True, help="Messages that were given up: list, show, send again.")
notifications.add_typer(dead, name="dead")


@notifications.command()
def status() -> None:
    """Count deliveries by channel and state. Without a mail server (NEXUS_SMTP_HOST, NEXUS_SMTP_SENDER) they wait, and this says so.

    Example: `nexus notifications status`
    """
    _run("status")


@dead.command("list")
def list_dead(limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many.")] = 50) -> None:
    """List dead letters: id, channel, template, recipient's id, tries, code.

    Example: `nexus notifications dead list`
    """
    _run("dead", "list", "--limit", str(limit))


@dead.command()
def show(letter: Annotated[str, typer.Argument(metavar="ID", help="Id of the dead letter.")]) -> None:
    """Show everything about one dead letter.

    Example: `nexus notifications dead show 0192a0c4-7b1e-7c3a-9f00-5d2f6d0b7a11`
    """
    _run("dead", "show", letter)


@dead.command()
def replay(
    letters: Annotated[list[str] | None, typer.Argument(metavar="ID…", help="Ids of dead letters.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every dead letter.")] = False,
) -> None:
    """Send dead letters again, with all their tries.

    Examples: `nexus notifications dead replay --all` · `nexus notifications dead replay 0192a0c4-7b1e-7c3a-9f00-5d2f6d0b7a11`
    """
    if bool(letters) == every:
        raise typer.BadParameter("give ids, or --all")
    _run("dead", "replay", *(["--all"] if every else letters or []))


def _run(*arguments: str) -> None:
    command = [sys.executable, "-m", "hiring.notifications", *arguments]
    raise typer.Exit(subprocess.call(command, env=environment(Home())))


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.add_typer(notifications, name="notifications", rich_help_panel="Platform")
