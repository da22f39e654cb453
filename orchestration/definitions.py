"""Everything Dagster knows, in one place. Importing it needs no network, no database and no secret."""

import dagster as dg

from orchestration.automation import EXTRACT, FULL, REFRESH, TRANSFORM, new_source_activity, nightly
from orchestration.defs import alerting, anchoring, private, publishing, raw, training
from orchestration.defs.dbt import dbt_definitions
from orchestration.resources import silent_steps
from orchestration.steps import Steps


def build_definitions(steps: Steps | None = None) -> dg.Definitions:
    """Return the definitions; a caller that wants to follow a run passes its own steps."""
    return dg.Definitions(
        assets=[
            raw.sync_hiring_core,
            *raw.imported_logs,
            *dbt_definitions(),
            private.equity_people,
            training.time_to_hire,
            training.candidate_success,
            training.logged_predictions,
            training.score_live,
            publishing.published,
            private.equity_retention,
            alerting.alerts,
        ],
        asset_checks=[raw.gate_raw],
        jobs=[FULL, EXTRACT, REFRESH, TRANSFORM, alerting.board_reports, anchoring.audit_anchors],
        schedules=[nightly, alerting.mornings, anchoring.hourly],
        sensors=[new_source_activity],
        resources={"steps": steps or silent_steps},
        executor=dg.in_process_executor,
        loggers={"console": dg.colored_console_logger},
    )


defs = build_definitions()
