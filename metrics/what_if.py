"""What if a stage took N days less: histories of openings, replayed and resampled. Which openings are read is the families' choice.

The assumptions, to be written beside every figure: the same application would have filled the opening; its stay in the stage is
shortened by N days, to no less than zero, and nothing else changes; an opening that was not filled stays so; the coming year is
like the years resampled.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from metrics.intervals import Floats
from metrics.survival import kaplan_meier

ASSUMPTIONS: Final = (
    "Assumes that the same person would have been hired, that nothing but this stage gets quicker (a shorter stay is cut to zero), "
    "that posts which stayed empty still do, and that the time ahead is like the one behind."
)
DRAWS: Final = 400
_JOBS: Final = 3_000  # jobs drawn at a time: a draw of fewer spreads wider, by the square root, and is narrowed again


@dataclass(frozen=True)
class Histories:
    """What became of openings; every array has shape (n,).

    Attributes:
        job: openings of one job are drawn together.
        days: from approval to filling, or to where observation ends.
        is_filled: filled at ``days``; False is censored.
        stage_days: days that the application which filled it spent in the stage; 0 when it was skipped or nobody filled it.
        lead_days: from filling to the start of term, negative when later; NaN when not filled.
        is_due: the term has begun: only these say anything about day one.
    """

    job: npt.NDArray[np.int64]
    days: Floats
    is_filled: npt.NDArray[np.bool_]
    stage_days: Floats
    lead_days: Floats
    is_due: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Estimate:
    """A figure before, after, and the change with its 95 % interval; NaN where it can't be said."""

    before: float
    after: float
    change: float
    lower: float
    upper: float
    n: int


def time_to_fill_without(histories: Histories, removed_days: float, draws: int = DRAWS, seed: int = 20260101) -> Estimate:
    """Return the Kaplan–Meier median time to fill, before and after ``removed_days`` are taken from the stage; days.

    Raises:
        ValueError: ``removed_days`` is negative.
    """
    jobs, position = np.unique(histories.job, return_inverse=True)
    replay = _Replay.of(histories, removed_days, position)
    before = kaplan_meier(histories.days, histories.is_filled).median()
    was, would_be = replay.medians(np.ones(jobs.size, dtype=np.int64))
    changes = []
    for drawn in _drawn(jobs.size, draws, seed):
        first, second = replay.medians(np.bincount(drawn, minlength=jobs.size))
        changes.append(second - first)
    return _estimate(before, before + would_be - was, changes, jobs.size, histories.days.size)


def readiness_without(histories: Histories, removed_days: float, draws: int = DRAWS, seed: int = 20260101) -> Estimate:
    """Return the share (0–1) of openings filled by the start of term, before and after ``removed_days`` are taken from the stage.

    Raises:
        ValueError: ``removed_days`` is negative.
    """
    due = histories.is_due
    ready = np.nan_to_num(histories.lead_days, nan=-1.0)[due] >= 0
    sooner = np.nan_to_num(histories.lead_days + _saved(histories, removed_days), nan=-1.0)[due] >= 0
    n = int(due.sum())
    if not n:
        return Estimate(np.nan, np.nan, np.nan, np.nan, np.nan, 0)
    gained = sooner.astype(np.float64) - ready
    jobs, position = np.unique(histories.job[due], return_inverse=True)
    gained_in_job, openings_in_job = np.bincount(position, gained), np.bincount(position)
    changes = [float(gained_in_job[drawn].sum() / openings_in_job[drawn].sum()) for drawn in _drawn(jobs.size, draws, seed)]
    return _estimate(float(ready.mean()), float(sooner.mean()), changes, jobs.size, n)


def _saved(histories: Histories, removed_days: float) -> Floats:
    if not removed_days >= 0:
        raise ValueError(f"days can be removed, not added: {removed_days}")
    saved: Floats = np.where(histories.is_filled, np.minimum(histories.stage_days, removed_days), 0.0)
    return np.minimum(saved, histories.days)


def _drawn(jobs: int, draws: int, seed: int) -> Iterator[npt.NDArray[np.int64]]:
    """Yield the positions of jobs drawn with replacement, at most ``_JOBS`` a time."""
    random = np.random.default_rng(seed)
    for _ in range(draws if jobs else 0):
        yield random.integers(jobs, size=min(jobs, _JOBS))


@dataclass(frozen=True)
class _Replay:
    """Openings sorted by days, and what shortening makes of them: ``shorter`` ascending, made of the openings at ``order``."""

    is_filled: npt.NDArray[np.bool_]
    position: npt.NDArray[np.int64]
    days: Floats
    shorter: Floats
    order: npt.NDArray[np.int64]

    @classmethod
    def of(cls, histories: Histories, removed_days: float, position: npt.NDArray[np.int64]) -> "_Replay":
        by_days = np.lexsort((~histories.is_filled, histories.days))  # ties: filled before censored
        shorter = (histories.days - _saved(histories, removed_days))[by_days]
        order = np.argsort(shorter, kind="stable")
        return cls(histories.is_filled[by_days], position[by_days], histories.days[by_days], shorter[order], order)

    def medians(self, counts: npt.NDArray[np.int64]) -> tuple[float, float]:
        """Return both medians when jobs count so many times; NaN where fewer than half are ever filled.

        Each filled opening keeps the mass that Kaplan–Meier gives it as things were, so that shortening never makes anything longer.
        """
        weight = counts[self.position]
        drawn = np.flatnonzero(weight)
        weight = weight[drawn]
        at_risk = np.cumsum(weight[::-1])[::-1]
        survival = np.cumprod(1 - weight * self.is_filled[drawn] / at_risk)
        mass = np.zeros(self.days.size)
        mass[drawn] = -np.diff(survival, prepend=1.0)
        return _half(self.days, mass), _half(self.shorter, mass[self.order])


def _half(ascending: Floats, mass: Floats) -> float:
    reached = np.flatnonzero(np.cumsum(mass) >= 0.5 - 1e-9)
    return float(ascending[reached[0]]) if reached.size else math.nan


def _estimate(before: float, after: float, changes: list[float], jobs: int, n: int) -> Estimate:
    """Return the change with its percentile interval, narrowed where fewer jobs were drawn than there are.

    Source: Politis, Romano & Wolf, Subsampling (1999), 2.3: quantiles of root-n estimates scale with the square root of the size.
    """
    change, drawn = after - before, np.array(changes)
    drawn = drawn[~np.isnan(drawn)]
    if not drawn.size:
        return Estimate(before, after, change, math.nan, math.nan, n)
    lower, upper = change + math.sqrt(min(1.0, _JOBS / jobs)) * (np.quantile(drawn, (0.025, 0.975)) - change)
    return Estimate(before, after, change, float(lower), float(upper), n)
