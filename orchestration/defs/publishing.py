"""The last step: append closed equity periods to the ledger, copy the allow-list, swap the pointer. Or refuse, in one line."""

import dagster as dg
import polars as pl
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from ingestion.bookkeeping import quarantine_counts
from metrics.catalogue import definitions_frame, product_catalogue
from metrics.values import metric_values
from orchestration.audit_log import record
from orchestration.build_record import fingerprint, remember_published, why_not_publishable
from orchestration.defs.training import champions
from orchestration.resources import WRITER, home, source_world, warehouse
from orchestration.steps import Steps
from warehouse.connection import BuildReader, scalar
from warehouse.equity_ledger import append_missing, released_tables
from warehouse.names import REQUIRED_TABLES
from warehouse.publishing import publish


class PublishingSettings(BaseSettings):
    """Settings of publishing, from ``NEXUS_PUBLISHING_*``."""

    model_config = SettingsConfigDict(env_prefix="NEXUS_PUBLISHING_", frozen=True, extra="ignore")

    new_equity_ledger: str = Field(
        "", description="reason to start a new equity ledger though figures were released before; without one publishing refuses"
    )


@dg.asset(
    key=["publishing", "published"],
    group_name="publishing",
    deps=[
        *[table.split(".") for table in sorted(REQUIRED_TABLES)],
        ["private", "equity_release_candidates"],
        ["training", "time_to_hire"],
        ["training", "candidate_success"],
        ["predictions", "logged_predictions"],
        ["predictions", "live_scores"],
    ],
    kinds={"duckdb", "parquet"},
    pool=WRITER,
)
def published(steps: dg.ResourceParam[Steps]) -> dg.MaterializeResult[None]:
    """Publish a new version for readers if every gate has passed; otherwise readers keep the last good one."""
    root = home()
    with steps.step("publish"):
        with warehouse().build() as connection:
            if reason := why_not_publishable(connection):
                raise dg.Failure(description=f"not published: {reason}", allow_retries=False)
            made_from = fingerprint(root, connection)
            as_of = scalar(connection, "select as_of from raw._build")
            candidates = connection.sql("select * from private.equity_release_candidates").pl()
            checks = connection.sql("select * from raw._check_results").pl()
            values = metric_values(BuildReader(connection))
            quarantined = quarantine_counts(connection)
        if new_ledger := PublishingSettings().new_equity_ledger:
            record("equity.new_ledger", "equity_ledger", str(as_of), reason=new_ledger)
        append_missing(root, candidates, new_ledger_reason=new_ledger)
        tables: dict[str, pl.DataFrame] = {
            **released_tables(root),
            "marts.metric_definitions": definitions_frame(product_catalogue()),
            "marts.metric_values": values,
            "marts.check_results": checks,
            "marts.quarantine_counts": quarantined,
        }
        pointer = publish(root, as_of=as_of, bundles=champions(), extra_tables=tables, world=source_world(root))
        remember_published(root, made_from, pointer.publish_version)
    return dg.MaterializeResult(metadata={"publish_version": pointer.publish_version, "as_of": as_of.isoformat()})
