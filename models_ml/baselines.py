"""The baselines every model is shown beside: segment Kaplan–Meier, pooled Kaplan–Meier, prior rate.

What belongs here: curves and rates by segment, shrunk to the pooled ones by n / (n + k). What doesn't: anything that reads a
second feature.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models_ml.intervals import wilson_interval

Vector = NDArray[np.float64]
Codes = NDArray[np.int64]


def blended_hazards(
    entry: Vector, exit_: Vector, event: Codes, segment: NDArray[np.str_], edges: Vector, blend_rows: int
) -> dict[str, tuple[Vector, Vector]]:
    """Return, by segment and pooled (key ""), the hazards a bin of cause 1 and cause 2 on the age scale.

    Args:
        entry: age at which a case came under observation (left truncation), shape (n,).
        exit_: age at the event or at censoring, shape (n,).
        event: 0 censored, 1 and 2 the causes, shape (n,).
        segment: segment of each case, shape (n,).
        edges: ages, shape (bins + 1,), first 0.
        blend_rows: k of the weight n / (n + k) of a segment's own curve.

    Product-limit within the bin is approximated by events over exposed cases (actuarial life table, Cutler & Ederer 1958).
    """
    widths, starts = np.diff(edges), edges[:-1]
    exposed = np.clip((np.minimum(exit_[:, None], edges[1:]) - np.maximum(entry[:, None], starts)) / widths, 0, 1)
    bins = np.searchsorted(edges, exit_, side="left") - 1
    inside = (bins >= 0) & (bins < len(widths))
    ends = np.zeros((2, len(exit_), len(widths)))
    for cause in (1, 2):
        mask = inside & (event == cause)
        ends[cause - 1, mask, bins[mask]] = 1.0
    exposed = np.where(ends.sum(axis=0) > 0, np.maximum(1.0 - np.clip((entry[:, None] - starts) / widths, 0, 1), 1e-9), exposed)

    def hazards(mask: NDArray[np.bool_]) -> Vector:
        at_risk = exposed[mask].sum(axis=0)
        share = np.zeros((2, len(widths)))
        np.divide(ends[:, mask].sum(axis=1), at_risk, out=share, where=at_risk > 0)
        return share

    pooled = hazards(np.ones(len(exit_), dtype=bool))
    curves = {"": (pooled[0], pooled[1])}
    for name in np.unique(segment[segment != ""]):
        mask = segment == name
        share = mask.sum() / (mask.sum() + blend_rows)
        mixed = share * hazards(mask) + (1 - share) * pooled
        curves[str(name)] = (mixed[0], mixed[1])
    return curves


def blended_rates(outcome: Vector, weight: Vector, segment: Sequence[str], blend_rows: int) -> dict[str, list[float]]:
    """Return, by segment and pooled (key ""), [rate, lower, upper]: weighted rates shrunk by n / (n + k), Wilson 95 % intervals."""
    names = np.asarray(segment, dtype=str)

    def rate(mask: NDArray[np.bool_]) -> tuple[float, float]:
        total = float(weight[mask].sum())
        return (float((weight * outcome)[mask].sum()) / total if total else 0.0), total

    pooled, total = rate(np.ones(len(outcome), dtype=bool))
    rates = {"": [pooled, *_bounds(pooled, total)]}
    for name in np.unique(names[names != ""]):
        own, n = rate(names == name)
        share = n / (n + blend_rows)
        mixed = share * own + (1 - share) * pooled
        rates[str(name)] = [mixed, *_bounds(mixed, n + blend_rows)]
    return rates


def _bounds(rate: float, total: float) -> tuple[float, float]:
    lower, upper = wilson_interval(rate, total)
    return min(lower, rate), max(upper, rate)
