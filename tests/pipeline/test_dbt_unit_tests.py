"""Every golden example written beside a model holds, and so do the data tests of a build."""

from pathlib import Path

import pytest

from tests.support.dbt_builds import copied
from tests.support.dbt_runs import build_duckdb, run_dbt

pytestmark = pytest.mark.xdist_group("dbt")


def test_golden_examples_beside_the_models_hold(tiny_raw: Path, tmp_path: Path) -> None:
    build = copied(tiny_raw, tmp_path)
    build_duckdb(build)
    environment = {"NEXUS_WAREHOUSE_BUILD": str(build)}
    result = run_dbt("test", "--select", "test_type:unit", folder=tmp_path, environment=environment)
    assert len(result.result.results) >= 20
