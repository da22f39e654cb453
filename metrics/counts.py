"""What a statement read, and how many rows last how long: estimates need no more of them, however many rows there are.

What doesn't belong here: which estimate (families) and the statements (rows).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from metrics.intervals import Floats
from metrics.survival_by_group import Ints, SurvivalCurves

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
        """Each row of ``grouped``."""
        columns = {
            name: [each.to_numpy() for each in self.grouped[name]] if isinstance(kind, pl.List) else self.grouped[name].to_list()
            for name, kind in self.grouped.schema.items()
        }
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    @cached_property
    def sizes(self) -> Ints:
        """How many days each row of ``grouped`` has; shape (groups,)."""
        return self.grouped["day"].list.len().to_numpy().astype(np.int64)

    def flat(self, name: str) -> npt.NDArray[Any]:
        """Return a list of ``grouped``, group after group; shape (sum of sizes,)."""
        lists = self.grouped[name]
        return lists.filter(lists.list.len() > 0).explode().to_numpy()

    @cached_property
    def curves(self) -> SurvivalCurves:
        """Survival of each row of ``grouped``, by its lists ``ended`` and ``censored``."""
        days: Floats = self.flat("day").astype(np.float64)
        return SurvivalCurves.of_counts(self.sizes, days, self.flat("ended"), self.flat("censored"))


def pooled(parts: Sequence[Counts], names: Sequence[str]) -> Counts:
    """Return the counts of several groups together: ``day`` and each of ``names``."""
    days = np.concatenate([part["day"] for part in parts]) if parts else np.empty(0)
    distinct, place = np.unique(days, return_inverse=True)
    sums = {
        name: np.bincount(place, np.concatenate([part[name] for part in parts]), distinct.size) if parts else np.empty(0) for name in names
    }
    return {"day": distinct} | sums
