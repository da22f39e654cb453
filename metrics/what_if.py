"""What if a stage took N days less: histories of openings, replayed and resampled. Which openings are read is the families' choice.

The assumptions, to be written beside every figure: the same application would have filled the opening; its stay in the stage is
shortened by N days, to no less than zero, and nothing else changes; an opening that was not filled stays so; the coming year is
like the years resampled.
"""

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
_CELLS: Final = 4_000_000  # openings × draws held at once


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
    shorter = histories.days - _saved(histories, removed_days)
    before = kaplan_meier(histories.days, histories.is_filled).median()
    after = kaplan_meier(shorter, histories.is_filled).median()
    changes = [
        _medians(shorter, histories.is_filled, weights) - _medians(histories.days, histories.is_filled, weights)
        for weights in _resampled(histories.job, draws, seed)
    ]
    return _estimate(before, after, changes, histories.days.size)


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
    changes = []
    for weights in _resampled(histories.job[due], draws, seed):
        total = weights.sum(axis=1)
        changes.append(np.divide(weights @ gained, total, out=np.full(len(total), np.nan), where=total > 0))
    return _estimate(float(ready.mean()), float(sooner.mean()), changes, n)


def _saved(histories: Histories, removed_days: float) -> Floats:
    if not removed_days >= 0:
        raise ValueError(f"days can be removed, not added: {removed_days}")
    saved: Floats = np.where(histories.is_filled, np.minimum(histories.stage_days, removed_days), 0.0)
    return np.minimum(saved, histories.days)


def _resampled(job: npt.NDArray[np.int64], draws: int, seed: int) -> list[Floats]:
    """Return how often each opening is drawn, jobs with replacement: parts of shape (draws, n) that fit into memory."""
    jobs, position = np.unique(job, return_inverse=True)
    random, step = np.random.default_rng(seed), max(1, _CELLS // max(1, job.size))
    parts = []
    for start in range(0, draws if jobs.size else 0, step):
        drawn = random.multinomial(jobs.size, np.full(jobs.size, 1 / jobs.size), size=min(step, draws - start))
        parts.append(drawn[:, position].astype(np.float64))
    return parts


def _medians(days: Floats, is_filled: npt.NDArray[np.bool_], weights: Floats) -> Floats:
    """Return the Kaplan–Meier median under each row of weights; NaN where survival stays above one half."""
    order = np.lexsort((~is_filled, days))  # ties: filled before censored
    weight, events = weights[:, order], is_filled[order]
    at_risk = np.cumsum(weight[:, ::-1], axis=1)[:, ::-1]
    lost = np.divide(weight * events, at_risk, out=np.zeros_like(weight), where=at_risk > 0)
    below = np.cumprod(1 - lost, axis=1) <= 0.5 + 1e-9
    found: Floats = np.where(below.any(axis=1), days[order][below.argmax(axis=1)], np.nan)
    return found


def _estimate(before: float, after: float, changes: list[Floats], n: int) -> Estimate:
    drawn = np.concatenate(changes) if changes else np.empty(0)
    drawn = drawn[~np.isnan(drawn)]
    lower, upper = np.quantile(drawn, (0.025, 0.975)) if drawn.size else (np.nan, np.nan)
    return Estimate(before, after, after - before, float(lower), float(upper), n)
