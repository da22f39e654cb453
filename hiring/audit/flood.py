"""Keeps refusals from filling the log: who tries the same thing again and again is written down a few times a minute, and counted."""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field

_REMEMBERED = 10_000


@dataclass
class _Window:
    began: float
    logged: int = 0
    left_out: int = 0


@dataclass
class FloodLimit:
    """Lets ``most`` rows a minute through for each caller and action; the limit is each process's own.

    With it, somebody with a valid credential adds at most ``most`` rows a minute for each action there is, whatever they send.
    """

    most: int = 10
    seconds: float = 60.0
    _windows: OrderedDict[tuple[str, str], _Window] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, caller: str, action: str) -> int | None:
        """Return how many refusals were left out since the last row, for this one to tell; None: leave this one out too."""
        now = time.monotonic()
        with self._lock:
            window = self._windows.pop((caller, action), None) or _Window(now)
            self._windows[(caller, action)] = window
            if len(self._windows) > _REMEMBERED:
                self._windows.popitem(last=False)
            if now - window.began >= self.seconds:
                window.began, window.logged = now, 0
            if window.logged >= self.most:
                window.left_out += 1
                return None
            window.logged += 1
            left_out, window.left_out = window.left_out, 0
            return left_out
