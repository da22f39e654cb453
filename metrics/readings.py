"""What statements read, kept for whoever asks the same next: figures of another period often read rows that no period cuts.

What doesn't belong here: what a statement says (rows) and what is estimated from its rows (families).
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from metrics.counts import Reading


@dataclass(frozen=True)
class Statement:
    """SQL as it was run, for receipts."""

    sql: str
    parameters: tuple[Any, ...]


@dataclass
class Readings:
    """Readings of one published version: each statement is run once, however many threads ask. Those unused for longest are forgotten.

    Attributes:
        most_bytes: of all frames together; None: nothing is forgotten.
    """

    most_bytes: int | None = None
    _kept: OrderedDict[Statement, Future[Reading]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, statement: Statement, read: Callable[[], Reading]) -> Reading:
        """Return what a statement read; ``read`` runs it unless that was done. What it raises is raised, and not kept."""
        with self._lock:
            found = self._kept.get(statement)
            promised = found or Future[Reading]()
            self._kept[statement] = promised
            self._kept.move_to_end(statement)
        if found is None:
            try:
                promised.set_result(read())
            except BaseException as error:
                with self._lock:
                    self._kept.pop(statement, None)
                promised.set_exception(error)
            self._forget()
        return promised.result()

    def _forget(self) -> None:
        if self.most_bytes is None:
            return
        with self._lock:
            sizes = {each: kept.result().frame.estimated_size() for each, kept in self._kept.items() if kept.done()}
            total = sum(sizes.values())
            for statement, size in sizes.items():
                if total <= self.most_bytes:
                    break
                del self._kept[statement]
                total -= size
