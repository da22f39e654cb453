"""Every source column that staging reads exists where it is said to come from, and none of them is personal."""

from typing import Any

import pytest
import yaml

from ingestion.sources.hiring_log.tables import LOG_TABLES
from ingestion.table_specs import TABLE_SPECS
from tests.support.dbt_runs import PROJECT
from tests.support.source_ddl import source_columns


def _declared(source: str) -> dict[str, set[str]]:
    (file,) = PROJECT.glob(f"models/staging/{source}/*__sources.yml")
    tables: list[dict[str, Any]] = yaml.safe_load(file.read_text())["sources"][0]["tables"]
    return {table["name"]: {column["name"] for column in table["columns"]} for table in tables}


@pytest.mark.parametrize("table", sorted(_declared("hiring_core")))
def test_hiring_core_column_exists_and_leaves_the_source(table: str) -> None:
    wanted = _declared("hiring_core")[table]
    assert wanted <= source_columns()[table]
    (spec,) = [spec for spec in TABLE_SPECS if spec.name == table]
    assert not wanted & set(spec.personal), "a personal column never leaves the source"


@pytest.mark.parametrize("table", sorted(set(_declared("hiring_log")) - {"sources"}))
def test_hiring_log_column_exists(table: str) -> None:
    (spec,) = [spec for spec in LOG_TABLES if spec.name == table]
    assert _declared("hiring_log")[table] <= {column.name for column in spec.columns} | {"tenant_id", "recorded_at"}
