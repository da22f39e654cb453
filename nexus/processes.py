"""A supervisor of child processes: starts them, waits until they are ready, restarts what dies, leaves nothing behind.

What belongs here: processes, ports, logs, signals. What doesn't: which services the platform has (services.py).
"""

import contextlib
import fcntl
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

import psutil

from foundation.settings import Home
from nexus.embedded_postgres import free_port

BACKOFF_SECONDS = (0.5, 1, 2, 5, 10, 30)
STEADY_SECONDS = 60  # a process that lived this long starts again without delay
LOG_BYTES = 20_000_000
# A shell of 1 MB that outlives a killed supervisor: at the end of its input it ends every process group of the last line.
_GUARD = """
while read -r line; do groups=$line; done
for group in $groups; do kill -s TERM -- "-$group" 2>/dev/null; done
[ -n "$groups" ] && sleep 5
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
"""


class AlreadyRunning(RuntimeError):
    """Another supervisor owns this home."""


class Backend(Protocol):
    """What the services need below them and the supervisor keeps alive: the embedded database."""

    def is_alive(self) -> bool:
        """Whether it runs."""

    def start(self) -> object:
        """Start it or adopt the running one."""

    def stop(self) -> None:
        """Stop it."""


@dataclass(frozen=True)
class Service:
    """One process to keep alive.

    Attributes:
        name: also the name of its log file and of its address.
        command: program and arguments; ``{port}`` and ``{name.port}`` of another service are filled in.
        preferred_port: 0 for a process without a port.
        ready_path: HTTP path that answers 200 when ready; empty: the port takes connections, or the process lives.
        after: names of services that must be ready before this one starts.
        environment: added to ours; places are filled in as in the command.
        ready_seconds: how long it may take to become ready.
        scheme: of its address; empty when people do not open it.
    """

    name: str
    command: tuple[str, ...]
    preferred_port: int = 0
    ready_path: str = ""
    after: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    ready_seconds: float = 240
    scheme: str = "http"


class _Child:
    """One service's process over its restarts."""

    def __init__(self, service: Service, ports: Mapping[str, int], log: Path) -> None:
        self.service, self.log = service, log
        self.port = ports[service.name]
        values = {f"{name}.port": port for name, port in ports.items()} | {"port": self.port}
        self.command = [_fill(part, values) for part in service.command]
        self.environment = {name: _fill(part, values) for name, part in service.environment.items()}
        self.process: subprocess.Popen[bytes] | None = None
        self.is_ready = False
        self.restarts_count = 0
        self.not_before = 0.0
        self.started_at = 0.0

    @property
    def address(self) -> str:
        return f"{self.service.scheme}://127.0.0.1:{self.port}" if self.port and self.service.scheme else ""

    @property
    def state(self) -> str:
        if self.process is None:
            return "restarting" if self.restarts_count else "waiting"
        return "ready" if self.is_ready else "starting"

    def launch(self, environment: Mapping[str, str], folder: Path) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        self.started_at = time.monotonic()
        self.is_ready = False
        with self.log.open("ab") as stream:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={**environment, **self.environment},
                process_group=0,
            )

    def probe(self) -> bool:
        if not self.port:
            return True
        if not self.service.ready_path:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
            return False
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", self.service.ready_path)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def died(self) -> int | None:
        """Return the exit code when the process has ended by itself since the last call, and plan its restart."""
        code = self.process.poll() if self.process else None
        if self.process is None or code is None:
            return None
        end_group(self.process, 2)
        lived = time.monotonic() - self.started_at
        tries = 0 if lived > STEADY_SECONDS else min(self.restarts_count, len(BACKOFF_SECONDS) - 1)
        self.not_before = time.monotonic() + BACKOFF_SECONDS[tries]
        self.restarts_count += 1
        self.process, self.is_ready = None, False
        return code

    def last_line(self) -> str:
        if not self.log.exists():
            return ""
        lines = [line.strip() for line in self.log.read_text(errors="replace")[-4000:].splitlines() if line.strip()]
        return lines[-1][:200] if lines else ""


def end_group(process: subprocess.Popen[bytes], timeout_seconds: float) -> None:
    """End a process and everything in its group: politely first, after the timeout by force."""
    members = [member for member in psutil.process_iter() if _group(member) == process.pid]
    for number, patience in ((signal.SIGTERM, timeout_seconds), (signal.SIGKILL, 2.0)):
        with contextlib.suppress(ProcessLookupError, PermissionError):  # PermissionError: macOS says so of a group of zombies
            os.killpg(process.pid, number)
        end = time.monotonic() + patience
        while process.poll() is None or any(_lives(member) for member in members):
            if time.monotonic() > end:
                break
            time.sleep(0.02)


