"""Does the hiring API hold 200 requests a second, whatever they do to it, and how long do reads take?

    python -m benchmarks.hiring_load                       # 60 s
    python -m benchmarks.hiring_load --rate 300 --seconds 20

Needs nothing running: it starts a PostgreSQL with fsync on, the API (one process), a worker, and puts 20 schools, 1,000 open jobs and
20,000 applications in. Requests leave by the clock (open loop): a slow answer does not hold back the next request, and each is timed
from when it was due. The generator shares the machine. Limit: no error, reads at p99 within 50 ms.

The last lines say what a request costs in processor time, by process: unlike the times, that hardly depends on what else runs here.
"""

import argparse
import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles
from uuid import UUID

import aiohttp
import psutil
import psycopg

from foundation import clock
from foundation.pseudonyms import encrypt
from foundation.settings import Home
from hiring.database import open_engine, session_factory
from hiring.identity.api_keys import issue_api_key
from hiring.permissions import SERVICE_ONLY, Permission
from nexus.databases import migrate, provision
from nexus.embedded_postgres import EmbeddedPostgres, free_port

SCHOOLS, JOBS, APPLICATIONS = 20, 1000, 20_000
SUBJECTS = ("mathematics", "physics", "english", "music")
READ_LIMIT_MS = 50
_OPTIONS = ("--no-access-log", "--timeout-keep-alive", "75")  # as `nexus up` has them
Ask = tuple[str, str, object]


def school(n: int) -> UUID:
    return UUID(int=10_000 + n)


def job(n: int) -> UUID:
    return UUID(int=20_000 + n)


def application(n: int) -> UUID:
    return UUID(int=100_000 + n)


def person(n: int) -> UUID:
    return UUID(int=200_000 + n)


def fill(url: str, key: str) -> None:
    """Put schools, posted jobs and applications into the database."""
    name, mail = "Ada", encrypt(key, "ada@mail.example")
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into identity.organisations (id, name, kind, country) values (%s, %s, 'school', 'GB')",
            [(school(n), f"School {n}") for n in range(SCHOOLS)],
        )
        cursor.execute("insert into jobs.channels (id, name, type) values (%s, 'Board', 'job_board')", [UUID(int=1)])
        cursor.executemany(
            "insert into jobs.jobs (id, tenant_id, organisation_id, title, subject, grade_range, staff_class, status, opened_at, headcount)"
            " values (%s, %s, %s, %s, %s, '9-12', 'teacher', 'open', now(), 100)",
            [(job(n), school(n % SCHOOLS), school(n % SCHOOLS), f"Teacher {n}", SUBJECTS[n % 4]) for n in range(JOBS)],
        )
        cursor.executemany(
            "insert into jobs.openings (id, tenant_id, job_id, opened_at) values (%s, %s, %s, now())",
            [(UUID(int=30_000 + n), school(n % SCHOOLS), job(n)) for n in range(JOBS)],
        )
        cursor.executemany(
            "insert into jobs.postings (id, tenant_id, job_id, channel_id, live_from, is_internal) values (%s, %s, %s, %s, now(), false)",
            [(UUID(int=40_000 + n), school(n % SCHOOLS), job(n), UUID(int=1)) for n in range(JOBS)],
        )
        with cursor.copy("copy candidates.candidates (id, given_name, family_name, email_encrypted) from stdin") as copy:
            for n in range(APPLICATIONS):
                copy.write_row((person(n), name, f"Person {n}", mail))
        columns = "id, tenant_id, candidate_id, job_id, attempt_number, applied_at, origin, status, current_stage"
        with cursor.copy(f"copy applications.applications ({columns}) from stdin") as copy:
            for n in range(APPLICATIONS):
                copy.write_row(
                    (application(n), school(n % JOBS % SCHOOLS), person(n), job(n % JOBS), 1, clock.now(), "inbound", "active", "applied")
                )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum analyze")  # else autovacuum would do it in the minute that is measured


def mix(draw: random.Random, made: Callable[[], int]) -> tuple[str, Ask]:
    """Return one request of a working day: what it is called, method, path and body."""
    n = draw.randrange(APPLICATIONS)
    new = {"given_name": "New", "family_name": "Person", "email": f"new{made()}@mail.example"}
    kinds: list[tuple[int, str, Ask]] = [
        (35, "read: board search", ("GET", f"/v1/job-board/jobs?subject={draw.choice(SUBJECTS)}&limit=20", None)),
        (10, "read: board words", ("GET", f"/v1/job-board/jobs?q=teacher%20{draw.randrange(JOBS)}", None)),
        (15, "read: jobs", ("GET", f"/v1/jobs?tenant_id={school(n % SCHOOLS)}&limit=50", None)),
        (15, "read: job", ("GET", f"/v1/jobs/{job(n % JOBS)}", None)),
        (10, "read: application", ("GET", f"/v1/applications/{application(n)}", None)),
        (5, "read: pipeline of a job", ("GET", f"/v1/pipeline/jobs/{job(n % JOBS)}", None)),
        (5, "read: candidate, audited", ("GET", f"/v1/candidates/{person(n)}", None)),
        (5, "write: apply", ("POST", "/v1/applications", {"job_id": str(job(n % JOBS)), "candidate": new})),
    ]
    return draw.choices([(name, ask) for _, name, ask in kinds], [weight for weight, _, _ in kinds])[0]


