"""A school moves from its earlier system into the core: rehearsed, killed, resumed, reconciled, fed back, and taken back."""

import csv
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars
import psycopg
import pytest

from foundation import clock
from hiring.legacy.__main__ import main
from hiring.legacy.naming import BadLogFolder, read_names
from hiring.legacy.reading import read_log
from ingestion import import_hiring_log, sync
from nexus.databases import PROJECT
from tests.support.legacy_log import made_log, with_a_reneged_hire, with_unusable_rows, write_log
from warehouse.connection import Warehouse

TABLES_IN = "('identity', 'jobs', 'candidates', 'applications', 'assessments', 'notifications', 'insights')"
Legacy = Callable[..., tuple[int, str]]


@pytest.fixture
def environment(hiring_api) -> dict[str, str]:
    urls = hiring_api.urls
    home = {"NEXUS_HOME": str(hiring_api.home.root), "COLUMNS": "200"}
    return {**os.environ, **home, "NEXUS_DATABASE_OWNER_URL": urls.owner, "NEXUS_DATABASE_HIRING_URL": urls.hiring}


@pytest.fixture
def legacy(environment, monkeypatch, capsys) -> Legacy:
    """Return a function that runs a verb of the migration's command line; it returns exit code and what was said."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: object) -> tuple[int, str]:
        code = main([*map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def digests(url: str) -> dict[str, tuple[int, str]]:
    """Return rows and a digest of every table of the core, without what names the writing transaction."""
    found = {}
    with psycopg.connect(url) as connection:
        query = f"select schemaname || '.' || tablename from pg_tables where schemaname in {TABLES_IN}"
        for (table,) in connection.execute(query).fetchall():
            rows = connection.execute(f"select (to_jsonb(t) - '_xid')::text from {table} t order by 1").fetchall()
            found[table] = (len(rows), hashlib.sha256("".join(row[0] for row in rows).encode()).hexdigest())
    return found


def changed(before: dict[str, tuple[int, str]], after: dict[str, tuple[int, str]]) -> dict[str, int]:
    return {table: after[table][0] - before[table][0] for table in before if before[table] != after[table]}


def import_of(said: str) -> str:
    return next(line.split()[1] for line in said.splitlines() if line.startswith("import "))


def warehouse_counts(api, school: str, folder: Path) -> list[tuple[int, int]]:
    """Return raw rows of a school by table: extracted from the core, and imported from the log itself."""
    warehouse = Warehouse(folder / "warehouse")
    sync(api.urls.pipeline, warehouse)
    import_hiring_log(folder / "log", school, warehouse)
    query = "select count(*) from raw.{}__{} where tenant_id = ?"
    with warehouse.build() as connection:
        return [
            tuple(connection.execute(query.format(source, table), [school]).fetchall()[0][0] for source in ("hiring_core", "hiring_log"))
            for table in ("jobs", "applications", "stage_events", "offers", "hires")
        ]


def count(api, table: str, condition: str = "true") -> int:
    return api.rows(f"select count(*) from {table} where {condition}")[0][0]


def test_a_school_moves_is_killed_resumes_ties_out_and_goes_back(hiring_api, legacy, environment, tmp_path):
    school = hiring_api.organisation("school")
    other_job = hiring_api.open_job(hiring_api.organisation("school"))
    hiring_api.apply(other_job)
    rows = made_log(12)
    with_a_reneged_hire(rows)
    refused = with_unusable_rows(rows)
    folder = write_log(tmp_path / "log", rows)
    before = digests(hiring_api.urls.owner)

    code, said = legacy("load", folder, "--school", school, "--dry-run")
    assert code == 0, said
    assert "60 would be loaded" in said
    assert changed(before, digests(hiring_api.urls.owner)) == {}
    assert count(hiring_api, "legacy.imports") == count(hiring_api, "outbox.events", "starts_with(correlation_id, 'import:')") == 0

    command = [sys.executable, "-m", "hiring.legacy", "load", str(folder), "--school", school]
    killed = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while count(hiring_api, "applications.applications", f"tenant_id = '{school}'") < 15 and time.monotonic() < deadline:
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait(timeout=10)
    kept = count(hiring_api, "applications.applications", f"tenant_id = '{school}'")
    assert 15 <= kept < 60
    code, said = legacy("load", folder, "--school", school)
    assert code == 1
    assert "add --resume" in said

    code, said = legacy("load", folder, "--school", school, "--resume")
    assert code == 0, said
    for label, expected in refused.items():
        assert f"quarantined: {expected} × {label}" in said
    assert "ties out" in said
    assert "stage events the core's rules added: 0" in said
    tables = ("jobs.jobs", "jobs.openings", "applications.applications")
    assert [count(hiring_api, table, f"tenant_id = '{school}'") for table in tables] == [12, 24, 60]
    assert count(hiring_api, "applications.stage_events", f"tenant_id = '{school}'") == len(rows["stage_events"]) - 3
    assert count(hiring_api, "applications.stage_events", f"tenant_id = '{school}' and spell_number = 2") == 3 * 12
    assert count(hiring_api, "jobs.openings", f"tenant_id = '{school}' and filled_by_application_id is not null") == 11
    assert count(hiring_api, "legacy.quarantine", "strpos(content::text, '@') > 0") == 0
    import_id = import_of(said)

    code, said = legacy("load", folder, "--school", school)
    assert code == 0, said
    assert "applications: 63 read, 0 loaded, 60 loaded before" in said
    assert legacy("rollback", import_id, "--yes")[0] == 1  # a newer one builds on it
    assert legacy("rollback", import_of(said), "--yes")[0] == 0

    kept_id = hiring_api.rows("select id from applications.applications where source_id = 'j3-rejected'")[0][0]
    hiring_api.do("POST", f"/v1/applications/{kept_id}/messages", json={"direction": "to_candidate"})
    code, said = legacy("rollback", import_id, "--yes")
    assert code == 0, said
    assert "kept: applications j3-rejected: changed since" in said
    assert "kept: jobs j3: an application stays" in said
    left = {"applications.applications": 1, "applications.stage_events": 3, "applications.touches": 1, "applications.messages": 1,
            "applications.terminal_reasons": 1, "applications.stage_definitions": 1, "candidates.candidates": 1, "jobs.jobs": 1,
            "jobs.openings": 2, "jobs.job_status_events": 4, "jobs.channels": 1}  # fmt: skip
    assert changed(before, digests(hiring_api.urls.owner)) == left
    assert hiring_api.rows("select filled_by_application_id from jobs.openings where source_id = 'j3-seat1'") == [(None,)]


def test_a_rollback_leaves_nothing_where_nobody_changed_anything(hiring_api, legacy, tmp_path):
    school = hiring_api.organisation("school")
    before = digests(hiring_api.urls.owner)
    code, said = legacy("load", write_log(tmp_path / "log", made_log(2)), "--school", school)
    assert code == 0, said
    assert changed(before, digests(hiring_api.urls.owner))["applications.applications"] == 10
    assert warehouse_counts(hiring_api, school, tmp_path) == [(2, 2), (10, 10), (44, 44), (4, 4), (2, 2)]
    code, _ = legacy("rollback", import_of(said))
    assert code == 1  # not meant
    code, told = legacy("rollback", import_of(said), "--yes")
    assert code == 0, told
    assert changed(before, digests(hiring_api.urls.owner)) == {}
    with psycopg.connect(hiring_api.urls.owner) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("delete from applications.stage_events")  # append-only as before


def test_a_report_tells_what_differs_and_fails(hiring_api, legacy, tmp_path):
    school = hiring_api.organisation("school")
    code, said = legacy("load", write_log(tmp_path / "log", made_log(1)), "--school", school)
    assert code == 0, said
    with hiring_api.engine.begin() as connection:
        connection.exec_driver_sql("update applications.offers set fte = 1 where source_id = 'j0-hired-o1'")
    code, told = legacy("report", import_of(said))
    assert code == 1
    assert "differing: offers j0-hired-o1: fte" in told
    assert "sum of offers.fte: log 1.0, core 1.50" in told
    assert "DOES NOT TIE OUT" in told
    (tmp_path / "log" / "jobs.csv").write_text("job_id\nj0\n")
    code, told = legacy("report", import_of(said))
    assert code == 1
    assert "are not those that were imported" in told


def test_changes_in_a_window_reach_the_earlier_system_once_and_in_order(hiring_api, legacy, environment, tmp_path):
    school = hiring_api.organisation("school")
    code, said = legacy("load", write_log(tmp_path / "log", made_log(1)), "--school", school)
    assert code == 0, said
    files = tmp_path / "back"
    assert legacy("window", "open", "--school", school, "--folder", files)[0] == 0
    worker = [sys.executable, "-m", "hiring.worker", "--only", "relay", "--only", "consumer legacy", "--only", "legacy files"]
    start = lambda: subprocess.Popen(worker, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: E731  # started twice
    running = start()
    try:
        job_id = hiring_api.open_job(school)
        moved = [hiring_api.apply(job_id)["id"] for _ in range(3)]
        for number, application_id in enumerate(moved):
            for stage in ("Phone call", "Panel", "Phone call"):
                hiring_api.do("POST", f"/v1/applications/{application_id}/move", json={"to_stage": stage})
            if number == 1:
                running.send_signal(signal.SIGKILL)
                running.wait(timeout=10)
                with (files / "stage_events.csv").open("a") as torn:
                    torn.write("half a ro")
                running = start()
        code, said = legacy("load", write_log(tmp_path / "later", made_log(2)), "--school", school)
        assert code == 0, said
        old = hiring_api.rows("select id from applications.applications where source_id = 'j0-rejected'")[0][0]
        hiring_api.do("POST", f"/v1/jobs/{hiring_api.rows('select id from jobs.jobs where source_id = %s', 'j0')[0][0]}/reopen")
        hiring_api.do("POST", f"/v1/applications/{old}/reopen")
        code, said = legacy("window", "close", "--school", school)
        assert code == 0, said
        assert "both sides agree" in said
    finally:
        running.kill()
        running.wait(timeout=10)
    with (files / "stage_events.csv").open(newline="") as stream:
        events = list(csv.DictReader(stream))
    assert len({row["event_id"] for row in events}) == len(events) == 3 * 4 + 1
    for application_id in moved:
        assert [row["sequence"] for row in events if row["application_id"] == application_id] == ["1", "2", "3", "4"]
    assert [row["stage"] for row in events if row["application_id"] == "j0-rejected"] == ["Phone call"]
    back = read_log_of(files)
    assert {row["job_id"] for row in back["jobs"]} == {job_id, "j0"}  # what an import brings is not told back
    hiring_api.apply(job_id)
    assert "closed" in legacy("window", "status", "--school", school)[1]


def read_log_of(folder: Path) -> dict[str, list[dict[str, str]]]:
    tables = {}
    for path in folder.glob("*.csv"):
        with path.open(newline="") as stream:
            tables[path.stem] = list(csv.DictReader(stream))
    return tables


def test_a_folder_that_is_no_log_says_what_it_needs(tmp_path):
    with pytest.raises(BadLogFolder, match="no file for applications, jobs, stage_events"):
        read_log(tmp_path, clock.now(), {})
    write_log(tmp_path / "log", made_log(1))
    (tmp_path / "log" / "jobs.jsonl").write_text("{}")
    with pytest.raises(BadLogFolder, match=r"has both jobs\.csv and jobs\.jsonl"):
        read_log(tmp_path / "log", clock.now(), {})


def test_columns_of_other_names_are_read_as_the_file_says(hiring_api, legacy, tmp_path):
    school = hiring_api.organisation("school")
    folder = write_log(tmp_path / "log", made_log(1))
    file = folder / "applications.csv"
    file.write_text(file.read_text().replace("application_id,candidate_id", "Bewerbung,Person", 1))
    names = tmp_path / "north.toml"

    code, said = legacy("load", folder, "--school", school)
    assert code == 1
    assert "applications.csv has no column application_id; there are Bewerbung, Person" in said
    names.write_text('[applications]\napplication_id = "Bewerbnug"\ncandidate_id = "Person"\n')
    code, said = legacy("load", folder, "--school", school, "--columns", names)
    assert code == 1
    assert "applications.csv has no column Bewerbnug, which --columns names for application_id; the nearest is Bewerbung" in said
    names.write_text('[applications]\napplication_id = "Bewerbung"\ncandidate_id = "Person"\n')
    code, said = legacy("load", folder, "--school", school, "--columns", names)
    assert code == 0, said
    assert "applications: 5 read, 5 loaded" in said
    names.unlink()
    code, said = legacy("report", import_of(said))  # the import keeps the names
    assert code == 0, said
    assert "ties out" in said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[applicatoins]\na = 1", r"\[applicatoins\] is no table of a hiring log; the nearest is applications"),
        ("[jobs]\njobId = 'x'", r"\[jobs\] has no column jobId; the nearest is job_id"),
        ("jobs = 'x'", r"write jobs as a section"),
        ("[jobs]\njob_id = 1", "in quotes"),
        ("[jobs", "is not TOML"),
    ],
)
def test_names_of_columns_that_cannot_be_used_say_why(tmp_path, text, message):
    file = tmp_path / "names.toml"
    file.write_text(text)
    with pytest.raises(BadLogFolder, match=message):
        read_names(file)


def test_csv_parquet_and_json_lines_say_the_same(tmp_path):
    rows = made_log(1)
    written = read_log(write_log(tmp_path / "csv", rows), clock.now(), {})
    for kind in ("jsonl", "parquet"):
        (tmp_path / kind).mkdir()
        for table, table_rows in rows.items():
            frame = polars.DataFrame([{name: value or None for name, value in row.items()} for row in table_rows], infer_schema_length=None)
            path = tmp_path / kind / f"{table}.{kind}"
            frame.write_ndjson(path) if kind == "jsonl" else frame.write_parquet(path)
        again = read_log(tmp_path / kind, clock.now(), {})
        assert again.refused == []
        assert {table: [row.values for row in found] for table, found in again.rows.items()} == {
            table: [row.values for row in found] for table, found in written.rows.items()
        }
