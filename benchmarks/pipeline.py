"""How long and how much memory does the pipeline take from extraction to publish, and a rerun with nothing new?

    python -m benchmarks.pipeline --scale medium --home /tmp/nexus-medium

Simulates the history first (not timed), then times `nexus run` twice in processes of their own and samples the memory of their
process trees. Limits of the medium scale on two cores: 600 s (aim 300) and 6 GB (aim 3); a rerun 60 s (aim 20).
"""

import argparse
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

LIMITS = {"tiny": (180, 6.0), "small": (180, 6.0), "medium": (600, 6.0)}
RERUN_SECONDS = 60


def timed(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Run a command and return its seconds and the peak resident memory of its processes in GB (Postgres apart)."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment)
    peak = 0
    done = threading.Event()

    def sample() -> None:
        nonlocal peak
        root = psutil.Process(process.pid)
        while not done.wait(0.2):
            try:
                family = [root, *root.children(recursive=True)]
                peak = max(peak, sum(p.memory_info().rss for p in family if "postgres" not in p.name()))
            except psutil.NoSuchProcess:
                continue

    watcher = threading.Thread(target=sample)
    watcher.start()
    code = process.wait()
    done.set()
    watcher.join()
    if code:
        raise SystemExit(f"{' '.join(command)} failed")
    return time.perf_counter() - began, peak / 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", choices=list(LIMITS), default="medium")
    parser.add_argument("--home", type=Path, required=True)
    options = parser.parse_args()
    environment = os.environ | {"NEXUS_HOME": str(options.home.absolute())}
    nexus = [sys.executable, "-m", "nexus"]
    seconds, _ = timed([*nexus, "simulate", "--scale", options.scale], environment)
    print(f"simulate {options.scale}: {seconds:.0f} s (not part of the limit)")
    limit_seconds, limit_memory = LIMITS[options.scale]
    seconds, memory = timed([*nexus, "run"], environment)
    of_limits = f"{seconds / limit_seconds:.2f} and {memory / limit_memory:.2f} of the limits"
    print(f"extraction to publish: {seconds:.0f} s, peak {memory:.1f} GB: {of_limits}")
    seconds, _ = timed([*nexus, "run"], environment)
    print(f"rerun without new data: {seconds:.0f} s ({seconds / RERUN_SECONDS:.2f} of the limit)")


if __name__ == "__main__":
    main()
