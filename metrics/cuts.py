"""The conditions that a question sets, its period and its filters: in SQL, and on a frame that has kept the column.

What doesn't belong here: the scope, which is no choice of the question's (rows).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import polars as pl

from metrics.query import Query, filter_values


@dataclass(frozen=True)
class Cut:
    """One condition.

    Attributes:
        name: what a reading says to ignore it: ``period_from``, ``period_to`` or the dimension filtered.
        column: the column of the mart that it looks at.
        sql: over the mart, whose alias is ``r``.
        parameters: values of the placeholders in ``sql``.
        kept: the same condition on a frame with that column.
    """

    name: str
    column: str
    sql: str
    parameters: tuple[str, ...]
    kept: Callable[[], pl.Expr]


def cuts_of(query: Query, period_column: str | None) -> list[Cut]:
    """Return the conditions of a question. Values are compared as text, days as days."""
    period = [] if period_column is None else [_bound(query, name, period_column) for name in ("period_from", "period_to")]
    return [each for each in period if each] + [_filter(name, filter_values(name, given)) for name, given in query.filters.items()]


def _bound(query: Query, name: str, column: str) -> Cut | None:
    day: date | None = getattr(query, name)
    if day is None:
        return None
    if name == "period_from":
        return Cut(name, column, f"r.{column} >= cast(? as date)", (day.isoformat(),), lambda: pl.col(column) >= day)
    return Cut(name, column, f"r.{column} <= cast(? as date)", (day.isoformat(),), lambda: pl.col(column) <= day)


def _filter(name: str, values: list[str]) -> Cut:
    chosen = f"cast(r.{name} as varchar) in ({', '.join('?' * len(values))})"  # `in` skips row groups

    def kept() -> pl.Expr:
        text = pl.col(name).cast(pl.String)
        return text == values[0] if len(values) == 1 else text.is_in(values)  # twice as quick for one value

    return Cut(name, name, chosen, tuple(values), kept)
