"""What an operator asks of the pipeline beyond its usual course is in the audit log before it is done, or is not done."""

import getpass
from pathlib import Path

import dagster as dg
import psycopg
import pytest

from nexus.databases import DatabaseUrls
from orchestration.defs.raw import sync_hiring_core
from orchestration.steps import Steps
from warehouse.connection import Warehouse, scalar


def extract() -> bool:
    return dg.materialize([sync_hiring_core], resources={"steps": Steps()}, raise_on_error=False).success


def test_a_full_refresh_is_logged_with_who_and_why_and_does_not_happen_unlogged(
    migrated_database: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEXUS_HOME", str(tmp_path))
    for role in ("owner", "hiring", "pipeline"):
        monkeypatch.setenv(f"NEXUS_DATABASE_{role.upper()}_URL", getattr(migrated_database, role))
    with psycopg.connect(migrated_database.owner, autocommit=True) as connection:
        connection.execute("insert into jobs.channels (id, name, type) values (gen_random_uuid(), 'c', 'direct')")
        assert extract()
        logged = "select actor, actor_type, action, object_id, reason from audit.events order by seq"
        assert connection.execute(logged).fetchall() == []
        with Warehouse(tmp_path).build() as build:
            build.execute("update raw.hiring_core__channels set name = 'altered'")
        monkeypatch.setenv("NEXUS_INGESTION_RELOAD", "Raw was altered by hand")
        monkeypatch.setenv("NEXUS_DATABASE_HIRING_URL", "postgresql://nobody@127.0.0.1:9/nothing")
        assert not extract()
        monkeypatch.setenv("NEXUS_DATABASE_HIRING_URL", migrated_database.hiring)
        assert extract()
        row = (f"operator:{getpass.getuser()}", "system", "ingestion.full_refresh", "hiring_core", "Raw was altered by hand")
        assert connection.execute(logged).fetchall() == [row]
    with Warehouse(tmp_path).build(read_only=True) as build:
        assert scalar(build, "select name from raw.hiring_core__channels") == "c"
