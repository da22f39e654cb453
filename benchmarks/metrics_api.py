"""How fast does the metrics API answer a filtered funnel, remembered and not?

Needs a running platform (`nexus up` on a home that has published; a medium one has 1 M applications):
python -m benchmarks.metrics_api --home .nexus
Must: p50 at most 100 ms at 1 and at 16 connections; aim: 30 ms. Three mixes, each over one kept-alive connection a worker:
`repeated` asks one question again and again, `mixed` draws from as many questions as a day of pages asks (one in ten is new),
`never seen` asks no question twice: every answer is computed, four in five (those of no single school) from the rollup that the first
questions of their kind made worth reading. The peer is the same SQL on the published file, without HTTP.
"""

import argparse
import asyncio
import itertools
import json
import random
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from urllib.parse import urlencode

import httpx
import numpy as np

from foundation.access import Scope
from foundation.settings import Home
from metrics.evaluate import evaluate
from metrics.query import Query
from warehouse.connection import Published, PublishedFile

METRICS = ("F1", "F2", "F4")
MUST, AIM = 100.0, 30.0


async def worker(host: str, port: int, paths: Iterator[str], key: str, until: float, times: list[float]) -> None:
    """Ask one question after the other over one connection and time each whole reply."""
    reader, writer = await asyncio.open_connection(host, port)
    while time.perf_counter() < until:
        began = time.perf_counter()
        writer.write(f"GET {next(paths)} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head[:200]
        await reader.readexactly(next(int(line[16:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length: ")))
        times.append(time.perf_counter() - began)
    writer.close()


async def load(address: str, paths: Callable[[], Iterator[str]], key: str, connections: int, seconds: float) -> list[float]:
    host, _, port = address.removeprefix("http://").partition(":")
    times: list[float] = []
    until = time.perf_counter() + seconds
    shared = paths()
    await asyncio.gather(*(worker(host, int(port), shared, key, until, times) for _ in range(connections)))
    return times


def questions(published: PublishedFile) -> Iterator[str]:
    """Return paths of filtered funnels, no two alike: metric × subject × period, for one school in five.

    Each asks for another number of rows than an earlier run may have done, whose answers are remembered.
    """
    subjects = published.query("select distinct subject from marts.mart_funnel_cohorts where subject is not null order by 1")["subject"]
    months = published.query("select distinct applied_month from marts.mart_funnel_cohorts order by 1")["applied_month"].to_list()
    schools = published.query("select distinct tenant_id from marts.mart_cohort_maturity order by 1")["tenant_id"].to_list()
    spans = [(start, end) for start, end in itertools.product(months, months) if start < end]
    made = list(itertools.product(METRICS, subjects, spans))
    draw = random.Random()
    draw.shuffle(made)
    for number, (metric, subject, (start, end)) in enumerate(made):
        asked = [("group_by", "stage"), ("filter", f"subject:{subject}"), ("period_from", start), ("period_to", end)]
        asked.append(("limit", draw.randrange(100, 10_000)))
        if number % 5 == 0:
            asked.append(("filter", f"tenant_id:{schools[number % len(schools)]}"))
        yield f"/v1/metrics/{metric}?{urlencode(asked)}"


def mixed(fresh: Iterator[str]) -> Iterator[str]:
    """Return nine known questions for each new one."""
    draw, known = random.Random(7), [next(fresh) for _ in range(20)]
    while True:
        if draw.random() < 0.1:
            known.append(next(fresh))
        yield draw.choice(known[-200:])


def direct(published: PublishedFile, repeats: int = 30) -> float:
    """Return the median milliseconds of the repeated question without HTTP."""
    query = Query("F2", date(2000, 1, 1), group_by=("stage",), filters={"subject": first_subject(published)}, scope=Scope(None))
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        evaluate(published, query)
        times.append(time.perf_counter() - began)
    return float(np.median(times) * 1e3)


def first_subject(published: PublishedFile) -> str:
    return str(published.query("select min(subject) as s from marts.mart_funnel_cohorts")["s"][0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Home().root)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    home = options.home.absolute()
    addresses = json.loads((home / "run" / "addresses.json").read_text())
    login = json.loads((home / "secrets" / "demo_logins.json").read_text())["platform_admin"]
    session = httpx.post(f"{addresses['hiring']}/v1/sessions", json={name: login[name] for name in ("email", "password")})
    key = session.raise_for_status().json()["token"]
    measure(addresses["prediction"], key, Published.open(home), options.seconds)


def measure(address: str, key: str, published: PublishedFile, seconds: float) -> None:
    """Print p50 and p99 of each mix at 1 and 16 connections, beside the same evaluation without HTTP."""
    count = published.query("select count(*) as n from marts.fct_applications")["n"][0]
    base = direct(published)
    print(f"{count:,} applications; the same funnel evaluated without HTTP: {base:.1f} ms")
    subject = first_subject(published)
    repeated = f"/v1/metrics/F2?{urlencode({'group_by': 'stage', 'filter': f'subject:{subject}', 'period_from': '2000-01-01'})}"
    fresh = questions(published)
    mixes = {"repeated": lambda: itertools.repeat(repeated), "mixed": lambda: mixed(fresh), "never seen": lambda: fresh}
    asyncio.run(load(address, mixes["repeated"], key, 1, 1))
    for name, paths in mixes.items():
        for connections in (1, 16):
            times = asyncio.run(load(address, paths, key, connections, seconds))
            p50, p99 = (float(np.quantile(times, share) * 1e3) for share in (0.5, 0.99))
            verdict = "aim met" if p50 <= AIM else "must met" if p50 <= MUST else "MUST MISSED"
            print(
                f"{name:10s} {connections:2d} connections: p50 {p50:7.1f} ms ({p50 / base:5.2f} × without HTTP), p99 {p99:7.1f} ms,"
                f" {len(times) / seconds:7.0f}/s: {verdict}"
            )


if __name__ == "__main__":
    main()
