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
    values, counts = np.unique(np.asarray(sample, dtype=np.float64), return_counts=True)
    _, lower, upper = quantiles_of_counts(np.array([values.size]), values, counts, probability, level)
    return float(lower[0]), float(upper[0])


def quantiles_of_counts(
    sizes: npt.ArrayLike, values: npt.ArrayLike, counts: npt.ArrayLike, probability: float = 0.5, level: float = 0.95
) -> tuple[Floats, Floats, Floats]:
    """Return a quantile of each of several complete samples and its interval (see ``quantile_interval``); shape (groups,) each.

    Between two values it is interpolated, as numpy does. NaN where there is no value.

    Args:
        sizes: how many of the values belong to each sample, one sample after another; shape (groups,).
        values, counts: distinct values of a sample, ascending, and how often each occurs; shape (sum of sizes,).
        probability, level: of the quantile and its interval.
    """
    value, ends = np.asarray(values, dtype=np.float64), np.cumsum(counts)
    total = np.concatenate(([0], ends))[np.concatenate(([0], np.cumsum(sizes)))]
    n = np.diff(total)

    def ranked(rank: Floats) -> Floats:
        found = np.full(n.shape, np.nan)
        there = (rank >= 1) & (rank <= n)
        found[there] = value[np.searchsorted(ends, (total[:-1] + rank)[there])]
        return found

    place = (n - 1) * probability
    below, above = ranked(np.floor(place) + 1), ranked(np.ceil(place) + 1)
    with np.errstate(invalid="ignore"):  # between two infinite values: both stand for what has not ended
        found = np.where(below == above, below, below + (place - np.floor(place)) * (above - below))
    half = normal_quantile(level) * np.sqrt(n * probability * (1 - probability))
    return found, ranked(np.floor(n * probability - half)), ranked(np.ceil(n * probability + half) + 1)


def ratio_interval(numerators: npt.ArrayLike, denominators: npt.ArrayLike, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of ``sum(numerators) / sum(denominators)`` over independent units, e.g. interviews per hire by application.

    Linearised variance on the log scale, so that it stays positive; NaN with fewer than two units or a sum of 0.
    Source: Cochran, Sampling Techniques, 3rd ed., 6.3.
    """
    above, below = np.asarray(numerators, dtype=np.float64), np.asarray(denominators, dtype=np.float64)
    n = above.size
    if n < 2 or above.sum() <= 0 or below.sum() <= 0:
        return math.nan, math.nan
    ratio = above.sum() / below.sum()
    deviation = math.sqrt(n / (n - 1) * float(((above - ratio * below) ** 2).sum())) / below.sum()
    spread = math.exp(normal_quantile(level) * deviation / ratio)
    return float(ratio / spread), float(ratio * spread)


def area_under_curve(scores: npt.ArrayLike, positive: npt.ArrayLike, level: float = 0.95) -> tuple[float, float, float]:
    """Return how often a positive scores above a negative (ties count half), with its interval; NaN without both kinds.

    Source: DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988) 837–845, by midranks (Sun & Xu 2014); the interval is on the
    logit scale, so that it stays within 0 and 1. A perfect separation has no variance and so no interval.
    """
    score, flag = np.asarray(scores, dtype=np.float64), np.asarray(positive, dtype=bool)
    above, below = score[flag], score[~flag]
    m, n = above.size, below.size
    if not m or not n:
        return math.nan, math.nan, math.nan
    of_positives = (_midranks(score)[flag] - _midranks(above)) / n
    of_negatives = 1 - (_midranks(score)[~flag] - _midranks(below)) / m
    area = float(of_positives.mean())
    if m < 2 or n < 2 or not 0 < area < 1:
        return area, math.nan, math.nan
    deviation = math.sqrt(float(of_positives.var(ddof=1)) / m + float(of_negatives.var(ddof=1)) / n)
    centre, half = math.log(area / (1 - area)), normal_quantile(level) * deviation / (area * (1 - area))
    return area, 1 / (1 + math.exp(half - centre)), 1 / (1 + math.exp(-half - centre))


def _midranks(values: Floats) -> Floats:
    """Return ranks from 1, ties sharing their middle."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Floats = (ends - (counts - 1) / 2)[inverse]
    return ranks


def poisson_binomial_interval(probabilities: npt.ArrayLike, level: float = 0.95) -> tuple[int, int]:
    """Return the counts between which the number of successes of independent trials lies with probability ``level`` (at least).

    Exact by convolution, one trial at a time; ``probabilities`` are in 0–1, of any number.
    """
    mass = np.ones(1)
    for probability in np.asarray(probabilities, dtype=np.float64):
        mass = np.append(mass, 0.0) * (1 - probability) + np.insert(mass, 0, 0.0) * probability
    cumulative, tail = np.cumsum(mass), (1 - level) / 2
    return int(np.searchsorted(cumulative, tail - 1e-12)), int(np.searchsorted(cumulative, 1 - tail - 1e-12))
