"""What a home holds and what runs for it: looked at from outside, stopped, deleted.

What belongs here: pids, addresses, folders of a home. What doesn't: starting anything.
"""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from foundation.settings import Databases, Home
from nexus.embedded_postgres import EmbeddedPostgres
from warehouse.connection import read_pointer

FOLDERS = (
    "postgres",
    "warehouse",
    "CURRENT",
    "lake",
    "mlflow",
    "dagster",
    "bundles",
    "prediction_log",
    "audit_anchors",
    "uploads",
    "truth",
    "secrets",
    "run",
    "logs",
    "docs",
)
OF_THE_DATABASE = ("warehouse/equity_ledger", "secrets/equity_key", "audit_anchors", "secrets/audit_signing_key")


class DidNotStart(RuntimeError):
    """The services did not become ready. The message names the log."""


def supervisor_pid(home: Home) -> int | None:
    """Return the process id of the supervisor that owns this home, or None. The lock is the truth, the file only says who."""
    lock = home.root / "run" / "supervisor.lock"
    if not lock.exists():
        return None
    with lock.open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(_processes(home).get("supervisor_pid", 0)) or None
    return None


def _processes(home: Home) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads((home.root / "run" / "processes.json").read_text())
    except FileNotFoundError:
        return {}
    return content


def await_ready(home: Home, process: "subprocess.Popen[bytes]", timeout_seconds: float = 600) -> None:
    """Wait until every service of a supervisor started in the background is ready.

    Raises:
        DidNotStart: it ended, or took too long.
    """
    end = time.monotonic() + timeout_seconds
    waiting: list[str] = []
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        services = _processes(home).get("services", {})
        waiting = [name for name, service in services.items() if service["state"] != "ready"]
        if services and not waiting:
            return
        time.sleep(0.1)
    raise DidNotStart(f"not ready: {', '.join(waiting) or 'the supervisor'}: see {home.root / 'logs'} and `nexus status`")


def stop_supervisor(home: Home, timeout_seconds: float = 90) -> bool:
    """Stop the supervisor of this home with its services; return whether one ran."""
    pid = supervisor_pid(home)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + timeout_seconds
    while _runs(pid) and time.monotonic() < end:
        time.sleep(0.05)
    if _runs(pid):
        os.kill(pid, signal.SIGKILL)  # its guard ends the services
    return True


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def purge(home: Home, *, keep_equity: bool) -> None:
    """Delete the state of this home; only folders that are ours, whatever else lies there.

    Args:
        home: the home.
        keep_equity: keep the ledger of equity releases, the anchors of the audit log and their keys: an external database goes on
            using them.
    """
    if not Databases().owner_url:
        EmbeddedPostgres(home).purge()
    kept = [home.root / name for name in OF_THE_DATABASE] if keep_equity else []
    for name in FOLDERS:
        _delete(home.root / name, kept)
    if home.root.exists() and not any(home.root.iterdir()):
        home.root.rmdir()


def _delete(path: Path, kept: list[Path]) -> None:
    if path in kept:
        return
    if any(path in keep.parents for keep in kept):
        for inner in path.iterdir() if path.exists() else ():
            _delete(inner, kept)
    elif path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def look(home: Home) -> dict[str, Any]:
    """Return what runs for this home and what is published: plain values, ready for JSON."""
    pid = supervisor_pid(home)
    services = [{"name": name, **known} for name, known in (_processes(home).get("services", {}) if pid else {}).items()]
    rows = [_database_row(home), *services]
    for row in rows:
        if row["pid"] and not _runs(row["pid"]):
            row["state"] = "ended"  # its supervisor notices within a second
        row["memory_mb"] = _memory_mb(row["pid"]) if row["pid"] else 0
    pointer = read_pointer(home.root)
    return {
        "home": str(home.root),
        "is_running": pid is not None and all(row["state"] in ("ready", "external") for row in rows),
        "supervisor_pid": pid,
        "services": rows,
        "memory_mb": sum(row["memory_mb"] for row in rows),
        "published": json.loads(pointer.to_json()) if pointer else None,
    }


def _database_row(home: Home) -> dict[str, Any]:
    row: dict[str, Any] = {"name": "database", "state": "stopped", "pid": None, "address": "", "restarts_count": 0, "log": ""}
    if Databases().owner_url:
        return row | {"state": "external"}
    server = EmbeddedPostgres(home)
    live = server.postmaster()
    if live is None:
        return row
    return row | {"state": "ready", "pid": live.pid, "address": f"postgresql://127.0.0.1:{live.port}/nexus", "log": str(server.log)}


def _memory_mb(pid: int) -> int:
    """Return the memory of a process and its children; shared pages are shared out (PSS) where the system tells it."""
    total = 0
    try:
        process = psutil.Process(pid)
        for member in (process, *process.children(recursive=True)):
            try:
                total += member.memory_full_info().pss if sys.platform == "linux" else member.memory_info().rss
            except psutil.AccessDenied:
                total += member.memory_info().rss
    except psutil.NoSuchProcess:
        pass
    return round(total / 1_000_000)
