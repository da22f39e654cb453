"""D metrics, from released figures only: the margin of their noise is public, the people behind them are not."""

import math

import polars as pl

from metrics.intervals import normal_quantile
from metrics.query import MetricQueryError
from metrics.rows import Rows

RELEASE_A_EPSILON = 0.75


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
    return _with_margin(totals, "D1")


def composition(rows: Rows) -> pl.DataFrame:
    """D8: the share of a cohort's people in each category of one attribute."""
    if not rows.names("attribute"):
        raise MetricQueryError("D8 looks at one attribute at a time: group by attribute or filter one")
    measures = {
        "hits": "sum(r.people_count)",
        "cells": "count(distinct concat_ws('|', r.tenant_id, r.period_kind, r.period_start))",
        "tenants": "count(distinct r.tenant_id)",
    }
    where = ["r.release = 'A'"]
    groups = [name for name in rows.groups if name != "category"]
    whole = rows.total({"n": "sum(r.people_count)"}, groups=groups, where=where, ignore=["category"])
    totals = rows.total(measures, where=where)
    return _with_margin(totals.join(whole, on=groups, how="left") if groups else totals.join(whole, how="cross"), "D8")


def _with_margin(totals: pl.DataFrame, metric_id: str) -> pl.DataFrame:
    """Divide ``hits`` by ``n`` and add the margin that the noise of ``cells`` released cells makes in 95 % of cases."""
    if (totals["tenants"] > 1).any():
        raise MetricQueryError(f"{metric_id} is never summed over schools: group by tenant_id or filter one")
    margin = normal_quantile(0.95) * noise_deviation(RELEASE_A_EPSILON) * pl.col("cells").sqrt() / pl.col("n")
    return totals.with_columns(pl.when(pl.col("n") > 0).then(pl.col("hits") / pl.col("n")).alias("value")).with_columns(
        (pl.col("value") - margin).clip(0, 1).alias("lower"), (pl.col("value") + margin).clip(0, 1).alias("upper")
    )


METRICS = {"D1": coverage, "D8": composition}
