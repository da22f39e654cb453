"""The private step: survey answers meet cohorts in memory, and only figures-to-be leave it."""

import dagster as dg

from foundation.settings import Databases
from ingestion.equity import build_equity_people
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
