"""Kaplan–Meier and Aalen–Johansen for right-censored durations. What doesn't belong here: which rows count as censored."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from metrics.intervals import Floats, normal_quantile
from metrics.survival_by_group import SurvivalCurves, band, steps


@dataclass(frozen=True)
class SurvivalCurve:
    """A step function S(t) at its distinct event times.

    Attributes:
        times: distinct event times, ascending, in the unit of the durations; shape (k,).
        at_risk: subjects at risk just before each time; shape (k,).
        events: events at each time; shape (k,).
        survival: S(t) just after each time; shape (k,).
        greenwood: running sum of d / (r (r - d)): the variance of S(t) divided by S(t) squared; shape (k,).
        follow_up: the longest duration seen, censored or not; NaN when there is none.
    """

    times: Floats
    at_risk: Floats
    events: Floats
    survival: Floats
    greenwood: Floats
    follow_up: float

    def survival_at(self, moments: npt.ArrayLike) -> Floats:
        """Return S(t) for each moment (1 before the first event; flat after the last)."""
        index = np.searchsorted(self.times, np.asarray(moments, dtype=np.float64), side="right")
        return np.concatenate(([1.0], self.survival))[index]

    def quantile(self, probability: float = 0.5) -> float:
        """Return the time by which ``probability`` of the subjects have had the event, as ``SurvivalCurves.quantiles`` does."""
        return float(self._alone.quantiles(probability)[0])

    def median(self) -> float:
        """Return the median time; NaN when more than half are still without the event at the end of follow-up."""
        return self.quantile(0.5)

    def band(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Return the pointwise interval of S(t) at ``times``; see ``survival_by_group.band``."""
        return band(self.survival, self.greenwood, level, upwards=False), band(self.survival, self.greenwood, level, upwards=True)

    def quantile_interval(self, probability: float = 0.5, level: float = 0.95) -> tuple[float, float]:
        """Return the interval of a quantile, as ``SurvivalCurves.quantile_intervals`` does."""
        lower, upper = self._alone.quantile_intervals(probability, level)
        return float(lower[0]), float(upper[0])

    @property
    def _alone(self) -> SurvivalCurves:
        group = np.zeros(self.times.size, dtype=np.int64)
        return SurvivalCurves(group, self.times, self.survival, self.greenwood, np.array([self.follow_up]))


def kaplan_meier(durations: npt.ArrayLike, observed: npt.ArrayLike, entry: npt.ArrayLike | None = None) -> SurvivalCurve:
    """Estimate survival by the product-limit estimator.

    Args:
        durations: time to the event or to censoring; shape (n,).
        observed: True where the event was seen, False where censored; shape (n,).
        entry: time at which each subject came under observation (left truncation); shape (n,). None: all at 0.

    Raises:
        ValueError: shapes differ, or a duration is NaN or negative.

    Source: Kaplan & Meier, JASA 53 (1958) 457–481. One sort: a million rows take a fraction of a second.
    """
    event = np.asarray(observed, dtype=bool)
    time = _checked(durations, event.shape)
    return product_limit(time[event], time[~event], entry)


def product_limit(ended: npt.ArrayLike, censored: npt.ArrayLike, entry: npt.ArrayLike | None = None) -> SurvivalCurve:
    """Estimate survival as ``kaplan_meier`` does, from the times of those that had the event and of the others; each of shape (k,).

    Raises:
        ValueError: shapes differ, or a duration is NaN or negative.
    """
    seen, unseen = (_checked(part, np.shape(part)) for part in (ended, censored))
    total = seen.size + unseen.size
    times, counts = np.unique(seen, return_counts=True)
    # Only the times of events are sorted: of the others it is enough to know before which event each went.
    left = np.bincount(np.searchsorted(times, unseen, side="right"), minlength=times.size + 1)[:-1]
    at_risk = (total - (np.cumsum(counts) - counts) - np.cumsum(left)).astype(np.float64)
    if entry is not None:
        start = np.sort(np.asarray(entry, dtype=np.float64))
        if start.shape != (total,):
            raise ValueError(f"durations ({total},) and entry {start.shape} must be of one length")
        at_risk -= total - np.searchsorted(start, times, side="left")  # not yet under observation just before t
    follow_up = max((float(part.max()) for part in (seen, unseen) if part.size), default=math.nan)
    return _curve(times, at_risk, counts.astype(np.float64), follow_up)


def product_limit_of_counts(days: npt.ArrayLike, ended: npt.ArrayLike, censored: npt.ArrayLike) -> SurvivalCurve:
    """Estimate survival as ``kaplan_meier`` does, from how many had the event and how many were censored after how long.

    Args:
        days: distinct times, ascending; shape (k,).
        ended, censored: how many at each; shape (k,).

    Raises:
        ValueError: shapes differ, or a duration is NaN or negative.
    """
    time = _checked(days, np.shape(ended))
    deaths, both = np.asarray(ended, dtype=np.float64), np.asarray(ended) + np.asarray(censored)
    at_risk = (both.sum() - (np.cumsum(both) - both)).astype(np.float64)
    there = deaths > 0
    return _curve(time[there], at_risk[there], deaths[there], float(time[-1]) if time.size else math.nan)


def _curve(times: Floats, at_risk: Floats, deaths: Floats, follow_up: float) -> SurvivalCurve:
    return SurvivalCurve(times, at_risk, deaths, *steps(deaths, at_risk), follow_up)


