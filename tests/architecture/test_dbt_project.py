"""The house rules of the dbt project, read from its manifest: layers, contracts, documentation, features without leaks."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.dbt_runs import PROJECT, run_dbt
from tests.support.source_ddl import source_columns
from warehouse.names import Layer

CLOCKS = re.compile(
    r"\b(now|today|getdate|sysdate|clock_timestamp|statement_timestamp|transaction_timestamp|get_current_timestamp)\s*\("
    r"|\bcurrent_(date|time|timestamp)\b|\blocaltime(stamp)?\b|run_started_at|modules\.datetime",
    re.IGNORECASE,
)
PROTECTED = re.compile(
    r"\b(gender|sex|ethnicity|race|age_band|disability|veteran|religio\w*|nationality|postcode|given_name|family_name|photo\w*"
    r"|email\w*|phone\w*|graduation_year|dei_key|birth\w*)\b",
    re.IGNORECASE,
)
PUBLIC = ("marts", "features")


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("dbt_manifest")
    manifest = run_dbt("parse", folder=folder, environment={"NEXUS_WAREHOUSE_BUILD": str(folder / "build.duckdb")}).result
    return {**manifest.nodes, **manifest.unit_tests, **manifest.exposures, **manifest.sources}


def _models(nodes: dict[str, Any], *layers: str) -> Iterator[Any]:
    return (node for node in nodes.values() if node.resource_type == "model" and node.schema in layers)


def _ancestors(nodes: dict[str, Any], node: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    waiting = list(node.depends_on.nodes)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = nodes[name]
            waiting += getattr(getattr(nodes[name], "depends_on", None), "nodes", [])
    return found


def test_schema_of_a_model_is_its_folder_and_a_layer(nodes: dict[str, Any]) -> None:
    layers = {str(layer) for layer in Layer}
    for model in (node for node in nodes.values() if node.resource_type == "model"):
        assert model.schema == model.path.split("/")[0]
        assert model.schema in layers


def test_nobody_asks_the_clock() -> None:
    files = [file for file in PROJECT.rglob("*") if file.suffix in {".sql", ".yml"} and file.relative_to(PROJECT).parts[0] != "target"]
    assert len(files) > 80
    code = {file: re.sub(r"--[^\n]*|\{#.*?#\}", "", file.read_text(), flags=re.DOTALL) for file in files if file.suffix == ".sql"}
    told = {str(file.relative_to(PROJECT)): match.group() for file, text in code.items() if (match := CLOCKS.search(text))}
    assert not told
    assert CLOCKS.search("select now ( )")
    assert CLOCKS.search("where d < current_date")


def test_public_table_has_contract_grain_key_nuance_and_owner(nodes: dict[str, Any]) -> None:
    models = list(_models(nodes, *PUBLIC))
    assert len(models) >= 20
    for model in models:
        assert model.config.contract.enforced, model.name
        assert re.search(r"Grain: .+ Key: .+ Nuance: .+", model.description.replace("\n", " ")), model.name
        assert model.config.meta.get("owner"), model.name
        assert all(column.description and column.data_type for column in model.columns.values()), model.name
        assert "source_system" in model.columns, model.name


def test_public_table_has_key_test_and_exposure(nodes: dict[str, Any]) -> None:
    keyed = {test.attached_node for test in nodes.values() if test.resource_type == "test" and test.name.startswith("unique")}
    shown = {name for exposure in nodes.values() if exposure.resource_type == "exposure" for name in exposure.depends_on.nodes}
    for model in _models(nodes, *PUBLIC):
        assert model.unique_id in keyed, model.name
        assert model.unique_id in shown, model.name


def test_every_mart_has_a_golden_example(nodes: dict[str, Any]) -> None:
    examples = {name for example in nodes.values() if example.resource_type == "unit_test" for name in example.depends_on.nodes}
    for model in _models(nodes, "marts"):
        assert model.unique_id in examples, model.name


def test_documentation_lies_beside_the_models(nodes: dict[str, Any]) -> None:
    for model in (node for node in nodes.values() if node.resource_type == "model"):
        assert model.patch_path, f"{model.name} is described nowhere"
        file = Path(model.patch_path.split("://")[1])
        assert file.name == f"_{file.parent.name}__models.yml", model.name


def test_features_descend_from_no_protected_attribute(nodes: dict[str, Any]) -> None:
    for feature in _models(nodes, "features"):
        ancestors = _ancestors(nodes, feature)
        assert len(ancestors) > 20
        for name, node in {feature.unique_id: feature, **ancestors}.items():
            assert node.schema != "private", name
            assert "equity" not in name, name
            code = re.sub(r"--[^\n]*", "", getattr(node, "raw_code", None) or "")
            assert not PROTECTED.search(code), (name, PROTECTED.findall(code))
            assert not [column for column in node.columns if PROTECTED.fullmatch(column)], name


def test_feature_contract_names_what_features_may_read(nodes: dict[str, Any]) -> None:
    source = source_columns()
    for feature in _models(nodes, "features"):
        reads = feature.config.meta["reads"]
        assert set(reads) == {"events", "once", "immutable"}
        staged = {node.name: node for node in _ancestors(nodes, feature).values() if node.name.startswith("stg_hiring_core__")}
        for table, columns in ((table, columns) for kind in reads.values() for table, columns in kind.items()):
            assert table in staged, f"{feature.name} does not read {table}"
            code = staged[table].raw_code
            assert all(re.search(rf"\b{column}\b", code) for column in columns), (table, columns)
            assert not {"status", "current_stage", "terminal_at", "updated_at"} & set(columns)
            assert table.removeprefix("stg_hiring_core__") in source


def test_feature_models_name_no_current_state(nodes: dict[str, Any]) -> None:
    """What a row says comes from events; only the choice of the `current` rows may look at the present."""
    state = re.compile(
        r"\b(current_stage|terminal_at|terminal_side|reached_rank|updated_at)\b|\b(applications|jobs|hires|openings)\.status\b"
    )
    read_by_features = {"int_application_milestones", "int_application_spells_known", "int_openings_known", "int_tenant_openings_changed"}
    read_by_features |= {"int_opening_landmarks", "int_application_landmarks"}
    models = [node for node in _models(nodes, "features", "intermediate") if node.schema == "features" or node.name in read_by_features]
    assert len(models) == len(read_by_features) + 2
    for model in models:
        assert not state.search(re.sub(r"--[^\n]*", "", model.raw_code)), model.name
