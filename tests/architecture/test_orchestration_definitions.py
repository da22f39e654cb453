"""What must hold for Dagster's definitions as a whole."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from warehouse.names import Layer

ROOT = Path(__file__).parents[2]
OFFLINE = """
import socket
def refuse(*arguments, **options):
    raise OSError("no network here")
socket.socket.connect = refuse
import orchestration.definitions
print(len(list(orchestration.definitions.defs.resolve_all_asset_specs())))
"""


@pytest.fixture(scope="module")
def definitions(tmp_path_factory):
    os.environ["NEXUS_HOME"] = str(tmp_path_factory.mktemp("home"))
    from orchestration.definitions import build_definitions

    yield build_definitions()
    del os.environ["NEXUS_HOME"]


def test_definitions_import_without_network_secret_or_database(tmp_path):
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NEXUS_HOME": str(tmp_path / "home")}
    result = subprocess.run([sys.executable, "-c", OFFLINE], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-2000:]
    assert int(result.stdout.split()[-1]) > 60


def test_the_code_server_can_load_every_job(definitions):
    definitions.get_repository_def().load_all_definitions()  # what it does at its start: names must not clash


def test_every_step_that_may_open_the_build_file_is_in_the_writer_pool(definitions):
    graph = definitions.resolve_asset_graph()
    steps = {definition.node_def.name: definition.node_def for definition in graph.assets_defs if definition.is_executable}
    assert {name for name, node in steps.items() if node.pools != {"warehouse_writer"}} == set()


def test_pools_hold_one_step_at_a_time():
    instance = (ROOT / "orchestration" / "dagster.yaml").read_text()
    assert "default_limit: 1" in instance
    assert "granularity: op" in instance


def test_every_raw_table_has_a_blocking_gate(definitions):
    graph = definitions.resolve_asset_graph()
    switches = {"_build", "hiring_log__sources"}  # written by us, not read from a source
    raw = {key for key in graph.get_all_asset_keys() if key.path[0] == "raw" and key.path[1] not in switches}
    gated = {key.asset_key for key in graph.asset_check_keys if graph.get_check_spec(key).blocking}
    assert raw <= gated


def test_asset_keys_begin_with_a_layer(definitions):
    layers = {layer.value for layer in Layer} | {"training", "publishing"}
    keys = definitions.resolve_asset_graph().get_all_asset_keys()
    assert {key.to_user_string() for key in keys if key.path[0] not in layers} == set()


def test_every_asset_leads_to_publishing_or_is_named_as_a_leaf(definitions):
    graph = definitions.resolve_asset_graph()
    published = dg.AssetKey(["publishing", "published"])
    upstream = set(graph.get_ancestor_asset_keys(published)) | {published}
    marts = {key for key in graph.get_all_asset_keys() if key.path[0] in {"marts", "features"}}
    assert marts <= upstream
