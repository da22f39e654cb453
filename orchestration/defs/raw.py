"""Raw assets: one sync of the hiring core, imported hiring logs, and the gate that judges every row not accepted yet."""

from collections.abc import Iterator

import dagster as dg

from foundation.settings import Databases, MissingSecret
from ingestion import sync
from ingestion.guards import IngestionSettings, LikelyTruncatedRead, ReconciliationFailed, SourceShapeChanged
from ingestion.sources.hiring_log import TABLES as HIRING_LOG_TABLES
from ingestion.table_specs import SOURCE, TABLE_SPECS
from orchestration.audit_log import NotLogged, record
from orchestration.resources import WHILE_SOURCE_IS_AWAY, WRITER, warehouse
from orchestration.steps import Steps

CORE_KEYS = {f"hiring_core__{spec.name}": dg.AssetKey(["raw", f"hiring_core__{spec.name}"]) for spec in TABLE_SPECS}
BUILD_KEY = dg.AssetKey(["raw", "_build"])
LOG_KEYS = {f"hiring_log__{table}": dg.AssetKey(["raw", f"hiring_log__{table}"]) for table in HIRING_LOG_TABLES}
GATE = "content"

imported_logs = [
    dg.AssetSpec(key, group_name="raw", kinds={"duckdb"}, description="Written by `nexus import --format hiring-log`")
    for key in (*LOG_KEYS.values(), dg.AssetKey(["raw", "hiring_log__sources"]))
]


@dg.multi_asset(
    name="sync_hiring_core",
    specs=[dg.AssetSpec(key, group_name="raw", kinds={"postgres", "duckdb"}) for key in (*CORE_KEYS.values(), BUILD_KEY)],
    pool=WRITER,
    retry_policy=WHILE_SOURCE_IS_AWAY,
)
def sync_hiring_core(context: dg.AssetExecutionContext, steps: dg.ResourceParam[Steps]) -> Iterator[dg.MaterializeResult[None]]:
    """Read every committed change of the hiring core since the last sync, in one snapshot."""
    with steps.step("extract"):
        try:
            _log_overrides()
            report = sync(Databases().url("pipeline"), warehouse())
        except (MissingSecret, NotLogged, SourceShapeChanged, LikelyTruncatedRead, ReconciliationFailed) as error:  # waiting mends none
            raise dg.Failure(description=str(error), allow_retries=False) from error
    context.log.info(f"{report.rows_changed} rows changed, as of {report.as_of}")
    steps.add("rows_extracted", report.rows_changed)
    for table in report.tables:
        yield dg.MaterializeResult(
            asset_key=CORE_KEYS[table.table.removeprefix("raw.")],
            metadata={"inserted": table.inserted, "updated": table.updated, "deleted": table.deleted, "reloaded": table.is_reload},
        )
    yield dg.MaterializeResult(asset_key=BUILD_KEY, metadata={"as_of": str(report.as_of), "batch_id": report.batch_id})


def _log_overrides() -> None:
    """Log what an operator asked of this run beyond its usual course, before it is done."""
    settings = IngestionSettings()
    if settings.reload:
        record("ingestion.full_refresh", "source", SOURCE, reason=settings.reload)
    if settings.accept_source_changes:
        record("ingestion.accept_changes", "source", SOURCE, reason="NEXUS_INGESTION_ACCEPT_SOURCE_CHANGES")


@dg.multi_asset_check(
    name="gate_raw",
    specs=[dg.AssetCheckSpec(GATE, asset=key, blocking=True) for key in (*CORE_KEYS.values(), *LOG_KEYS.values())],
    pool=WRITER,
    can_subset=True,
)
def gate_raw(context: dg.AssetCheckExecutionContext, steps: dg.ResourceParam[Steps]) -> Iterator[dg.AssetCheckResult]:
    """Judge the content of every raw row that no gate has accepted yet; a failure stops everything after it."""
    from data_quality.runner import run_suites

    with steps.step("check"), warehouse().build() as connection:
        results = run_suites(connection)
    steps.add("checks_passed", sum(result.passed for result in results))
    steps.add("checks_failed", sum(not result.passed for result in results))
    for table, key in (CORE_KEYS | LOG_KEYS).items():
        if dg.AssetCheckKey(key, GATE) not in context.selected_asset_check_keys:
            continue
        own = [result for result in results if result.table == table]
        failed = [result for result in own if not result.passed]
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=GATE,
            passed=not failed,
            description="; ".join(result.message for result in failed[:3]) or f"{len(own)} expectations hold",
            metadata={"expectations": len(own), "failed": len(failed), "failing_rows": sum(result.failing_count for result in failed)},
        )
