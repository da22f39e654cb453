"""The whole platform from the front door: started in the background, seen, hurt, mended, stopped."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from foundation import clock
from foundation.settings import Databases, Home
from nexus.databases import migrate
from nexus.services import Database
from simulator import simulate
from tests.support.postgres import open_folder

PROJECT = Path(__file__).parents[2]
Nexus = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def nexus(monkeypatch: pytest.MonkeyPatch) -> Iterator[Nexus]:
    """Return a function that runs ``nexus`` for a home with a month of simulated history; all is purged after the test."""
    folder = open_folder("nexus-home-")
    monkeypatch.setenv("NEXUS_HOME", str(folder))
    home = Home()
    with Database(home):
        migrate(Databases().url("owner"))
        today = clock.today_midnight()
        simulate(Databases().url("owner"), home.root, scale="tiny", until=today, since=today - timedelta(days=40))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "nexus", *arguments], capture_output=True, text=True, cwd=PROJECT, timeout=700)

    yield run
    run("down", "--purge", "--yes")
    shutil.rmtree(folder, ignore_errors=True)


def status(nexus: Nexus) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(nexus("status", "--json").stdout)
    return content


def processes_of(home: str) -> list[str]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("NEXUS_HOME") == home and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


@pytest.mark.timeout(1500)  # a busy machine takes minutes where an idle one takes half of one
def test_platform_comes_up_mends_itself_and_stops_without_a_trace(nexus: Nexus) -> None:
    started = nexus("up", "--detach")
    assert started.returncode == 0, started.stdout + started.stderr
    assert "Demo logins" in started.stdout

    now = status(nexus)
    assert now["is_running"], now
    services = {service["name"]: service for service in now["services"]}
    assert set(services) == {
        "database",
        "hiring",
        "worker",
        "notifications",
        "assessments",
        "prediction",
        "dashboard",
        "code-server",
        "dagster",
        "daemon",
    }
    assert 0 < now["memory_mb"] <= 2_500

    login = json.loads(Home().read_secret("demo_logins.json"))["hr_director"]
    reply = httpx.post(f"{services['hiring']['address']}/v1/sessions", json={name: login[name] for name in ("email", "password")})
    assert reply.status_code == 201, reply.text

    again = nexus("up")
    assert again.returncode == 0
    assert again.stdout.startswith("already running")

    for victim in ("hiring", "database"):
        os.kill(services[victim]["pid"], signal.SIGKILL)
    deadline = clock.now() + timedelta(seconds=300)
    mended = status(nexus)
    while not mended["is_running"] and clock.now() < deadline:
        mended = status(nexus)
    assert mended["is_running"], mended
    assert {service["name"]: service["restarts_count"] for service in mended["services"]}["hiring"] >= 1
    # Only a hiring API that talks to a live database says it is ready.
    assert httpx.get(f"{services['hiring']['address']}/health/ready", timeout=60).status_code == 200

    home = str(Home().root)
    assert processes_of(home)
    assert nexus("down").stdout == "stopped\n"
    assert processes_of(home) == []
    assert nexus("status").returncode == 1
