"""How long to wait before the next try: exponential, with full jitter around it, so that many failures don't come back at once."""

from datetime import timedelta
from random import SystemRandom

_random = SystemRandom()


def delay(attempts: int, base: timedelta = timedelta(seconds=2), longest: timedelta = timedelta(hours=1)) -> timedelta:
    """Return the wait after ``attempts`` failures: ``base`` · 2^(attempts − 1), at most ``longest``, times 0.5 to 1.5."""
    wait: timedelta = min(longest, base * 2 ** min(max(attempts, 1) - 1, 30))
    return wait * _random.uniform(0.5, 1.5)
