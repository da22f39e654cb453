"""Verbs of the equity figures: audit-pack, attack, retention. Each joins people in memory only; what it prints holds no person."""

import json
from datetime import date, timedelta
from typing import Annotated, Any

import httpx
import polars as pl
import typer

from foundation import clock
from foundation.settings import Databases, Home
from nexus.screen import StepBar, open_console, plain_table
from nexus.services import Database, read_addresses

console = open_console()
Email = Annotated[str | None, typer.Option("--email", help="Of the bias auditor. Default: the demo's.")]
Password = Annotated[str | None, typer.Option("--password", envvar="NEXUS_AUDITOR_PASSWORD", hidden=True)]


class PackRefused(RuntimeError):
    """The hiring core refused the pack; the refusal is a row of the audit log. The message says why."""


def audit_pack(
    year: Annotated[int, typer.Option("--year", help="Academic years that began in it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why the pack is needed; kept in the audit log.")] = "",
    days: Annotated[int, typer.Option("--expires-in-days", min=1, max=366, help="The pack is deleted after them.")] = 30,
    email: Email = None,
    password: Password = None,
) -> None:
    """Make the exact tables of a bias audit (Local Law 144) for a bias auditor: all schools pooled, one year, in a private file.

    Who asks, why, and every refusal is a row of the audit log, written before any answer is read. Needs a running `nexus up`.

    Example: `nexus audit-pack --year 2025 --reason "Yearly bias audit under Local Law 144"`
    """
    from ingestion.equity_audit import audit_people, remove_expired_packs, write_pack
    from nexus.audit_pack import render
    from warehouse.connection import Warehouse

    home = Home()
    remove_expired_packs(home.root, clock.now().date())
    expires_on = clock.now().date() + timedelta(days=days)
    permit = _permit(home, email, password, {"model": "candidate_success", "year": year, "reason": reason, "expires_on": str(expires_on)})
    with StepBar(console, "Counting in memory"), Warehouse(home.root).build(read_only=True) as connection:
        people = audit_people(Databases().url("pipeline"), connection, home.root, year)
    path = write_pack(home.root, render(permit, people), int(permit["seq"]), date.fromisoformat(permit["expires_on"]))
    console.print(f"written: {path} (0600), expires on {permit['expires_on']}, row {permit['seq']} of the audit log", markup=False)


def _permit(home: Home, email: str | None, password: str | None, wanted: dict[str, Any]) -> dict[str, Any]:
    address = read_addresses(home).get("hiring")
    if address is None:
        raise RuntimeError("the hiring API is not running: start it with `nexus up`")
    if email is None:
        if not (home.root / "secrets" / "demo_logins.json").exists():
            raise RuntimeError("give --email: this home has no demo logins")
        login = json.loads(home.read_secret("demo_logins.json"))["bias_auditor"]
        email, password = login["email"], login["password"]
    secret = password or typer.prompt("Password", hide_input=True)
    with httpx.Client(base_url=address, timeout=30) as client:
        session = _answer(client.post("/v1/sessions", json={"email": email, "password": secret}))
        return _answer(client.post("/v1/audit/equity-packs", json=wanted, headers={"Authorization": f"Bearer {session['token']}"}))


def _answer(reply: httpx.Response) -> dict[str, Any]:
    body: dict[str, Any] = reply.json()
    if reply.is_error:
        raise PackRefused(f"no audit pack: {body.get('detail', reply.reason_phrase)}")
    return body


def retention(dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, delete nothing.")] = False) -> None:
    """Delete survey answers 30 days after the last equity release that needs them, unless a logged audit does; every run does it too.

    Examples: `nexus retention --dry-run` · `nexus retention`
    """
    from ingestion.equity_audit import remove_expired_packs
    from ingestion.equity_retention import delete_released
    from warehouse.connection import Warehouse

    home, now = Home(), clock.now()
    with Database(home), Warehouse(home.root).build() as connection:
        found = delete_released(Databases().url("pipeline"), connection, home.root, now, dry_run=dry_run)
    packs = 0 if dry_run else remove_expired_packs(home.root, now.date())
    console.print(
        f"{found.due_count:,} survey rows are due, of {found.people_count:,} people's"
        + (": nothing was deleted" if dry_run else f"; {found.deleted_count:,} rows deleted, {packs} expired audit packs")
    )


attack = typer.Typer(no_args_is_help=True, help="Try the known attacks on what is published.")


@attack.command("equity")
def attack_equity() -> None:
    """Run the known attacks on the live equity figures, beside what a "<5 hidden" table of the same people would have leaked.

    Needs the equity key and the answers: only periods whose answers are not deleted yet can be judged. Exit code 1 when an attack on
    the released figures succeeds.

    Example: `nexus attack equity`
    """
    from ingestion.equity import people_of_closed_periods
    from metrics.equity_attacks import attack_all
    from warehouse.connection import Warehouse
    from warehouse.equity_figures import published_figures

    home = Home()
    with StepBar(console, "Attacking the published figures"):
        nights = published_figures(home.root)
        judged = nights[-1].filter(pl.col("released_at") > clock.now() - timedelta(days=30))
        if judged.is_empty():
            raise RuntimeError("no period was released in the last 30 days: the answers behind the others may be deleted by now")
        with Warehouse(home.root).build(read_only=True) as connection:
            people, domain = people_of_closed_periods(connection, home.root)
        findings = attack_all(judged, people, domain, nights)
    table = plain_table("What the known attacks find", "attack", "table", "tried", "confident", "right", "found out")
    for finding in findings:
        share = f"{finding.right / finding.tried:.0%}" if finding.tried else ""
        table.add_row(finding.attack, finding.table, f"{finding.tried:,}", f"{finding.confident:,}", f"{finding.right:,}", share)
    console.print(table)
    cohorts = judged.select("release", "tenant_id", "period_kind", "period_start", "outcome_bin").n_unique()
    console.print(f"{cohorts:,} released cohorts, {len(nights)} published versions; tried: small cells, or one person a table")
    if any(finding.confident for finding in findings if finding.table == "released"):
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the verbs of this group."""
    app.command("audit-pack", rich_help_panel="Equity")(audit_pack)
    app.command("retention", rich_help_panel="Equity")(retention)
    app.add_typer(attack, name="attack", rich_help_panel="Equity")
