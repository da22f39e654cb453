"""Every golden example written beside a model holds."""

from pathlib import Path

from tests.support.dbt_builds import copied
from tests.support.dbt_runs import run_dbt


def test_golden_examples_beside_the_models_hold(tiny_built: Path, tmp_path: Path) -> None:
    build = copied(tiny_built, tmp_path)  # dbt reads the types of the examples' columns from built tables
    result = run_dbt("test", "--select", "test_type:unit", folder=tmp_path, environment={"NEXUS_WAREHOUSE_BUILD": str(build)})
    assert len(result.result.results) >= 20
