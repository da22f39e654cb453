"""A figure against its goal: clear of it, beyond it, or too uncertain to say."""

from datetime import date

import pytest

from dashboards.targets import season_of
from metrics.targets import against_goal


@pytest.mark.parametrize(
    ("figure", "goal", "direction", "verdict"),
    [
        ((40, 36, 44), 45, "at_most", "met"),
        ((40, 36, 44), 42, "at_most", "near"),
        ((40, 36, 44), 30, "at_most", "missed"),
        ((40, 36, 45), 45, "at_most", "met"),
        ((0.3, 0.25, 0.35), 0.2, "at_least", "met"),
        ((0.3, 0.25, 0.35), 0.33, "at_least", "near"),
        ((0.3, 0.25, 0.35), 0.4, "at_least", "missed"),
        ((12, None, None), 12, "at_least", "met"),
        ((11, None, None), 12, "at_least", "missed"),
        ((None, None, None), 12, "at_least", None),
        ((40, 36, None), 45, "at_most", "near"),
    ],
)
def test_verdict_follows_the_interval(figure, goal, direction, verdict):
    assert against_goal(*figure, goal, direction) == verdict


def test_school_year_begins_with_the_schools_own_month():
    assert season_of(date(2026, 9, 1), 9) == "2026-2027"
    assert season_of(date(2026, 8, 31), 9) == "2025-2026"
    assert season_of(date(2026, 3, 1), 3) == "2026-2027"
