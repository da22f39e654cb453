"""Starts the confined process that reads one file, and ends it when it takes too long, too much or says too much."""

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

_PROJECT = Path(__file__).resolve().parents[2]
_ENVIRONMENT = {"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1"}  # nothing of ours: no secrets, no addresses


class ReadingFailed(Exception):
    """A file was not read. ``code`` says why; ``is_final``: another try cannot help."""

    def __init__(self, code: str, *, is_final: bool) -> None:
        """Keep code and whether to try again."""
        super().__init__(code)
        self.code = code
        self.is_final = is_final


@dataclass(frozen=True)
class Limits:
    """What one reading may take: bytes of address space, seconds of processor and wall time, bytes of result."""

    memory_bytes: int = 512_000_000
    cpu_seconds: int = 20
    seconds: float = 60
    result_bytes: int = 4_000_000


def read_file(task: str, file: BinaryIO, request: dict[str, Any], limits: Limits, progress: Callable[[int], None]) -> dict[str, Any]:
    """Return what the confined process read in a file.

    Args:
        task: ``resume`` or ``interview``.
        file: open for reading, at its start.
        request: see ``child.read``.
        limits: what it may take.
        progress: called with percents meanwhile.

    Raises:
        ReadingFailed: with a code: of the file (``texts.Unreadable``), ``memory_exceeded``, ``cpu_time_exceeded``, ``result_too_large``,
            ``time_exceeded`` (a busy machine: worth another try) or ``parser_crashed``.
    """
    with _process(task, file, request, limits) as process:
        told: dict[str, Any] = {}
        for line in _lines(process, limits):
            told = _understood(line)
            if "progress" in told:
                progress(int(told["progress"]))
        code = process.wait()
    if "error" in told:
        raise ReadingFailed(str(told["error"]), is_final=True)
    if code == 0 and isinstance(told.get("result"), dict):
        result: dict[str, Any] = told["result"]
        return result
    if code == -signal.SIGXCPU:
        raise ReadingFailed("cpu_time_exceeded", is_final=True)
    raise ReadingFailed("parser_crashed", is_final=False)


@contextmanager
def _process(task: str, file: BinaryIO, request: dict[str, Any], limits: Limits) -> Iterator["subprocess.Popen[bytes]"]:
    descriptor = file.fileno()
    command = [sys.executable, "-E", "-s", "-B", "-m", "hiring.assessments.child", task, str(descriptor)]
    command += [str(limits.memory_bytes), str(limits.cpu_seconds), str(os.getpid())]
    with tempfile.TemporaryFile() as question:
        question.write(json.dumps(request).encode())
        question.seek(0)
        process = subprocess.Popen(
            command, stdin=question, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pass_fds=(descriptor,), cwd=_PROJECT,
            env=_ENVIRONMENT, start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout:
            process.stdout.close()


def _lines(process: "subprocess.Popen[bytes]", limits: Limits) -> Iterator[bytes]:
    """Yield the lines of a process as it writes them, within the limits of time and size."""
    assert process.stdout is not None
    end, size, rest = time.monotonic() + limits.seconds, 0, b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            left = end - time.monotonic()
            if left <= 0:
                raise ReadingFailed("time_exceeded", is_final=False)
            if not selector.select(left):
                continue
            part = os.read(process.stdout.fileno(), 1 << 16)
            size += len(part)
            if size > limits.result_bytes:
                raise ReadingFailed("result_too_large", is_final=True)
            if not part:
                return
            *whole, rest = (rest + part).split(b"\n")
            yield from whole


def _understood(line: bytes) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
