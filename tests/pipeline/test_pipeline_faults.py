"""The whole pipeline on a small simulated source: killed at every stage, fed a bad row, starved of a secret. Readers never notice."""

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from simulator import simulate
from tests.support.answers import truth
from tests.support.pipeline_runs import Pipeline, table_digests
from warehouse.connection import read_pointer

UNTIL = datetime(2026, 5, 1, tzinfo=UTC)
SINCE = datetime(2024, 9, 1, tzinfo=UTC)
MARTS = ("marts", "features")


def prepare(home: Path, urls, template_home: Path | None = None) -> Path:
    """Make a home that can run the pipeline: database URLs and the equity key, both readable by the owner alone."""
    secrets = home / "secrets"
    secrets.mkdir(parents=True, exist_ok=True)
    (secrets / "databases.json").write_text(json.dumps(vars(urls)))
    (secrets / "databases.json").chmod(0o600)
    if template_home:
        (secrets / "equity_key").write_text((template_home / "secrets" / "equity_key").read_text())
        (secrets / "equity_key").chmod(0o600)
    return home


@pytest.fixture(scope="module")
def source(new_source, tmp_path_factory):
    """A simulated source, a home that has published it once (the truth the faults are compared with), how that went, and its pipeline."""
    urls = new_source("pipeline_faults")
    home = tmp_path_factory.mktemp("calm")
    prepare(home, urls)
    simulate(urls.owner, home, scale="tiny", since=SINCE, until=UNTIL)
    with closing(Pipeline(home)) as pipeline:
        outcome = pipeline.run()
        assert outcome.failure == ""
        yield urls, home, outcome, pipeline


def current_file(home: Path) -> Path:
    pointer = read_pointer(home)
    assert pointer is not None
    return home / "warehouse" / "published" / f"{pointer.publish_version}.duckdb"


def test_a_run_publishes_and_counts_what_it_did(source):
    _, home, outcome, _ = source
    summary = outcome.summary
    assert summary["changed"]
    assert summary["rows_extracted"] > 1_000
    assert summary["models_built"] > 40
    assert summary["checks_passed"] > 150
    assert {"extract", "check", "transform", "publish", "total"} <= set(summary["seconds"])
    assert current_file(home).exists()


def test_rerun_without_new_data_changes_nothing(source):
    _, home, _, pipeline = source
    before, pointer = table_digests(current_file(home), MARTS), read_pointer(home)
    outcome = pipeline.run()
    assert not outcome.summary["changed"]
    assert read_pointer(home) == pointer
    assert table_digests(current_file(home), MARTS) == before


def test_killed_at_any_stage_then_rerun_gives_the_same_marts(source, tmp_path):
    urls, calm, _, _ = source
    home = prepare(tmp_path / "stormy", urls, calm)
    stages = [("extract", 0.1), ("check", 0.5), ("transform", 2.0), ("equity", 0.05), ("train time to hire", 0.05), ("publish", 0.05)]
    with closing(Pipeline(home)) as pipeline:
        for stage, after in stages:
            outcome = pipeline.run(kill_in=stage, after=after)
            assert outcome.killed_by == signal.SIGKILL, f"{stage} was over before the kill: {outcome}"
            assert read_pointer(home) is None, f"killed in {stage}, yet something was published"
        outcome = pipeline.run()
    assert outcome.failure == ""
    assert list((home / "warehouse" / "published").glob(".draft-*")) == []
    assert table_digests(current_file(home), MARTS) == table_digests(current_file(calm), MARTS)


def test_a_red_gate_publishes_nothing_and_says_what_where_and_how_many(source, tmp_path):
    """A stage name nobody mapped: the gate stays red on rerun, readers keep the last version, the mended source turns it green."""
    urls, calm, _, pipeline = source
    pointer, before = read_pointer(calm), table_digests(current_file(calm), MARTS)
    with psycopg.connect(urls.owner, autocommit=True) as connection:
        application, tenant = connection.execute(
            "select id, tenant_id from applications.applications where status = 'active' order by id limit 1"
        ).fetchone()
        event = connection.execute(
            """insert into applications.stage_events (id, tenant_id, application_id, sequence, to_stage, event_at, recorded_at)
            values (gen_random_uuid(), %s, %s, 9000, 'Nobody mapped this', %s, %s) returning id""",
            [tenant, application, UNTIL, UNTIL],
        ).fetchone()[0]
    for _ in range(2):
        outcome = pipeline.run()
        assert "stage_events" in outcome.failure
        assert "\n" not in outcome.failure
        assert any(character.isdigit() for character in outcome.failure)
        assert read_pointer(calm) == pointer
        assert table_digests(current_file(calm), MARTS) == before
    with psycopg.connect(urls.owner, autocommit=True) as connection:
        connection.execute("alter table applications.stage_events disable trigger append_only")
        connection.execute("delete from applications.stage_events where id = %s", [event])
        connection.execute("alter table applications.stage_events enable trigger append_only")
    outcome = pipeline.run()
    assert outcome.failure == ""
    assert read_pointer(calm) != pointer


def test_missing_secrets_file_is_named_with_its_fix(source):
    _, home, _, pipeline = source
    file = home / "secrets" / "databases.json"
    kept = file.read_text()
    file.unlink()
    try:
        outcome = pipeline.run()
        assert "databases.json" in outcome.failure
        assert "is missing" in outcome.failure
    finally:
        file.write_text(kept)
        file.chmod(0o600)


def test_a_source_without_rows_is_told_and_publishes_nothing(new_source, tmp_path):
    home = prepare(tmp_path / "empty", new_source("pipeline_empty"))
    with closing(Pipeline(home)) as pipeline:
        outcome = pipeline.run()
    assert "hold no rows yet" in outcome.failure
    assert read_pointer(home) is None


def test_planted_bottleneck_is_found_in_what_was_published_and_another_one_is_not(source, tmp_path):
    _, home, _, _ = source
    for part in ("truth", "warehouse/published"):
        shutil.copytree(home / part, tmp_path / part)
    shutil.copy(home / "CURRENT", tmp_path)
    code, found = truth(tmp_path)
    slowest = found["findings"][2]
    assert (slowest["is_hit"], slowest["published"]) == (True, "interview"), found
    assert all(finding["lower"] <= finding["value"] <= finding["upper"] for finding in found["findings"])
    assert code == (1 if found["misses"] else 0)
    effects = json.loads((tmp_path / "truth" / "effects.json").read_text())
    effects["bottleneck_stage"] = "screen"
    (tmp_path / "truth" / "effects.json").write_text(json.dumps(effects))
    code, found = truth(tmp_path)
    assert code == 1
    assert not found["findings"][2]["is_hit"]


def test_a_home_without_an_answer_key_says_so(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "nexus", "truth"], env=os.environ | {"NEXUS_HOME": str(tmp_path)}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "holds no answer key" in done.stderr
