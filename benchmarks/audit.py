"""How many audit rows a second do parallel writers get, against the same rows in the same table without the chain?

    python -m benchmarks.audit
    python -m benchmarks.audit --writers 8 --rows 2000

Needs nothing running: it starts a PostgreSQL of its own, with fsync on, in a temporary folder. Each row is a transaction. The chain puts
writers in line until their commit is on the disk; the plain table's writers share a flush. Ends with a check of the whole chain.
"""

import argparse
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path

import psycopg

from foundation.settings import Home
from nexus.databases import migrate, provision
from nexus.embedded_postgres import EmbeddedPostgres

COLUMNS = "(actor, actor_type, action, object_type, object_id, reason, outcome)"
VALUES = "values ('0190', 'person', 'target.change', 'target', '0190', 'a reason as people give them', 'ok')"
CHAINED = f"insert into audit.events {COLUMNS} {VALUES}"
PLAIN = f"insert into public.events {COLUMNS} {VALUES}"


def rows_a_second(url: str, statement: str, writers: int, rows: int) -> float:
    """Write rows from parallel connections and return how many a second."""

    def write() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            for _ in range(rows // writers):
                connection.execute(statement.encode())

    threads = [threading.Thread(target=write) for _ in range(writers)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return rows // writers * writers / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--rows", type=int, default=4_000)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="nexus-audit-"))
    folder.chmod(0o755)  # the server may run as another account
    os.environ["NEXUS_HOME"] = str(folder)
    server = EmbeddedPostgres(Home(home=folder))
    try:
        server.start()
        urls = provision(server.url(), Home(home=folder))
        migrate(urls.owner)
        with psycopg.connect(urls.owner, autocommit=True) as owner:
            owner.execute("create table public.events (like audit.events including indexes)")
            for column in ("at", "db_user", "prev_hash", "row_hash"):
                owner.execute(f"alter table public.events alter column {column} drop not null".encode())
            owner.execute("alter table public.events alter column seq add generated always as identity")
            owner.execute("grant insert on public.events to hiring_app")
            for writers in (1, options.writers):
                chained = rows_a_second(urls.hiring, CHAINED, writers, options.rows)
                plain = rows_a_second(urls.hiring, PLAIN, writers, options.rows)
                print(f"{writers} writers: {chained:,.0f} rows/s chained, {plain:,.0f} plain: {chained / plain:.2f} of it")
            began = time.perf_counter()
            found = owner.execute("select * from audit.verify()").fetchall()
            seconds = time.perf_counter() - began
            ends = owner.execute("select count(*), max(seq), count(distinct prev_hash) from audit.events").fetchone()
        print(f"rows, last number, different predecessors: {ends}; {len(found)} findings, {options.rows * 2 / seconds:,.0f} rows/s checked")
    finally:
        server.purge()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
