"""What people see: the console, plain tables, and progress as a bar on a terminal or a line a step elsewhere (logs of a build server)."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

LOG_WIDTH = 160


def open_console() -> Console:
    """Return the console of the commands; in a log, where nothing tells the width, lines are long rather than cut."""
    console = Console(soft_wrap=True, highlight=False)
    if not console.is_terminal:
        console.width = LOG_WIDTH
    return console


def plain_table(title: str, *columns: str) -> Table:
    """Return a table whose cells are never cut or wrapped: they are there to be copied."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table


class StepBar:
    """Shows steps that report ``(step, done, total)`` while a block runs."""

    def __init__(self, console: Console, title: str) -> None:
        """Prepare a bar titled ``title``."""
        self._title, self._console = title, console
        self._is_terminal = console.is_terminal
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("[dim]{task.fields[step]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not self._is_terminal,
        )
        self._task = self._progress.add_task(title, total=None, step="")
        self._started = time.monotonic()

    def __enter__(self) -> "StepBar":
        """Show the bar."""
        self._started = time.monotonic()
        if not self._is_terminal:
            self._console.print(f"{self._title} …")
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Replace the bar by one line that says how long it took."""
        self._progress.stop()
        seconds = time.monotonic() - self._started
        mark = "[green]✓[/green]" if kind is None else "[red]✗[/red]"
        self._console.print(f"{mark} {self._title} [dim]{seconds:.1f} s[/dim]")
        sys.stdout.flush()

    def report(self, step: str, done: int, total: int) -> None:
        """Say that ``done`` of ``total`` are finished, the last of them ``step``."""
        self._progress.update(self._task, completed=done, total=total or None, step=step)

    def announce(self, step: str, event: str) -> None:
        """Say that a step ``started`` or ``finished``."""
        if event == "started":
            self._progress.update(self._task, step=step)
            if not self._is_terminal:
                self._console.print(f"  {step}")
        else:
            self._progress.advance(self._task)
