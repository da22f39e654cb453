"""Fairness of selections and scores by group: pure functions of arrays, for the private audit only.

What belongs here: LL144 tables, equal opportunity, false-negative gap. What doesn't: attributes (the audit joins them in memory)
and anything that is published (``privacy``: only frozen, noised releases leave the audit). Intersections: join the labels.

Source: New York City Local Law 144, rules of 2023 (DCWP 5-300): selection rate, scoring rate = share above the full sample's
median, impact ratio = rate / highest rate; people of unknown group are counted apart; groups below 2 % may be left out of the
comparison but are listed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models_ml.intervals import wilson_interval

UNKNOWN = "unknown"
SMALLEST_SHARE = 0.02


@dataclass(frozen=True)
class GroupRate:
    """One group's rate with its 95 % interval; ``impact_ratio`` None for unknown and for groups below 2 %."""

    group: str
    n: int
    selected: int
    rate: float
    lower: float
    upper: float
    impact_ratio: float | None
    is_below_four_fifths: bool


def selection_rates(groups: Sequence[str], selected: NDArray[np.bool_]) -> list[GroupRate]:
    """Return the table of a selection, groups in alphabetical order; "" counts as unknown.

    The four-fifths test is done in integers (5 x_g n_r < 4 x_r n_g): in floats (6/10)/(15/20) < 0.8 is true.
    """
    names = np.array([group or UNKNOWN for group in groups], dtype=str)
    counts = {str(name): (int((names == name).sum()), int(selected[names == name].sum())) for name in np.unique(names)}
    compared = {name: pair for name, pair in counts.items() if name != UNKNOWN and pair[0] >= SMALLEST_SHARE * len(names)}
    best_n, best_x = max(compared.values(), key=lambda pair: pair[1] / pair[0], default=(0, 0))
    rows = []
    for name, (n, x) in counts.items():
        rate = x / n
        ratio = rate / (best_x / best_n) if name in compared and best_x else None
        below = ratio is not None and 5 * x * best_n < 4 * best_x * n
        rows.append(GroupRate(name, n, x, rate, *wilson_interval(rate, n), ratio, below))
    return rows


def scoring_rates(groups: Sequence[str], scores: NDArray[np.float64]) -> list[GroupRate]:
    """Return the table of a score: the share strictly above the full sample's median."""
    return selection_rates(groups, scores > np.median(scores))


def equal_opportunity_gap(groups: Sequence[str], selected: NDArray[np.bool_], outcome: NDArray[np.bool_]) -> float:
    """Return the largest difference between groups in the share selected among those with a good outcome (0 = equal).

    One minus each share is the false-negative rate, so this is the false-negative gap as well. Unknown groups are left out.
    """
    kept = np.array([bool(group) for group in groups]) & outcome
    names = np.asarray(groups, dtype=str)[kept]
    shares = [float(selected[kept][names == name].mean()) for name in np.unique(names)]
    return max(shares) - min(shares) if shares else 0.0
