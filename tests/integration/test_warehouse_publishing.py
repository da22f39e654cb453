"""Publishing against real files: readers never see an error, a mixed version or a private byte; a failed attempt leaves no trace."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from warehouse.connection import NothingPublished, Published, Warehouse, WarehouseBusy, WarehouseError, read_pointer
from warehouse.publishing import PublishRefused, publish
from warehouse.versions import KeptVersions

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
TABLES = frozenset({"marts.dim_jobs", "features.features_time_to_hire"})
SENTINEL = "Zxqv-Sentinel"


def build(root: Path, generation: int, rows: int = 100) -> None:
    """Write a build in which every published row tells its generation."""
    with Warehouse(root).build() as connection:
        for table in TABLES:
            connection.execute(f"create or replace table {table} as select i as id, {generation} as generation from range({rows}) r(i)")


def publish_generation(root: Path, generation: int) -> None:
    build(root, generation)
    extra = {"marts.metric_definitions": pl.DataFrame({"generation": [generation]})}
    publish(root, as_of=AS_OF, bundles={"time_to_hire": f"bundle-{generation}"}, extra_tables=extra, required=TABLES)


def test_a_version_holds_exactly_the_allowed_tables_and_no_private_byte(tmp_path: Path) -> None:
    build(tmp_path, 1)
    with Warehouse(tmp_path).build() as connection:
        for table in ("private.equity_people", "raw.hiring_core__jobs", "staging.stg_jobs", "marts.mart_not_listed", "features.other"):
            connection.execute(f"create table {table} as select '{SENTINEL}' as word from range(5000)")
    releases = pl.DataFrame({"tenant_id": ["t"], "people_count": [7]})
    pointer = publish(
        tmp_path, as_of=AS_OF, bundles={}, extra_tables={"marts.mart_equity_releases": releases}, world="realistic", required=TABLES
    )
    with Published.open(tmp_path) as published:
        names = set(published.query("select schema_name || '.' || table_name as name from duckdb_tables()")["name"])
        info = published.query("select * from marts.publish_info").row(0, named=True)
        assert published.query("select people_count from marts.mart_equity_releases")["people_count"].to_list() == [7]
        assert published.pointer == pointer == read_pointer(tmp_path)
    assert names == TABLES | {"marts.mart_equity_releases", "marts.publish_info"}
    assert (info["publish_version"], info["as_of"], info["world"]) == (pointer.publish_version, AS_OF, "realistic")
    folder = tmp_path / "warehouse" / "published"
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert {file.stem for file in files if file.suffix == ".parquet"} == names
    assert not [file for file in files if SENTINEL.encode() in file.read_bytes()]
    assert pl.read_parquet(folder / pointer.publish_version / "marts.dim_jobs.parquet").height == 100


@pytest.mark.parametrize(
    "statement",
    [
        "create table marts.x (i int)",
        "delete from marts.dim_jobs",
        "attach 'other.duckdb'",
        "select * from read_csv('/etc/hostname')",
        "copy marts.dim_jobs to 'stolen.csv'",
        "set enable_external_access = true",
        "load spatial",
    ],
)
def test_a_reader_can_neither_write_nor_leave_the_file(tmp_path: Path, statement: str) -> None:
    publish_generation(tmp_path, 1)
    with Published.open(tmp_path) as published, pytest.raises(WarehouseError):
        published.query(statement)


def test_names_that_come_twice_are_told_apart(tmp_path: Path) -> None:
    publish_generation(tmp_path, 1)
    with Published.open(tmp_path) as published:
        frame = published.query(
            "select a.generation, b.generation from marts.dim_jobs as a, marts.dim_jobs as b where b.generation = ? limit 1", [1]
        )
    assert frame.to_dict(as_series=False) == {"generation": [1], "generation_1": [1]}


def test_readers_that_hammer_through_ten_publishes_see_no_error_and_no_mixed_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEXUS_WAREHOUSE_KEEP_VERSIONS", "2")
    publish_generation(tmp_path, 0)
    ended, seen, problems = threading.Event(), set(), []

    def read() -> None:
        while not ended.is_set():
            try:
                with Published.open(tmp_path) as published:
                    frame = published.query(
                        "select generation from marts.dim_jobs union all select generation from features.features_time_to_hire"
                        " union all select generation from marts.metric_definitions"
                    )
                    generations = set(frame["generation"])
                    assert generations == {int(published.pointer.bundles["time_to_hire"].removeprefix("bundle-"))}
                    seen.update(generations)
            except Exception as problem:
                problems.append(problem)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for generation in range(1, 11):
        publish_generation(tmp_path, generation)
    ended.set()
    for reader in readers:
        reader.join()
    assert problems == []
    assert len(seen) > 2
    with Published.open(tmp_path) as published:
        assert published.query("select min(generation) as g from marts.dim_jobs")["g"].item() == 10


def test_old_versions_go_after_their_grace_time_and_the_last_ones_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXUS_WAREHOUSE_KEEP_VERSIONS", "2")
    folder = tmp_path / "warehouse" / "published"
    for generation in range(4):
        publish_generation(tmp_path, generation)
    assert len(list(folder.glob("*.duckdb"))) == 4  # all were current a moment ago
    monkeypatch.setenv("NEXUS_WAREHOUSE_GRACE_SECONDS", "0")
    publish_generation(tmp_path, 4)
    left = {file.stem.rpartition("-")[2] for file in folder.glob("*.duckdb")}
    assert left == {"0004", "0005"} == {file.name.rpartition("-")[2] for file in folder.iterdir() if file.is_dir()}


def test_a_missing_mart_or_an_unlisted_extra_table_publishes_nothing(tmp_path: Path) -> None:
    publish_generation(tmp_path, 1)
    before = read_pointer(tmp_path)
    with pytest.raises(PublishRefused, match=r"the build lacks .*marts\.fct_hires"):
        publish(tmp_path, as_of=AS_OF, bundles={})
    with pytest.raises(PublishRefused, match=r"private\.equity_people"):
        publish(tmp_path, as_of=AS_OF, bundles={}, extra_tables={"private.equity_people": pl.DataFrame()}, required=TABLES)
    assert read_pointer(tmp_path) == before


FILL_DISK = """
import resource, signal, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from warehouse.publishing import publish

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
publish(Path(sys.argv[1]), as_of=datetime(2026, 1, 1, tzinfo=UTC), bundles={}, required=frozenset({"marts.dim_jobs"}))
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path | None]:
    """A file system of 24 MB, where the account may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)], check=False, capture_output=True)
    try:
        yield disk if mounted.returncode == 0 else None
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_publishes_nothing_and_leaves_nothing_behind(tmp_path: Path, small_disk: Path | None) -> None:
    """On a file system that is really full where one can be mounted; otherwise by the limit on a file's size."""
    root = small_disk or tmp_path / "home"
    root.mkdir(exist_ok=True)
    publish_generation(root, 1)
    before = read_pointer(root)
    with Warehouse(root).build() as connection:
        connection.execute("create or replace table marts.dim_jobs as select md5(i::varchar) as noise from range(250000) r(i)")
    if small_disk:
        (small_disk / "ballast").write_bytes(b"x" * (shutil.disk_usage(small_disk).free - 4_000_000))
        with pytest.raises((PublishRefused, OSError)):
            publish(root, as_of=AS_OF, bundles={}, required=frozenset({"marts.dim_jobs"}))
    else:
        command = [sys.executable, "-c", FILL_DISK, str(root), str(2_000_000)]
        attempt = subprocess.run(command, check=False, capture_output=True, text=True)
        assert attempt.returncode == 1, attempt.stderr
    assert read_pointer(root) == before
    assert before is not None
    assert {file.stem for file in (root / "warehouse" / "published").iterdir()} == {before.publish_version}
    with Published.open(root) as published:
        assert published.query("select count(*) as n from marts.dim_jobs")["n"].item() == 100


