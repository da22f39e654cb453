"""The log of predictions: one JSON line appended before the reply is sent, one file a worker, shipped into the warehouse by the pipeline.

A line that ``write`` has accepted survives a kill of this process; it need not survive a power cut, so there is no fsync a request.
"""

import os
import threading
from datetime import datetime
from pathlib import Path

from foundation import clock

ROTATE_BYTES = 64 * 1024 * 1024


class PredictionLog:
    """Appends whole lines to ``<folder>/<start>-<pid>-<part>.jsonl``; safe from several threads."""

    def __init__(self, folder: Path, rotate_bytes: int = ROTATE_BYTES) -> None:
        self._folder = folder
        self._rotate_bytes = rotate_bytes
        self._lock = threading.Lock()
        self._part = 0
        self._started = clock.now()
        self._handle = -1
        self._bytes = 0
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._open()

    def _open(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
        name = f"{self._started:%Y%m%dT%H%M%S%f}-{os.getpid()}-{self._part:04d}.jsonl"
        self._handle = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._bytes = 0
        self._part += 1

    def append(self, lines: bytes) -> None:
        """Append whole lines, each ended by a newline.

        Raises:
            OSError: the disk is full or the file is gone; the caller must not reply as if it had been logged.
        """
        with self._lock:
            if self._bytes and self._bytes + len(lines) > self._rotate_bytes:
                self._open()
            written = os.write(self._handle, lines)
            self._bytes += written
            if written != len(lines):
                raise OSError("the prediction log took only part of a line: the disk may be full")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._handle >= 0:
                os.close(self._handle)
                self._handle = -1


def line_time(moment: datetime) -> str:
    """Return an instant as the log writes it: ISO 8601, UTC, microseconds."""
    return moment.isoformat(timespec="microseconds")
