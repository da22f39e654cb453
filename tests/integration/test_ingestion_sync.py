"""What a sync carries, what it refuses and what it survives, against a real source."""

import uuid
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from ingestion import LikelyTruncatedRead, SourceShapeChanged, SourceUnavailable, sync
from nexus.databases import DatabaseUrls, login_urls
from tests.support.postgres import PASSWORDS
from tests.support.source_rows import raw_rows, source_rows, specs_of
from warehouse.connection import Warehouse, scalar

CHANNELS = specs_of("channels")
SENTINEL = "Zxqv-Sentinel"


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path)


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def add_channels(url: str, count: int) -> None:
    run(url, f"insert into jobs.channels (id, name, type) select gen_random_uuid(), 'c' || i, 'direct' from generate_series(1, {count}) i")


def names(warehouse: Warehouse) -> set[str]:
    with warehouse.build() as connection:
        return {row[0] for row in connection.execute("select name from raw.hiring_core__channels").fetchall()}


def test_every_captured_table_arrives_and_a_second_sync_changes_nothing(migrated_database: DatabaseUrls, warehouse: Warehouse) -> None:
    add_channels(migrated_database.owner, 3)
    steps: list[tuple[str, int, int]] = []
    first = sync(migrated_database.pipeline, warehouse, lambda *step: steps.append(step))
    second = sync(migrated_database.pipeline, warehouse)
    assert (first.rows_changed, first.changed, second.changed, second.batch_id) == (3, True, False, first.batch_id)
    assert steps[-1][1:] == (30, 30)
    with warehouse.build() as connection:
        tables = connection.execute("select table_name from duckdb_tables() where schema_name = 'raw'").fetchall()
        build = connection.execute("select as_of = known_at, batch_id from raw._build").fetchall()
    assert {"hiring_core__applications", "hiring_core__applications__history", "hiring_log__hires", "_quarantine"} <= {t for (t,) in tables}
    assert "hiring_core__stage_events__history" not in {t for (t,) in tables}
    assert build == [(True, first.batch_id)]


def test_values_that_the_arrow_driver_would_spoil_arrive_intact(migrated_database: DatabaseUrls, warehouse: Warehouse) -> None:
    run(
        migrated_database.owner,
        "create type jobs.colour as enum ('red', 'blue')",
        "alter table jobs.channels add amount numeric(30, 10), add colour jobs.colour, add grid text[], add tags text[],"
        " add seen timestamptz, add address inet, add extra jsonb",
        "grant select (amount, colour, grid, tags, seen, address, extra) on jobs.channels to warehouse_reader",
        "insert into jobs.channels (id, name, type, amount, colour, grid, tags, seen, address, extra) values (gen_random_uuid(), 'n',"
        " 'direct', 12345678901234567890.0123456789, 'blue', '{{a,b},{c,d}}', '{x,NULL}', 'infinity', '10.0.0.1', '{\"a\": 1}')",
    )
    sync(migrated_database.pipeline, warehouse, specs=CHANNELS)
    with warehouse.build() as connection:
        row = connection.execute("select amount, colour, grid, tags, seen, address, extra from raw.hiring_core__channels").fetchall()
    assert row == [
        ("12345678901234567890.0123456789", "blue", ['[["a", "b"], ["c", "d"]]'], ["x", None], None, "10.0.0.1/32", '{"a": 1}'),
    ]


def test_personal_columns_reach_no_byte_of_the_build_whatever_the_login_may_read(
    migrated_database: DatabaseUrls, warehouse: Warehouse
) -> None:
    run(
        migrated_database.owner,
        "insert into candidates.candidates (id, given_name, family_name, email_encrypted, email_hash, phone_encrypted, country)"
        f" values (gen_random_uuid(), '{SENTINEL}', '{SENTINEL}', '{SENTINEL}', '{SENTINEL}', '{SENTINEL}', 'GB')",
    )
    run(
        migrated_database.owner,
        "insert into assessments.resume_parses (id, tenant_id, application_id, state, match_score, completed_at, result, error)"
        " select gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'done', 0.75, now(),"
        f" to_jsonb('{SENTINEL}'::text), '{SENTINEL}'",
    )
    for url in (migrated_database.pipeline, migrated_database.owner):
        sync(url, warehouse)
    with warehouse.build() as connection:
        assert connection.execute("select match_score::double from raw.hiring_core__resume_parses").fetchall() == [(0.75,)]
        columns = {row[0] for row in connection.execute("describe raw.hiring_core__candidates").fetchall()}
        assert scalar(connection, "select count(*) from raw.hiring_core__candidates") == 1
    assert not columns & {"given_name", "family_name", "email_encrypted", "email_hash", "phone_encrypted"}
    for file in (file for file in warehouse.root.rglob("*") if file.is_file()):
        assert SENTINEL.encode() not in file.read_bytes()


