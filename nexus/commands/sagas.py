"""Verbs for operators of hires under way: sagas list, show, retry."""

import os
import sys
from typing import Annotated

import typer

from foundation.settings import Home
from nexus.services import environment

sagas = typer.Typer(no_args_is_help=True, help="Hires under way: list them, show one, try again what failed.")
Saga = Annotated[str, typer.Argument(metavar="ID", help="Id of the hire, as `nexus sagas list` shows it.")]


@sagas.command("list")
def list_sagas(
    state: Annotated[str, typer.Option("--state", help="processing, waiting, stuck (overdue ones too), completed or compensated.")] = "",
) -> None:
    """List hires with their step, what failed and when it is tried again.

    Examples: `nexus sagas list` · `nexus sagas list --state stuck`
    """
    _become("list", *(("--state", state) if state else ()))


@sagas.command("show")
def show_saga(saga: Saga) -> None:
    """Show everything of one hire as JSON.

    Example: `nexus sagas show 018f…`
    """
    _become("show", saga)


@sagas.command("retry")
def retry_saga(saga: Saga) -> None:
    """Let a step that failed be tried again at once, with all its tries; a worker takes it.

    Example: `nexus sagas retry 018f…`
    """
    _become("retry", saga)


def _become(*arguments: str) -> None:
    command = [sys.executable, "-m", "hiring.hire_saga", *arguments]
    os.execve(command[0], command, environment(Home()))  # noqa: S606  no shell: our own interpreter and module


def register(app: typer.Typer) -> None:
    """Add the verbs of this group."""
    app.add_typer(sagas, name="sagas", rich_help_panel="Platform")
