"""dbt's models as assets and its tests as checks: the open part first, the private equity part after the survey answers are joined."""

import json
from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets

from orchestration.dbt_runner import build, manifest_path
from orchestration.resources import WRITER, warehouse
from orchestration.steps import Steps
from orchestration.translator import LayerTranslator

PRIVATE = "path:models/private"


def dbt_definitions() -> list[dg.AssetsDefinition]:
    """Return the assets of the dbt project as its files are now; needs no database and no network."""
    manifest: dict[str, Any] = json.loads(manifest_path().read_text())

    @dbt_assets(manifest=manifest, name="transform", exclude=PRIVATE, dagster_dbt_translator=LayerTranslator(), pool=WRITER)
    def transform(context: dg.AssetExecutionContext, steps: dg.ResourceParam[Steps]) -> Iterator[Any]:
        """Build staging, intermediate, marts and features, testing each before what depends on it."""
        yield from _build(context, manifest, steps, "transform")

    @dbt_assets(manifest=manifest, name="equity_candidates", select=PRIVATE, dagster_dbt_translator=LayerTranslator(), pool=WRITER)
    def equity_candidates(context: dg.AssetExecutionContext, steps: dg.ResourceParam[Steps]) -> Iterator[Any]:
        """Compute the noisy figures of closed periods that the ledger lacks."""
        yield from _build(context, manifest, steps, "equity")

    return [transform, equity_candidates]


def _build(context: dg.AssetExecutionContext, manifest: dict[str, Any], steps: Steps, step: str) -> Iterator[Any]:
    with steps.step(step), warehouse().lock():
        events = list(_reported(build(context, manifest)))
    for event in events:
        if isinstance(event, dg.Failure):
            raise event
        if isinstance(event, dg.AssetCheckResult):
            steps.add("checks_passed" if event.passed else "checks_failed", 1)
        elif isinstance(event, dg.Output):
            steps.add("models_built", 1)
        yield event


def _reported(events: Iterator[Any]) -> Iterator[Any]:
    """Yield every event and, last, the failure instead of raising it: results before it must still reach Dagster."""
    try:
        yield from events
    except dg.Failure as failure:
        yield failure
