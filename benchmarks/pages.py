"""How soon does a director see the figures, and how soon do they follow a filter?

Needs a home that has published: python -m benchmarks.pages --home .nexus [--school ID] [--rounds 5]
Starts the dashboard on it and opens every page in a real Chromium, each time with an empty browser cache. *First paint* ends when the
first chart or figure of the page stands, or the notice that there is none; *whole* when every chart is drawn. *Filter change* picks
another period and ends when the page is whole again: `new` asks the warehouse, `again` comes back to a period already asked for. The
first round of each page is the process's first visit and is told apart: it asks the warehouse too. Each figure is set against the
Hiring page of the same run, which holds no figure: what Streamlit and the browser cost by themselves. Sign-in is left out: the check of
a session is remembered for 30 s; so are saved views and goals, which the hiring core keeps: it does not run here.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

import dashboards.sessions
from foundation.access import Principal, Role
from tests.support.debian_packages import ensure_chromium
from warehouse.connection import read_pointer

MUST, AIM = {"paint": 3.0, "filter": 1.0}, {"paint": 2.0, "filter": 0.5}
PERIODS = ("Last 3 months", "Last 6 months", "Last 24 months", "All months")
SIZE: Any = {"width": 1440, "height": 1400}
HIRING = "/hiring"

FIRST = "() => document.querySelector('h1')"
WHOLE = """() => document.querySelector('[data-testid="stApp"][data-test-script-state="notRunning"]')
  && document.querySelector('h1') && !document.querySelector('[data-testid="stSkeleton"]')
  && [...document.querySelectorAll('.stVegaLiteChart')].every(chart => chart.querySelector('svg path'))"""
FIGURE = """() => document.querySelector(
  '.stVegaLiteChart svg path, [data-testid="stMetricValue"], .stDataFrame canvas, [data-testid="stAlert"]')"""


class Trusted:
    """Sessions in which everybody is one person: see the module's docstring."""

    def __init__(self, principal: Principal) -> None:
        self._principal = principal

    def verify(self, token: str | None) -> Principal | None:
        return self._principal if token else None

    def access_token(self, token: str | None) -> str | None:
        return token


def create_app() -> Any:
    """Return the dashboard for one person, who the environment says may see one school or all."""
    school = os.environ.get("BENCHMARK_SCHOOL", "")
    role, tenants = (Role.HR_DIRECTOR, frozenset([school])) if school else (Role.PLATFORM_ADMIN, None)
    far = datetime(2100, 1, 1, tzinfo=UTC)
    person = Principal("benchmark", "user", "Benchmark", frozenset([role]), frozenset(), tenants, None, far)
    dashboards.sessions.sessions = lambda: Trusted(person)  # type: ignore[assignment,return-value]  # before anything imports it by name
    from dashboards.enterprise import create_app as real

    return real()


@contextmanager
def dashboard(home: Path, school: str) -> Iterator[str]:
    """Start the dashboard on a home; give its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    nobody = "http://127.0.0.1:9"
    environment = os.environ | {"NEXUS_HOME": str(home), "BENCHMARK_SCHOOL": school, "NEXUS_DASHBOARD_HIRING_URL": nobody}
    environment["NEXUS_WAREHOUSE_THREADS"] = "1"  # as `nexus up` has it
    command = [sys.executable, "-m", "uvicorn", "benchmarks.pages:create_app", "--factory", "--port", str(port), "--log-level", "warning"]
    process = subprocess.Popen(command, env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                httpx.get(f"{address}/_stcore/health", timeout=2).raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def fresh_tab(browser: Browser, address: str) -> Iterator[Page]:
    """Open a tab with an empty cache."""
    context = browser.new_context(viewport=SIZE)
    context.set_default_timeout(120_000)
    context.add_cookies([{"name": dashboards.sessions.COOKIE, "value": "benchmark", "url": address}])
    yield context.new_page()
    context.close()


def first_paint(browser: Browser, address: str, path: str) -> tuple[float, float]:
    """Return seconds until the first figure, and until the whole page, of a fresh visit."""
    with fresh_tab(browser, address) as tab:
        began = time.perf_counter()
        tab.goto(address + path, wait_until="commit")
        tab.wait_for_function(FIRST if path == HIRING else FIGURE)
        first = time.perf_counter() - began
        tab.wait_for_function(WHOLE)
        return first, time.perf_counter() - began


def filter_changes(browser: Browser, address: str, path: str) -> tuple[list[float], list[float]]:
    """Return seconds of changes to periods not asked for yet, and of changes back to them."""
    times: dict[bool, list[float]] = {False: [], True: []}
    with fresh_tab(browser, address) as tab:
        tab.goto(address + path)
        tab.wait_for_function(WHOLE)
        box = tab.get_by_role("combobox", name="Period", exact=True)
        if box.count() == 0:
            return [], []
        for is_again in (False, True):
            for period in PERIODS:
                box.click()
                option = tab.get_by_role("option", name=period, exact=True)
                option.wait_for()
                before = tab.url
                began = time.perf_counter()
                option.click()
                tab.wait_for_function("url => location.href !== url", arg=before)  # the run that follows has reached the filters
                tab.wait_for_function(WHOLE)
                times[is_again].append(time.perf_counter() - began)
    return times[False], times[True]


def paths(browser: Browser, address: str) -> list[str]:
    """Return the pages that the bar offers; Hiring, the peer, first."""
    with fresh_tab(browser, address) as tab:
        tab.goto(address + "/")
        tab.wait_for_function(WHOLE)
        found = [link.get_attribute("href") or "" for link in tab.locator('[class*="st-key-pages"] a').all()]
    return [HIRING, *("/" + href.split("?")[0].strip("/") for href in found)]


def verdict(seconds: float, kind: str) -> str:
    return "aim" if seconds <= AIM[kind] else "must" if seconds <= MUST[kind] else "TOO SLOW"


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--home", type=Path, default=Path(os.environ.get("NEXUS_HOME", ".nexus")))
    given.add_argument("--school", default="", help="look as this school's director; default: as an administrator who sees every school")
    given.add_argument("--rounds", type=int, default=5)
    given.add_argument("--only", action="append", metavar="PATH", help="a page to measure, such as /equity; may be repeated; default: all")
    options = given.parse_args()
    pointer = read_pointer(options.home)
    print(f"version {pointer.publish_version if pointer else 'none'} · {options.rounds} rounds, medians · seconds (times the Hiring page)")
    print(f"{'page':14} {'first visit':>12} {'first paint':>18} {'whole':>14} {'filter new':>16} {'again':>14}")
    with dashboard(options.home, options.school) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=ensure_chromium(), args=["--disable-gpu", "--no-sandbox"])
        peer = 0.0
        for path in [HIRING, *options.only] if options.only else paths(browser, address):
            visits = [first_paint(browser, address, path) for _ in range(options.rounds + 1)]
            paint, whole = (statistics.median(column) for column in zip(*visits[1:], strict=True))
            peer = peer or whole
            new, again = filter_changes(browser, address, path)
            changed = [
                f"{statistics.median(times):.2f} {verdict(statistics.median(times), 'filter')}" if times else "–" for times in (new, again)
            ]
            shown = f"{paint:.2f} ({paint / peer:.1f}) {verdict(paint, 'paint')}"
            print(
                f"{path:14} {visits[0][1]:>12.2f} {shown:>18} {whole:>8.2f} ({whole / peer:.1f}) {changed[0]:>16} {changed[1]:>14}",
                flush=True,
            )
        browser.close()


if __name__ == "__main__":
    main()
