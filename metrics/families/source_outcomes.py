"""S4 to S6: what becomes of the people each channel brought: quality, retention, and which channel is best, with its doubt."""

import math
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import polars as pl

from metrics.answer import partition, rate
from metrics.families.sources import shrunk, unranked_unknown
from metrics.intervals import wilson
from metrics.rows import Rows
from metrics.survival import kaplan_meier

YEAR: Final = 365
_OWN_CLASSES: Final = ("transfer_in_group", "fixed_term_end", "gap_year", "redundancy")
_PARTS: Final = ("retained", "performance", "satisfaction")


def _policy(rows: Rows) -> list[str]:
    internal = rows.switches["internal"] == "included" or rows.names("is_internal")
    return [f"r.attribution = '{rows.switches['attribution']}'", "not r.is_reneged"] + ([] if internal else ["not r.is_internal"])


def _scored(rows: Rows, ignore: Sequence[str] = ()) -> pl.DataFrame:
    """Return per group the mean score of hires whose year is over, its coverage, and the hires still within their year."""
    weights = [int(part) / 100 for part in rows.switches["weights"].split("-")]
    columns = {
        "retained": "cast(r.is_retained_12m as double)",
        "performance": "r.performance_score",
        "satisfaction": "r.satisfaction_score",
        "is_over": "r.is_year_over",
    }
    hires = rows.each(columns, where=_policy(rows), ignore=ignore)
    known = sum((pl.col(part).is_not_null() * weight for part, weight in zip(_PARTS, weights, strict=True)), start=pl.lit(0.0))
    points = sum((pl.col(part).fill_null(0.0) * weight for part, weight in zip(_PARTS, weights, strict=True)), start=pl.lit(0.0))
    scored = hires.with_columns(known=known).with_columns(score=pl.when(pl.col("known") > 0).then(points / pl.col("known")))
    over = pl.col("is_over")
    measures = [
        pl.col("score").filter(over).sum().alias("hits"),
        pl.col("score").filter(over).count().alias("n"),
        pl.col("known").filter(over).mean().alias("coverage"),
        (~over).sum().alias("n_open"),
    ]
    return rate(scored.group_by(rows.groups).agg(measures) if rows.groups else scored.select(measures)).with_columns(unranked_unknown(rows))


def quality_of_hire(rows: Rows) -> pl.DataFrame:
    """S4: mean of retention, performance and satisfaction, weighted; missing parts give their weight to the others."""
    return _scored(rows)


def retention(rows: Rows) -> pl.DataFrame:
    """S5: share still in post a year after the start; other ends than leaving are censored and counted apart."""
    columns = {"days": "r.service_days", "end_class": "r.end_class"}
    hires = rows.each(columns, where=[*_policy(rows), "r.service_days is not null"])
    schema: dict[str, Any] = {name: hires.schema[name] for name in rows.groups}
    answers = [{**dict(zip(rows.groups, key, strict=True)), **_kept_for_a_year(part)} for key, part in partition(hires, rows.groups)]
    numbers = dict.fromkeys(("value", "lower", "upper", *_OWN_CLASSES), pl.Float64)
    found = pl.DataFrame(answers, schema=schema | numbers | {"n": pl.Int64, "n_open": pl.Int64, "reason": pl.String})
    return found.with_columns(unranked_unknown(rows))


def _kept_for_a_year(part: pl.DataFrame) -> dict[str, object]:
    days, classes = part["days"].to_numpy(), part["end_class"].to_list()
    within = Counter(name for name, day in zip(classes, days, strict=True) if day < YEAR)
    row: dict[str, object] = {name: float(within[name]) for name in _OWN_CLASSES}
    row |= {"n": part.height, "n_open": within[None], "value": None, "lower": None, "upper": None, "reason": None}
    curve = kaplan_meier(days, [name == "left" for name in classes])
    steps = int((curve.times < YEAR).sum())  # who ends on day 365 has stayed the year
    value = float(curve.survival[steps - 1]) if steps else 1.0
    if not part.height:
        return row
    if curve.follow_up < YEAR and value > 0:
        return row | {"reason": f"nobody has been followed for a year yet: {math.floor(curve.follow_up)} days at most"}
    if steps:
        lower, upper = (float(band[steps - 1]) for band in curve.band())
    else:  # nobody left: the band of an untouched curve has no width, so its lower end comes from those followed for the year
        (low,), (upper,) = wilson([part.height - within.total()], [part.height - within.total()])
        lower = float(low)
    return row | {"value": value, "lower": lower, "upper": float(upper)}


def _retained(rows: Rows, ignore: Sequence[str] = ()) -> pl.DataFrame:
    measures = {
        "hits": "count(*) filter (r.is_retained_12m)",
        "n": "count(r.is_retained_12m)",
        "n_open": "count(*) filter (not r.is_year_over)",
    }
    return rate(rows.total(measures, where=_policy(rows), ignore=ignore)).with_columns(unranked_unknown(rows))


def best_channel(rows: Rows) -> pl.DataFrame:
    """S6: each channel's retention or quality, drawn towards the common one; probability of being above the median channel."""
    return shrunk(rows, partial(_retained if rows.switches["outcome"] == "retention" else _scored, rows))


METRICS = {"S4": quality_of_hire, "S5": retention, "S6": best_channel}
