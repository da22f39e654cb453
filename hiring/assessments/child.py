"""The process that reads one file: ``python -m hiring.assessments.child TASK DESCRIPTOR MEMORY CPU PARENT``. Only ``sandbox.py`` starts it.

It gives up what it doesn't need before it looks at the file: memory, time, files, new processes, the network. The request comes as
JSON on standard input, the file as an open descriptor; progress and the result leave as JSON lines on standard output. It imports
nothing that knows the database, settings or secrets. What a file makes of it, in the worst case, is one dead process.
"""

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
from typing import Any

from hiring.assessments.texts import Unreadable

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000  # unshare(2)
_DIE_WITH_PARENT = 1  # prctl(2) PR_SET_PDEATHSIG
_OPEN_FILES = 32


def confine(memory_bytes: int, cpu_seconds: int) -> None:
    """Give up what reading a file does not need. The network goes where the system lets it go."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.unshare(_NEW_USER | _NEW_NETWORK)
        libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL)  # after unshare, which forgets it
    limits = {
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: 0,
    }
    for name, value in limits.items():
        with contextlib.suppress(ValueError, OSError):  # a limit that is lower already stays
            resource.setrlimit(name, (value, value))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))  # the first says SIGXCPU: told apart from a kill


def read(task: str, descriptor: int, request: dict[str, Any], tell: "Tell") -> dict[str, Any]:
    """Return what a file says.

    Raises:
        Unreadable: with a code.
    """
    from hiring.assessments import interview_content, resume_facts, texts

    with os.fdopen(descriptor, "rb") as file:
        text = texts.read_text(file, request["content_type"], tell.progress)
    if task == "resume":
        return resume_facts.read_resume(text, request["today"], request["asked"])
    return interview_content.analyse(text, request["content_type"], request["questions"], request["rubric"])


class Tell:
    """Writes JSON lines to whoever started this process; nothing else gets through."""

    def __init__(self) -> None:
        """Keep standard output for ourselves: what a library prints goes nowhere."""
        self._output = os.dup(1)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)

    def line(self, **content: Any) -> None:
        """Write one line."""
        data = json.dumps(content).encode() + b"\n"
        while data:
            data = data[os.write(self._output, data) :]

    def progress(self, percent: int) -> None:
        """Say how far the work has come."""
        self.line(progress=percent)


def main(arguments: list[str]) -> int:
    """Read one file and return the exit code: 0 also when the file could not be read, with the code on standard output."""
    task, descriptor, memory_bytes, cpu_seconds, parent = arguments[0], *map(int, arguments[1:5])
    confine(memory_bytes, cpu_seconds)
    if os.getppid() != parent:
        return 1  # it died before we could ask to die with it
    tell = Tell()
    try:
        tell.line(result=read(task, descriptor, json.load(sys.stdin), tell))
    except Unreadable as error:
        tell.line(error=error.code)
    except MemoryError:
        tell.line(error="memory_exceeded")
    except RecursionError:
        tell.line(error="broken_document")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
