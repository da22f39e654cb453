"""What assets are handed: the steps of the run, and where state lives. Both are asked for when a step runs, never at import."""

from pathlib import Path

import dagster as dg

from foundation.settings import Home
from orchestration.steps import Steps
from warehouse.connection import Warehouse

WRITER = "warehouse_writer"
"""Pool of every asset and check that opens the build file: dagster.yaml limits it to one at a time."""

WHILE_SOURCE_IS_AWAY = dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL)


def home() -> Path:
    """Return NEXUS_HOME."""
    return Home().root


def warehouse() -> Warehouse:
    """Return the build file's warehouse."""
    return Warehouse(home())


def source_world(root: Path) -> str:
    """Return the name of the simulated world the source holds; empty for a real source. It stands beside every K-figure."""
    file = root / "run" / "world"
    return file.read_text().strip() if file.exists() else ""


@dg.resource(description="Times and counts the steps of one run")
def silent_steps() -> Steps:
    """Return steps that nobody listens to: what a run from the UI uses."""
    return Steps()
