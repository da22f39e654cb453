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
    if (totals["tenants"] > 1).any():
        raise MetricQueryError("D1 is never summed over schools: group by tenant_id or filter one")
    margin = normal_quantile(0.95) * noise_deviation(RELEASE_A_EPSILON) * pl.col("cells").sqrt() / pl.col("n")
    return totals.with_columns(pl.when(pl.col("n") > 0).then(pl.col("hits") / pl.col("n")).alias("value")).with_columns(
        (pl.col("value") - margin).clip(0, 1).alias("lower"), (pl.col("value") + margin).clip(0, 1).alias("upper")
    )


METRICS = {"D1": coverage}
