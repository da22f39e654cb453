"""D1 and D8–D10, from released figures only: the margin of their noise is public, the people behind them are not."""

import math
from collections.abc import Sequence

import polars as pl

from metrics.intervals import normal_quantile
from metrics.query import MetricQueryError
from metrics.rows import Rows

EPSILONS = {"A": 0.75, "B": 0.5, "C": 0.25}
"""Release → epsilon of its noise per cell. A: pool, B: outcomes, C: benchmark of all schools."""


def noise_deviation(epsilon: float) -> float:
    """Return the standard deviation, in people, of two-sided geometric noise P(k) ∝ exp(-epsilon · |k|)."""
    q = math.exp(-epsilon)
    return math.sqrt(2 * q) / (1 - q)


def coverage(rows: Rows) -> pl.DataFrame:
    """D1: the share of invited people who answered (or declined, or gave no answer)."""
    part = rows.switches["part"]
    totals = rows.total(
        {
            "hits": f"coalesce(sum(r.people_count) filter (where r.category = '{part}'), 0)",
            "n": "coalesce(sum(r.people_count) filter (where r.category <> 'not_invited'), 0)",
            "cells": "count(distinct concat_ws('|', r.tenant_id, r.period_kind, r.period_start))",
            "tenants": "count(distinct r.tenant_id)",
        },
        where=["r.release = 'A'", "r.attribute = 'self_id'"],
    )
    _refuse_several_schools(totals, "D1")
    return _with_margin(totals, "A")


def composition(rows: Rows) -> pl.DataFrame:
    """D8: the share of a cohort's people in each category of one attribute."""
    return _composition(rows, "A", ["r.tenant_id", "r.period_kind", "r.period_start"])


def benchmark(rows: Rows) -> pl.DataFrame:
    """D9: the same share over all schools, from atoms of its own."""
    return _composition(rows, "C", ["r.period_start"])


def outcomes(rows: Rows) -> pl.DataFrame:
    """D10: the share of each category among the people of one outcome."""
    if not rows.names("outcome_bin"):
        raise MetricQueryError("D10 looks at one outcome at a time: group by outcome_bin or filter one")
    return _composition(rows, "B", ["r.tenant_id", "r.period_start", "r.outcome_bin"])


def _composition(rows: Rows, release: str, atom: Sequence[str]) -> pl.DataFrame:
    metric_id = rows.definition.id
    if not rows.names("attribute"):
        raise MetricQueryError(f"{metric_id} looks at one attribute at a time: group by attribute or filter one")
    measures = {"hits": "sum(r.people_count)", "cells": f"count(distinct concat_ws('|', {', '.join(atom)}))"}
    if release != "C":
        measures["tenants"] = "count(distinct r.tenant_id)"
    where = [f"r.release = '{release}'"]
    groups = [name for name in rows.groups if name != "category"]
    whole = rows.total({"n": "sum(r.people_count)"}, groups=groups, where=where, ignore=["category"])
    totals = rows.total(measures, where=where)
    if release != "C":
        _refuse_several_schools(totals, metric_id)
    return _with_margin(totals.join(whole, on=groups, how="left") if groups else totals.join(whole, how="cross"), release)


def _refuse_several_schools(totals: pl.DataFrame, metric_id: str) -> None:
    if (totals["tenants"] > 1).any():
        raise MetricQueryError(f"{metric_id} is never summed over schools: group by tenant_id or filter one")


def _with_margin(totals: pl.DataFrame, release: str) -> pl.DataFrame:
    """Divide ``hits`` by ``n`` and add the margin that the noise of ``cells`` released cells makes in 95 % of cases."""
    margin = normal_quantile(0.95) * noise_deviation(EPSILONS[release]) * pl.col("cells").sqrt() / pl.col("n")
    return totals.with_columns(pl.when(pl.col("n") > 0).then(pl.col("hits") / pl.col("n")).alias("value")).with_columns(
        (pl.col("value") - margin).clip(0, 1).alias("lower"), (pl.col("value") + margin).clip(0, 1).alias("upper")
    )


METRICS = {"D1": coverage, "D8": composition, "D9": benchmark, "D10": outcomes}
