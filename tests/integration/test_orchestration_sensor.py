"""The sensor: silent on a quiet source, one run request when captured tables were written to, a reason when a secret is missing."""

import uuid

import dagster as dg
import psycopg
import pytest

from ingestion.activity import newest_activity
from orchestration.automation import new_source_activity


def add_organisation(owner_url: str) -> None:
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(
            "insert into identity.organisations (id, name, kind, country) values (%s, 'A school', 'school', 'GB')", [uuid.uuid4()]
        )


@pytest.fixture
def pipeline_login(migrated_database, monkeypatch):
    monkeypatch.setenv("NEXUS_DATABASE_PIPELINE_URL", migrated_database.pipeline)
    return migrated_database


def test_activity_mark_changes_with_writes_and_deletes_only(pipeline_login):
    first = newest_activity(pipeline_login.pipeline)
    assert newest_activity(pipeline_login.pipeline) == first
    add_organisation(pipeline_login.owner)
    second = newest_activity(pipeline_login.pipeline)
    assert second != first
    with psycopg.connect(pipeline_login.owner, autocommit=True) as connection:
        connection.execute("delete from identity.organisations")
    assert newest_activity(pipeline_login.pipeline) != second


def test_sensor_asks_for_one_run_per_new_activity(pipeline_login):
    context = dg.build_sensor_context()
    assert isinstance(new_source_activity(context), dg.SkipReason)
    add_organisation(pipeline_login.owner)
    context = dg.build_sensor_context(cursor=context.cursor)
    result = new_source_activity(context)
    assert isinstance(result, dg.SensorResult)
    assert len(result.run_requests) == 1
    assert isinstance(new_source_activity(dg.build_sensor_context(cursor=result.cursor)), dg.SkipReason)


def test_sensor_without_secrets_says_which_file_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("NEXUS_HOME", str(tmp_path))
    reason = new_source_activity(dg.build_sensor_context())
    assert isinstance(reason, dg.SkipReason)
    assert "databases.json" in reason.skip_message
