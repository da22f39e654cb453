"""How many events a minute travel from a transaction to a consumer, and how fast does a backlog drain, against bare aio-pika?
And how many no-op jobs a second does the queue settle, against pgqueuer and procrastinate?

    python -m benchmarks.bus [--runs 3] [--events 20000] [--backlog 100000] [--jobs 5000]

Postgres with fsync on, RabbitMQ with confirms; producer, worker, database and broker share the cores. Every run counts what
arrived: none may be lost. Musts, events/min: log 60,000 end to end and 500,000 drained; RabbitMQ 100,000 and 500,000.
Prints medians of the runs.
"""

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from signal import SIGKILL
from statistics import median

import psycopg

from foundation import clock
from foundation.settings import Home
from hiring.bus.envelope import Event
from hiring.database import open_engine, session_factory
from hiring.domain_events import EventType, record
from hiring.rows import new_id
from nexus.databases import LOGINS, DatabaseUrls, create_database, create_logins, login_urls, migrate
from nexus.embedded_postgres import EmbeddedPostgres, die_with_parent
from tests.support.chaos import SCHEMA
from tests.support.postgres import open_folder
from tests.support.rabbitmq import RabbitServer, new_server

EVENTS_A_TRANSACTION = 5  # what accepting an offer records; a stage move records one
PRODUCERS = 2
FILL = """
insert into outbox.events (event_id, type, subject, sequence, data, occurred_at, correlation_id)
select gen_random_uuid(), 'STAGE_MOVED', 'application:' || (array(select gen_random_uuid() from generate_series(1, 1000)))[1 + n %% 1000],
  1 + n / 1000, jsonb_build_object('tenant_id', gen_random_uuid(), 'from_stage', 'screen', 'to_stage', 'interview'), now(), 'benchmark'
from generate_series(0, %s) n
"""


@contextmanager
def database() -> Iterator[DatabaseUrls]:
    """Yield the URLs of a migrated database on a server of its own, fsync on."""
    folder = open_folder("nexus-benchmark-")
    server = EmbeddedPostgres(Home(home=folder), settings={"max_wal_size": "4GB"})
    try:
        server.start()
        passwords = {user: f"{user}_of_the_benchmark" for user in LOGINS}
        owner = create_database(server.url(), "benchmark")
        create_logins(owner, passwords)
        migrate(owner)
        with psycopg.connect(owner) as connection:
            connection.execute(SCHEMA)
        yield login_urls(owner, passwords)
    finally:
        server.purge()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def worker(urls: DatabaseUrls, broker: str) -> Iterator[None]:
    """Run the product's relay and reader in a process of their own, ready when the first event arrived."""
    command = [sys.executable, "-m", "tests.support.chaos_process", "worker", urls.hiring]
    environment = {**os.environ, "NEXUS_BUS_URL": broker}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, preexec_fn=lambda: die_with_parent(SIGKILL))
    try:
        forget(urls)
        produce(urls, 1)
        wait_for(urls, 1)
        forget(urls)
        yield
    finally:
        process.kill()
        process.wait()


def forget(urls: DatabaseUrls) -> None:
    """Empty what earlier runs left."""
    with psycopg.connect(urls.owner) as connection:
        connection.execute("truncate chaos.handled")


def produce(urls: DatabaseUrls, count: int) -> None:
    engine = open_engine(urls.hiring, 1)
    tenant = new_id()
    for start in range(0, count, EVENTS_A_TRANSACTION):
        with session_factory(engine)() as session, session.begin():
            aggregate = new_id()
            for sequence in range(1, min(EVENTS_A_TRANSACTION, count - start) + 1):
                record(session, EventType.STAGE_MOVED, "application", aggregate, sequence, clock.now(), tenant_id=tenant, to_stage="screen")
    engine.dispose()


def wait_for(urls: DatabaseUrls, count: int) -> None:
    """Wait until so many events were handled; everyone once."""
    with psycopg.connect(urls.hiring, autocommit=True) as connection:
        while True:
            row = connection.execute("select count(*) from chaos.handled").fetchone()
            if row and row[0] >= count:
                assert row[0] == count
                return
            time.sleep(0.05)


