"""How many messages a minute does one sender bring to a mail server, how many do two, and is none lost?

    python -m benchmarks.notifications                     # 20,000 letters a run, some minutes
    python -m benchmarks.notifications --letters 5000 --repeat 1
    python -m benchmarks.notifications --delay 0.1         # a server far away: the wait limits, not this machine's cores

Needs nothing running. It starts a PostgreSQL with fsync on, the hiring API (which opens the addresses, sealed as in life), a mail server
as a process of its own, and one or two ``python -m hiring.worker --only deliver``. Measured from the moment the deliveries wait until the
last one is noted as sent. Everything shares this machine: figures are floors. A run ends by counting Message-IDs at the mail server.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from uuid import UUID

import httpx
import psycopg

from foundation import clock
from foundation.pseudonyms import encrypt
from foundation.settings import Home
from hiring.database import open_engine, session_factory
from hiring.identity.api_keys import issue_api_key
from hiring.notifications.settings import API_KEY
from hiring.permissions import Permission
from hiring.rows import new_id
from nexus.databases import migrate, provision
from nexus.embedded_postgres import EmbeddedPostgres, free_port

PEOPLE = 2000
SCHOOL, JOB = UUID(int=1), UUID(int=2)


def fill(url: str, key: str) -> None:
    """Put a school, a job and people with applications into the database."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "insert into identity.organisations (id, name, kind, country) values (%s, 'Park School', 'school', 'GB')", [SCHOOL]
        )
        connection.execute(
            "insert into jobs.jobs (id, tenant_id, organisation_id, title, subject, grade_range, staff_class, status, headcount, fte)"
            " values (%s, %s, %s, 'Teacher of mathematics', 'mathematics', '9-12', 'teacher', 'open', 1, 1)",
            [JOB, SCHOOL, SCHOOL],
        )
        with connection.cursor() as cursor:
            people = [(UUID(int=1000 + n), f"Person {n}", encrypt(key, f"person{n}@mail.example")) for n in range(PEOPLE)]
            cursor.executemany(
                "insert into candidates.candidates (id, given_name, family_name, email_encrypted) values (%s, 'Ada', %s, %s)",
                people,
            )
            cursor.executemany(
                "insert into applications.applications (id, tenant_id, candidate_id, job_id, attempt_number, applied_at, origin, status,"
                " current_stage) values (%s, %s, %s, %s, 1, now(), 'inbound', 'active', 'applied')",
                [(UUID(int=500_000 + n), SCHOOL, person[0], JOB) for n, person in enumerate(people)],
            )


def let_wait(url: str, letters: int) -> None:
    """Let deliveries wait."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("truncate notifications.deliveries; truncate outbox.events")
        columns = "id, event_id, channel, recipient, template, category, tenant_id, application_id"
        with cursor.copy(f"copy notifications.deliveries ({columns}) from stdin") as copy:
            for n in range(letters):
                person, application = UUID(int=1000 + n % PEOPLE), UUID(int=500_000 + n % PEOPLE)
                copy.write_row(
                    (new_id(), new_id(), "email", f"candidate:{person}", "application_received", "application", SCHOOL, application)
                )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum analyze notifications.deliveries")
        connection.execute("checkpoint")


@contextmanager
def running(command: Sequence[str], environment: dict[str, str], **options: object) -> Iterator[subprocess.Popen[str]]:
    """Run a process until the block ends."""
    process = subprocess.Popen(command, env=environment, text=True, **options)  # type: ignore[call-overload]  # options are Popen's
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def measure(
    url: str, environment: dict[str, str], folder: Path, letters: int, workers: int, delay: float
) -> tuple[float, Counter[str], float]:
    """Return letters a minute, Message-IDs at the mail server, and the senders' seconds of CPU."""
    let_wait(url, letters)
    taken = folder / "taken"
    taken.write_text("")
    began_cpu = os.times().children_user + os.times().children_system
    with running([sys.executable, "-m", "tests.support.smtp_sink", str(taken), str(delay)], environment, stdout=subprocess.PIPE) as sink:
        assert sink.stdout is not None
        values = environment | {"NEXUS_SMTP_PORT": sink.stdout.readline().strip()}
        command = [sys.executable, "-m", "hiring.worker", "--only", "deliver"]
        senders = [subprocess.Popen(command, env=values, stderr=subprocess.DEVNULL) for _ in range(workers)]
        while taken.stat().st_size == 0:  # a process takes a second to start: the clock starts with the first letter
            time.sleep(0.002)
        began = time.perf_counter()
        with psycopg.connect(url, autocommit=True) as connection:
            while connection.execute("select exists (select from notifications.deliveries where state <> 'sent')").fetchone() == (True,):
                time.sleep(0.05)
        seconds = time.perf_counter() - began
        for sender in senders:
            sender.terminate()
        for sender in senders:
            sender.wait(30)
    used = os.times().children_user + os.times().children_system - began_cpu
    return letters / seconds * 60, Counter(line.split()[0] for line in taken.read_text().splitlines()), used


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--letters", type=int, default=20_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--delay", type=float, default=0, help="seconds the mail server takes for a letter")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="nexus-notifications-"))
    folder.chmod(0o755)
    home = Home(home=folder / "home")
    server = EmbeddedPostgres(home)
    try:
        server.start()
        urls = provision(server.url(), home)
        migrate(urls.owner)
        fill(urls.owner, home.ensure_secret("candidate_key"))
        engine = open_engine(urls.owner, 1)
        with session_factory(engine)() as session, session.begin():
            key = issue_api_key(session, clock.now(), "benchmark", [Permission.CONTACTS_READ.value], ["*"], 1, None)[1]
        engine.dispose()
        home.write_secret(API_KEY, key)
        core = f"http://127.0.0.1:{(port := free_port(18000))}"
        environment = os.environ | {
            "NEXUS_HOME": str(home.root), "NEXUS_NOTIFICATIONS_CORE_URL": core, "NEXUS_SMTP_HOST": "127.0.0.1",
            "NEXUS_SMTP_SENDER": "nexus@school.example", "NEXUS_SMTP_SECURITY": "none",
        }  # fmt: skip
        api = [sys.executable, "-m", "uvicorn", "hiring.app:create_app", "--factory", "--port", str(port), "--no-access-log"]
        with running(api, environment, stderr=subprocess.DEVNULL):
            await_ready(core)
            for workers in (1, 2):
                rates = []
                for _ in range(asked.repeat):
                    rate, ids, used = measure(urls.owner, environment, folder, asked.letters, workers, asked.delay)
                    rates.append(rate)
                    again = ids.total() - len(ids)
                    print(
                        f"{workers} sender(s): {rate:,.0f} a minute, lost {asked.letters - len(ids)}, twice {again}, CPU {used:.1f} s",
                        flush=True,
                    )
                print(f"{workers} sender(s): median {median(rates):,.0f} a minute")
    finally:
        server.purge()
        shutil.rmtree(folder, ignore_errors=True)


def await_ready(address: str) -> None:
    """Wait until the API answers."""
    for _ in range(300):
        try:
            if httpx.get(f"{address}/health/ready").is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise RuntimeError("the hiring API did not become ready")


if __name__ == "__main__":
    main()