def _group(process: psutil.Process) -> int:
    try:
        return os.getpgid(process.pid)
    except (ProcessLookupError, PermissionError):
        return 0


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Supervisor:
    """Keeps the services of one home alive, in the foreground of the calling process's main thread."""

    def __init__(self, home: Home, services: Sequence[Service], backend: Backend, *, folder: Path, environment: Mapping[str, str]) -> None:
        """Choose ports; start nothing.

        Args:
            home: where logs and ``run/`` are.
            services: in the order of their start; they stop in reverse.
            backend: started first, stopped last.
            folder: working directory of every service.
            environment: of every service.
        """
        self._home, self._backend, self._folder = home, backend, folder
        self._environment = dict(environment)
        self._stopping = threading.Event()
        self._guard: IO[bytes] | None = None
        self._backend_failures = 0
        ports: dict[str, int] = {}
        for service in services:
            ports[service.name] = service.preferred_port and free_port(service.preferred_port, besides=ports.values())
        self._children = [_Child(service, ports, home.path("logs", f"{service.name}.log")) for service in services]

    @property
    def addresses(self) -> dict[str, str]:
        """Address of each service that people or programs open."""
        return {child.service.name: child.address for child in self._children if child.address}

    def moved_ports(self) -> list[str]:
        """Return one line for each service that did not get its usual port."""
        return [
            f"{child.service.name}: port {child.service.preferred_port} is taken, using {child.port}"
            for child in self._children
            if child.port != child.service.preferred_port
        ]

    def request_stop(self) -> None:
        """Make ``run`` stop everything and return. Safe in a signal handler."""
        self._stopping.set()

    def run(self, on_ready: Callable[[], None] | None = None, on_event: Callable[[str], None] | None = None) -> None:
        """Start everything, keep it alive until a stop is requested (or SIGINT, SIGTERM, SIGHUP), then stop everything.

        Args:
            on_ready: called once, when every service is ready for the first time.
            on_event: called with one line whenever a process becomes ready late, dies or is restarted.

        Raises:
            AlreadyRunning: another supervisor owns this home.
        """
        tell = on_event or (lambda _: None)
        with self._ownership(), self._signals():
            try:
                self._backend.start()
                self._write_state()
                announced = False
                while not self._stopping.is_set():
                    if self._keep(tell):
                        self._write_state()
                    all_ready = all(child.is_ready for child in self._children)
                    if all_ready and not announced and on_ready:
                        on_ready()
                    announced = announced or all_ready
                    self._stopping.wait(1.0 if all_ready else 0.1)
            finally:
                self._stop_all()

    def _keep(self, tell: Callable[[str], None]) -> bool:
        """One round: mend the backend, notice deaths, start what may start, ask what is starting. Return whether anything changed."""
        changed = self._keep_backend(tell)
        ready = {child.service.name for child in self._children if child.is_ready}
        for child in self._children:
            code = child.died()
            if code is not None:
                wait = max(0.0, child.not_before - time.monotonic())
                tell(f"{child.service.name} ended with code {code} ({child.last_line()}), starting again in {wait:.1f} s; log: {child.log}")
                changed = True
            if child.process is None and time.monotonic() >= child.not_before and ready.issuperset(child.service.after):
                child.launch(self._environment, self._folder)
                self._tell_guard()
                changed = True
            elif child.process is not None and not child.is_ready:
                if child.probe():
                    child.is_ready = changed = True
                elif time.monotonic() - child.started_at > child.service.ready_seconds:
                    tell(f"{child.service.name} is not ready after {child.service.ready_seconds:.0f} s, starting again; log: {child.log}")
                    end_group(child.process, 5)
        return changed

    def _keep_backend(self, tell: Callable[[str], None]) -> bool:
        if self._backend.is_alive():
            return False
        tell("the database ended, starting it again")
        try:
            self._backend.start()
            self._backend_failures = 0
        except RuntimeError as error:
            tell(str(error))
            delay = BACKOFF_SECONDS[min(self._backend_failures, len(BACKOFF_SECONDS) - 1)]
            self._backend_failures += 1
            self._stopping.wait(delay)
        return True

    def _stop_all(self) -> None:
        for child in reversed(self._children):
            if child.process is not None:
                end_group(child.process, 10)
                child.process = None
        self._backend.stop()
        for name in ("processes.json", "addresses.json"):
            (self._home.root / "run" / name).unlink(missing_ok=True)

    @contextmanager
    def _ownership(self) -> Iterator[None]:
        """Own the home by a lock that the system frees with the process, and keep a guard that outlives us."""
        with self._home.path("run", "supervisor.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AlreadyRunning("already running for this home: see `nexus status`, stop it with `nexus down`") from None
            shell = shutil.which("sh") or "/bin/sh"
            guard = subprocess.Popen([shell, "-c", _GUARD], stdin=subprocess.PIPE, start_new_session=True, cwd="/")
            self._guard = guard.stdin
            try:
                yield
            finally:
                if guard.stdin:
                    with contextlib.suppress(BrokenPipeError):
                        guard.stdin.write(b"\n")  # the last line is empty: nothing to end
                        guard.stdin.close()
                guard.wait()

    def _tell_guard(self) -> None:
        groups = " ".join(str(child.process.pid) for child in self._children if child.process)
        if self._guard:
            with contextlib.suppress(BrokenPipeError):
                self._guard.write(f"{groups}\n".encode())
                self._guard.flush()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        watched = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, lambda *_: self.request_stop()) for number in watched}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _write_state(self) -> None:
        services = {
            child.service.name: {
                "state": child.state,
                "pid": child.process.pid if child.process else None,
                "address": child.address,
                "restarts_count": child.restarts_count,
                "log": str(child.log),
            }
            for child in self._children
        }
        _write_json(self._home.path("run", "processes.json"), {"supervisor_pid": os.getpid(), "services": services})
        _write_json(self._home.path("run", "addresses.json"), self.addresses)


def _fill(part: str, values: Mapping[str, int]) -> str:
    for name, value in values.items():
        part = part.replace("{" + name + "}", str(value))
    return part


def _write_json(file: Path, content: object) -> None:
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(content, indent=2))
    draft.replace(file)
