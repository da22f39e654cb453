"""The embedded PostgreSQL server: made, started, adopted, recovered, stopped and purged, on 127.0.0.1 only.

What belongs here: one server's life. What doesn't: where its files live, and databases, users and schemas inside it.
"""

import ctypes
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psutil

from foundation.settings import Home
from nexus import postgres_binaries
from nexus.postgres_binaries import Account, Binaries, PostgresUnavailable
from nexus.postgres_folder import ServerFolder

SUPERUSER = "nexus"
_PASSWORD = "postgres_password"  # noqa: S105  the name of the secret's file
_TRANSIENT = ("lock file", "shared memory block", "could not bind", "in use")
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "max_connections": "80",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}


@dataclass(frozen=True)
class Postmaster:
    """A live server process as its ``postmaster.pid`` tells it, checked against the operating system."""

    pid: int
    port: int
    is_ready: bool


def free_port(preferred: int = 0, besides: Collection[int] = ()) -> int:
    """Return the first port from ``preferred`` on that nothing listens on at 127.0.0.1 and that is not in ``besides``.

    Without a preferred port, or when 100 in a row are taken, the system picks one.
    """
    following = range(preferred, min(preferred + 100, 65_536)) if preferred else ()
    for port in (*following, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            chosen: int = probe.getsockname()[1]
            if chosen not in besides:
                return chosen
    raise PostgresUnavailable("no free TCP port on 127.0.0.1")


def _answers(port: int) -> bool:
    """Whether a server process takes up a connection: it is asked for TLS and says yes or no."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(struct.pack("!ii", 8, 80877103))  # SSLRequest of the PostgreSQL protocol
            return connection.recv(1) in (b"N", b"S")
    except OSError:
        return False


def die_with_parent(signal_number: int) -> None:
    """Ask Linux to send this process the signal when the thread that started it ends. Call it in the child; elsewhere it does nothing."""
    if sys.platform == "linux":
        _LIBC.prctl(1, signal_number, 0, 0, 0)  # PR_SET_PDEATHSIG


_LIBC = ctypes.CDLL(None, use_errno=True)  # loaded before any fork: a child may not load libraries


class EmbeddedPostgres:
    """One server per home. ``with EmbeddedPostgres(home) as server: server.url("postgres")``."""

    def __init__(self, home: Home, settings: Mapping[str, str] | None = None, *, outlives_us: bool = False) -> None:
        """Prepare nothing yet.

        Args:
            home: where the data, the password and the log live.
            settings: server settings that override the defaults.
            outlives_us: keep the server running when this process ends without stopping it.
        """
        self.home = home
        self.account = Account.choose()
        self._place = ServerFolder(home, self.account)
        self._settings = {**_SETTINGS, **(settings or {})}
        self._outlives_us = outlives_us
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "EmbeddedPostgres":
        """Start or adopt the server."""
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop the server if this object started it; an adopted one goes on."""
        if self.is_ours:
            self.stop()

    @property
    def is_ours(self) -> bool:
        """Whether this object started the running server (False: adopted, or not running)."""
        return self._process is not None and self._process.poll() is None

    @property
    def folder(self) -> Path:
        """Folder of the server's account (0700): below the home, or in /var/lib when that account cannot reach the home."""
        return self._place.path

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.home.root / "logs" / "postgres.log"

    def url(self, database: str = "postgres") -> str:
        """Return the superuser's URL of a database.

        Raises:
            PostgresUnavailable: the server is not running.
        """
        live = self.postmaster()
        if live is None:
            raise PostgresUnavailable("the embedded PostgreSQL is not running: start it with `nexus up`")
        return f"postgresql://{SUPERUSER}:{self.home.read_secret(_PASSWORD)}@127.0.0.1:{live.port}/{database}"

    def start(self, timeout_seconds: float = 60) -> "EmbeddedPostgres":
        """Start the server, or adopt the live one; returns when it takes connections.

        Raises:
            PostgresUnavailable: with the reason in one line; the log says more.
        """
        with self._lock():
            deadline = time.monotonic() + timeout_seconds
            while self.postmaster():
                if self._await_ready(deadline):
                    return self  # otherwise it was on its way out: go on when it has gone
            binaries = self._prepare()
            self._clear_remains(deadline)
            self._launch(binaries, deadline)
        return self

    def stop(self, timeout_seconds: float = 30) -> None:
        """Stop the server, ours or adopted: sessions are ended, the data is checkpointed. Does nothing when it is not running."""
        live = self.postmaster()
        if live is not None:
            try:
                postmaster = psutil.Process(live.pid)
                postmaster.send_signal(signal.SIGINT)
                self._wait_gone(postmaster, timeout_seconds)
            except psutil.NoSuchProcess:
                pass
        if self._process is not None:
            self._process.wait(timeout_seconds)
            self._process = None

    def purge(self) -> None:
        """Stop the server and delete its data, wherever it lives, and the password."""
        self.stop()
        self._place.remove()
        (self.home.root / "secrets" / _PASSWORD).unlink(missing_ok=True)

    def postmaster(self) -> Postmaster | None:
        """Return the live server of this data directory, or None.

        ``postmaster.pid`` alone proves nothing: after a crash it names a dead process, a zombie, or whatever got the number since.
        """
        if self._process is not None:
            self._process.poll()  # reaps our own child, so that it is no zombie below
        lines = self._pid_lines()
        if len(lines) < 4:
            return None
        try:
            process = psutil.Process(int(lines[0]))
            if process.status() == psutil.STATUS_ZOMBIE or not self._serves_us(process):
                return None
        except (psutil.NoSuchProcess, ValueError):
            return None
        return Postmaster(process.pid, int(lines[3]), is_ready=len(lines) > 7 and lines[7].strip() == "ready")

    def _pid_lines(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _serves_us(self, process: psutil.Process) -> bool:
        """Whether the process is a PostgreSQL process of this data directory: each of them works in it."""
        try:
            return process.name() in ("postgres", "postmaster") and Path(process.cwd()).resolve() == self.data.resolve()
        except psutil.AccessDenied:
            return process.uids().real == self.account.uid
        except psutil.NoSuchProcess:
            return False

    def _clear_remains(self, deadline: float) -> None:
        """After a crash: wait until no process of the old server is left, then remove its pid file.

        In this order: the file is what keeps two servers apart, so it may go only when the old processes have gone.
        """
        end = min(deadline, time.monotonic() + 10)
        if self._process is not None:
            self._process.wait(10)  # dying processes answer no question about themselves
            self._process = None
        orphans = [process for process in psutil.process_iter(["name"]) if self._is_orphan(process)]
        for process in orphans:
            self._wait_gone(process, max(0.1, end - time.monotonic()))
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _is_orphan(self, process: psutil.Process) -> bool:
        try:
            return process.info["name"] == "postgres" and process.status() != psutil.STATUS_ZOMBIE and self._serves_us(process)
        except psutil.NoSuchProcess:
            return False

    @staticmethod
    def _wait_gone(process: psutil.Process, timeout_seconds: float) -> None:
        """Wait for the process to end or become a zombie; after the timeout make it quit at once (the next start recovers)."""
        for patience, then in ((timeout_seconds, signal.SIGQUIT), (5.0, signal.SIGKILL), (5.0, None)):
            end = time.monotonic() + patience
            while time.monotonic() < end:
                try:
                    if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                        return
                except psutil.NoSuchProcess:
                    return
                time.sleep(0.02)
            if then is None:
                raise PostgresUnavailable(f"process {process.pid} of the embedded PostgreSQL does not end: end it by hand")
            process.send_signal(then)

    def _prepare(self) -> Binaries:
        """Return binaries the server's account can run; the data directory is made if it is missing."""
        folder = self._place.ensure()
        marker = self.data / "PG_VERSION"
        made_by = int(marker.read_text()) if marker.exists() else None
        record = self._place.record()
        original = postgres_binaries.choose(made_by, Path(record["binaries"]) if "binaries" in record else None)
        binaries = original if original.runnable_by(self.account) else original.copied_to(folder / "binaries")
        if made_by is None:
            self._initialise(binaries)
        self._place.write(binaries=str(original.folder), major=str(original.major))
        return binaries

    def _initialise(self, binaries: Binaries) -> None:
        """Make the data directory: beside its place first, so that an interrupted run leaves nothing half-made in it."""
        draft, password_file = self.folder / "data.draft", self.folder / "password.draft"
        shutil.rmtree(draft, ignore_errors=True)
        password = self.home.ensure_secret(_PASSWORD)
        handle = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as stream:
            stream.write(password)
        self.account.own(password_file)
        locale = "C.UTF-8" if sys.platform == "linux" else "C"
        command = [str(binaries.folder / "initdb"), "-D", str(draft), "-U", SUPERUSER, f"--pwfile={password_file}", "--auth=scram-sha-256"]
        command += ["--encoding=UTF8", f"--locale={locale}", "--data-checksums"]
        if self._settings.get("fsync") == "off":
            command.append("--no-sync")
        try:
            done = subprocess.run(command, capture_output=True, text=True, env=self._environment(), cwd="/", **self.account.credentials)
        finally:
            password_file.unlink(missing_ok=True)
        if done.returncode:
            raise PostgresUnavailable(f"initdb of {binaries.folder} failed: {' '.join(done.stderr.split())[-400:]}")
        draft.rename(self.data)

    def _environment(self) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8" if sys.platform == "linux" else "C", "HOME": str(self.folder), "TZ": "UTC"}

    def _launch(self, binaries: Binaries, deadline: float) -> None:
        """Start the process; a port taken meanwhile or an old process still ending is waited for."""
        record = self._place.record()
        preferred = int(record.get("port", "0"))
        log = self.home.path("logs", "postgres.log")
        while True:
            port = free_port(preferred)
            settings = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
            start_of_log = log.stat().st_size if log.exists() else 0
            with log.open("ab") as stream:
                self._process = subprocess.Popen(
                    [binaries.folder / "postgres", "-D", self.data, "-p", str(port), *settings],
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=subprocess.STDOUT,
                    env=self._environment(),
                    cwd="/",
                    process_group=0,
                    preexec_fn=None if self._outlives_us else lambda: die_with_parent(signal.SIGINT),
                    **self.account.credentials,
                )
            if self._await_ready(deadline):
                self._place.write(port=str(port))
                return
            said = log.read_bytes()[start_of_log:].decode(errors="replace")
            if time.monotonic() > deadline or not any(text in said for text in _TRANSIENT):
                reason = next((line.split("FATAL:")[1].strip() for line in said.splitlines() if "FATAL:" in line), said[-300:].strip())
                raise PostgresUnavailable(f"PostgreSQL of {binaries.folder} did not start: {reason} (log: {log})")
            preferred = 0
            time.sleep(0.2)

    def _await_ready(self, deadline: float) -> bool:
        """Wait until the server answers; False when it has ended. Its pid file says ready a moment too long when it dies."""
        while time.monotonic() < deadline:
            live = self.postmaster()
            if live and live.is_ready and _answers(live.port):
                return True
            if self._process.poll() is not None if self._process else live is None:
                return False
            time.sleep(0.02)
        raise PostgresUnavailable(f"PostgreSQL did not become ready in time: see {self.log}")

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Let one process at a time start the server of this home."""
        with self.home.path("run", "postgres.lock").open("w") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield
