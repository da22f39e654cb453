"""dbt's models as assets and its tests as checks: the open part first, the private equity part after the survey answers are joined."""

import json
from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets

from orchestration.build_record import record_transform
from orchestration.dbt_runner import build, manifest_path
from orchestration.resources import WRITER, warehouse
from orchestration.steps import Steps
from orchestration.translator import LayerTranslator

PRIVATE = "config.schema:private"


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
    with steps.step(step):
        with warehouse().lock():
            outcome = build(context, manifest)
        with warehouse().build() as connection:
            record_transform(
                connection,
                is_whole=step == "transform" and not context.is_subset,
                succeeded=outcome.failure is None,
                message=outcome.failure or "",
                results=outcome.tests,
            )
    steps.add("models_built", sum(isinstance(event, dg.Output) for event in outcome.events))
    steps.add("checks_passed", sum(passed for _, _, passed, _, _ in outcome.tests))
    yield from outcome.events
    if outcome.failure:
        raise dg.Failure(description=outcome.failure, allow_retries=False)
