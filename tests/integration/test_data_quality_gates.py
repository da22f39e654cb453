"""The gate on the raw layer: what it finds, what it says, and that it stays red until the source is mended."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from data_quality import runner
from data_quality.runner import CheckResult, run_suites
from foundation import clock
from warehouse.connection import Warehouse

ORGANISATION = "0192f0c1-0000-7000-8000-000000000001"
JOB = "0192f0c1-0000-7000-8000-000000000002"
COLUMNS = """
create table raw.hiring_core__organisations (id uuid, name varchar, kind varchar, parent_id uuid, timezone varchar, country varchar,
  academic_year_start_month smallint, _batch_id bigint, _loaded_at timestamptz);
create table raw.hiring_core__jobs (id uuid, tenant_id uuid, organisation_id uuid, title varchar, subject varchar, staff_class varchar,
  status varchar, approved_at timestamptz, closed_at timestamptz, close_reason varchar, headcount smallint, fte varchar,
  _batch_id bigint, _loaded_at timestamptz);
"""


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """A build with one school and one sound job."""
    from ingestion import bookkeeping

    warehouse = Warehouse(tmp_path)
    with warehouse.build() as connection:
        bookkeeping.ensure_tables(connection)
        connection.execute(COLUMNS)
        connection.execute(
            f"insert into raw.hiring_core__organisations values ('{ORGANISATION}', 'n', 'school', null, 'Asia/Seoul', 'KR', 3, 1, now())"
        )
    add_job(warehouse, JOB, batch=1)
    return warehouse


def add_job(
    warehouse: Warehouse, key: str, *, batch: int, status: str = "open", tenant: str = ORGANISATION, closed_at: str | None = None
) -> None:
    with warehouse.build() as connection:
        connection.execute(
            "insert into raw.hiring_core__jobs values (?, ?, ?, 't', 's', 'teacher', ?, '2026-01-02', ?, null, 1, '1.00', ?, now())",
            [key, tenant, ORGANISATION, status, closed_at, batch],
        )
        connection.execute("delete from raw._sync_state")
        connection.execute("insert into raw._sync_state values ('hiring_core', '1:1:', 'x', 1, ?, ?, ?)", [clock.now(), batch, clock.now()])


def failures(warehouse: Warehouse) -> dict[str, CheckResult]:
    with warehouse.build() as connection:
        return {result.message: result for result in run_suites(connection) if not result.passed}


def accepted(warehouse: Warehouse) -> list[int]:
    with warehouse.build() as connection:
        return [batch for (batch,) in connection.execute("select batch_id from raw._accepted order by 1").fetchall()]


def mend(warehouse: Warehouse, sql: str) -> None:
    with warehouse.build() as connection:
        connection.execute(sql)


def test_sound_rows_are_accepted_once_and_not_judged_again(warehouse: Warehouse) -> None:
    with warehouse.build() as connection:
        first = run_suites(connection)
        second = run_suites(connection)
        kept = connection.execute("select count(*), count(*) filter (passed) from raw._check_results where layer = 'raw'").fetchall()
    assert all(result.passed for result in first + second)
    assert len(first) > len(second) > 0
    assert kept == [(len(second), len(second))]
    assert accepted(warehouse) == [1]


def test_a_red_gate_names_table_column_and_count_and_stays_red_until_mended(warehouse: Warehouse) -> None:
    assert failures(warehouse) == {}
    add_job(warehouse, "0192f0c1-0000-7000-8000-000000000003", batch=2, status="opn")
    for _ in range(2):
        (message,) = failures(warehouse)
        assert message.startswith("hiring_core__jobs: status is none of draft, approved")
        assert message.endswith("in 1 of 1 new rows, e.g. opn")
        assert accepted(warehouse) == [1]
    mend(warehouse, "update raw.hiring_core__jobs set status = 'open', _batch_id = 3")
    mend(warehouse, "update raw._sync_state set batch_id = 3")
    assert failures(warehouse) == {}
    assert accepted(warehouse) == [1, 3]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda w: add_job(w, JOB, batch=2), "hiring_core__jobs: 1 rows repeat the id of another row"),
        (
            lambda w: add_job(w, "0192f0c1-0000-7000-8000-000000000009", batch=2, tenant=JOB),
            "hiring_core__jobs: 1 rows name a tenant_id that is not in organisations",
        ),
        (
            lambda w: add_job(w, "0192f0c1-0000-7000-8000-000000000009", batch=2, closed_at="2025-01-01"),
            "hiring_core__jobs: closed_at is before approved_at in 1 of 2 new rows",
        ),
        (
            lambda w: mend(w, "update raw.hiring_core__organisations set timezone = 'Mars/Olympus'"),
            "hiring_core__organisations: is_known_zone is not at least 1 and at most 1 in 1 of 1 new rows, e.g. 0",
        ),
        (
            lambda w: mend(w, "insert into raw._batches values (2, 'hiring_core', 'jobs', 0, 0, 9, now(), now())"),
            "hiring_core__jobs: 0.90 of the accepted rows were deleted since (at most 0.5)",
        ),
        (
            lambda w: mend(w, "update raw._sync_state set synced_at = now() - interval 30 hours"),
            "30.00 hours since the hiring core was last synced",
        ),
    ],
)
def test_each_kind_of_fault_is_found(warehouse: Warehouse, fault: Callable[[Warehouse], None], said: str) -> None:
    fault(warehouse)
    assert any(said in message for message in failures(warehouse)), failures(warehouse)
    assert accepted(warehouse) == []


def test_an_old_newest_event_warns_and_does_not_block(warehouse: Warehouse) -> None:
    with warehouse.build() as connection:
        connection.execute("update raw._sync_state set as_of = ?", [clock.now() - timedelta(days=30)])
        results = run_suites(connection)
    assert [result.message for result in results if result.message.startswith("warning")] == [
        "warning: hiring_core__organisations: 30.00 days since anything was recorded in the hiring core (at most 7)"
    ]
    assert all(result.passed for result in results)


def test_a_large_load_is_judged_frame_by_frame(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "FRAME_ROWS", 2048)
    mend(
        warehouse,
        f"insert into raw.hiring_core__jobs select uuid(), '{ORGANISATION}', '{ORGANISATION}', 't', 's', 'teacher',"
        " case when i % 1000 = 0 then 'opn' else 'open' end, null, null, null, 1, '1', 2, now() from range(1, 5001) r(i)",
    )
    (message,) = failures(warehouse)
    assert message.endswith("in 5 of 5,001 new rows, e.g. opn")
