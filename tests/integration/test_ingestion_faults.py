"""Processes that die while rows are on their way: the rerun ends up as if nothing had happened."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from foundation.settings import Home
from ingestion import SourceUnavailable, sync
from nexus.databases import DatabaseUrls, create_database, create_logins, login_urls, migrate
from nexus.embedded_postgres import EmbeddedPostgres
from tests.support.postgres import PASSWORDS, open_folder
from tests.support.source_rows import raw_rows, source_rows, specs_of
from warehouse.connection import Warehouse, scalar

SPECS = specs_of("channels", "hiring_plans", "job_status_events")
PLANS = (
    "insert into jobs.hiring_plans (id, organisation_id, season, subject, target_hires, due_date)"
    " select gen_random_uuid(), gen_random_uuid(), 's', 's', 1, '2026-01-01' from generate_series(1, {})"
)
DYING_SYNC = """
import os, signal, sys
from pathlib import Path
from ingestion import sync
from tests.support.source_rows import specs_of
from warehouse.connection import Warehouse

def die(table, done, total):
    if done == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

sync(sys.argv[1], Warehouse(Path(sys.argv[2])), die, specs=specs_of("channels", "hiring_plans", "job_status_events"))
"""


def execute(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.encode())


def assert_equal(url: str, warehouse: Warehouse) -> None:
    for spec in SPECS:
        assert raw_rows(warehouse, spec) == source_rows(url, spec)


@pytest.mark.parametrize("dies_after", [1, 3])
def test_a_killed_sync_leaves_raw_as_it_was_and_the_rerun_completes_it(
    migrated_database: DatabaseUrls, tmp_path: Path, dies_after: int
) -> None:
    warehouse = Warehouse(tmp_path)
    execute(migrated_database.owner, PLANS.format(500))
    sync(migrated_database.pipeline, warehouse, specs=SPECS)
    before = raw_rows(warehouse, SPECS[1])
    execute(migrated_database.owner, PLANS.format(300) + "; update jobs.hiring_plans set target_hires = 2 where id::text < '8'")
    command = [sys.executable, "-c", DYING_SYNC, migrated_database.pipeline, str(tmp_path), str(dies_after)]
    died = subprocess.run(command, check=False, env=os.environ | {"PYTHONPATH": "."})
    assert died.returncode == -signal.SIGKILL
    assert raw_rows(warehouse, SPECS[1]) == before
    sync(migrated_database.pipeline, warehouse, specs=SPECS)
    assert_equal(migrated_database.pipeline, warehouse)


@pytest.fixture
def own_server() -> Iterator[EmbeddedPostgres]:
    """A server of this test's own, to be killed."""
    server = EmbeddedPostgres(Home(home=open_folder("nexus-faults-")))
    try:
        yield server.start()
    finally:
        server.purge()


def test_a_postgres_killed_in_mid_stream_loads_nothing_and_the_rerun_completes_it(own_server: EmbeddedPostgres, tmp_path: Path) -> None:
    owner = create_database(own_server.url(), "nexus")
    create_logins(owner, PASSWORDS)
    migrate(owner)
    urls = login_urls(owner, PASSWORDS)
    warehouse = Warehouse(tmp_path)
    sync(urls.pipeline, warehouse, specs=SPECS)
    execute(owner, PLANS.format(150_000))
    watcher = threading.Thread(target=kill_while_streaming, args=(owner, own_server))
    watcher.start()
    with pytest.raises(SourceUnavailable):
        sync(urls.pipeline, warehouse, specs=SPECS)
    watcher.join()
    with warehouse.build() as connection:
        assert scalar(connection, "select count(*) from raw.hiring_core__hiring_plans") == 0
    own_server.start()
    again = login_urls(own_server.url("nexus"), PASSWORDS)
    assert sync(again.pipeline, warehouse, specs=SPECS).rows_changed == 150_000
    assert_equal(again.pipeline, warehouse)


def kill_while_streaming(owner: str, server: EmbeddedPostgres) -> None:
    """Kill the server, all its processes at once, when a stream of the plans has begun."""
    streaming = "select count(*) from pg_stat_activity where query ilike 'copy%hiring_plans%' and state = 'active'"
    postmaster = server.postmaster()
    assert postmaster is not None
    processes = psutil.Process(postmaster.pid)
    with psycopg.connect(owner, autocommit=True) as connection:
        while not (connection.execute(streaming).fetchone() or (0,))[0]:
            pass
        family = [processes, *processes.children()]
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):  # some end by themselves once the first is gone
            process.kill()
