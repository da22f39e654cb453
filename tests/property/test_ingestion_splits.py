"""However a history is cut into syncs, raw ends up the same: the rows of one sync at the end, and the last version of each."""

import uuid
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion import sync
from nexus.databases import DatabaseUrls
from tests.support.source_rows import raw_rows, specs_of
from warehouse.connection import Warehouse

SPECS = specs_of("hiring_plans", "job_status_events")
KEYS = [uuid.UUID(int=number) for number in range(1, 5)]
INSERT = (
    "insert into jobs.hiring_plans (id, organisation_id, season, subject, target_hires, due_date)"
    " values (%s, gen_random_uuid(), 's', 's', 1, '2026-09-01') on conflict do nothing"
)
EVENT = (
    "insert into jobs.job_status_events (id, tenant_id, job_id, to_status, event_at)"
    " values (gen_random_uuid(), gen_random_uuid(), %s, 'open', '2026-01-01')"
)
CHANGES = {
    "insert": INSERT,
    "update": "update jobs.hiring_plans set target_hires = target_hires + 1 where id = %s",
    "delete": "delete from jobs.hiring_plans where id = %s",
    "event": EVENT,
}
commits = st.lists(st.tuples(st.sampled_from(sorted(CHANGES)), st.sampled_from(KEYS)), min_size=1, max_size=4)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(history=st.lists(commits, min_size=2, max_size=8), cuts=st.sets(st.integers(0, 6)))
def test_any_split_of_a_history_into_syncs_gives_the_same_raw(
    migrated_database: DatabaseUrls, history: list[list[tuple[str, uuid.UUID]]], cuts: set[int]
) -> None:
    urls = migrated_database
    with TemporaryDirectory() as folder, psycopg.connect(urls.owner) as writer:
        cut, each, once = (Warehouse(Path(folder) / name) for name in ("cut", "each", "once"))
        writer.execute("truncate jobs.hiring_plans, jobs.job_status_events")
        writer.commit()
        for number, commit in enumerate(history):
            for change, key in commit:
                writer.execute(CHANGES[change].encode(), [key])
            writer.commit()
            sync(urls.pipeline, each, specs=SPECS)
            if number in cuts:
                sync(urls.pipeline, cut, specs=SPECS)
        for warehouse in (cut, each, once):
            sync(urls.pipeline, warehouse, specs=SPECS)
        for spec in SPECS:
            assert raw_rows(cut, spec) == raw_rows(each, spec) == raw_rows(once, spec)
        assert last_versions(cut) == last_versions(each) == last_versions(once)


def last_versions(warehouse: Warehouse) -> list[tuple[object, ...]]:
    """The newest version of every plan that still exists, out of the history that was seen."""
    with warehouse.build() as connection:
        return connection.execute(
            """
            select id, max_by(target_hires, _batch_id) from raw.hiring_core__hiring_plans__history
            where id in (select id from raw.hiring_core__hiring_plans) group by id order by id
            """
        ).fetchall()
