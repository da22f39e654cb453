"""How much does HTTP add to a prediction, and how does it compare with `mlflow models serve`?

Needs a running platform (`nexus up` on a home that has published): python -m benchmarks.serving --home .nexus
Prints p50 and p99 at 1 and 16 connections, as ratios to `Booster.predict` of the same matrix in one thread and to mlflow's server
with the same champion out of the registry, asked about the same opening (one row of features). Every figure comes from this run.
"""

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np

from foundation.settings import Home
from models_ml.bundle import load_bundle
from models_ml.bundle_files import read_bundle
from models_ml.time_to_hire.prediction import HazardBundle
from warehouse.connection import Published


async def worker(host: str, port: int, request: bytes, until: float, times: list[float]) -> None:
    """Send the same request over one kept-alive connection, one after the other, and time each reply."""
    reader, writer = await asyncio.open_connection(host, port)
    while time.perf_counter() < until:
        began = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head[:200]
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        await reader.readexactly(length)
        times.append(time.perf_counter() - began)
    writer.close()


async def load(url: str, path: str, body: bytes, headers: dict[str, str], connections: int, seconds: float) -> list[float]:
    """Run closed-loop connections against loopback for some seconds and return every reply's time."""
    host, port = url.removeprefix("http://").split(":")
    lines = [f"POST {path} HTTP/1.1", f"host: {host}", f"content-length: {len(body)}", *(f"{k}: {v}" for k, v in headers.items())]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode() + body
    times: list[float] = []
    until = time.perf_counter() + seconds
    await asyncio.gather(*(worker(host, int(port), request, until, times) for _ in range(connections)))
    return times


def quantiles(times: list[float]) -> tuple[float, float]:
    return float(np.quantile(times, 0.5) * 1e3), float(np.quantile(times, 0.99) * 1e3)


def bare(bundle: HazardBundle, folder: Path, row: np.ndarray, repeats: int = 2_000) -> float:
    """Return the median milliseconds of `Booster.predict` of the matrix one request scores, both causes, one thread."""
    import lightgbm

    boosters = [lightgbm.Booster(model_str=text) for text in read_bundle(folder).boosters.values()]
    matrix = bundle.period_rows(row[None, :])
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        for booster in boosters:
            booster.predict(matrix, num_threads=1)
        times.append(time.perf_counter() - began)
    return float(np.median(times) * 1e3)


@contextmanager
def mlflow_server(home: Path) -> Iterator[str]:
    """Serve the registry's champion by mlflow's own server and yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_TRACKING_URI": f"sqlite:///{home / 'mlflow' / 'registry.db'}",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", "models:/time_to_hire@champion", "-p", str(port)]
    output = home / "logs" / "mlflow.log"
    with output.open("wb") as log:
        server = subprocess.Popen([*command, "--env-manager", "local"], env=environment, stdout=log, stderr=log, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            if server.poll() is not None:
                raise SystemExit(f"mlflow models serve ended with {server.returncode}; see {output}")
            try:
                if httpx.get(f"{address}/ping", timeout=1).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.5)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def same_answer(ours: dict[str, float | None], theirs: dict[str, float | None]) -> None:
    """Refuse to compare two servers that do not answer the same question alike."""
    for name in ("median_days", "p10_days", "p90_days", "beyond_days", "p_filled"):
        assert ours[name] == theirs[name], f"{name}: {ours[name]} from the API, {theirs[name]} from mlflow"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Home().root)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--without-mlflow", action="store_true")
    options = parser.parse_args()
    home = options.home.absolute()
    addresses = json.loads((home / "run" / "addresses.json").read_text())
    address = addresses["prediction"]
    login = json.loads((home / "secrets" / "demo_logins.json").read_text())["platform_admin"]
    session = httpx.post(f"{addresses['hiring']}/v1/sessions", json={name: login[name] for name in ("email", "password")})
    key = session.raise_for_status().json()["token"]
    published = Published.open(home)
    folder = home / "bundles" / published.pointer.bundles["time_to_hire"]
    bundle = load_bundle(folder)
    assert isinstance(bundle, HazardBundle), "the champion is the fallback: nothing to compare with Booster.predict"
    frame = published.query("select * from features.features_time_to_hire where landmark = 'current' order by opening_id limit 1")
    row = bundle.encoder.matrix(frame)[0]
    body = json.dumps({"opening_id": frame["opening_id"][0]}).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}

    base = bare(bundle, folder, row)
    print(f"Booster.predict of the same matrix, one thread: {base:.3f} ms")
    path = "/v1/predictions/time-to-hire"
    asyncio.run(load(address, path, body, headers, 1, 2))
    ours = {}
    for connections in (1, 16):
        ours[connections] = quantiles(asyncio.run(load(address, path, body, headers, connections, options.seconds)))
        p50, p99 = ours[connections]
        print(f"our API, {connections:2d} connections: p50 {p50:.2f} ms ({p50 / base:.1f} × Booster.predict), p99 {p99:.2f} ms")
    if not options.without_mlflow:
        answer = httpx.post(f"{address}{path}", content=body, headers=headers).raise_for_status().json()["predictions"][0]
        features = bundle.encoder.rows(frame)[0]
        question = json.dumps({"dataframe_split": {"columns": list(features), "data": [list(features.values())]}}).encode()
        json_header = {"content-type": "application/json"}
        with mlflow_server(home) as other:
            same_answer(
                answer,
                httpx.post(f"{other}/invocations", content=question, headers=json_header).raise_for_status().json()["predictions"][0],
            )
            asyncio.run(load(other, "/invocations", question, json_header, 1, 2))
            for connections in (1, 16):
                p50, p99 = quantiles(asyncio.run(load(other, "/invocations", question, json_header, connections, options.seconds)))
                print(f"mlflow models serve, same champion and opening, {connections:2d} connections: p50 {p50:.2f} ms, p99 {p99:.2f} ms")
                print(f"  our p50 is {p50 / ours[connections][0]:.1f} times faster")


if __name__ == "__main__":
    main()
