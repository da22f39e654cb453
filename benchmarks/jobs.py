"""How many no-op jobs a second does the queue settle, against pgqueuer and procrastinate? Called by ``benchmarks.bus``, or alone:

    python -m benchmarks.jobs [--runs 3] [--jobs 5000]

One worker each, a full queue, the same Postgres with fsync on; peers with their recommended settings.
"""

import argparse
import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from statistics import median

import psycopg
from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, Uuid, insert

from foundation import clock
from foundation.settings import Home
from hiring.columns import instant
from hiring.database import open_engine, session_factory
from hiring.rows import new_id
from hiring.work.queue import Queue
from nexus.databases import create_database
from nexus.embedded_postgres import EmbeddedPostgres
from tests.support.postgres import open_folder

BATCH = 100
JOBS = Table(
    "bench_jobs",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    instant("due_at"),
    instant("leased_until", optional=True),
    Column("error", Text),
    instant("updated_at"),
    Column("payload", BigInteger),
)


def ours(url: str, count: int) -> float:
    """Return jobs a second of the queue: claim a batch, commit, do nothing, settle it, commit."""
    engine = open_engine(url, 1)
    JOBS.metadata.drop_all(engine)
    JOBS.metadata.create_all(engine)
    sessions, queue, now = session_factory(engine), Queue(JOBS, lease=timedelta(minutes=5)), clock.now()
    with engine.begin() as connection:
        connection.exec_driver_sql("create index on bench_jobs (due_at, id) where state in ('ready', 'running')")
        rows = [{"id": new_id(), "state": "ready", "attempts": 0, "due_at": now, "updated_at": now, "payload": n} for n in range(count)]
        connection.execute(insert(JOBS), rows)
        connection.exec_driver_sql("analyze bench_jobs")
    done, began = 0, time.perf_counter()
    while True:
        with sessions() as session, session.begin():
            claimed = queue.claim(session, clock.now(), BATCH)
        if not claimed:
            break
        with sessions() as session, session.begin():
            done += queue.finish(session, claimed, clock.now())
    took = time.perf_counter() - began
    engine.dispose()
    assert done == count
    return count / took


async def pgqueuer_rate(url: str, count: int) -> float:
    from pgqueuer.db import PsycopgDriver
    from pgqueuer.models import Job
    from pgqueuer.qm import QueueManager
    from pgqueuer.queries import Queries
    from pgqueuer.types import QueueExecutionMode

    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        manager = QueueManager(Queries(PsycopgDriver(connection)))
        await manager.queries.install()
        done = 0

        @manager.entrypoint("nothing")
        async def nothing(_job: Job) -> None:
            nonlocal done
            done += 1

        await manager.queries.enqueue(["nothing"] * count, [None] * count, [0] * count)
        began = time.perf_counter()
        await manager.run(mode=QueueExecutionMode.drain, batch_size=BATCH)
        took = time.perf_counter() - began
        await manager.queries.uninstall()
    assert done == count
    return count / took


async def procrastinate_rate(url: str, count: int) -> float:
    import procrastinate

    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))
    done = 0

    @app.task
    async def nothing() -> None:
        nonlocal done
        done += 1

    async with app.open_async():
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await connection.execute("drop schema public cascade")
            await connection.execute("create schema public")
        await app.schema_manager.apply_schema_async()
        await nothing.batch_defer_async(*({} for _ in range(count)))
        began = time.perf_counter()
        await app.run_worker_async(wait=False, concurrency=10, install_signal_handlers=False)
        took = time.perf_counter() - began
    assert done == count
    return count / took


def compare(runs: int, count: int) -> None:
    """Print the medians."""
    folder = open_folder("nexus-benchmark-")
    server = EmbeddedPostgres(Home(home=folder))
    try:
        server.start()
        mine = median(ours(create_database(server.url(), f"ours_{run}"), count) for run in range(runs))
        print(f"queue: {mine:,.0f} no-op jobs/s in batches of {BATCH}", flush=True)
        peers: dict[str, Callable[[str, int], Awaitable[float]]] = {"pgqueuer": pgqueuer_rate, "procrastinate": procrastinate_rate}
        for name, measure in peers.items():

            async def once(run: int, name: str = name, measure: Callable[[str, int], Awaitable[float]] = measure) -> float:
                return await measure(create_database(server.url(), f"{name}_{run}"), count)

            theirs = median(asyncio.run(once(run)) for run in range(runs))
            print(f"{name}: {theirs:,.0f} no-op jobs/s; the queue is {mine / theirs:.1f} times as fast", flush=True)
    finally:
        server.purge()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=5_000)
    options = parser.parse_args()
    compare(options.runs, options.jobs)
