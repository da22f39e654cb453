"""A real RabbitMQ on loopback, unpacked privately; nothing of the machine's own is touched, and several may run side by side."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, SIGTERM

import pytest

from nexus.embedded_postgres import die_with_parent, free_port
from tests.support.debian_packages import ensure_rabbitmq

START_SECONDS = 300  # a bound, not a measure: over a hundred were seen on a machine with ten times the work it can do
_CONFIGURATION = """
listeners.tcp.local = 127.0.0.1:{port}
distribution.listener.interface = 127.0.0.1
distribution.listener.port_range.min = {distribution}
distribution.listener.port_range.max = {distribution}
log.console = false
log.file.level = warning
raft.wal_max_size_bytes = 67108864
"""


@dataclass
class RabbitServer:
    """One broker with its own home, cookie, node name, ports and port mapper. Its messages survive ``kill`` and ``start``."""

    program: Path
    folder: Path
    port: int
    mapper_port: int
    distribution_port: int
    process: subprocess.Popen[bytes] | None = None
    mapper: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address of its virtual host."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    def start(self) -> "RabbitServer":
        """Start it and wait until it speaks AMQP."""
        environment = self._environment()
        (self.folder / "rabbitmq.conf").write_text(_CONFIGURATION.format(port=self.port, distribution=self.distribution_port))
        with (self.folder / "log").open("ab") as log:
            if self.mapper is None:
                epmd = shutil.which("epmd", path=environment["PATH"]) or "epmd"
                command = [epmd, "-address", "127.0.0.1", "-port", str(self.mapper_port)]
                self.mapper = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=lambda: die_with_parent(SIGTERM))
            self.process = subprocess.Popen(
                [str(self.program)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
                preexec_fn=lambda: die_with_parent(SIGKILL),
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            if self._speaks():
                return self
            time.sleep(0.1)
        raise RuntimeError(f"rabbitmq did not start: {(self.folder / 'log').read_text()[-1000:]}")

    def kill(self) -> None:
        """Kill it hard: as a crash does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def remove(self) -> None:
        """Kill it and its port mapper, and delete its folder."""
        self.kill()
        if self.mapper is not None:
            self.mapper.kill()
            self.mapper.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _speaks(self) -> bool:
        """Whether it answers a wrong greeting with the right one."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(b"AMQP\x00\x00\x00\x00")
                return connection.recv(4) == b"AMQP"
        except OSError:
            return False

    def _environment(self) -> dict[str, str]:
        tree = self.program.parent
        return {
            "PATH": f"{tree}/usr/lib/erlang/bin:{tree}/usr/bin:{os.environ['PATH']}:/usr/sbin:/sbin",
            "LC_ALL": "C.UTF-8",
            "HOME": str(self.folder),
            "ERL_EPMD_PORT": str(self.mapper_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"tests{self.port}@localhost",
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "none"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_ERLANG_COOKIE": "of-the-tests",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",  # idle schedulers sleep
            "RUNNING_UNDER_SYSTEMD": "true",  # the script becomes the server: our process id is the broker's
        }


def new_server(prefix: str = "nexus-rabbitmq-") -> RabbitServer:
    """Return a broker of one's own, not started.

    Raises:
        PackagesUnavailable: RabbitMQ is neither installed nor to be fetched.
    """
    program = ensure_rabbitmq()
    ports: list[int] = []
    for _ in range(3):
        ports.append(free_port(besides=ports))
    return RabbitServer(program, Path(tempfile.mkdtemp(prefix=prefix)), *ports)


@pytest.fixture(scope="session")
def rabbitmq_server() -> Iterator[RabbitServer]:
    """Return the broker of this test run: one worker runs all its tests (tests/support/sharing.py)."""
    server = new_server()
    try:
        yield server.start()
    finally:
        server.remove()