def test_every_version_seen_of_a_mutable_row_is_kept(migrated_database: DatabaseUrls, warehouse: Warehouse) -> None:
    key = uuid.uuid4()
    for statement in (
        f"insert into jobs.channels (id, name, type) values ('{key}', 'one', 'direct')",
        "update jobs.channels set name = 'two'",
        "update jobs.channels set name = name",
        "delete from jobs.channels",
    ):
        run(migrated_database.owner, statement)
        sync(migrated_database.pipeline, warehouse, specs=CHANNELS)
    with warehouse.build() as connection:
        versions = connection.execute("select name, _op from raw.hiring_core__channels__history order by _batch_id").fetchall()
    assert versions == [("one", "insert"), ("two", "update"), ("two", "delete")]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("alter table jobs.channels drop column name", "jobs.channels.name is gone"),
        ("alter table jobs.channels rename name to title", "jobs.channels.name is gone (new in the same table: title)"),
        ("alter table jobs.channels alter name type jsonb using to_jsonb(name)", "jobs.channels.name was text and is now jsonb"),
        ("revoke select (name) on jobs.channels from warehouse_reader", "jobs.channels.name can no longer be read"),
        ("alter table jobs.channels rename to canals", "table jobs.channels is missing"),
    ],
)
def test_a_lost_or_retyped_column_fails_by_its_name_and_leaves_raw_as_it_was(
    migrated_database: DatabaseUrls, warehouse: Warehouse, change: str, named: str
) -> None:
    add_channels(migrated_database.owner, 2)
    sync(migrated_database.pipeline, warehouse, specs=CHANNELS)
    run(migrated_database.owner, change)
    if "rename" in change and "title" in change:
        run(migrated_database.owner, "grant select (title) on jobs.channels to warehouse_reader")
    with pytest.raises(SourceShapeChanged) as refusal:
        sync(migrated_database.pipeline, warehouse, specs=CHANNELS)
    assert named in str(refusal.value)
    assert names(warehouse) == {"c1", "c2"}


