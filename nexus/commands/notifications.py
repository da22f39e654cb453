"""The verb of the notification service: how deliveries stand, and dead letters. The service's own command does the work."""

import os
import sys

import typer

from foundation.settings import Home
from nexus.services import environment


def notifications(context: typer.Context) -> None:
    """Show how messages to candidates and staff stand; list, show and replay dead letters. A running database is enough.

    Without a mail server (NEXUS_SMTP_HOST, NEXUS_SMTP_SENDER) nothing is sent: messages wait, and `status` says so.

    Examples: `nexus notifications status` · `nexus notifications dead list` · `nexus notifications dead replay --all`
    """
    command = [sys.executable, "-m", "hiring.notifications", *context.args]
    os.execve(command[0], command, environment(Home()))  # noqa: S606  no shell: our own interpreter and module


def register(app: typer.Typer) -> None:
    """Add the verb; its arguments are passed on as they are."""
    settings = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": ["--about"]}
    app.command(rich_help_panel="Platform", context_settings=settings)(notifications)
