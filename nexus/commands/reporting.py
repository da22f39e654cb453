"""Verbs that report: the board report of one school, and the alerts that watch its figures."""

import uuid
from pathlib import Path
from typing import Annotated

import typer

from foundation.access import Role
from foundation.settings import Home
from nexus.screen import open_console, plain_table

console = open_console()


def report(
    school: Annotated[str, typer.Option("--school", metavar="NAME_OR_ID", help="The school, by name or id.")] = "",
    period: Annotated[
        str, typer.Option("--period", help="2025-2026, 2026-Q1, 2025-09..2026-02, last-12 or season (the current one).")
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write. Default: a name made of school and period.")
    ] = None,
    role: Annotated[
        Role, typer.Option("--for", help="Whose eyes it is for: equity is in it only for roles that may open Equity.")
    ] = Role.HR_DIRECTOR,
    send_due: Annotated[bool, typer.Option("--send-due", help="Instead: e-mail every scheduled report that is due.")] = False,
) -> None:
    """Write the board report of one school: two to four pages of charts, findings and their receipts, as PDF.

    Examples: `nexus report --school "Ashside School" --period 2025-2026` · `nexus report --school 018b… --period 2026-Q1 --out q1.pdf`
    · `nexus report --send-due`
    """
    from foundation.delivery import Email
    from nexus import reports

    home = Home()
    if send_due:
        email = Email()
        email.require()
        lines = list(reports.send_due(home, email))
        console.print("\n".join(lines) or "no report is due", markup=False)
        return
    if not school or not period:
        raise typer.BadParameter("give --school and --period, or --send-due")
    written = reports.write_report(home, reports.find_school(home, school), period, role)
    file = out or Path(reports.file_name(written.school.name, period))
    file.write_bytes(written.document)
    console.print(f"written: {file} ({written.school.name}, {written.period.months}, published version {written.publish_version})")


alerts = typer.Typer(no_args_is_help=True, help="Rules that watch figures: list them, test one, judge them all.")


@alerts.command("list")
def list_rules() -> None:
    """List the alert rules with what each saw last.

    Example: `nexus alerts list`
    """
    from orchestration.insights_api import InsightsApi

    table = plain_table("", "rule", "name", "metric", "state", "last seen")
    with InsightsApi.open(Home()) as api:
        for rule in api.rules():
            seen = rule["last_evaluation"]
            state = "off" if not rule["is_active"] else "not judged yet" if seen is None else "met" if seen["is_met"] else "quiet"
            table.add_row(rule["id"], rule["name"], rule["metric_id"] or "–", state, seen["sentence"] if seen else "")
    console.print(table)


@alerts.command("test")
def try_rule(
    rule_id: Annotated[str, typer.Argument(metavar="RULE", help="Id of the rule.")],
    send: Annotated[bool, typer.Option("--send", help="Also send what it saw to its recipient, marked as a test.")] = False,
) -> None:
    """Judge one rule on the published version now; nothing is recorded.

    Example: `nexus alerts test 018f… --send`
    """
    from metrics.opening import open_current
    from orchestration.alerts import Channels, look, message
    from orchestration.insights_api import InsightsApi

    home = Home()
    with InsightsApi.open(home) as api, open_current(home.root) as file:
        rule = api.rule(rule_id)
        if rule is None:
            raise ValueError(f"there is no rule {rule_id!r}: see `nexus alerts list`")
        finding = look(rule, file)
        console.print(f"{'met' if finding.is_met else 'not met'}: {finding.sentence}", markup=False)
        if send:
            code = Channels().send(api.recipient(rule_id), message(rule, finding, file, str(uuid.uuid4()), is_test=True))
            if code:
                raise RuntimeError(f"the test was not delivered: {code}")
            console.print("delivered")


@alerts.command("run")
def run_rules() -> None:
    """Judge every active rule on the published version and tell whoever is due, as the pipeline does after each publish.

    Example: `nexus alerts run`
    """
    from orchestration.alerts import Channels, evaluate_rules
    from orchestration.insights_api import InsightsApi

    home = Home()
    with InsightsApi.open(home) as api:
        counts = evaluate_rules(home.root, api, Channels())
    console.print(f"{counts.judged} judged, {counts.met} met, {counts.sent} told, {counts.failed} not delivered")


def register(app: typer.Typer) -> None:
    """Add the verbs of this group."""
    app.command(rich_help_panel="Ask")(report)
    app.add_typer(alerts, name="alerts", rich_help_panel="Ask")
