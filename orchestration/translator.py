"""Names: how dbt's nodes appear among Dagster's assets. The layer is the first part of every key."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings


class LayerTranslator(DagsterDbtTranslator):
    """Keys are ``<layer>/<table>``, groups are layers, owners come from each model's ``meta.owner``."""

    def __init__(self) -> None:
        super().__init__(settings=DagsterDbtTranslatorSettings(enable_asset_checks=True, enable_dbt_selection_by_name=False))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Return ``<schema>/<table>``: dbt's schemas are the layers."""
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props.get("identifier") or dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Return the layer."""
        return str(dbt_resource_props["schema"])
