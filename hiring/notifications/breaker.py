"""A circuit breaker: after a failure to reach somebody nobody tries for a while; then one tries, and all follow if that went well."""

import threading
from datetime import datetime, timedelta
from typing import Literal, get_args

from hiring.work.backoff import delay

LONGEST_PAUSE = timedelta(minutes=5)
State = Literal["closed", "half_open", "open"]
STATES: tuple[State, ...] = get_args(State)


class Breaker:
    """Guards one provider for all senders of a process."""

    def __init__(self, first_pause: timedelta) -> None:
        self._first_pause = first_pause
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until: datetime | None = None  # None: closed
        self.code = ""

    def state(self, now: datetime) -> State:
        """Return ``closed`` when all may try, ``half_open`` when one may, ``open`` when none may."""
        with self._lock:
            if self._open_until is None:
                return "closed"
            return "half_open" if now >= self._open_until else "open"

    def remaining(self, now: datetime) -> timedelta:
        """Return how long it stays open."""
        with self._lock:
            return max(timedelta(0), self._open_until - now) if self._open_until else timedelta(0)

    def fail(self, now: datetime, code: str) -> timedelta:
        """Open, for longer with each failure in a row; return for how long."""
        with self._lock:
            if self._open_until is None or now >= self._open_until:
                self._failures += 1
            pause = delay(self._failures, self._first_pause, LONGEST_PAUSE)
            self._open_until, self.code = now + pause, code
            return pause

    def succeed(self) -> None:
        """Close."""
        with self._lock:
            self._failures, self._open_until, self.code = 0, None, ""
