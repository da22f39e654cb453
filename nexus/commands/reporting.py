"""Verbs that report: the board report of one school as a PDF."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foundation import clock
from foundation.access import Principal, Role
from foundation.settings import Home
from nexus.screen import open_console

if TYPE_CHECKING:
    from dashboards.scope import Insights

console = open_console()


class SchoolNotFound(LookupError, ValueError):
    """No school, or more than one, has this name or id."""


def report(
    school: Annotated[str, typer.Option("--school", metavar="NAME_OR_ID", help="The school, by name or id.")],
    period: Annotated[str, typer.Option("--period", help="2025-2026, 2026-Q1, 2025-09..2026-02, last-12 or season (the current one).")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write. Default: a name made of school and period.")
    ] = None,
    role: Annotated[
        Role, typer.Option("--for", help="Whose eyes it is for: equity is in it only for roles that may open Equity.")
    ] = Role.HR_DIRECTOR,
) -> None:
    """Write the board report of one school: two to four pages of charts, findings and their receipts, as PDF.

    Examples: `nexus report --school "Ashside School" --period 2025-2026` · `nexus report --school 018b… --period 2026-Q1 --out q1.pdf`
    """
    from dashboards.report.board import board_report
    from dashboards.report.period import parse_period
    from dashboards.report.typesetting import pdf
    from dashboards.scope import Insights

    root = Home().root
    school_id, name, start_month = find_school(Insights.open(reader(Role.PLATFORM_ADMIN, None), root), school)
    insights = Insights.open(reader(role, school_id), root)
    months = parse_period(period, insights.pointer.as_of.date(), start_month)
    document = pdf(board_report(insights, school_id, months))
    file = out or Path(file_name(name, period))
    file.write_bytes(document)
    console.print(f"written: {file} ({name}, {months.months}, published version {insights.pointer.publish_version})")


def find_school(insights: "Insights", name_or_id: str) -> tuple[str, str, int]:
    """Return id, name and first month of the academic year of one school.

    Raises:
        SchoolNotFound: none or several answer to it; the message names what to write instead.
    """
    schools = list(insights.rows("schools").frame.select("organisation_id", "name", "academic_year_start_month").iter_rows())
    wanted = name_or_id.strip().casefold()
    found = [row for row in schools if wanted in (row[0].casefold(), row[1].casefold())]
    if len(found) == 1:
        return found[0][0], found[0][1], int(found[0][2] or 9)
    if found:
        raise SchoolNotFound(f"{len(found)} schools are called {name_or_id!r}; write the id of one: {', '.join(row[0] for row in found)}")
    near = [row[1] for row in schools if wanted in row[1].casefold()][:5]
    raise SchoolNotFound(f"there is no school {name_or_id!r}" + (f"; did you mean {', '.join(near)}?" if near else ""))


def reader(role: Role, school_id: str | None) -> Principal:
    """Return whoever the report is made for: a role at one school, for the length of this command."""
    schools = None if school_id is None else frozenset({school_id})
    return Principal("command-line", "user", "Command line", frozenset({role}), frozenset(), schools, None, clock.now())


def file_name(school: str, period: str) -> str:
    """Return a plain file name, e.g. ``board-report-ashside-school-2025-2026.pdf``."""
    return f"board-report-{re.sub(r'[^a-z0-9]+', '-', f'{school} {period}'.casefold()).strip('-')}.pdf"


def register(app: typer.Typer) -> None:
    """Add the verbs of this group."""
    app.command(rich_help_panel="Ask")(report)
