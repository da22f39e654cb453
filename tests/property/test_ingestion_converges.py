"""Whatever the source's transactions do, and whenever a sync looks, raw ends up as what the source has committed."""

import uuid
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg import errors

from ingestion import sync
from nexus.databases import DatabaseUrls
from tests.support.source_rows import raw_rows, source_rows, specs_of
from warehouse.connection import Warehouse

SPECS = specs_of("channels", "hiring_plans", "job_status_events")
KEYS = [uuid.UUID(int=number) for number in range(1, 4)]
INSERTS = {
    "jobs.channels": "insert into jobs.channels (id, name, type) values (%s, 'a', 'direct')",
    "jobs.hiring_plans": "insert into jobs.hiring_plans (id, organisation_id, season, subject, target_hires, due_date)"
    " values (%s, gen_random_uuid(), 's', 's', 1, 'infinity')",
    "jobs.job_status_events": "insert into jobs.job_status_events (id, tenant_id, job_id, to_status, event_at)"
    " values (%s, gen_random_uuid(), gen_random_uuid(), 'open', '2026-01-01')",
}
UPDATES = {"jobs.channels": "name = name || 'x'", "jobs.hiring_plans": "target_hires = target_hires + 1"}

writers = st.sampled_from([0, 1])
tables = st.sampled_from(sorted(INSERTS))
mutable = st.sampled_from(sorted(UPDATES))
keys = st.sampled_from(KEYS)
steps = st.one_of(
    st.tuples(st.just("insert"), writers, tables, keys),
    st.tuples(st.just("update"), writers, mutable, keys),
    st.tuples(st.just("delete"), writers, mutable, keys),
    st.tuples(st.just("commit"), writers),
    st.tuples(st.just("rollback"), writers),
    st.tuples(st.just("sync")),
    st.tuples(st.just("truncate"), tables),
    st.tuples(st.just("add column"), mutable),
)


class Source:
    """Two writers with transactions of their own; a statement that would wait for another writer rolls its transaction back."""

    def __init__(self, owner_url: str) -> None:
        self._writers = [psycopg.connect(owner_url, options="-c lock_timeout=10") for _ in range(2)]
        self._owner = psycopg.connect(owner_url, autocommit=True, options="-c lock_timeout=10")
        self._columns = 0
        self._start_afresh()

    def _start_afresh(self) -> None:
        self._owner.execute("truncate jobs.channels, jobs.channel_costs, jobs.postings, jobs.hiring_plans, jobs.job_status_events")
        added = "select attrelid::regclass::text, attname from pg_attribute where attname like 'added%' and not attisdropped"
        for table, column in self._owner.execute(added).fetchall():
            self._owner.execute(f"alter table {table} drop column {column}")

    def apply(self, step: tuple[object, ...]) -> None:
        kind, *rest = step
        try:
            if kind == "truncate":
                self._owner.execute(f"truncate {rest[0]}" + (" cascade" if rest[0] == "jobs.channels" else ""))
            elif kind == "add column":
                self._columns += 1
                with self._owner.transaction():
                    self._owner.execute(f"alter table {rest[0]} add column added_{self._columns} text default 'd{self._columns}'")
                    self._owner.execute(f"grant select (added_{self._columns}) on {rest[0]} to warehouse_reader")
        except errors.LockNotAvailable:
            return
        if kind in ("truncate", "add column"):
            return
        writer = self._writers[int(str(rest[0]))]
        try:
            if kind == "commit":
                writer.commit()
            elif kind == "rollback":
                writer.rollback()
            elif kind == "insert":
                writer.execute(INSERTS[str(rest[1])], [rest[2]])
            elif kind == "update":
                writer.execute(f"update {rest[1]} set {UPDATES[str(rest[1])]} where id = %s", [rest[2]])
            elif kind == "delete":
                writer.execute(f"delete from {rest[1]} where id = %s", [rest[2]])
        except psycopg.Error:
            writer.rollback()

    def commit_all(self) -> None:
        for writer in self._writers:
            writer.commit()

    def close(self) -> None:
        for connection in (*self._writers, self._owner):
            connection.close()


CHANNELS, PLANS, EVENTS = "jobs.channels", "jobs.hiring_plans", "jobs.job_status_events"
FIRST, SECOND = KEYS[:2]
LATE_UPDATE = [
    *[("insert", 0, PLANS, FIRST), ("commit", 0), ("sync",)],
    *[("update", 0, PLANS, FIRST), ("insert", 1, PLANS, SECOND), ("commit", 1), ("sync",), ("commit", 0)],
]
LATE_DELETE = [
    *[("insert", 0, PLANS, FIRST), ("insert", 0, PLANS, SECOND), ("commit", 0), ("sync",)],
    *[("delete", 0, PLANS, FIRST), ("delete", 1, PLANS, SECOND), ("insert", 1, PLANS, SECOND), ("commit", 1), ("sync",), ("commit", 0)],
]
LATE_EVENTS = [("insert", 0, EVENTS, FIRST), ("insert", 1, EVENTS, SECOND), ("commit", 1), ("sync",), ("commit", 0), ("sync",)]
TRUNCATED = [
    *[("insert", 0, CHANNELS, FIRST), ("commit", 0), ("sync",), ("truncate", CHANNELS), ("insert", 0, CHANNELS, FIRST)],
    *[("update", 0, CHANNELS, FIRST), ("sync",), ("commit", 0), ("sync",), ("truncate", CHANNELS)],
]
NEW_COLUMN = [
    *[("insert", 0, PLANS, FIRST), ("commit", 0), ("sync",), ("add column", PLANS), ("sync",), ("update", 0, PLANS, FIRST)],
    *[("add column", CHANNELS), ("sync",), ("delete", 1, PLANS, FIRST)],
]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@example(program=LATE_UPDATE)
@example(program=LATE_DELETE)
@example(program=LATE_EVENTS)
@example(program=TRUNCATED)
@example(program=NEW_COLUMN)
@given(program=st.lists(steps, min_size=4, max_size=30))
def test_any_interleaving_of_transactions_and_syncs_converges_to_the_source(
    migrated_database: DatabaseUrls, program: list[tuple[object, ...]]
) -> None:
    urls = migrated_database
    source = Source(urls.owner)
    with TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder))
        try:
            for step in program:
                if step[0] == "sync":
                    check(urls.pipeline, warehouse)
                else:
                    source.apply(step)
            source.commit_all()
            check(urls.pipeline, warehouse)
            assert not sync(urls.pipeline, warehouse, specs=SPECS).changed
        finally:
            source.close()


def check(url: str, warehouse: Warehouse) -> None:
    sync(url, warehouse, specs=SPECS)
    for spec in SPECS:
        finite = [tuple(None if value == "infinity" else value for value in row) for row in source_rows(url, spec)]
        assert raw_rows(warehouse, spec) == sorted(finite, key=repr), spec.source_name
