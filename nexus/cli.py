"""The command line: options, verbs, and how an error is told. What a verb does lives in nexus/commands and below.

Exit codes: 0 done, 1 refused or failed (one line says why), 2 wrong usage, 130 interrupted.
"""

import importlib
import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from nexus.services import QUIET

GROUPS = ("platform", "data", "asking", "reporting", "care", "equity", "bus", "audit", "sagas", "notifications", "migrate", "champions")
EXPECTED = (RuntimeError, OSError, ValueError)  # the product's named errors; anything else is a fault of ours


def build_app() -> typer.Typer:
    """Return the command line with every verb."""
    app = typer.Typer(
        name="nexus",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        help="Educator Nexus: hiring intelligence for schools and agencies.\n\n"
        "Start with `nexus demo`; state lives in NEXUS_HOME (default `.nexus`).",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for group in GROUPS:
        importlib.import_module(f"nexus.commands.{group}").register(app)
    return app


def _options(debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False) -> None:
    """Take the options before the verb; ``main`` looks for ``--debug`` itself."""


def one_line(error: BaseException) -> str:
    """Return an error as one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, EXPECTED):
        return f"error: {text}"
    return f"unexpected error: {type(error).__name__}: {text} (again with `nexus --debug …` for the traceback)"


def main() -> None:
    """Run the command line; every error becomes one line and an exit code."""
    os.environ.update({name: value for name, value in QUIET.items() if name not in os.environ})
    try:
        build_app()()
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        Console(stderr=True, highlight=False, soft_wrap=True).print(one_line(error), style="red", markup=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
