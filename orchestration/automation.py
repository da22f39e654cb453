"""When the pipeline runs by itself: every night, and soon after the source has seen new activity."""

import dagster as dg

from foundation.settings import Databases, MissingSecret
from ingestion.activity import newest_activity
from orchestration.defs.raw import gate_raw
from warehouse.names import REQUIRED_TABLES

_GATE = dg.AssetSelection.checks(gate_raw)  # named: imported logs have no step of their own, so their checks would be left out
_RAW = dg.AssetSelection.groups("raw") | _GATE
FULL = dg.define_asset_job("full", selection=dg.AssetSelection.all() | _GATE, description="Extract, check, transform, train, publish")
EXTRACT = dg.define_asset_job("extract", selection=_RAW, description="Extract and check; build nothing")
REFRESH = dg.define_asset_job(
    "refresh", selection=dg.AssetSelection.all() - _RAW, description="Transform, train, publish what was extracted"
)
TRANSFORM = dg.define_asset_job(
    "as_of",
    selection=dg.AssetSelection.assets(*[table.split(".") for table in sorted(REQUIRED_TABLES)]).upstream() - _RAW,
    description="Transform what was extracted; train and publish nothing",
)

nightly = dg.ScheduleDefinition(
    name="nightly", job=FULL, cron_schedule="0 2 * * *", execution_timezone="UTC", default_status=dg.DefaultScheduleStatus.RUNNING
)


@dg.sensor(job=FULL, minimum_interval_seconds=300, default_status=dg.DefaultSensorStatus.RUNNING)
def new_source_activity(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Start a run when transactions have written to captured tables since the last look, at most every five minutes."""
    try:
        mark = newest_activity(Databases().url("pipeline"))
    except MissingSecret as error:
        return dg.SkipReason(str(error))
    if context.cursor is None or mark == context.cursor:
        context.update_cursor(mark)
        return dg.SkipReason("no new activity in the hiring core")
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=mark)], cursor=mark)
