"""Two answers of one metric beside each other: how far it moved, and whether chance alone moves it as far.

What belongs here: the one rule of noise that pages, the board report and alerts share. What doesn't: asking the two questions.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from metrics.intervals import normal_quantile


@dataclass(frozen=True)
class Comparison:
    """A move from an earlier answer to a later one, in the metric's unit.

    Attributes:
        moved: later value − earlier value.
        margin: size that chance alone makes in 95 % of cases; infinite when an answer has no interval.
    """

    moved: float
    margin: float

    @property
    def is_noise(self) -> bool:
        """Whether the move lies within what chance alone makes."""
        return abs(self.moved) <= self.margin


def compare(now: Mapping[str, Any], before: Mapping[str, Any], unit: str) -> Comparison | None:
    """Compare two rows of answers (``value``, ``lower``, ``upper``); None when either has no value.

    Counts are compared by their Poisson error. Anything else by the half-widths that face each other, later and earlier interval
    taken as independent. Source: Zou & Donner, Statistics in Medicine 27 (2008) 1693–1702.
    """
    value, earlier = now.get("value"), before.get("value")
    if value is None or earlier is None:
        return None
    moved = value - earlier
    if unit == "count":
        return Comparison(moved, normal_quantile(0.95) * math.sqrt(value + earlier))
    later_end, earlier_end = ("lower", "upper") if moved > 0 else ("upper", "lower")
    if now.get(later_end) is None or before.get(earlier_end) is None:
        return Comparison(moved, math.inf)
    return Comparison(moved, math.hypot(value - now[later_end], before[earlier_end] - earlier))
