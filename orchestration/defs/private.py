"""The private step: survey answers meet cohorts in memory, and only figures-to-be leave it; released answers are deleted in time."""

import dagster as dg

from foundation import clock
from foundation.settings import Databases
from ingestion.equity import build_equity_people
from ingestion.equity_audit import remove_expired_packs
from ingestion.equity_retention import delete_released
from orchestration.resources import WHILE_SOURCE_IS_AWAY, WRITER, home, warehouse
from orchestration.steps import Steps


@dg.asset(
    key=["private", "equity_people"],
    group_name="private",
    deps=[["intermediate", "int_application_outcomes"], ["marts", "mart_equity_cohorts"]],
    kinds={"duckdb"},
    pool=WRITER,
    retry_policy=WHILE_SOURCE_IS_AWAY,
)
def equity_people(steps: dg.ResourceParam[Steps]) -> dg.MaterializeResult[None]:
    """Join answers to the people of closed, unreleased periods under the equity key; keep no id but the school's."""
    with steps.step("equity"), warehouse().build() as connection:
        people = build_equity_people(Databases().url("pipeline"), connection, home())
    return dg.MaterializeResult(metadata={"people": people})


@dg.asset(
    key=["private", "equity_retention"],
    group_name="private",
    deps=[["publishing", "published"]],
    pool=WRITER,
    retry_policy=WHILE_SOURCE_IS_AWAY,
)
def equity_retention(steps: dg.ResourceParam[Steps]) -> dg.MaterializeResult[None]:
    """Delete answers 30 days after the last release that needs them, unless a logged audit does, and expired audit packs."""
    with steps.step("equity"), warehouse().build() as connection:
        found = delete_released(Databases().url("pipeline"), connection, home(), clock.now())
    remove_expired_packs(home(), clock.now().date())
    return dg.MaterializeResult(metadata={"deleted": found.deleted_count, "kept_people": found.people_count - found.due_count})
