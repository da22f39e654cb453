"""Totals for every period and filter at once, of which a question takes its part: adding up a few hundred rows is quicker than SQL.

Only what adds up is rolled up, and only along dimensions with few values. What doesn't belong here: SQL (rows), keeping (readings).
"""

import re
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from metrics.cuts import Cut

COARSE = frozenset(
    ("applied_month", "channel_type", "ending", "ending_side", "is_internal", "source_system", "staff_class", "stage", "subject")
)
"""Dimensions of so few values that all their combinations fit a small frame, however many schools and applications there are."""

_COUNT = r"r\.\w+_count"
_ADDS_UP = re.compile(rf"(sum\({_COUNT}( - {_COUNT})*\)|bool_and\(r\.\w+\))( filter \(where [^()]*(\([^()]*\))?[^()]*\))?")


def rolls_up(measures: Mapping[str, str], dimensions: Iterable[str]) -> bool:
    """Say whether these SQL aggregates of parts add up to those of the whole, and parts by these dimensions are few."""
    return COARSE.issuperset(dimensions) and all(_ADDS_UP.fullmatch(each) for each in measures.values())


def rolled_up(parts: pl.DataFrame, cuts: Sequence[Cut], groups: Sequence[str], measures: Mapping[str, str]) -> pl.DataFrame:
    """Return what SQL says of the rows that the cuts leave: one row a group, one in all without groups; over no value a null."""
    kept = parts.filter(each.kept() for each in cuts)
    whole = [
        pl.when(pl.col(name).count() > 0).then(pl.col(name).all() if each.startswith("bool_and") else pl.col(name).sum())
        for name, each in measures.items()
    ]
    return kept.group_by(groups).agg(whole) if groups else kept.select(whole)
