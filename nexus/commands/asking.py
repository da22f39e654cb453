"""Verbs that ask: sql on the published file, truth against the answer key, predict over HTTP."""

import json
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

import httpx
import typer
from rich.table import Table

from foundation.settings import Home
from nexus.screen import open_console
from nexus.services import read_addresses

console = open_console()
ROWS_SHOWN = 200


class Format(StrEnum):
    """How rows are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def query(
    statement: Annotated[str, typer.Argument(metavar="SQL", help="One read-only statement (DuckDB's dialect).")],
    style: Annotated[Format, typer.Option("--format", help="table, csv or json.")] = Format.TABLE,
) -> None:
    """Ask the published file in SQL. It is read-only and cannot reach other files.

    Examples: `nexus sql "show all tables"` · `nexus sql "select subject, count(*) from marts.fct_hires group by 1" --format csv`
    """
    from warehouse.connection import Published, WarehouseError

    try:
        with Published.open(Home().root) as published:
            frame = published.query(statement)
    except WarehouseError as error:
        raise ValueError(f"the statement was refused: {error}") from error
    if style is Format.CSV:
        typer.echo(frame.write_csv(), nl=False)
    elif style is Format.JSON:
        typer.echo(json.dumps(frame.to_dicts(), default=str))
    else:
        table = Table(*frame.columns)
        for row in frame.head(ROWS_SHOWN).iter_rows():
            table.add_row(*("" if value is None else str(value) for value in row))
        console.print(table)
        if frame.height > ROWS_SHOWN:
            console.print(f"{ROWS_SHOWN} of {frame.height:,} rows shown; --format csv writes all")


def truth(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")] = False,
    oracle: Annotated[bool, typer.Option("--oracle", help="Also measure K6 against the best possible predictor (a minute).")] = False,
) -> None:
    """Compare what is published with the simulator's answer key: hit or miss, with intervals. Exit code 1 on a miss.

    Examples: `nexus truth` · `nexus truth --oracle --json`
    """
    from nexus import answer_key

    findings = answer_key.compare(Home().root, with_oracle=oracle)
    misses = sum(not finding.is_hit for finding in findings)
    if as_json:
        typer.echo(json.dumps({"hits": len(findings) - misses, "misses": misses, "findings": [asdict(finding) for finding in findings]}))
    else:
        table = Table("", "question", "planted", "published", "figure (95 % interval), n", "tolerance", show_lines=True)
        for each in findings:
            figure = f"{each.value:.3g} ({each.lower:.3g} to {each.upper:.3g}), n {each.n:,}"
            mark = "[green]hit[/green]" if each.is_hit else "[red]MISS[/red]"
            table.add_row(mark, each.question, each.planted, each.published, figure, each.tolerance)
        console.print(table)
        console.print(f"{len(findings) - misses} hits, {misses} misses")
    if misses:
        raise typer.Exit(1)


predict = typer.Typer(no_args_is_help=True, help="Ask the prediction API of a running `nexus up`.")
Key = Annotated[
    str | None, typer.Option("--key", envvar="NEXUS_API_KEY", help="API key or session token. Default: the demo's administrator.")
]
Reasons = Annotated[bool, typer.Option("--reasons", help="Also say which features move the answer most.")]


@predict.command("time-to-hire")
def time_to_hire(
    job: Annotated[str | None, typer.Option("--job", help="Job id: one answer for each open opening.")] = None,
    opening: Annotated[str | None, typer.Option("--opening", help="Opening id.")] = None,
    reasons: Reasons = False,
    key: Key = None,
) -> None:
    """Predict how many days an open opening still needs until its hire, with an interval.

    Example: `nexus predict time-to-hire --job 0192a0c4-7b1e-7c3a-9f00-5d2f6d0b7a11`
    """
    if (job is None) == (opening is None):
        raise typer.BadParameter("give either --job or --opening")
    _ask("time-to-hire", {"job_id": job} if job else {"opening_id": opening}, reasons, key)


@predict.command("candidate-success")
def candidate_success(
    application: Annotated[str, typer.Option("--application", help="Application id.")], reasons: Reasons = False, key: Key = None
) -> None:
    """Predict the chance that an application ends in a successful hire.

    Example: `nexus predict candidate-success --application 0192a0c4-8d3f-7e21-b0aa-11d5a2c9e0f4`
    """
    _ask("candidate-success", {"application_id": application}, reasons, key)


def _ask(model: str, body: dict[str, Any], reasons: bool, key: str | None) -> None:
    home = Home()
    address = read_addresses(home).get("prediction")
    if address is None:
        raise RuntimeError("the prediction API is not running: start it with `nexus up`")
    question = body | ({"reasons": True} if reasons else {})
    typer.echo(json.dumps(_post(f"{address}/v1/predictions/{model}", question, key or _sign_in(home)), indent=2))


def _sign_in(home: Home) -> str:
    """Return a session of the demo's platform administrator: the default when no key is given."""
    if not (home.root / "secrets" / "demo_logins.json").exists():
        raise RuntimeError("give --key or NEXUS_API_KEY: this home has no demo logins")
    login = json.loads(home.read_secret("demo_logins.json"))["platform_admin"]
    session = _post(f"{read_addresses(home)['hiring']}/v1/sessions", {name: login[name] for name in ("email", "password")})
    return str(session["token"])


def _post(url: str, body: dict[str, Any], credential: str | None = None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {credential}"} if credential else {}
    try:
        reply = httpx.post(url, json=body, headers=headers, timeout=30)
    except httpx.HTTPError as error:
        raise RuntimeError(f"{url} does not answer: {error}") from error
    if reply.is_error:
        raise RuntimeError(_problem(reply))
    answer: dict[str, Any] = reply.json()
    return answer


def _problem(reply: httpx.Response) -> str:
    try:
        problem = reply.json()
        return f"{reply.status_code} {problem.get('title', '')}: {problem.get('detail', '')}"
    except ValueError:
        return f"{reply.status_code} {reply.reason_phrase}"


def register(app: typer.Typer) -> None:
    """Add the verbs of this group."""
    app.command("sql", rich_help_panel="Ask")(query)
    app.command(rich_help_panel="Ask")(truth)
    app.add_typer(predict, name="predict", rich_help_panel="Ask")
