"""Importing hiring logs: what is loaded, what is refused and why, and that doing it again changes nothing."""

import csv
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ingestion import BadLogFolder, BadMapping, import_hiring_log
from ingestion.bookkeeping import quarantine_counts
from warehouse.connection import Warehouse

MAPPING = Path(__file__).parents[2] / "ingestion" / "sources" / "hiring_log" / "hiring_log_10k.example.yml"
SHARED_LOG = Path(__file__).parents[3] / "shared" / "data" / "hiring_log_10k"
TENANT = "0192f0c1-0000-7000-8000-000000000001"
RANKS = {"applied": 1, "screen": 2, "interview": 3, "demo_lesson": 4, "references_checks": 5, "offer": 6}
PATH = [
    "Hand In Job Application",
    "Telephonic Screening",
    "Screening Interview",
    "Background Check",
    "Coding Interview",
    "Behavioral Interview",
    "Make Job Offer",
]


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "home")


@pytest.fixture
def log(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a folder of CSV files from rows."""

    def write(name: str = "log", **tables: list[dict[str, Any]]) -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        for table, rows in tables.items():
            with (folder / f"{table}.csv").open("w", newline="") as stream:
                writer = csv.DictWriter(stream, list(dict.fromkeys(key for row in rows for key in row)))
                writer.writeheader()
                writer.writerows(rows)
        return folder

    return write


def application(number: int, **changes: Any) -> dict[str, Any]:
    return {"application_id": f"a{number}", "candidate_id": f"c{number}", "applied_at": "2025-03-01T08:00:00Z"} | changes


def event(number: int, application_id: str, **changes: Any) -> dict[str, Any]:
    row = {"event_id": f"e{number}", "application_id": application_id, "sequence": number, "stage": "Phone", "canonical_stage": "screen"}
    return row | {"event_at": "2025-03-02T08:00:00Z"} | changes


def query(warehouse: Warehouse, sql: str) -> list[Any]:
    with warehouse.build() as connection:
        return connection.execute(sql).fetchall()


def snapshot(warehouse: Warehouse) -> list[Any]:
    """Everything the import wrote, in an order of its own, without batches and load instants."""
    tables = query(warehouse, "select table_name from duckdb_tables() where table_name like 'hiring_log__%' order by 1")
    return [query(warehouse, f"select * exclude (_batch_id, _loaded_at) from raw.{table} order by all") for (table,) in tables] + [
        query(warehouse, "select source, tenant_id, table_name, reason, row_json from raw._quarantine order by all")
    ]


def test_malformed_rows_go_to_quarantine_with_their_reason_and_the_others_are_loaded(
    log: Callable[..., Path], warehouse: Warehouse
) -> None:
    folder = log(
        jobs=[
            {"job_id": "j1", "approved_at": "2025-01-01", "closed_at": "2025-02-01"},
            {"job_id": "j2", "approved_at": "2025-02-01", "closed_at": "2025-01-01"},
        ],
        applications=[
            application(1, job_id="j1"),
            application(2, applied_at="yesterday"),
            application(3, candidate_id=""),
            application(4, channel_type="carrier pigeon"),
            application(5, applied_at="2925-03-01T08:00:00Z"),
            application(6, job_id="j2"),
            application(1, job_id="j1"),
        ],
        stage_events=[event(1, "a1"), event(2, "a1", canonical_stage="telephone"), event(3, "a2"), event(4, "nobody")],
    )
    with (folder / "stage_events.csv").open("a") as stream:
        stream.write("e5,a1,1,Phone,screen,2025-03-02T08:00:00Z,one,too,many\n")
    report = import_hiring_log(folder, TENANT, warehouse)
    assert report.quarantined == {
        "jobs: impossible_time": 1,
        "applications: malformed_row": 1,
        "applications: missing_value": 1,
        "applications: unknown_enum": 1,
        "applications: impossible_time": 1,
        "applications: dangling_key": 1,
        "applications: duplicate_key": 1,
        "stage_events: unknown_enum": 1,
        "stage_events: dangling_key": 2,
        "stage_events: malformed_row": 1,
    }
    assert report.read == {"jobs": 2, "applications": 7, "stage_events": 5}
    assert report.loaded == {"jobs": 1, "applications": 1, "stage_events": 1}
    problems = query(warehouse, "select row_json ->> '_problem' from raw._quarantine where table_name = 'applications' order by row_number")
    assert [problem for (problem,) in problems if problem] == [
        "applied_at: not an instant",
        "candidate_id: missing",
        "channel_type: carrier pigeon is not known",
        "applied_at: in the future",
        "job_id: no such row in jobs",
        "application_id: another row has the same id",
    ]


def test_a_dry_run_counts_the_same_and_writes_nothing(log: Callable[..., Path], warehouse: Warehouse) -> None:
    folder = log(applications=[application(1), application(2, applied_at="")], stage_events=[event(1, "a1")])
    dry = import_hiring_log(folder, TENANT, warehouse, dry_run=True)
    assert not warehouse.root.exists()
    real = import_hiring_log(folder, TENANT, warehouse)
    assert (dry.read, dry.loaded, dry.quarantined, dry.rows_changed) == (real.read, real.loaded, real.quarantined, real.rows_changed)
    before = snapshot(warehouse)
    log(applications=[application(3)], stage_events=[event(9, "a3")])
    assert import_hiring_log(folder, TENANT, warehouse, dry_run=True).inserted == {"applications": 1, "stage_events": 1}
    assert snapshot(warehouse) == before


def test_importing_again_in_any_order_changes_nothing(log: Callable[..., Path], warehouse: Warehouse) -> None:
    applications = [application(number) for number in range(30)] + [application(3, origin="referred"), application(4, candidate_id="")]
    events = [event(number, f"a{number % 40}") for number in range(90)]
    import_hiring_log(log(applications=applications, stage_events=events), TENANT, warehouse)
    before = snapshot(warehouse)
    for seed in range(3):
        random.Random(seed).shuffle(applications)
        random.Random(seed).shuffle(events)
        again = import_hiring_log(log(applications=applications, stage_events=events), TENANT, warehouse)
        assert (again.rows_changed, again.batch_id) == (0, 1)
        assert snapshot(warehouse) == before


def test_quarantine_is_counted_by_reason_without_a_row_of_it(log: Callable[..., Path], warehouse: Warehouse) -> None:
    events = [event(1, "a1"), event(2, "nobody"), event(3, "nobody")]
    import_hiring_log(log(applications=[application(1), application(2, candidate_id="")], stage_events=events), TENANT, warehouse)
    with warehouse.build() as connection:
        counts = quarantine_counts(connection)
    assert counts.drop("quarantined_at").rows() == [
        ("hiring_log/log", TENANT, "applications", "missing_value", 1),
        ("hiring_log/log", TENANT, "stage_events", "dangling_key", 2),
    ]


def test_a_mended_row_leaves_quarantine_and_a_changed_row_replaces_the_old_one(log: Callable[..., Path], warehouse: Warehouse) -> None:
    import_hiring_log(log(applications=[application(1), application(2, origin="fax")], stage_events=[event(1, "a1")]), TENANT, warehouse)
    folder = log(applications=[application(1, origin="referred"), application(2, origin="inbound")], stage_events=[event(1, "a1")])
    report = import_hiring_log(folder, TENANT, warehouse)
    assert (report.inserted["applications"], report.updated["applications"], report.quarantined) == (1, 1, {})
    assert query(warehouse, "select application_id, origin from raw.hiring_log__applications order by 1") == [
        ("a1", "referred"),
        ("a2", "inbound"),
    ]
    assert query(warehouse, "select count(*) from raw._quarantine") == [(0,)]


def test_two_tenants_may_use_the_same_ids_and_the_build_knows_the_newest_instant(log: Callable[..., Path], warehouse: Warehouse) -> None:
    folder = log(applications=[application(1)], stage_events=[event(1, "a1", recorded_at="2025-03-05T00:00:00+02:00")])
    import_hiring_log(folder, TENANT, warehouse)
    older = log("older", applications=[application(1)], stage_events=[event(1, "a1")])
    report = import_hiring_log(older, "another", warehouse)
    assert report.as_of is not None
    assert report.as_of.isoformat() == "2025-03-04T22:00:00+00:00"
    assert query(warehouse, "select count(*), count(distinct tenant_id) from raw.hiring_log__applications") == [(2, 2)]
    given = query(warehouse, "select recorded_at = event_at from raw.hiring_log__stage_events order by tenant_id = 'another'")
    assert given == [(False,), (True,)]


def test_parquet_files_and_instants_without_an_offset_are_read(tmp_path: Path, warehouse: Warehouse) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    pl.DataFrame([{"nr": 1, "when": "01/07/2025 09:30", "step": "tel"}]).write_parquet(folder / "export.parquet")
    mapping = tmp_path / "mapping.yml"
    mapping.write_text(
        """
name: north
timezone: Europe/Berlin
instant_format: "%d/%m/%Y %H:%M"
tables:
  applications:
    file: export.parquet
    columns: {application_id: nr, candidate_id: {template: "p-{nr}"}, applied_at: when}
  stage_events:
    file: export.parquet
    columns:
      event_id: {template: "{nr}-{step}"}
      application_id: nr
      stage: step
      canonical_stage: {column: step, values: {tel: screen}}
      event_at: when
"""
    )
    import_hiring_log(folder, TENANT, warehouse, mapping=mapping)
    rows = query(warehouse, "select event_id, canonical_stage, event_at::varchar from raw.hiring_log__stage_events")
    assert rows == [("1-tel", "screen", "2025-07-01 07:30:00+00")]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("name: x\ntables: {people: {file: a.csv, columns: {}}}", "no such table"),
        ("name: x\ntables: {applications: {file: a.csv, columns: {salary: pay}}}", "no such column salary"),
        (
            "name: x\ntables:\n  applications: {file: applications.csv, columns: {origin: nr}}\n  stage_events: {file: a.csv, columns: {}}",
            "has no column nr",
        ),
        ("name: x\ntables: {applications: {file: a.csv, columns: {application_id: {}}}}", "exactly one of"),
        ("name: [", "is not YAML"),
        ("name: x\ntimezone: Mars/Olympus\ntables: {}", "timezone"),
    ],
)
def test_a_mapping_that_cannot_be_used_names_its_entry(
    log: Callable[..., Path], warehouse: Warehouse, tmp_path: Path, text: str, named: str
) -> None:
    mapping = tmp_path / "mapping.yml"
    mapping.write_text(text)
    with pytest.raises(BadMapping, match=named):
        import_hiring_log(log(applications=[application(1)], stage_events=[event(1, "a1")]), TENANT, warehouse, mapping=mapping)


def test_a_folder_without_the_required_files_says_what_it_lacks(log: Callable[..., Path], warehouse: Warehouse) -> None:
    with pytest.raises(BadLogFolder, match=r"lacks stage_events .* it has applications\.csv"):
        import_hiring_log(log(applications=[application(1)]), TENANT, warehouse)


def reached(warehouse: Warehouse) -> list[int]:
    """Applications that ever reached each rank from 1 to 6."""
    rows = query(
        warehouse,
        f"""
        with furthest as (
          select application_id, max(map {RANKS}[canonical_stage]) as rank from raw.hiring_log__stage_events group by 1)
        select count(*) from furthest, range(1, 7) wanted(rank) where furthest.rank >= wanted.rank group by wanted.rank order by wanted.rank
        """,
    )
    return [count for (count,) in rows]


def test_the_example_mapping_turns_a_case_and_event_log_into_a_hiring_log(log: Callable[..., Path], warehouse: Warehouse) -> None:
    cases, events = [], []
    for case in range(1, 71):
        cases.append({"case_id": case, "age": 30, "gender": "true"})
        steps = PATH[: 1 + case % 7] + (["Application Rejected"] if case % 2 else [])
        for seq, activity in enumerate(steps):
            stamp = f"2015-01-05T0{seq}:00:0{case % 10}+00:00"
            events.append({"case_id": case, "seq": seq, "activity": activity, "resource": "HR", "timestamp": stamp})
    report = import_hiring_log(log(cases=cases, events=events), TENANT, warehouse, mapping=MAPPING)
    assert (report.quarantined, report.loaded) == ({}, {"applications": 70, "stage_events": len(events)})
    assert "gender" in report.ignored_columns["cases.csv"]
    assert reached(warehouse) == [70, 60, 50, 30, 20, 10]
    assert query(warehouse, "select accidental_visit_rule, is_recorded_at_given from raw.hiring_log__sources") == [(False, False)]


@pytest.mark.skipif(not SHARED_LOG.is_dir(), reason="the log of 10,000 applications is not beside this checkout (../shared/data)")
def test_the_log_of_ten_thousand_applications_reaches_its_known_figures(warehouse: Warehouse) -> None:
    report = import_hiring_log(SHARED_LOG, TENANT, warehouse, mapping=MAPPING)
    assert (report.quarantined, report.loaded) == ({}, {"applications": 10_000, "stage_events": 63_869})
    assert reached(warehouse) == [10_000, 8_799, 7_809, 3_904, 2_708, 2_530]


def test_a_file_that_is_no_table_is_refused_by_its_name(log: Callable[..., Path], warehouse: Warehouse) -> None:
    folder = log(applications=[application(1)], stage_events=[event(1, "a1")])
    (folder / "stage_events.csv").write_text("")
    with pytest.raises(BadLogFolder, match=r"stage_events\.csv needs a first line"):
        import_hiring_log(folder, TENANT, warehouse)
