"""The form of an answer: rates with their interval, floors below which nothing is shown, order of rows."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl

from metrics.catalogue import Definition
from metrics.intervals import wilson

STAGES = ("applied", "screen", "interview", "demo_lesson", "references_checks", "offer", "hired")
MATURE_FROM = 0.95  # share of a cohort that must have ended before its yield is judged

Row = dict[str, object]

_RANKED = pl.Enum(STAGES)

_COLUMNS = {
    "value": pl.Float64,
    "n": pl.Int64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "n_open": pl.Int64,
    "is_mature": pl.Boolean,
    "suppressed": pl.Boolean,
    "is_rankable": pl.Boolean,
    "reason": pl.String,
}
_ALSO = {"number": pl.Float64, "text": pl.String}


def rate(frame: pl.DataFrame, successes: str = "hits") -> pl.DataFrame:
    """Add ``value``, ``lower`` and ``upper`` (Wilson 95 %) of ``successes`` out of ``n``; null where ``n`` is 0."""
    filled = frame.with_columns(pl.col(successes, "n").fill_null(0))
    hits, n = (filled[name].to_numpy().astype(np.float64) for name in (successes, "n"))
    lower, upper = wilson(hits, n)
    share = np.divide(hits, n, out=np.full_like(n, np.nan), where=n > 0)
    numbers = {"value": share, "lower": lower, "upper": upper}
    return filled.with_columns(pl.Series(name, each, nan_to_null=True) for name, each in numbers.items())


def maturity(flag: str = "all_mature", total: str = "cohort_n", still_open: str = "cohort_open") -> pl.Expr:
    """Return ``is_mature``: 95 % of the pooled cohort has ended, or every school-month in it is flagged mature; null for no rows."""
    pooled = 1 - pl.col(still_open) / pl.col(total) >= MATURE_FROM
    return pl.when(pl.col(total) > 0).then(pooled | pl.col(flag).fill_null(False)).alias("is_mature")


def partition(frame: pl.DataFrame, groups: Sequence[str]) -> list[tuple[tuple[Any, ...], pl.DataFrame]]:
    """Return each group's values and rows, in order of appearance; everything as one group without groups."""
    if not groups:
        return [((), frame)]
    # Asking each part for its key, as polars does for a dictionary, would take longer than most estimates.
    keys = frame.select(groups).unique(maintain_order=True).rows()
    return list(zip(keys, frame.partition_by(groups, maintain_order=True), strict=True)) if keys else []


def by_group(frame: pl.DataFrame, groups: Sequence[str], summarise: Callable[[pl.DataFrame], Row]) -> pl.DataFrame:
    """Return one row a group (one in all without groups), made by ``summarise`` from the group's rows."""
    return gathered(frame, groups, [(key, summarise(part)) for key, part in partition(frame, groups)])


def gathered(frame: pl.DataFrame, groups: Sequence[str], found: Sequence[tuple[tuple[Any, ...], Row]]) -> pl.DataFrame:
    """Return an answer's rows from each group's values and what was found of it; ``frame`` knows the types of the groups."""
    schema: dict[str, Any] = {name: frame.schema[name] for name in groups}
    answers = [{**dict(zip(groups, key, strict=True)), **row} for key, row in found]
    names = set().union(*answers)
    return pl.DataFrame(answers, schema=schema | {name: kind for name, kind in _COLUMNS.items() if not answers or name in names})


def finish(frame: pl.DataFrame, definition: Definition, groups: Sequence[str]) -> pl.DataFrame:
    """Return the answer's columns in order, with the floors applied and the rows sorted by group (stages by rank).

    A family may rule out ranks by a column ``is_rankable``; the floors rule out the rest.
    """
    also = tuple((name, _ALSO[kind]) for name, kind in definition.also.items() if name not in groups)
    whole = frame.select(_finished(tuple(groups), tuple(frame.columns), also, definition.shown_from, definition.ranked_from))
    return whole.sort([pl.col(name).cast(_RANKED, strict=False) if name == "stage" else name for name in groups]) if groups else whole


@lru_cache(1024)
def _finished(
    groups: tuple[str, ...], present: tuple[str, ...], also: tuple[tuple[str, Any], ...], shown_from: int, ranked_from: int
) -> list[pl.Expr]:
    """The columns of an answer. Remembered, as writing them down takes longer than computing a few rows of them."""
    columns = _COLUMNS | dict(also)
    given = {name: pl.col(name).cast(kind) if name in present else pl.lit(None, kind) for name, kind in columns.items()}
    n = given["n"].fill_null(0)
    hidden = (n < shown_from) | given["suppressed"].fill_null(False)
    answer = given | {name: pl.when(~hidden).then(given[name]) for name in ("value", "lower", "upper", *dict(also))}
    answer["n"], answer["suppressed"] = n, hidden
    answer["reason"] = (
        pl.when(given["reason"].is_not_null())
        .then(given["reason"])
        .when((n == 0) & (shown_from > 0))
        .then(pl.lit("no rows in this selection"))
        .when(n < shown_from)
        .then(pl.format(f"too few to show: n = {{}}, needed {shown_from}", n))
    )
    is_rankable = answer["value"].is_not_null() & (n >= ranked_from) & given["is_mature"].fill_null(True)
    answer["is_rankable"] = given["is_rankable"].fill_null(True) & is_rankable
    return [*(pl.col(name) for name in groups), *(each.alias(name) for name, each in answer.items())]
