"""How many requests a credential may send: a token bucket in each process. Sign-ins have a throttle of their own (``identity``)."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from math import ceil

from hiring.errors import TooManyRequests

_KEPT = 10_000


class RequestLimitReached(TooManyRequests):
    """The credential sent more requests than it may."""


class RequestLimit:
    """One bucket a credential: holds a minute's worth, refills evenly. Full buckets are forgotten first when there are too many."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        """Make no bucket yet; ``now`` counts seconds."""
        self._capacity = float(per_minute)
        self._per_second = per_minute / 60
        self._now = now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what was left, and when
        self._lock = threading.Lock()

    def take(self, key: str) -> None:
        """Take one request from the bucket of a credential.

        Raises:
            RequestLimitReached: it is empty; the problem says after how many seconds it is not.
        """
        with self._lock:
            now = self._now()
            left, since = self._buckets.pop(key, (self._capacity, now))
            left = min(left + (now - since) * self._per_second, self._capacity)
            self._buckets[key] = (left - 1 if left >= 1 else left, now)
            if len(self._buckets) > _KEPT:
                self._buckets.popitem(last=False)  # unused for longest, so the fullest
        if left < 1:
            seconds = ceil((1 - left) / self._per_second)
            raise RequestLimitReached(f"at most {self._capacity:.0f} requests a minute: try again in {seconds} s", seconds)
