"""Verbs of the models: which versions there are, and a person's word on which is the champion. Every change is a row of the audit log."""

from typing import Annotated

import typer

from foundation.settings import Home
from models_ml.bundle_files import ModelName
from nexus.screen import open_console, plain_table
from nexus.services import Database

console = open_console()
models = typer.Typer(no_args_is_help=True, help="The models' versions, and which one predicts. Example: `nexus models list`")
Model = Annotated[ModelName, typer.Argument(metavar="MODEL", help="time_to_hire or candidate_success.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the audit log. No names of people.")]


class ReasonRequired(ValueError):
    """A champion is not changed without a reason."""


@models.command("list")
def list_versions() -> None:
    """List every version of both models; the champion predicts.

    Example: `nexus models list`
    """
    from models_ml.registry import Registry

    registry = Registry(Home().root)
    table = plain_table("", "model", "version", "bundle", "kind", "as of", "")
    for name in ("time_to_hire", "candidate_success"):
        champion = registry.champion(name)
        for each in registry.versions(name):
            mark = "champion" if champion and champion.version == each.version else ""
            table.add_row(each.model, each.version, each.bundle_id, each.kind, f"{each.as_of:%Y-%m-%d}", mark)
    console.print(table)


@models.command()
def promote(
    model: Model, version: Annotated[str, typer.Argument(metavar="VERSION", help="Number of the version.")], reason: Reason = ""
) -> None:
    """Make a version the champion, whatever the gate said of it; `nexus run --force` publishes it.

    Example: `nexus models promote time_to_hire 3 --reason "The gate compared with a faulty quarter"`
    """
    from models_ml.registry import Registry

    registry = Registry(Home().root)
    known = {each.version: each for each in registry.versions(model)}
    if version not in known:
        raise ValueError(f"{model} has no version {version}: see `nexus models list`")
    _log("model.promote", model, version, known[version].bundle_id, reason)
    registry.promote(model, version)
    console.print(f"{known[version].bundle_id} is the champion of {model}; next: `nexus run --force` publishes it", markup=False)


@models.command()
def rollback(model: Model, reason: Reason = "") -> None:
    """Go back to the champion before the present one; `nexus run --force` publishes it.

    Example: `nexus models rollback candidate_success --reason "Scores drifted after the last training"`
    """
    from models_ml.registry import Registry

    registry = Registry(Home().root)
    earlier = registry.earlier_champion(model)
    _log("model.rollback", model, earlier.version, earlier.bundle_id, reason)
    registry.rollback(model)
    console.print(f"{earlier.bundle_id} is the champion of {model} again; next: `nexus run --force` publishes it", markup=False)


def _log(action: str, model: str, version: str, bundle_id: str, reason: str) -> None:
    """Write the row before anything changes."""
    if not reason.strip():
        raise ReasonRequired("--reason: say in a sentence why; it is kept in the audit log")
    from orchestration.audit_log import record

    with Database(Home()):
        record(action, "model", f"{model}:{version}", after={"bundle_id": bundle_id, "model": model}, reason=reason.strip())


def register(app: typer.Typer) -> None:
    """Add the verbs of this group."""
    app.add_typer(models, name="models", rich_help_panel="Data")
