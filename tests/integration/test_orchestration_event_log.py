"""The event log of the pipeline's runs: our connections, Dagster's files."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from orchestration import event_log

ROOT = Path(__file__).parents[2]


@dg.asset
def something() -> int:
    return 1


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    shutil.copy(ROOT / "orchestration" / "dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as opened:
        yield opened


def test_dagsters_own_class_reads_every_event_of_more_runs_than_files_stay_open(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(event_log, "_KEPT", 2)
    assert isinstance(instance.event_log_storage, event_log.EventLog)
    runs = [dg.materialize([something], instance=instance) for _ in range(3)]
    theirs = SqliteEventLogStorage(str(tmp_path / "history" / "runs"))
    for run in runs:
        kept = [record.event_log_entry.message for record in theirs.get_records_for_run(run.run_id).records]
        assert len(kept) > 5
        assert kept == [record.event_log_entry.message for record in instance.get_records_for_run(run.run_id).records]
    materialized = instance.fetch_materializations(dg.AssetKey("something"), limit=10).records
    assert {record.run_id for record in materialized} == {run.run_id for run in runs}
