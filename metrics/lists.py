"""Readings whose values come as lists, one row a group: a million durations cost half of what as many rows do.

What belongs here: lists as arrays, and estimating group by group. What doesn't: which estimate (families) and the statements (rows).
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import polars as pl

from metrics.answer import Row, gathered

Lists = dict[str, Any]
Part = TypeVar("Part")
Made = TypeVar("Made")

_WORTH_THREADS = 100_000  # values: below, threads cost more than they bring
_workers = ThreadPoolExecutor(os.cpu_count(), "estimates")


@dataclass
class Reading:
    """What a statement read."""

    frame: pl.DataFrame

    @cached_property
    def lists(self) -> list[Lists]:
        """Each row by name of column, a list as an array. An estimate may keep there what the next one of the same rows can use."""
        return listed(self.frame)


def listed(frame: pl.DataFrame) -> list[Lists]:
    """Return each row by name of column: a list as an array, empty where there is none."""
    nothing = np.empty(0)
    columns = {
        name: [nothing if each is None else each.to_numpy() for each in frame[name]] if isinstance(kind, pl.List) else frame[name].to_list()
        for name, kind in frame.schema.items()
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def by_lists(reading: Reading, groups: Sequence[str], summarise: Callable[[Lists], Row]) -> pl.DataFrame:
    """Return one row a group (one in all without groups), made by ``summarise`` from the group's lists."""
    keys = reading.frame.select(groups).rows() if groups else [()]
    size = sum(value.size for row in reading.lists for value in row.values() if isinstance(value, np.ndarray))
    found = side_by_side(summarise, reading.lists, size)
    return gathered(reading.frame, groups, list(zip(keys, found, strict=True)))


def side_by_side(work: Callable[[Part], Made], parts: Sequence[Part], size: int) -> list[Made]:
    """Return ``work`` of each part, on every processor where they hold many values, ``size``: arrays are sorted outside Python's lock."""
    return list((_workers.map if size >= _WORTH_THREADS and len(parts) > 1 else map)(work, parts))
