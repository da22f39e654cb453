"""How released equity figures are written: whole percents, capped ends, small counts not spelt out, arrows only on clear changes.

What belongs here: the display rules of the release. What doesn't: computing the figures (metrics.families.equity) or drawing them.
"""

import math

from metrics.families.equity import EPSILONS, noise_deviation
from metrics.intervals import normal_quantile

FEWER_THAN = 5
CAPS = (0.05, 0.95)
UNKNOWN = "–"


def people_text(count: int) -> str:
    """Return a released count as shown; small ones are not spelt out (cosmetic: the noise is what protects)."""
    return f"fewer than {FEWER_THAN}" if count < FEWER_THAN else f"{count:,}"


def share_text(share: float | None) -> str:
    """Return a share (0–1) as a whole percent, capped at both ends."""
    if share is None or math.isnan(share):
        return UNKNOWN
    low, high = CAPS
    if low <= share <= high:
        return f"{_whole_percent(share)} %"
    return f"< {_whole_percent(low)} %" if share < low else f"> {_whole_percent(high)} %"


def drawn_share(share: float) -> float:
    """Return a share (0–1) as a chart may draw it: rounded and capped, so that a browser receives nothing finer than what is written."""
    low, high = CAPS
    return min(max(_whole_percent(share) / 100, low), high)


def margin_points(cohort_people_count: int, cells: int = 1, epsilon: float = EPSILONS["A"]) -> int:
    """Return the 95 % margin, in whole percentage points, that noise puts on a share made of ``cells`` released periods.

    Raises:
        ValueError: the cohort is empty.
    """
    if cohort_people_count <= 0:
        raise ValueError("an empty cohort has no shares")
    points = 100 * normal_quantile(0.95) * noise_deviation(epsilon) * math.sqrt(cells) / cohort_people_count
    return max(1, math.ceil(points))


def change_is_clear(before: float, after: float, before_n: int, after_n: int, epsilon: float = EPSILONS["A"]) -> bool:
    """Say whether the change between two released shares (0–1) may carry an arrow: at least 2·√2 standard deviations of noise.

    For cohorts of different size that is two standard deviations of the difference.
    """
    return bool(before_n and after_n) and abs(after - before) >= 2 * noise_deviation(epsilon) * math.hypot(1 / before_n, 1 / after_n)


def _whole_percent(share: float) -> int:
    return math.floor(100 * share + 0.5)