def test_a_retyped_column_is_taken_over_once_accepted_and_old_versions_stay(
    migrated_database: DatabaseUrls, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_channels(migrated_database.owner, 2)
    batch = sync(migrated_database.pipeline, warehouse, specs=CHANNELS).batch_id + 1
    run(migrated_database.owner, "alter table jobs.channels alter name type uuid using gen_random_uuid()")
    monkeypatch.setenv("NEXUS_INGESTION_ACCEPT_SOURCE_CHANGES", "true")
    sync(migrated_database.pipeline, warehouse, specs=CHANNELS)
    assert raw_rows(warehouse, CHANNELS[0]) == source_rows(migrated_database.pipeline, CHANNELS[0])
    with warehouse.build() as connection:
        assert scalar(connection, f"select count(*) from raw.hiring_core__channels__history_until_{batch} where name in ('c1', 'c2')") == 2


def test_a_column_without_grant_is_left_out_and_one_with_grant_appears_with_its_values(
    migrated_database: DatabaseUrls, warehouse: Warehouse
) -> None:
    add_channels(migrated_database.owner, 2)
    sync(migrated_database.pipeline, warehouse, specs=CHANNELS)
    run(
        migrated_database.owner,
        "alter table jobs.channels add shown text default 'yes', add hidden text default 'no'",
        "grant select (shown) on jobs.channels to warehouse_reader",
    )
    report = sync(migrated_database.pipeline, warehouse, specs=CHANNELS).tables[0]
    assert (report.is_reload, report.reason, report.updated) == (True, "new column shown", 2)
    with warehouse.build() as connection:
        assert connection.execute("select distinct shown from raw.hiring_core__channels").fetchall() == [("yes",)]
        assert "hidden" not in {row[0] for row in connection.execute("describe raw.hiring_core__channels").fetchall()}


def test_rows_that_vanished_without_a_tombstone_are_noticed(migrated_database: DatabaseUrls, warehouse: Warehouse) -> None:
    add_channels(migrated_database.owner, 10)
    sync(migrated_database.pipeline, warehouse, specs=CHANNELS)
    run(migrated_database.owner, "set session_replication_role = replica; delete from jobs.channels where name = 'c1'")
    healed = sync(migrated_database.pipeline, warehouse, specs=CHANNELS).tables[0]
    assert (healed.deleted, healed.reason) == (1, "10 rows in raw but 9 in the source")
    run(migrated_database.owner, "set session_replication_role = replica; delete from jobs.channels where name <> 'c2'")
    with pytest.raises(LikelyTruncatedRead, match=r"jobs\.channels was read with 1 rows where 9 were expected"):
        sync(migrated_database.pipeline, warehouse, specs=CHANNELS)
    assert len(names(warehouse)) == 9


def test_a_truncation_during_the_sync_is_no_error_and_the_next_sync_catches_up(
    migrated_database: DatabaseUrls, warehouse: Warehouse
) -> None:
    specs = specs_of("organisations", "hiring_plans")
    plans = (
        "insert into jobs.hiring_plans (id, organisation_id, season, subject, target_hires, due_date)"
        " select gen_random_uuid(), gen_random_uuid(), 's', 's', 1, '2026-01-01' from generate_series(1, 30)"
    )
    run(migrated_database.owner, plans)

    def truncate_after_first_table(_table: str, done: int, _total: int) -> None:
        if done == 1:
            run(migrated_database.owner, "truncate jobs.hiring_plans", plans)

    for _ in range(2):
        sync(migrated_database.pipeline, warehouse, truncate_after_first_table, specs=specs)
    sync(migrated_database.pipeline, warehouse, specs=specs)
    assert raw_rows(warehouse, specs[1]) == source_rows(migrated_database.pipeline, specs[1])


def test_as_of_never_moves_back(migrated_database: DatabaseUrls, warehouse: Warehouse) -> None:
    add_channels(migrated_database.owner, 2)
    run(migrated_database.owner, "update jobs.channels set recorded_at = '2026-03-01' where name = 'c1'")
    run(migrated_database.owner, "update jobs.channels set recorded_at = '2026-02-01' where name = 'c2'")
    first = sync(migrated_database.pipeline, warehouse, specs=CHANNELS)
    run(migrated_database.owner, "delete from jobs.channels where name = 'c1'")
    second = sync(migrated_database.pipeline, warehouse, specs=CHANNELS)
    assert first.as_of is not None
    assert first.as_of.isoformat() == "2026-03-01T00:00:00+00:00"
    assert second.as_of == first.as_of


def test_a_restored_database_is_read_anew_and_only_differences_are_written(
    new_database: Callable[[str], str], migrated_template: str, warehouse: Warehouse
) -> None:
    original = login_urls(new_database(migrated_template), PASSWORDS)
    add_channels(original.owner, 4)
    sync(original.pipeline, warehouse, specs=CHANNELS)
    restored = login_urls(new_database(original.owner.rpartition("/")[2].partition("?")[0]), PASSWORDS)
    run(original.owner, "update jobs.channels set name = 'lost' where name = 'c1'")
    sync(original.pipeline, warehouse, specs=CHANNELS)
    report = sync(restored.pipeline, warehouse, specs=CHANNELS).tables[0]
    assert (report.reason, report.updated, report.inserted, report.deleted) == (
        "the source is another database than at the last sync",
        1,
        0,
        0,
    )
    assert names(warehouse) == {"c1", "c2", "c3", "c4"}


def test_an_unreachable_source_says_so_without_the_password(warehouse: Warehouse) -> None:
    with pytest.raises(SourceUnavailable) as refusal:
        sync("postgresql://nexus_pipeline:secret-word@127.0.0.1:1/nexus", warehouse)
    assert "secret-word" not in str(refusal.value)
