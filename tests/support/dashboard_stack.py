"""The real hiring and assessments APIs and the real dashboard as processes, with a login per role, and a browser to look at them."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, sync_playwright

from nexus.databases import create_database, login_urls, migrate
from nexus.embedded_postgres import EmbeddedPostgres
from tests.support.debian_packages import ensure_chromium
from tests.support.oidc_provider import CLIENT_ID, CLIENT_SECRET
from tests.support.postgres import PASSWORDS
from tests.support.published_file import AGENCIES, BRIGHT, GROUP, HANOK, NORTH, RIVER, SCHOOLS, Made, publish_made

_QUIET = ("--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-sandbox")


@dataclass(frozen=True)
class Stack:
    """Addresses of the services, the published version they read, and the logins by name (email, password, role).

    The hiring API knows an OpenID provider at a port where nothing listens until a test starts one.
    """

    home: Path
    made: Made
    dashboard: str
    hiring: str
    assessments: str
    logins: dict[str, dict[str, str]]
    owner_url: str
    provider_port: int


@pytest.fixture(scope="session")
def dashboard_stack(postgres_server: EmbeddedPostgres, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start hiring API, assessments API and dashboard on a database with three schools and a made published version."""
    home = tmp_path_factory.mktemp("dashboard-stack")
    owner_url = create_database(postgres_server.url(), f"dashboard_{os.getpid()}")
    migrate(owner_url)
    _register_organisations(owner_url)
    urls = login_urls(owner_url, PASSWORDS)
    made = publish_made(home)
    ports = _free_ports(4)
    hiring, dashboard, assessments = (f"http://127.0.0.1:{port}" for port in ports[:3])
    environment = os.environ | {
        "NEXUS_HOME": str(home),
        "NEXUS_DATABASE_OWNER_URL": urls.owner,
        "NEXUS_DATABASE_HIRING_URL": urls.hiring,
        "NEXUS_ASSESSMENTS_HIRING_URL": hiring,
        "NEXUS_DASHBOARD_HIRING_URL": hiring,
        "NEXUS_DASHBOARD_ASSESSMENTS_URL": assessments,
        "NEXUS_OIDC_ISSUER": f"http://127.0.0.1:{ports[3]}",
        "NEXUS_OIDC_NAME": "Meridian & Co",
        "NEXUS_OIDC_CLIENT_ID": CLIENT_ID,
        "NEXUS_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "NEXUS_OIDC_REDIRECT_URI": f"{dashboard}/sign-in/callback",
    }
    subprocess.run([sys.executable, "-m", "hiring.demo_logins"], env=environment, check=True, capture_output=True)
    logins = json.loads((home / "secrets" / "demo_logins.json").read_text())
    started = [
        _serve("hiring.app:create_app", ports[0], environment, home / "hiring.log"),
        _serve("dashboards.enterprise:create_app", ports[1], environment, home / "dashboard.log"),
        _serve("hiring.service_apps:assessments", ports[2], environment, home / "assessments.log"),
    ]
    try:
        _wait(f"{hiring}/health/ready", started[0], home / "hiring.log")
        _wait(f"{dashboard}/_stcore/health", started[1], home / "dashboard.log")
        _wait(f"{assessments}/health/ready", started[2], home / "assessments.log")
        yield Stack(home, made, dashboard, hiring, assessments, logins, owner_url, ports[3])
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(20)


@contextmanager
def fresh_dashboard(stack: Stack) -> Iterator[str]:
    """Start another dashboard on the same services, one that nobody has visited; give its address."""
    (port,) = _free_ports(1)
    environment = os.environ | {"NEXUS_HOME": str(stack.home), "NEXUS_DASHBOARD_HIRING_URL": stack.hiring}
    process = _serve("dashboards.enterprise:create_app", port, environment, stack.home / "fresh.log")
    try:
        _wait(f"http://127.0.0.1:{port}/_stcore/health", process, stack.home / "fresh.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return a headless browser; a file's own: it keeps an event loop running, and other files' tests run theirs."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=ensure_chromium(), args=list(_QUIET))
        yield browser
        browser.close()


def _register_organisations(owner_url: str) -> None:
    schools = [(school, name, "school", None if school == HANOK else GROUP) for school, name in SCHOOLS.items()]
    others = [(GROUP, "Meridian Schools", "school_group", None), *((key, name, "agency", None) for key, name in AGENCIES.items())]
    with psycopg.connect(owner_url) as connection:
        for row in schools + others:
            connection.execute("insert into identity.organisations (id, name, kind, parent_id, country) values (%s, %s, %s, %s, 'GB')", row)
        for number, school in enumerate((NORTH, RIVER)):  # what an agency may see begins with where it submitted
            connection.execute(
                "insert into applications.agency_submissions (id, tenant_id, application_id, agency_id, submitted_at, fee_basis)"
                " values (%s, %s, %s, %s, '2026-10-01', 'none')",
                (_row_id(number), school, _row_id(100 + number), BRIGHT),
            )


def _row_id(number: int) -> str:
    return f"0190a000-0000-7000-8000-{number + 0xA000:012x}"


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listening.getsockname()[1] for listening in sockets]
    for listening in sockets:
        listening.close()
    return ports


def _serve(factory: str, port: int, environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "uvicorn", factory, "--factory", "--port", str(port), "--log-level", "warning"]
    with log.open("wb") as stream:
        return subprocess.Popen(command, env=environment, stdout=stream, stderr=stream)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 120) -> None:
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at:
        if process.poll() is not None:
            raise RuntimeError(f"the service ended with code {process.returncode}: {log.read_text()[-2000:]}")
        try:
            if httpx.get(url, timeout=2).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise TimeoutError(f"{url} did not answer within {seconds} s: {log.read_text()[-2000:]}")


__all__ = ["HANOK", "NORTH", "RIVER", "Stack", "chromium", "dashboard_stack", "fresh_dashboard"]
