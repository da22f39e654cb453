"""A figure against its goal: met, missed, or not to be told apart by what is known. No goal is kept here."""

import math
from typing import Literal

Verdict = Literal["met", "missed", "near"]


def against_goal(
    value: float | None, lower: float | None, upper: float | None, goal: float, direction: Literal["at_least", "at_most"]
) -> Verdict | None:
    """Compare a figure with its goal; ``near`` when the goal lies within the 95 % interval, None without a value.

    A figure without an interval, such as a count, is compared as it is; an interval without an end is open there.
    """
    if value is None:
        return None
    if lower is None and upper is None:
        lower = upper = value
    low, high = (-math.inf if lower is None else lower), (math.inf if upper is None else upper)
    if direction == "at_least":
        return "met" if low >= goal else "missed" if high < goal else "near"
    return "met" if high <= goal else "missed" if low > goal else "near"