@dataclass(frozen=True)
class IncidenceCurve:
    """Cumulative incidence F(t) of one cause among competing ones: a step function at the distinct event times of any cause.

    Attributes:
        times: distinct times at which anything happened, ascending; shape (k,).
        at_risk: subjects at risk just before each time; shape (k,).
        events: events of this cause at each time; shape (k,).
        incidence: F(t) just after each time; shape (k,).
        variance: Aalen's variance of F(t); shape (k,).
        follow_up: the longest duration seen, censored or not; NaN when there is none.
    """

    times: Floats
    at_risk: Floats
    events: Floats
    incidence: Floats
    variance: Floats
    follow_up: float

    def at(self, moment: float) -> tuple[float, float]:
        """Return F(t) and its variance at a moment: 0 before the first event, flat after the last (look at ``follow_up``)."""
        index = int(np.searchsorted(self.times, moment, side="right")) - 1
        return (float(self.incidence[index]), float(self.variance[index])) if index >= 0 else (0.0, 0.0)

    def band(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Return the pointwise interval of F(t) at ``times``; see ``log_log_interval``."""
        return log_log_interval(self.incidence, self.variance, level)


def aalen_johansen(durations: npt.ArrayLike, causes: npt.ArrayLike) -> dict[int, IncidenceCurve]:
    """Estimate the cumulative incidence of each cause that occurs, the others competing with it.

    Args:
        durations: time to the event or to censoring; shape (n,).
        causes: which event ended it, 1 or more; 0 where censored; shape (n,).

    Returns:
        Cause → its curve. Their sum is one minus the Kaplan–Meier curve of any event.

    Raises:
        ValueError: shapes differ, a duration is NaN or negative, or a cause is negative.

    Source: Aalen & Johansen, Scand. J. Statist. 5 (1978) 141–150; variance: Pintilie, Competing Risks (2006), eq. 4.5, whose double
    sum over pairs of times is taken apart into running sums: one sort, then linear in the number of times.
    """
    cause = np.asarray(causes, dtype=np.int64)
    time = _checked(durations, cause.shape)
    if cause.size and int(cause.min()) < 0:
        raise ValueError("causes must be 0 (censored) or more")
    distinct, place = np.unique(time, return_inverse=True)
    counts = {int(number): np.bincount(place[cause == number], minlength=distinct.size) for number in np.unique(cause)}
    censored = counts.pop(0, np.zeros(distinct.size, dtype=np.int64))
    return aalen_johansen_of_counts(distinct, counts, censored)


def aalen_johansen_of_counts(days: npt.ArrayLike, ended: Mapping[int, npt.ArrayLike], censored: npt.ArrayLike) -> dict[int, IncidenceCurve]:
    """Estimate incidences as ``aalen_johansen`` does, from how many of each cause ended, and how many were censored, after how long.

    Args:
        days: distinct times, ascending; shape (k,).
        ended: cause → how many at each time; shape (k,).
        censored: how many at each time; shape (k,).

    Raises:
        ValueError: shapes differ, or a duration is NaN or negative.
    """
    time = _checked(days, np.shape(censored))
    counts = {cause: np.asarray(each, dtype=np.float64) for cause, each in ended.items()}
    every = sum(counts.values(), np.zeros(time.size))
    both = every + np.asarray(censored)
    there = every > 0
    times, any_event = time[there], every[there]
    at_risk = (both.sum() - (np.cumsum(both) - both))[there]
    before = np.concatenate(([1.0], np.cumprod(1 - any_event / at_risk)[:-1])) if times.size else times
    follow_up = float(time[-1]) if time.size else math.nan
    curves = {}
    for cause, each in counts.items():
        events = each[there]
        if events.any():
            incidence = np.cumsum(before * events / at_risk)
            variance = _aalen_variance(at_risk, any_event, events, before, incidence)
            curves[cause] = IncidenceCurve(times, at_risk, events, incidence, variance, follow_up)
    return curves


def log_log_interval(incidence: npt.ArrayLike, variance: npt.ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return the interval of an incidence on the log(-log F) scale, elementwise; it lies within [0, 1] and closes on 0 and 1.

    Source: Kalbfleisch & Prentice, The Statistical Analysis of Failure Time Data, 2nd ed., 8.2.
    """
    value = np.asarray(incidence, dtype=np.float64)
    inside = (value > 0) & (value < 1)
    log_value = np.log(np.where(inside, value, 0.5))
    spread = normal_quantile(level) * np.sqrt(np.asarray(variance)) / (np.where(inside, value, 1.0) * np.abs(log_value))
    lower = np.where(inside, np.exp(log_value * np.exp(spread)), value)
    return lower, np.where(inside, np.exp(log_value * np.exp(-spread)), value)


def _aalen_variance(at_risk: Floats, any_event: Floats, events: Floats, before: Floats, incidence: Floats) -> Floats:
    """Return the sum over u <= t of (F(t) − F(u))² a(u) + b(u) − 2 (F(t) − F(u)) c(u), expanded in powers of F(t)."""
    others, left = at_risk - 1, at_risk - any_event
    a = _divided(any_event, others * left)
    b = _divided(before**2 * events * (at_risk - events), others * at_risk**2)
    c = _divided(before * events * (at_risk - events), others * left * at_risk)
    squares = incidence**2 * np.cumsum(a) - 2 * incidence * np.cumsum(incidence * a) + np.cumsum(incidence**2 * a)
    products = incidence * np.cumsum(c) - np.cumsum(incidence * c)
    return np.maximum(squares + np.cumsum(b) - 2 * products, 0.0)


def _divided(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _checked(durations: npt.ArrayLike, shape: tuple[int, ...]) -> Floats:
    time = np.asarray(durations, dtype=np.float64)
    if time.shape != shape or time.ndim != 1:
        raise ValueError(f"durations {time.shape} and what ended them {shape} must be one-dimensional and of one length")
    if time.size and not float(time.min()) >= 0:  # NaN fails every comparison
        raise ValueError("durations must be numbers >= 0")
    return time
