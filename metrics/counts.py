"""What a statement read, and estimates from how many rows last how long: no more is needed of them, however many rows there are.

What doesn't belong here: which estimate (families) and the statements (rows).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from metrics.answer import Row, gathered

Counts = dict[str, Any]
"""A group: its values by name of column; of ``day`` and the counts an array each, by ascending day; shape (k,)."""


@dataclass
class Reading:
    """What a statement read. Of counts by day (``Rows.counts``) ``groups`` says which columns are not counted."""

    frame: pl.DataFrame
    groups: Sequence[str] = ()

    @cached_property
    def grouped(self) -> pl.DataFrame:
        """One row a group (one in all without groups), with a list of days, in their order, and lists of counts."""
        ordered = self.frame.sort("day")
        return ordered.group_by(self.groups, maintain_order=True).agg(pl.all()) if self.groups else ordered.select(pl.all().implode())

    @cached_property
    def counts(self) -> list[Counts]:
        """Each row of ``grouped``. An estimate may keep there what the next one of the same rows can use."""
        columns = {
            name: [each.to_numpy() for each in self.grouped[name]] if isinstance(kind, pl.List) else self.grouped[name].to_list()
            for name, kind in self.grouped.schema.items()
        }
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def by_counts(reading: Reading, groups: Sequence[str], summarise: Callable[[Counts], Row]) -> pl.DataFrame:
    """Return one row a group (one in all without groups), made by ``summarise`` from the group's counts."""
    keys = reading.grouped.select(groups).rows() if groups else [()]
    return gathered(reading.grouped, groups, [(key, summarise(row)) for key, row in zip(keys, reading.counts, strict=True)])


def pooled(parts: Sequence[Counts], names: Sequence[str]) -> Counts:
    """Return the counts of several groups together: ``day`` and each of ``names``."""
    days = np.concatenate([part["day"] for part in parts]) if parts else np.empty(0)
    distinct, place = np.unique(days, return_inverse=True)
    sums = {
        name: np.bincount(place, np.concatenate([part[name] for part in parts]), distinct.size) if parts else np.empty(0) for name in names
    }
    return {"day": distinct} | sums