def test_a_second_writer_waits_and_then_says_who_is_first(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    with warehouse.build(), pytest.raises(WarehouseBusy, match=r"written by process \d+"), warehouse.build(wait_seconds=0.1):
        pass
    with warehouse.build(read_only=True) as one, warehouse.build(read_only=True) as two:
        assert one.execute("select 1").fetchall() == two.execute("select 1").fetchall()
    assert warehouse.build_path.stat().st_mode & 0o777 == 0o600


def test_before_the_first_publish_a_reader_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NothingPublished, match="nexus run"):
        Published.open(tmp_path)


def test_a_version_published_beside_leaves_the_current_one_alone_and_can_be_found_by_its_instant(tmp_path: Path) -> None:
    publish_generation(tmp_path, 1)
    current = read_pointer(tmp_path)
    build(tmp_path, 0)
    with Warehouse(tmp_path).build() as connection:
        connection.execute("create table predictions.open_openings as select 1 as id")
    earlier = AS_OF - timedelta(days=90)
    beside = publish(tmp_path, as_of=earlier, bundles={}, required=TABLES, is_current=False)
    assert read_pointer(tmp_path) == current
    assert beside.publish_version != current.publish_version
    kept = KeptVersions(tmp_path)
    assert [pointer.as_of for pointer in kept.pointers()] == [earlier, AS_OF]
    found = kept.as_of(AS_OF - timedelta(days=1))
    assert found is not None
    assert found.query("select distinct generation from marts.dim_jobs")["generation"].to_list() == [0]
    assert found.query("select count(*) as n from duckdb_tables() where schema_name = 'predictions'")["n"].to_list() == [0]
    assert kept.as_of(AS_OF).pointer.publish_version == current.publish_version
    assert kept.as_of(earlier - timedelta(seconds=1)) is None
    assert kept.named("20200101T000000-0009") is None
    assert kept.named("../../secrets") is None
    publish_generation(tmp_path, 2)
    assert read_pointer(tmp_path).publish_version.endswith("-0003")  # no two versions share a number
