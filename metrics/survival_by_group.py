"""Kaplan–Meier quantiles of many groups at once: hundreds of schools cost hardly more than one.

What doesn't belong here: curves that somebody looks at as a whole (survival), and which rows count as censored (families).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from metrics.intervals import Floats, normal_quantile

Ints = npt.NDArray[np.int64]

_TOLERANCE = 1e-9  # survival is a running product: equality with a probability is judged within rounding


@dataclass(frozen=True)
class SurvivalCurves:
    """Survival curves of several groups, their steps one after another.

    Attributes:
        group: whose step it is, ascending, from 0; shape (k,).
        times: distinct event times of the group, ascending, in the unit of the durations; shape (k,).
        survival: S(t) just after each time; shape (k,).
        greenwood: running sum of d / (r (r - d)): the variance of S(t) divided by S(t) squared; shape (k,).
        follow_up: the longest duration seen of each group, censored or not; NaN where there is none; shape (groups,).
    """

    group: Ints
    times: Floats
    survival: Floats
    greenwood: Floats
    follow_up: Floats

    @classmethod
    def of_counts(cls, sizes: Ints, days: Floats, ended: Ints, censored: Ints) -> "SurvivalCurves":
        """Estimate each group's curve by the product-limit estimator.

        Args:
            sizes: how many of the days belong to each group, one group after another; shape (groups,).
            days: distinct durations of the group, ascending; shape (sum of sizes,).
            ended, censored: how many had the event, and how many were censored, after so long; shape (sum of sizes,).

        Raises:
            ValueError: a duration is NaN or negative.

        Source: Kaplan & Meier, JASA 53 (1958) 457–481.
        """
        if days.size and not float(days.min()) >= 0:  # NaN fails every comparison
            raise ValueError("durations must be numbers >= 0")
        group = np.repeat(np.arange(sizes.size), sizes)
        last = np.cumsum(sizes) - 1
        both = np.concatenate(([0], np.cumsum(ended + censored)))  # before each day, and in all
        at_risk = (both[last + 1][group] - both[:-1]).astype(np.float64)
        there = ended > 0
        group, deaths, at_risk = group[there], ended[there].astype(np.float64), at_risk[there]
        survival, greenwood = np.empty_like(at_risk), np.empty_like(at_risk)
        bounds = np.searchsorted(group, np.arange(sizes.size + 1)).tolist()
        for start, end in pairwise(bounds):
            survival[start:end], greenwood[start:end] = steps(deaths[start:end], at_risk[start:end])
        follow_up = np.where(sizes > 0, days[last], np.nan) if days.size else np.full(sizes.size, np.nan)
        return cls(group, days[there], survival, greenwood, follow_up)

    def quantiles(self, probability: float = 0.5) -> Floats:
        """Return the time by which ``probability`` of each group have had the event; NaN where the curve does not get there.

        Where S(t) rests exactly on ``1 - probability`` the middle of the flat part is taken, so that without censoring the
        median equals the sample median (the convention of R's survfit).
        """
        return self._crossings(slice(None), self.survival, 1 - probability)

    def quantile_intervals(self, probability: float = 0.5, level: float = 0.95) -> tuple[Floats, Floats]:
        """Return the intervals of the quantiles: the times whose band holds ``1 - probability``; NaN for an end never reached.

        Source: Brookmeyer & Crowley, Biometrics 38 (1982) 29–41.
        """
        target = 1 - probability
        # The lower band is there by the time the curve is, the upper one not before: half of the band need not be computed.
        before = self.survival >= target - _TOLERANCE
        till = before | np.insert(before[:-1] | (self.group[1:] != self.group[:-1]), 0, True)[: before.size]
        since = self.survival <= target + _TOLERANCE
        return self._end(till, target, level, upwards=False), self._end(since, target, level, upwards=True)

    def _end(self, part: npt.NDArray[np.bool_], target: float, level: float, *, upwards: bool) -> Floats:
        return self._crossings(part, band(self.survival[part], self.greenwood[part], level, upwards=upwards), target)

    def _crossings(self, part: slice | npt.NDArray[np.bool_], curve: Floats, target: float) -> Floats:
        """Return when each group's curve, known at a part of its steps, comes down to ``target``."""
        if not curve.size:
            return np.full(self.follow_up.shape, np.nan)
        times, group = self.times[part], self.group[part]
        reached, passed = (self._first(so, group) for so in (curve <= target + _TOLERANCE, curve < target - _TOLERANCE))
        rests = (passed >= 0) & (np.abs(curve[reached] - target) <= _TOLERANCE)
        middle = (times[reached] + times[np.where(rests, passed, reached)]) / 2
        return np.where(reached >= 0, middle, np.nan)

    def _first(self, so: npt.NDArray[np.bool_], group: Ints) -> Ints:
        """Return the place of each group's first step of which it is so; -1 without one."""
        places = np.flatnonzero(so)[::-1]
        found = np.full(self.follow_up.shape, -1)
        found[group[places]] = places  # of several the last one written stays: the first
        return found


def steps(deaths: Floats, at_risk: Floats) -> tuple[Floats, Floats]:
    """Return ``survival`` and ``greenwood`` of one curve from the events and the subjects at risk at each of its times."""
    with np.errstate(divide="ignore"):
        return np.cumprod(1 - deaths / at_risk, dtype=np.float64), np.cumsum(deaths / (at_risk * (at_risk - deaths)))


def band(survival: Floats, greenwood: Floats, level: float, *, upwards: bool) -> Floats:
    """Return an end of the pointwise interval of S(t): Greenwood's variance on the log(-log S) scale.

    Source: Kalbfleisch & Prentice, The Statistical Analysis of Failure Time Data, 2nd ed., 1.4. It lies within [0, 1];
    where S(t) is 0 it closes on 0.
    """
    inside = (survival > 0) & (survival < 1)
    log_survival = np.log(np.where(inside, survival, 0.5))
    spread = normal_quantile(level) * np.sqrt(np.where(inside, greenwood, 0.0)) / np.abs(log_survival)
    return np.where(inside, np.exp(log_survival * np.exp(-spread if upwards else spread)), survival)
