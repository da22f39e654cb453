"""The verb that looks after the machine: doctor."""

from typing import Annotated

import typer

from foundation.settings import Home
from nexus import doctor as examination
from nexus.screen import open_console

console = open_console()


def doctor(fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended without losing data.")] = False) -> None:
    """Look at this machine and home; each finding is one line that names the fix. Exit code 1 when something stands in the way.

    Examples: `nexus doctor` · `nexus doctor --fix`
    """
    problems_count = 0
    for finding in examination.examine(Home()):
        is_mended = fix and finding.mend is not None
        if is_mended and finding.mend:
            finding.mend()
        problems_count += finding.is_problem and not is_mended
        mark = (
            "[green]✓[/green]"
            if not finding.is_problem and not finding.fix
            else "[red]✗[/red]"
            if finding.is_problem
            else "[yellow]·[/yellow]"
        )
        tail = " → mended" if is_mended else f" → {finding.fix}" if finding.fix else ""
        console.print(f"{mark} {finding.subject}: {finding.says}{tail}")
    if problems_count:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(rich_help_panel="Platform")(doctor)
