"""What statements read, kept for whoever asks the same next: figures of another period often read rows that no period cuts.

What doesn't belong here: what a statement says (rows) and what is estimated from its rows (families).
"""

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from metrics.counts import Reading

BEFORE_ROLLED_UP = 4
"""Questions of one kind that are read each by itself: then its rollup, which costs as much as some ten of them, has begun to pay."""

_KINDS = 4096  # of questions that are counted, by scope: many more than are asked while a version is the current one
_BYTES_EACH = 15_000  # of a reading's own objects, which outweigh a few rows


@dataclass(frozen=True)
class Statement:
    """SQL that reads what an answer needs: anybody who runs it gets the same rows, even where a part of a rollup was taken instead."""

    sql: str
    parameters: tuple[Any, ...]


@dataclass
class Readings:
    """Readings of one published version: each statement is run once, however many threads ask. Those unused for longest are forgotten.

    Attributes:
        most_bytes: of all readings together; None: nothing is forgotten.
    """

    most_bytes: int | None = None
    _kept: OrderedDict[Statement, Future[Reading]] = field(default_factory=OrderedDict)
    _sizes: dict[Statement, int] = field(default_factory=dict)
    _used: int = 0
    _asked: Counter[Statement] = field(default_factory=Counter)
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
            else:
                self._weigh(statement, _BYTES_EACH + int(promised.result().frame.estimated_size()))
        return promised.result()

    def is_asked_often(self, statement: Statement) -> bool:
        """Say whether enough questions could have taken their part of this reading for running it to pay; counts this one."""
        with self._lock:
            if len(self._asked) == _KINDS:
                self._asked.clear()
            self._asked[statement] += 1
            return self._asked[statement] > BEFORE_ROLLED_UP

    def _weigh(self, statement: Statement, size: int) -> None:
        if self.most_bytes is None:
            return
        with self._lock:
            self._sizes[statement] = size
            self._used += size
            while self._used > self.most_bytes:
                oldest = next(each for each in self._kept if each in self._sizes)
                del self._kept[oldest]
                self._used -= self._sizes.pop(oldest)
