"""Runs of the whole pipeline in child processes that can be killed at a step: what the fault tests are made of.

Run as a program it loads the pipeline once and forks a child for each line it is given, so that a kill costs no second import.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path

import duckdb

ROOT = Path(__file__).parents[2]
LOADED = (
    "orchestration.run", "orchestration.definitions", "orchestration.event_log", "data_quality.runner",
    "dbt.cli.main", "dbt.adapters.duckdb", "mlflow", "lightgbm", "sklearn.calibration", "alembic.command",
)  # fmt: skip


class Pipeline:
    """A process that has the pipeline loaded and runs it in forked children, one at a time."""

    def __init__(self, home: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.pipeline_runs"],
            cwd=ROOT,
            env=os.environ | {"NEXUS_HOME": str(home)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, kill_in: str = "", after: float = 0.0, as_of: str | None = None) -> "Outcome":
        """Run once; with ``kill_in`` the run is killed (signal 9) that many seconds after the step began."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([kill_in, after, as_of]) + "\n")
        self._process.stdin.flush()
        return Outcome(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


@dataclass(frozen=True)
class Outcome:
    """How a run ended: the signal that killed it (0: none), its one-line failure, its summary."""

    killed_by: int
    failure: str
    summary: dict


def table_digests(file: Path, schemas: tuple[str, ...]) -> dict[str, str]:
    """Return a digest of each table's rows, whatever their order.

    Left out is what tells of a run and not of the data: instants of runs, and the check results (a rerun judges only what is new to it).
    """
    skipped = {"published_at", "checked_at", "released_at", "publish_version"}
    digests = {}
    with duckdb.connect(str(file), read_only=True) as connection:
        tables = f"select schema_name, table_name from duckdb_tables() where schema_name in {schemas}"
        listed = f"{tables} and table_name <> 'check_results' order by all"
        for schema, table in connection.execute(listed).fetchall():
            columns = [row[0] for row in connection.execute(f"describe {schema}.{table}").fetchall() if row[0] not in skipped]
            rows = connection.execute(f"select {', '.join(columns)} from {schema}.{table}").fetchall()
            digests[f"{schema}.{table}"] = hashlib.sha256("\n".join(sorted(map(repr, rows))).encode()).hexdigest()[:16]
    return digests


def _load() -> None:
    """Import what a run does, most of it only when it gets there."""
    for name in LOADED:
        import_module(name)


def _child(kill_in: str, after: float, as_of: str | None, write: int) -> None:
    from orchestration.as_of import NothingKnownThen
    from orchestration.run import PipelineFailed, run_pipeline

    def listen(step: str, what: str) -> None:
        if step == kill_in and what == "started":
            threading.Thread(target=_kill, args=(after,), daemon=True).start()

    outcome = {"killed_by": 0, "failure": "", "summary": {}}
    moment = None if as_of is None else datetime.fromisoformat(as_of)
    try:
        outcome["summary"] = vars(run_pipeline(Path(os.environ["NEXUS_HOME"]).absolute(), listen, as_of=moment))
    except (PipelineFailed, NothingKnownThen) as failure:
        outcome["failure"] = str(failure)
    os.write(write, json.dumps(outcome, default=str).encode())


def _kill(after: float) -> None:
    time.sleep(after)
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Answer each line with the outcome of a run."""

    _load()
    answers = os.dup(1)
    os.dup2(2, 1)  # what a run prints must not mix with the answers
    for line in sys.stdin:
        kill_in, after, as_of = json.loads(line)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            try:
                _child(kill_in, after, as_of, write)
            except BaseException as problem:  # whatever went wrong is the test's to see
                os.write(write, json.dumps({"killed_by": 0, "failure": repr(problem), "summary": {}}).encode())
            os._exit(0)
        os.close(write)
        text = b""
        while chunk := os.read(read, 65536):
            text += chunk
        os.close(read)
        status = os.waitpid(child, 0)[1]
        killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        os.write(answers, (text or json.dumps({"killed_by": killed, "failure": "", "summary": {}}).encode()) + b"\n")


if __name__ == "__main__":
    main()
