"""A real Redis on loopback, one a test session (and xdist worker); every test finds it empty."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM

import pytest

from nexus.embedded_postgres import die_with_parent, free_port
from tests.support.debian_packages import ensure_redis

START_SECONDS = 10


@dataclass
class RedisServer:
    """One server without persistence; ``kill`` and ``start`` it again to see what an outage does."""

    program: Path
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address of its first database."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> "RedisServer":
        """Start it and wait until it answers."""
        options = {"bind": "127.0.0.1", "port": self.port, "dir": self.folder, "save": "", "appendonly": "no"}
        command = [str(self.program), *(part for name, value in options.items() for part in (f"--{name}", str(value)))]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=lambda: die_with_parent(SIGTERM))
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.say("PING") == b"+PONG\r\n":
                    return self
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"redis did not start: {(self.folder / 'log').read_text()[-500:]}")

    def say(self, command: str) -> bytes:
        """Send one inline command; return the first line of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
            connection.sendall(f"{command}\r\n".encode())
            return connection.recv(1000)

    def kill(self) -> None:
        """Kill it hard: as a crash does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="session")
def redis_session_server() -> Iterator[RedisServer]:
    """Return the server of this test session; tests ask for ``redis_server``."""
    folder = Path(tempfile.mkdtemp(prefix="nexus-redis-"))
    server = RedisServer(ensure_redis(), folder, free_port())
    try:
        yield server.start()
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def redis_server(redis_session_server: RedisServer) -> RedisServer:
    """Return a running, empty Redis."""
    if redis_session_server.process is None or redis_session_server.process.poll() is not None:
        redis_session_server.start()
    redis_session_server.say("FLUSHALL")
    return redis_session_server
