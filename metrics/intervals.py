"""Confidence intervals of rates and of quantiles of complete samples. Censored durations live in ``metrics.survival``."""

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def normal_quantile(level: float) -> float:
    """Return z such that a standard normal lies within ±z with probability ``level``."""
    return NormalDist().inv_cdf(0.5 + level / 2)


def wilson(successes: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return the Wilson score interval of ``successes / n``, elementwise; NaN where ``n`` is 0.

    ``successes`` may be any sum of values in [0, 1]: such a mean varies at most as much as a rate, so the interval is conservative.
    Source: Wilson, JASA 22 (1927) 209–212.
    """
    count = np.asarray(n, dtype=np.float64)
    z2 = normal_quantile(level) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.asarray(successes, dtype=np.float64) / count
        centre = (rate + z2 / (2 * count)) / (1 + z2 / count)
        half = np.sqrt(z2 * (rate * (1 - rate) / count + z2 / (4 * count**2))) / (1 + z2 / count)
    lower, upper = np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)
    return np.where(rate == 0, 0.0, lower), np.where(rate == 1, 1.0, upper)  # exact ends, free of rounding


def poisson(counts: npt.ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return the interval of the mean of a count, elementwise; the lower end of 0 is 0.

    Source: Byar's approximation, Rothman & Boice, Epidemiologic Analysis with a Programmable Calculator (1979).
    """
    count = np.asarray(counts, dtype=np.float64)
    z = normal_quantile(level)
    more = count + 1
    with np.errstate(divide="ignore", invalid="ignore"):
        lower = count * (1 - 1 / (9 * count) - z / (3 * np.sqrt(count))) ** 3
    return np.where(count > 0, lower, 0.0), more * (1 - 1 / (9 * more) + z / (3 * np.sqrt(more))) ** 3


def quantile_interval(sample: npt.ArrayLike, probability: float = 0.5, level: float = 0.95) -> tuple[float, float]:
    """Return the order-statistic interval of a quantile of a complete sample, in the sample's unit.

    Ranks come from the normal approximation of the binomial, rounded outwards; no distribution is assumed. NaN when a rank
    falls outside the sample (too few values). Source: Conover, Practical Nonparametric Statistics, 3rd ed., 3.2.
    """
    ordered = np.sort(np.asarray(sample, dtype=np.float64))
    n = ordered.size
    half = normal_quantile(level) * math.sqrt(n * probability * (1 - probability))
    low, high = math.floor(n * probability - half), math.ceil(n * probability + half) + 1
    return (
        float(ordered[low - 1]) if 1 <= low <= n else math.nan,
        float(ordered[high - 1]) if 1 <= high <= n else math.nan,
    )
