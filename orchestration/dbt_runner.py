"""dbt inside this process: build a selection, report each node to Dagster, let go of the warehouse afterwards.

What belongs here: calling dbt and translating its events. What doesn't: which nodes exist (dbt_project) or when they run (defs).
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from foundation.settings import Home
from orchestration.translator import LayerTranslator
from warehouse.connection import WarehouseSettings

PROJECT = Path(__file__).resolve().parents[1] / "dbt_project"


def project_digest() -> str:
    """Return a digest of every file of the dbt project: the same digest, the same transformation."""
    digest = hashlib.sha256()
    for file in sorted(PROJECT.rglob("*")):
        relative = file.relative_to(PROJECT)
        if file.is_file() and relative.parts[0] not in {"target", "logs", "dbt_packages"} and not relative.name.startswith("."):
            digest.update(str(relative).encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:20]


def _target(home: Path) -> Path:
    """Return dbt's folder, without a parse kept from a checkout elsewhere: it names files that may be gone."""
    target = home / "dagster" / "dbt"
    parsed_from = target / "parsed_from"
    if not parsed_from.exists() or parsed_from.read_text() != str(PROJECT):
        target.mkdir(parents=True, exist_ok=True)
        (target / "partial_parse.msgpack").unlink(missing_ok=True)
        parsed_from.write_text(str(PROJECT))
    return target


def _arguments(home: Path) -> list[str]:
    target = _target(home)
    return [
        "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target", "duckdb",
        "--target-path", str(target), "--log-path", str(home / "logs"), "--no-send-anonymous-usage-stats", "--quiet",
        "--log-level-file", "info",  # dbt's own default, every statement and more, took half of a small build
    ]  # fmt: skip


def _invoke(home: Path, command: list[str], callbacks: list[Any] | None = None) -> Any:
    from dbt.adapters.factory import reset_adapters
    from dbt.cli.main import dbtRunner

    settings = WarehouseSettings()
    os.environ["NEXUS_WAREHOUSE_BUILD"] = str(home / "warehouse" / "build.duckdb")
    os.environ["NEXUS_WAREHOUSE_MEMORY_LIMIT"] = settings.memory_limit
    os.environ["NEXUS_WAREHOUSE_THREADS"] = str(settings.threads)
    try:
        return dbtRunner(callbacks=callbacks or []).invoke([*command, *_arguments(home)])
    finally:
        _close_connections()
        reset_adapters()


def _close_connections() -> None:
    """dbt keeps DuckDB's file lock until its environment is closed."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()


def manifest_path() -> Path:
    """Return the manifest of the project as it is now, parsed anew when a file changed. Needs no database."""
    home = Home().root
    folder = home / "dagster" / "manifests"
    manifest = folder / f"{project_digest()}.json"
    if not manifest.exists():
        folder.mkdir(parents=True, exist_ok=True)
        (home / "warehouse").mkdir(parents=True, exist_ok=True)
        result = _invoke(home, ["parse"])
        if not result.success:
            raise RuntimeError(f"dbt could not parse the project: {result.exception}")
        draft = manifest.with_suffix(f".{os.getpid()}")
        draft.write_bytes((home / "dagster" / "dbt" / "manifest.json").read_bytes())
        draft.replace(manifest)
        for old in folder.glob("*.json"):
            if old != manifest:
                old.unlink(missing_ok=True)
    return manifest


@dataclass(frozen=True)
class Build:
    """Outcome of one ``dbt build``.

    Attributes:
        events: an output for each model and a check result for each test, for Dagster.
        tests: (check, table, passed, failing rows, message) of each test.
        failure: what failed, in one line; None when everything passed.
    """

    events: list[Any]
    tests: list[tuple[Any, ...]]
    failure: str | None


def build(context: dg.AssetExecutionContext, manifest: dict[str, Any]) -> Build:
    """Run ``dbt build`` on what the context selects; a failure is returned, so that what had been built is still reported."""
    from dagster_dbt.asset_utils import get_subset_selection_for_context
    from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage
    from google.protobuf.json_format import MessageToDict

    translator = LayerTranslator()
    selection, indirect = get_subset_selection_for_context(
        context=context,
        manifest=manifest,
        select=context.op.tags.get("dagster_dbt/select"),
        exclude=context.op.tags.get("dagster_dbt/exclude"),
        selector=None,
        dagster_dbt_translator=translator,
        current_dbt_indirect_selection_env=None,
    )
    events: list[dict[str, Any]] = []

    def keep(message: Any) -> None:
        if message.info.name in {"LogModelResult", "LogSeedResult", "LogTestResult", "LogSnapshotResult"}:
            events.append(MessageToDict(message, preserving_proto_field_name=True))

    # The golden examples beside the models belong to the tests of the project, not to a run of it.
    command = ["build", "--exclude-resource-type", "unit_test", *selection, *(["--indirect-selection", indirect] if indirect else [])]
    result = _invoke(Home().root, command, [keep])
    reports = [
        report
        for event in events
        for report in DbtCoreCliEventMessage(raw_event=event, event_history_metadata={}).to_default_asset_events(
            manifest=manifest, dagster_dbt_translator=translator, context=context
        )
    ]
    return Build(reports, _tests(result), None if result.success else _failure_line(result))


def _tests(result: Any) -> list[tuple[Any, ...]]:
    """Return (check, table, passed, failing rows, message) of every test that ran."""
    return [
        (
            node.node.name,
            (getattr(node.node, "attached_node", None) or "").rpartition(".")[2],
            node.status == "pass",
            node.failures or 0,
            "" if node.status == "pass" else f"{node.node.name}: {node.failures} rows",
        )
        for node in (result.result or [])
        if getattr(node.node, "resource_type", "") == "test" and node.status != "skipped"
    ]


def _failure_line(result: Any) -> str:
    if result.exception or not result.result:
        return f"dbt could not run: {result.exception}"
    failed = [node for node in result.result if node.status in {"error", "fail", "runtime error"}]
    shown = "; ".join(
        f"{node.node.name}: {node.failures} rows" if node.failures else f"{node.node.name}: {str(node.message).splitlines()[0]}"
        for node in failed[:5]
    )
    return f"dbt: {len(failed)} of {len(result.result)} nodes failed: {shown}"