async def load(address: str, credential: str, rate: float, seconds: float) -> tuple[dict[str, list[float]], list[str]]:
    """Send ``rate`` requests a second; return milliseconds by kind, and what went wrong."""
    draw, count = random.Random(7), int(rate) * 1_000_000  # the warm-up makes other people
    taken: dict[str, list[float]] = defaultdict(list)
    errors: list[str] = []

    def made() -> int:
        nonlocal count
        count += 1
        return count

    async def one(due: float, name: str, ask: Ask) -> None:
        method, path, body = ask
        try:
            async with client.request(method, path, json=body) as reply:
                text = await reply.text()
                if reply.status >= 400:
                    errors.append(f"{name}: {reply.status} {text[:100]}")
        except (aiohttp.ClientError, TimeoutError) as error:
            errors.append(f"{name}: {type(error).__name__}")
        taken[name].append((time.perf_counter() - due) * 1000)

    headers, connections = {"Authorization": f"Bearer {credential}"}, aiohttp.TCPConnector(limit=256)
    timeout = aiohttp.ClientTimeout(30)
    async with aiohttp.ClientSession(address, headers=headers, connector=connections, timeout=timeout) as client:
        began, tasks = time.perf_counter(), []
        for n in range(int(rate * seconds)):
            due = began + n / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.append(asyncio.create_task(one(due, *mix(draw, made))))
        await asyncio.gather(*tasks)
    return taken, errors


def p(values: list[float], share: int) -> float:
    return quantiles(values, n=100)[share - 1] if len(values) > 1 else values[0]


def wait_until_ready(address: str) -> None:
    """Return when the API answers.

    Raises:
        TimeoutError: not within a minute.
    """
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}/health/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(f"{address}/health/ready did not answer")


def processor_seconds(pid: int) -> float:
    """Return the processor time a process and its children have taken, those that ended included."""
    try:
        process = psutil.Process(pid)
        spent, children = process.cpu_times(), process.children()
    except psutil.NoSuchProcess:  # it has ended meanwhile: its parent has its time
        return 0.0
    ended = spent.children_user + spent.children_system
    return float(spent.user + spent.system + ended + sum(processor_seconds(child.pid) for child in children))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="nexus-load-"))
    folder.chmod(0o755)  # the server may run as another account
    home = Home(home=folder / "home")
    server, started = EmbeddedPostgres(home), []
    try:
        server.start()
        urls = provision(server.url(), home)
        migrate(urls.owner)
        fill(urls.owner, home.ensure_secret("candidate_key"))
        engine = open_engine(urls.owner, 1)
        with session_factory(engine)() as session, session.begin():
            scopes = [permission.value for permission in Permission if permission not in SERVICE_ONLY]
            credential = issue_api_key(session, clock.now(), "load", scopes, ["*"], 1, None)[1]
        engine.dispose()
        port = free_port()
        environment = {**os.environ, "NEXUS_HOME": str(home.root)}
        api = [sys.executable, "-m", "uvicorn", "hiring.app:create_app", "--factory", "--port", str(port), *_OPTIONS]
        quiet = {"env": environment, "stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        started += [subprocess.Popen(command, **quiet) for command in (api, [sys.executable, "-m", "hiring.worker"])]
        address = f"http://127.0.0.1:{port}"
        wait_until_ready(address)
        asyncio.run(load(address, credential, 50, 5))  # warm
        processes = dict(zip(("api", "worker"), (process.pid for process in started), strict=True))
        processes |= {"postgres": server.postmaster().pid}  # type: ignore[union-attr]  # it runs: we started it
        before, own = {name: processor_seconds(pid) for name, pid in processes.items()}, time.process_time()
        taken, errors = asyncio.run(load(address, credential, options.rate, options.seconds))
        spent = {name: processor_seconds(pid) - before[name] for name, pid in processes.items()}
        spent["generator"] = time.process_time() - own
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        server.purge()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{'':28}{'n':>7}{'p50':>9}{'p99':>9}  ms")
    for name in sorted(taken):
        print(f"{name:28}{len(taken[name]):>7}{p(taken[name], 50):>9.1f}{p(taken[name], 99):>9.1f}")
    reads = [value for name, values in taken.items() if name.startswith("read") for value in values]
    print(f"{'all reads':28}{len(reads):>7}{p(reads, 50):>9.1f}{p(reads, 99):>9.1f}")
    requests = sum(map(len, taken.values()))
    print("processor ms a request:", *(f"{name} {seconds / requests * 1000:.2f}" for name, seconds in spent.items()))
    print(f"reads at p99: {p(reads, 99) / READ_LIMIT_MS:.2f} of the limit of {READ_LIMIT_MS} ms")
    print(f"errors: {len(errors)}", *dict.fromkeys(errors[:10]), sep="\n  ")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
