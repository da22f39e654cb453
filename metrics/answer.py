"""The form of an answer: rates with their interval, floors below which nothing is shown, order of rows."""

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from metrics.catalogue import Definition
from metrics.intervals import wilson

STAGES = ("applied", "screen", "interview", "demo_lesson", "references_checks", "offer", "hired")
MATURE_FROM = 0.95  # share of a cohort that must have ended before its yield is judged

Row = dict[str, object]

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
    filled = frame.with_columns(pl.col(successes).fill_null(0), pl.col("n").fill_null(0))
    lower, upper = wilson(filled[successes].cast(pl.Float64).to_numpy(), filled["n"].cast(pl.Float64).to_numpy())
    return filled.with_columns(
        pl.when(pl.col("n") > 0).then(pl.col(successes).cast(pl.Float64) / pl.col("n")).alias("value"),
        pl.Series("lower", lower).fill_nan(None),
        pl.Series("upper", upper).fill_nan(None),
    )


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
    schema: dict[str, Any] = {name: frame.schema[name] for name in groups}
    answers = [{**dict(zip(groups, key, strict=True)), **summarise(part)} for key, part in partition(frame, groups)]
    found = set().union(*answers)
    return pl.DataFrame(answers, schema=schema | {name: kind for name, kind in _COLUMNS.items() if not answers or name in found})


def finish(frame: pl.DataFrame, definition: Definition, groups: Sequence[str]) -> pl.DataFrame:
    """Return the answer's columns in order, with the floors applied and the rows sorted by group (stages by rank).

    A family may rule out ranks by a column ``is_rankable``; the floors rule out the rest.
    """
    columns = _COLUMNS | {name: _ALSO[kind] for name, kind in definition.also.items() if name not in groups}
    missing = [pl.lit(None, dtype=kind).alias(name) for name, kind in columns.items() if name not in frame.columns]
    answer = frame.with_columns(missing).select(*groups, *(pl.col(name).cast(kind) for name, kind in columns.items()))
    n = pl.col("n").fill_null(0)
    needed = definition.shown_from
    reason = (
        pl.when(pl.col("reason").is_not_null())
        .then(pl.col("reason"))
        .when((n == 0) & (needed > 0))
        .then(pl.lit("no rows in this selection"))
        .when(n < needed)
        .then(pl.format(f"too few to show: n = {{}}, needed {needed}", n))
    )
    answer = answer.with_columns(n, reason.alias("reason"), ((n < needed) | pl.col("suppressed").fill_null(False)).alias("suppressed"))
    hidden = pl.col("suppressed")
    answer = answer.with_columns(
        *(
            pl.when(~hidden).then(pl.col(name)).alias(name)
            for name in columns
            if name in ("value", "lower", "upper") or name in definition.also
        ),
    ).with_columns(
        pl.col("is_rankable").fill_null(True)
        & (pl.col("value").is_not_null() & (n >= definition.ranked_from) & pl.col("is_mature").fill_null(True)),
    )
    keys = [pl.col(name).replace_strict(list(STAGES), list(range(7)), default=7) if name == "stage" else pl.col(name) for name in groups]
    return answer.sort(keys) if keys else answer
