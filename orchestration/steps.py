"""What a run tells the person who started it: which step is running, how long each took, and what it counted."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from foundation import logs
from foundation.telemetry import span

Listener = Callable[[str, str], None]
"""Called with a step's name and ``started`` or ``finished``."""


@dataclass
class Steps:
    """Times the steps of one run and keeps what they counted."""

    listener: Listener | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    counts: dict[str, Any] = field(default_factory=dict)
    correlation_id: str = field(default_factory=lambda: uuid4().hex)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Announce a step, time it, and let its lines and calls be found by the run's correlation id."""
        if self.listener:
            self.listener(name, "started")
        began = time.perf_counter()
        try:
            with logs.correlated(self.correlation_id), span(name, service="pipeline"):
                yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began
            if self.listener:
                self.listener(name, "finished")

    def add(self, name: str, count: int) -> None:
        """Add to a count of the run."""
        self.counts[name] = self.counts.get(name, 0) + count
