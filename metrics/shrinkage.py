"""Rates of few cases, drawn towards their common mean: beta-binomial shrinkage and the chance of being better than the median.

What belongs here: pure numpy over counts. What doesn't: which cases count, or how channels are called.
"""

import math
from dataclasses import dataclass

import numpy as np

from metrics.intervals import Floats

_LIKENESS = np.geomspace(1e-4, 0.25, 80)  # intraclass correlations that are tried
_SPREAD = 0.2  # scale of the prior on the square root of the intraclass correlation
_POINTS = 4_000


@dataclass(frozen=True)
class Shrunk:
    """Posterior of each group's rate; arrays of shape (k,).

    Attributes:
        prior_mean: mean of the groups' common beta distribution, 0 to 1.
        prior_size: its weight, in cases: a group of as many cases is drawn half way.
        mean, lower, upper: posterior mean and central 95 % credible interval of each rate.
        p_better: probability that the group's rate lies above the median of all groups' rates; 0.5 for a group that is alone.
    """

    prior_mean: float
    prior_size: float
    mean: Floats
    lower: Floats
    upper: Floats
    p_better: Floats


def fit_prior(successes: Floats, n: Floats) -> tuple[float, float]:
    """Return mean and size of the beta distribution that groups' rates come from, by penalised maximum marginal likelihood.

    The mean is the precision-weighted one. The likelihood of the intraclass correlation r = 1 / (size + 1) is multiplied by a Rayleigh
    prior (scale 0.2) on its root, which keeps it off 0 (all groups alike) when there are few groups. Sources: Skellam, JRSS B 10
    (1948) 257-261, for the beta-binomial; Chung et al., Psychometrika 78 (2013) 685-709, for a prior that avoids the boundary.
    """
    known = n > 0
    k, cases = successes[known], n[known]
    best = (-math.inf, 0.5, 1.0)
    for likeness in _LIKENESS:
        size = 1 / likeness - 1
        weight = cases / (1 + (cases - 1) * likeness)
        edge = 0.5 / (cases.sum() + 1)
        mean = float(np.clip((weight * k / cases).sum() / weight.sum(), edge, 1 - edge))
        a, b = mean * size, (1 - mean) * size
        fit = sum(_log_beta(a + s, b + m - s) for s, m in zip(k, cases, strict=True)) - k.size * _log_beta(a, b)
        fit += 0.5 * math.log(likeness) - likeness / (2 * _SPREAD**2)
        best = max(best, (fit, mean, size))
    return best[1], best[2]


def shrink(successes: Floats, n: Floats) -> Shrunk:
    """Draw each group's rate towards the common one, the fewer its cases the more.

    Args:
        successes: cases that count, shape (k,); may be sums of values in 0 to 1, which vary at most as much (conservative).
        n: cases of each group, shape (k,); a group without cases gets the prior.

    Raises:
        ValueError: no group has a case.
    """
    if not (n > 0).any():
        raise ValueError("no group has a case to learn from")
    mean, size = fit_prior(successes, n)
    a, b = mean * size + successes, (1 - mean) * size + n - successes
    posterior = a / (a + b)
    deviation = np.sqrt(posterior * (1 - posterior) / (a + b + 1))
    low, high = max(0.0, float((posterior - 8 * deviation).min())), min(1.0, float((posterior + 8 * deviation).max()))
    rates = low + (high - low) * (np.arange(_POINTS) + 0.5) / _POINTS
    logs = (a - 1)[:, None] * np.log(rates) + (b - 1)[:, None] * np.log1p(-rates)
    mass = np.exp(logs - logs.max(axis=1, keepdims=True))
    mass /= mass.sum(axis=1, keepdims=True)
    below = np.cumsum(mass, axis=1) - mass / 2
    lower, upper = (np.array([np.interp(level, row, rates) for row in below]) for level in (0.025, 0.975))
    return Shrunk(mean, size, posterior, lower, upper, _p_better(mass, below))


def _p_better(mass: Floats, below: Floats) -> Floats:
    """Return P(a group lies above the median of all): more than half of the others lie below it; exactly half counts half."""
    k = mass.shape[0]
    found = np.empty(k)
    for group in range(k):
        counts = np.zeros((k, mass.shape[1]))  # counts[j]: probability that j of the others lie below each rate
        counts[0] = 1
        for other in range(k):
            if other != group:
                counts[1:] = counts[1:] * (1 - below[other]) + counts[:-1] * below[other]
                counts[0] = counts[0] * (1 - below[other])
        share = np.sign(np.arange(k) - (k - 1) / 2) / 2 + 0.5
        found[group] = (mass[group] * (share[:, None] * counts).sum(axis=0)).sum()
    return found


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
