"""Verbs of the event bus: each hands over to ``python -m hiring.bus``, which knows the options. Nobody imports hiring."""

import os
import sys

import typer

from foundation.settings import Home
from nexus.services import environment

_COMMANDS = {
    "status": "Show outbox, log, and how far each consumer is.",
    "replay": "Tell a consumer events of the log again.",
    "refused": "List, replay or discard events that consumers could not handle.",
    "prune": "Delete old events that every consumer has passed.",
    "asyncapi": "Write the AsyncAPI 3 document of all events.",
}
_HELP = """The event bus: how far everybody is, replay, refused and old events. `nexus bus COMMAND --help` tells the options.

Examples: `nexus bus status` · `nexus bus replay --consumer insights --from 1200 --dry-run` · `nexus bus refused list`
"""
bus = typer.Typer(no_args_is_help=True, help=_HELP)


def _hand_over(context: typer.Context) -> None:
    command = [sys.executable, "-m", "hiring.bus", str(context.info_name), *context.args]
    os.execve(command[0], command, environment(Home()))  # noqa: S606  no shell: our own interpreter and module


def register(app: typer.Typer) -> None:
    """Add the verbs of this group."""
    options = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
    for name, told in _COMMANDS.items():
        bus.command(name, help=told, context_settings=options)(_hand_over)
    app.add_typer(bus, name="bus", rich_help_panel="Platform")
