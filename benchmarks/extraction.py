"""How near is extraction to the limit of the wire, how far ahead of dlt, and how cheap is a sync of 1 % changed rows?

    python -m benchmarks.extraction            # 5 M stage events, about ten minutes
    python -m benchmarks.extraction --rows 500000 --repeat 3

Needs nothing running: it starts a PostgreSQL of its own in a temporary folder and fills ``applications.stage_events`` there. Prints medians
of alternating runs and their ratios: to binary COPY of the same columns to nowhere (psql, same run), and to dlt with its fastest backend
loading the same table into DuckDB. The 1 % are rows inserted by one transaction after the full load, since stage events never change;
the same share of updated rows is measured on a table of messages of the same size divided by five.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import psycopg

from foundation.settings import Home
from ingestion import sync
from ingestion.source_catalog import read_tables
from ingestion.table_specs import TABLE_SPECS, TableSpec
from nexus.databases import migrate, provision
from nexus.embedded_postgres import EmbeddedPostgres
from nexus.postgres_binaries import choose
from warehouse.connection import Warehouse

EVENTS = next(spec for spec in TABLE_SPECS if spec.name == "stage_events")
MESSAGES = next(spec for spec in TABLE_SPECS if spec.name == "messages")
EVENT_ROWS = """
insert into applications.stage_events (id, tenant_id, application_id, sequence, from_stage, to_stage, event_at, actor_id, recorded_at)
select gen_random_uuid(), md5((i % 60)::text)::uuid, md5((i / 5)::text)::uuid, i % 5,
       (array['applied', 'Phone screen', 'Interview'])[1 + i % 3], (array['Phone screen', 'Interview', 'rejected'])[1 + i % 3],
       '2024-01-01'::timestamptz + i * interval '13 s', md5((i % 400)::text)::uuid, '2024-01-01'::timestamptz + i * interval '13 s'
from generate_series({first}, {last}) i
"""
MESSAGE_ROWS = """
insert into applications.messages (id, tenant_id, application_id, sent_at, direction)
select gen_random_uuid(), md5((i % 60)::text)::uuid, md5((i / 5)::text)::uuid, '2024-01-01'::timestamptz + i * interval '13 s',
       'to_candidate'
from generate_series(1, {rows}) i
"""


def execute(url: str, *statements: str) -> None:
    """Run statements, each in a transaction of its own."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def seconds(work: Callable[[], object]) -> float:
    """Time one run."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def copy_to_nowhere(url: str, psql: Path) -> None:
    """Stream the extracted columns in binary and throw them away: the limit."""
    with psycopg.connect(url) as connection:
        columns = ", ".join(column.name for column in read_tables(connection, [EVENTS])[EVENTS.source_name].columns)
    statement = f"copy {EVENTS.source_name} ({columns}) to stdout (format binary)"
    with Path(os.devnull).open("wb") as nowhere:
        subprocess.run([psql, url, "-qc", statement], check=True, stdout=nowhere)


def load_by_dlt(url: str, folder: Path, backend: str) -> None:
    """Load the same table into a new DuckDB file with dlt."""
    import dlt
    from dlt.sources.sql_database import sql_table

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    table = sql_table(url, table="stage_events", schema="applications", backend=backend, chunk_size=500_000, excluded_columns=["_xid"])
    pipeline = dlt.pipeline(
        "extraction",
        pipelines_dir=str(folder / "state"),
        destination=dlt.destinations.duckdb(str(folder / "dlt.duckdb")),
        dataset_name="raw",
    )
    pipeline.run(table, write_disposition="replace")


def full_load(url: str, folder: Path, spec: TableSpec) -> Warehouse:
    """Load a table into a new build file with the product's sync."""
    shutil.rmtree(folder, ignore_errors=True)
    warehouse = Warehouse(folder)
    sync(url, warehouse, specs=[spec])
    return warehouse


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--backend", default="connectorx", help="dlt's backend; none to leave dlt out")
    asked = parser.parse_args()
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    warnings.simplefilter("ignore")
    folder = Path(tempfile.mkdtemp(prefix="nexus-extraction-"))
    folder.chmod(0o755)
    home = Home(home=folder / "home")
    server = EmbeddedPostgres(home, settings={"max_wal_size": "4GB"})
    try:
        measure(server.start(), home, folder, asked)
    finally:
        server.purge()
        shutil.rmtree(folder, ignore_errors=True)


def measure(server: EmbeddedPostgres, home: Home, folder: Path, asked: argparse.Namespace) -> None:
    """Fill the source, run everything in turn and print ratios of medians."""
    urls = provision(server.url(), home)
    migrate(urls.owner)
    psql = choose().folder / "psql"
    rows: int = asked.rows
    fill = "set session_replication_role = replica; "
    execute(urls.owner, fill + EVENT_ROWS.format(first=1, last=rows), fill + MESSAGE_ROWS.format(rows=rows // 5), "vacuum analyze")
    print(f"{rows:,} stage events")

    limit, full, other = [], [], []
    for turn in range(asked.repeat):
        limit.append(seconds(lambda: copy_to_nowhere(urls.pipeline, psql)))
        full.append(seconds(lambda: full_load(urls.pipeline, folder / "build", EVENTS)))
        if asked.backend != "none" and turn == 0:
            other.append(seconds(lambda: load_by_dlt(urls.owner, folder / "dlt", asked.backend)))
    wire, load = statistics.median(limit), statistics.median(full)
    print(f"binary COPY to nowhere   {wire:7.2f} s")
    print(f"full load                {load:7.2f} s   {load / wire:.2f} x COPY (must 1.6, aim 1.2)")
    if other:
        print(f"dlt, {asked.backend:<18}  {other[0]:7.2f} s   {other[0] / load:.2f} x the full load (must 2, aim 3)")

    warehouse, changed = Warehouse(folder / "build"), max(rows // 100, 1)
    increments = []
    for turn in range(asked.repeat):
        execute(urls.owner, EVENT_ROWS.format(first=rows + turn * changed + 1, last=rows + (turn + 1) * changed))
        increments.append(seconds(lambda: sync(urls.pipeline, warehouse, specs=[EVENTS])))
    increment = statistics.median(increments)
    print(f"sync of 1 % new rows     {increment:7.2f} s   {increment / load:.1%} of the full load (must 10 %, aim 5 %)")

    first = seconds(lambda: full_load(urls.pipeline, folder / "messages", MESSAGES))
    execute(
        urls.owner,
        f"update applications.messages set is_automatic = true where id in (select id from applications.messages limit {rows // 500})",
    )
    update = seconds(lambda: sync(urls.pipeline, Warehouse(folder / "messages"), specs=[MESSAGES]))
    print(f"sync of 1 % updated rows {update:7.2f} s   {update / first:.1%} of that table's full load with its versions")


if __name__ == "__main__":
    main()
