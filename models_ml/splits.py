"""Which rows train and which test: rolling origins in time, groups kept whole, never a random split of rows.

What belongs here: origins and grouped holdouts. What doesn't: labels (each model's ``dataset`` cuts them at the origin: what had
not happened or was not known by then is censored, and still-open cases stay in training as censored rows).
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Origin:
    """One backtest step: train on what was known at ``at``; test on predictions made in [``at``, ``until``)."""

    at: datetime
    until: datetime


class HistoryTooShort(ValueError):
    """There is less history than the rolling origins need."""


def equal_windows(start: datetime, end: datetime, count: int) -> list[Origin]:
    """Return ``count`` consecutive test windows of equal length in [``start``, ``end``).

    Raises:
        HistoryTooShort: less than 7 days for a window.
    """
    width = (end - start) / count
    if width < timedelta(days=7):
        raise HistoryTooShort(f"{max((end - start).days, 0)} days are too few for {count} rolling origins; a longer history is needed")
    return [Origin(start + width * number, start + width * (number + 1)) for number in range(count)]


def rolling_origins(
    first: datetime, as_of: datetime, count: int = 6, history_share: float = 0.4, maturity_days: float = 180
) -> list[Origin]:
    """Return ``count`` consecutive test windows over a history.

    The first starts after ``history_share`` of the history; the last ends ``maturity_days`` before ``as_of`` (at most a fifth of
    the history), so that nearly all of its cases have ended; the rest is weighted for censoring.

    Raises:
        HistoryTooShort: less than 7 days for a window.
    """
    span = as_of - first
    return equal_windows(first + span * history_share, as_of - min(timedelta(days=maturity_days), span * 0.2), count)


def grouped_holdout(groups: Sequence[str], share: float, seed: int) -> NDArray[np.bool_]:
    """Return a mask, shape (n,), of about ``share`` of the groups (jobs, candidates); a group is never split.

    The choice is a hash of the group's name: it does not depend on row order or on other groups.
    """
    names, inverse = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    hashes = np.array([zlib.crc32(f"{seed}:{name}".encode()) for name in names], dtype=np.float64)
    return np.asarray((hashes / 2**32 < share)[inverse], dtype=bool)
