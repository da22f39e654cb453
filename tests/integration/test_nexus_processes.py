"""The supervisor with real child processes: readiness, restarts, ports, and that it leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from foundation.settings import Home
from nexus.processes import AlreadyRunning, Service, Supervisor

# A web server that has a child of its own, as the code server of Dagster has.
WEB = """
import http.server, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(str(child.pid).encode())
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
RUN = """
import sys, os, json
from pathlib import Path
from foundation.settings import Home
from nexus.processes import Service, Supervisor
class Nothing:
    is_alive = staticmethod(lambda: True)
    start = stop = staticmethod(lambda: None)
home = Home(home=Path(sys.argv[1]))
services = [Service(name, (sys.executable, "-c", sys.argv[2], "{port}"), int(port), "/", after=tuple(after))
            for name, port, after in json.loads(sys.argv[3])]
supervisor = Supervisor(home, services, Nothing(), folder=Path(sys.argv[1]), environment=dict(os.environ))
supervisor.run(on_ready=lambda: print("ready", flush=True), on_event=lambda line: print(line, flush=True))
print("stopped", flush=True)
"""


class Running:
    """A supervisor in a process of its own."""

    def __init__(self, home: Path, services: list[tuple[str, int, list[str]]]) -> None:
        self.home = home
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(home), WEB, json.dumps(services)],
            stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        assert self.line() == "ready"

    def line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def state(self, name: str) -> dict[str, object]:
        content = json.loads((self.home / "run" / "processes.json").read_text())
        return dict(content["services"][name])

    def tree(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


def eventually(condition: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def answers(address: str) -> bool:
    try:
        return httpx.get(address).status_code == 200
    except httpx.TransportError:
        return False


def is_gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    supervisor = Running(tmp_path, [("first", unused_port(), []), ("second", unused_port(), ["first"])])
    tree = supervisor.tree()
    yield supervisor
    supervisor.process.kill()
    supervisor.process.wait()
    for process in tree:
        if not is_gone(process):
            process.kill()
    assert supervisor.process.stdout
    supervisor.process.stdout.close()


def test_stop_request_ends_every_process_and_removes_the_addresses(running: Running) -> None:
    tree = running.tree()
    assert len(tree) >= 5, "two servers, a child of each, the guard"
    assert set(json.loads((running.home / "run" / "addresses.json").read_text())) == {"first", "second"}
    running.process.send_signal(signal.SIGINT)
    assert running.line() == "stopped"
    assert running.process.wait(20) == 0
    assert all(is_gone(process) for process in tree)
    assert not (running.home / "run" / "addresses.json").exists()


def test_killed_supervisor_leaves_no_process(running: Running) -> None:
    tree = running.tree()
    running.process.kill()
    assert eventually(lambda: all(is_gone(process) for process in tree)), [process for process in tree if not is_gone(process)]


def test_killed_service_is_restarted_on_its_port_and_its_children_end(running: Running) -> None:
    before = running.state("second")
    grandchild = psutil.Process(int(httpx.get(str(before["address"])).text))
    os.kill(int(str(before["pid"])), signal.SIGKILL)
    assert "second ended with code -9" in running.line()
    assert eventually(lambda: running.state("second")["state"] == "ready" and running.state("second")["restarts_count"] == 1)
    after = running.state("second")
    assert after["address"] == before["address"]
    assert after["pid"] != before["pid"]
    assert eventually(lambda: answers(str(after["address"])))
    assert eventually(lambda: is_gone(grandchild))


def test_second_supervisor_of_one_home_is_refused(running: Running) -> None:
    class Nothing:
        def is_alive(self) -> bool:
            return True

        def start(self) -> None:
            raise AssertionError("must not be reached")

        stop = start

    other = Supervisor(Home(home=running.home), [], Nothing(), folder=running.home, environment={})
    with pytest.raises(AlreadyRunning, match="nexus down"):
        other.run()


def test_taken_port_gives_the_next_free_one_and_says_so(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        supervisor = Supervisor(
            Home(home=tmp_path),
            [Service("web", ("true",), taken), Service("free", ("true",))],
            object(),
            folder=tmp_path,
            environment={},  # type: ignore[arg-type]  # never started
        )
    port = int(supervisor.addresses["web"].rpartition(":")[2])
    assert taken < port <= taken + 100
    assert supervisor.moved_ports() == [f"web: port {taken} is taken, using {port}"]