def end_to_end(urls: DatabaseUrls, broker: str, count: int) -> float:
    """Return events a minute while producers write in processes of their own."""
    with worker(urls, broker):
        share = count // PRODUCERS
        command = [sys.executable, "-m", "benchmarks.bus", "--produce", str(share), "--url", urls.hiring]
        producers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(PRODUCERS)]
        for process in producers:
            assert process.stdout
            process.stdout.readline()  # imported and connected
        began = time.perf_counter()
        for process in producers:
            assert process.stdin
            process.stdin.close()
        wait_for(urls, share * PRODUCERS)
        took = time.perf_counter() - began
        for process in producers:
            process.wait()
    return share * PRODUCERS / took * 60


def drain(urls: DatabaseUrls, broker: str, count: int) -> float:
    """Return events a minute of a backlog that appears at once."""
    with worker(urls, broker):
        with psycopg.connect(urls.owner) as connection:
            connection.execute(FILL, [count - 1])
        began = time.perf_counter()
        wait_for(urls, count)
        took = time.perf_counter() - began
    with psycopg.connect(urls.owner) as connection:
        disorder = """select count(*) from (
          select sequence < lag(sequence) over (partition by subject order by position) as is_late from chaos.handled
        ) s where is_late"""
        assert connection.execute(disorder).fetchone() == (0,)
    return count / took * 60


def bare_broker(url: str, count: int) -> float:
    """Return events a minute of bare aio-pika: the same messages published with confirms and consumed with acknowledgements."""
    import aio_pika

    from hiring.bus.rabbitmq import EVENTS_A_MESSAGE, PREFETCH, packed

    data = {"tenant_id": str(new_id()), "from_stage": "screen", "to_stage": "interview"}
    events = [Event(new_id(), "STAGE_MOVED", f"application:{new_id()}", 1, clock.now(), data) for _ in range(EVENTS_A_MESSAGE)]

    async def run() -> float:
        async with await aio_pika.connect(url) as connection, connection.channel() as channel:
            queue = await channel.declare_queue("bare", durable=True, arguments={"x-queue-type": "quorum"})
            await channel.set_qos(PREFETCH)
            messages_count, seen, is_over = count // EVENTS_A_MESSAGE, 0, asyncio.Event()

            async def take(message: aio_pika.abc.AbstractIncomingMessage) -> None:
                nonlocal seen
                seen += 1
                await message.ack()
                if seen == messages_count:
                    is_over.set()

            body = packed(events)
            began = time.perf_counter()
            await queue.consume(take)
            for _ in range(messages_count):
                await channel.default_exchange.publish(body, "bare", mandatory=True)
            await is_over.wait()
            took = time.perf_counter() - began
            await queue.delete(if_empty=False, if_unused=False)
        return messages_count * EVENTS_A_MESSAGE / took * 60

    return asyncio.run(run())


def medians(runs: int, measure: Callable[[], float]) -> float:
    return median(measure() for _ in range(runs))


def report(name: str, rate: float, must: int, peer: float = 0) -> None:
    against = f", {rate / peer:.2f} of bare aio-pika" if peer else ""
    print(f"{name}: {rate:,.0f} events/min, {'met' if rate >= must else 'MISSED'}: must {must:,}{against}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--backlog", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=5_000)
    parser.add_argument("--produce", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.produce:
        print("ready", flush=True)
        sys.stdin.read()
        produce(DatabaseUrls(owner="", hiring=options.url, pipeline=""), options.produce)
        return
    with database() as urls:
        report("log, end to end", medians(options.runs, lambda: end_to_end(urls, "", options.events)), 60_000)
        report("log, drain", medians(options.runs, lambda: drain(urls, "", options.backlog)), 500_000)
    with broker() as server, database() as urls:
        bare = medians(options.runs, lambda: bare_broker(server.url, options.backlog))
        print(f"bare aio-pika: {bare:,.0f} events/min", flush=True)
        report("RabbitMQ, end to end", medians(options.runs, lambda: end_to_end(urls, server.url, options.events)), 100_000, bare)
        report("RabbitMQ, drain", medians(options.runs, lambda: drain(urls, server.url, options.backlog)), 500_000, bare)
    from benchmarks.jobs import compare

    compare(options.runs, options.jobs)


@contextmanager
def broker() -> Iterator[RabbitServer]:
    server = new_server("nexus-benchmark-rabbitmq-")
    try:
        yield server.start()
    finally:
        server.remove()


if __name__ == "__main__":
    main()
