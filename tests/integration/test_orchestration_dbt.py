"""dbt inside the product's process: what it keeps below the home must survive a change of the checkout."""

import json
import shutil
from pathlib import Path

import pytest

from orchestration import dbt_runner


def test_a_checkout_that_moved_is_parsed_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXUS_HOME", str(tmp_path / "home"))
    before, after = tmp_path / "before", tmp_path / "after"
    shutil.copytree(dbt_runner.PROJECT, before, ignore=shutil.ignore_patterns("target", "logs"))
    monkeypatch.setattr(dbt_runner, "PROJECT", before)
    dbt_runner.manifest_path()
    before.rename(after)
    monkeypatch.setattr(dbt_runner, "PROJECT", after)
    shutil.rmtree(tmp_path / "home" / "dagster" / "manifests")
    nodes = json.loads(dbt_runner.manifest_path().read_text())["nodes"].values()
    assert {node["root_path"] for node in nodes if node["resource_type"] == "seed"} == {str(after)}
