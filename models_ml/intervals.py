"""Intervals that hold what they promise: the levels at which a predicted distribution is read.

What belongs here: conformal calibration of distributions. What doesn't: the distributions (``time_to_hire.prediction``).

A model's 10 % quantile is rarely passed by 10 % of reality. On held-out jobs the *level* of each realised time in its own
predicted distribution is computed; the P10 is then read at the level that 10 % of those lie below (distributional conformal
prediction, Chernozhukov, Wüthrich & Zhu 2021). Levels are weighted for censoring and kept per as-of stage.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
NOMINAL = (0.1, 0.5, 0.9)
_SMALLEST_STAGE = 60


def weighted_quantile(values: Vector, weights: Vector, probability: float) -> float:
    """Return the weighted quantile, linear between the midpoints of the weights."""
    order = np.argsort(values, kind="stable")
    mass = np.cumsum(weights[order]) - weights[order] / 2
    return float(np.interp(probability, mass / weights.sum(), values[order]))


def wilson_interval(rate: float, n: float) -> tuple[float, float]:
    """Return the 95 % score interval of a rate seen in ``n`` (may be a sum of weights); (0, 1) without rows (Wilson 1927)."""
    if n <= 0:
        return 0.0, 1.0
    z2 = 1.959964**2
    centre, half = (rate + z2 / (2 * n)) / (1 + z2 / n), np.sqrt(z2 * (rate * (1 - rate) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def nominal_levels(stages: Sequence[str]) -> dict[str, list[float]]:
    """Return the uncalibrated levels 0.1, 0.5, 0.9 for each stage."""
    return {stage: list(NOMINAL) for stage in stages}


def conformal_levels(
    levels: Vector, weights: Vector, stages: Sequence[str], all_stages: Sequence[str], keep_median: bool = False
) -> dict[str, list[float]]:
    """Return, per as-of stage, the levels at which to read P10, median and P90.

    Args:
        levels: level of each realised time in its predicted distribution, shape (n,), held-out rows.
        weights: inverse probability of censoring weights, shape (n,); 0 leaves a row out.
        stages: as-of stage of each row, length n.
        all_stages: stages to answer for; one with fewer than 60 rows takes the pooled levels.
        keep_median: leave the median at 0.5 (a plain baseline stays what it says).

    With fewer than 60 rows in all, the nominal levels are returned.
    """
    names, kept = np.asarray(stages, dtype=str), weights > 0

    def calibrated(mask: NDArray[np.bool_]) -> list[float] | None:
        n = int(mask.sum())
        if n < _SMALLEST_STAGE:
            return None
        # The finite-sample step outwards of split conformal prediction.
        lower, upper = 0.1 - 0.9 / n, 0.9 + 0.9 / n
        probabilities = (lower, 0.5, upper)
        read = [weighted_quantile(levels[mask], weights[mask], probability) for probability in probabilities]
        return [read[0], 0.5 if keep_median else read[1], read[2]]

    pooled = calibrated(kept) or list(NOMINAL)
    return {stage: sorted(calibrated(kept & (names == stage)) or pooled) for stage in all_stages}
