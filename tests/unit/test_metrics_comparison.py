"""Whether a move is more than chance alone makes: one rule for pages, the board report and alerts."""

import math

import numpy as np
import pytest

from metrics.comparison import Comparison, compare
from metrics.intervals import wilson


def test_counts_move_by_their_poisson_error() -> None:
    assert compare({"value": 120.0}, {"value": 80.0}, "count") == Comparison(40.0, pytest.approx(1.959964 * math.sqrt(200)))
    assert not compare({"value": 130.0}, {"value": 80.0}, "count").is_noise  # type: ignore[union-attr]
    assert compare({"value": 100.0}, {"value": 80.0}, "count").is_noise  # type: ignore[union-attr]


def test_halves_that_face_each_other_decide() -> None:
    now, before = {"value": 30.0, "lower": 28.0, "upper": 90.0}, {"value": 20.0, "lower": 5.0, "upper": 22.0}
    found = compare(now, before, "days")
    assert found == Comparison(10.0, pytest.approx(math.hypot(2, 2)))
    assert compare(before, now, "days") == Comparison(-10.0, pytest.approx(math.hypot(2, 2)))


@pytest.mark.parametrize("missing", ["lower", "upper"])
def test_move_without_the_interval_that_counts_is_noise(missing: str) -> None:
    whole = {"value": 30.0, "lower": 28.0, "upper": 32.0}
    other = {"value": 90.0, "lower": 80.0, "upper": 99.0}
    found = compare(other | {missing: None}, whole, "days")
    assert found is not None
    assert found.is_noise == (missing == "lower")


def test_nothing_is_compared_with_no_value() -> None:
    assert compare({"value": None}, {"value": 1.0}, "rate") is None
    assert compare({"value": 1.0}, {}, "rate") is None


def test_a_rate_that_did_not_move_is_called_a_change_in_about_one_of_twenty_draws() -> None:
    chance = np.random.default_rng(7)
    hits = chance.binomial(200, 0.3, (2, 4000))
    lower, upper = wilson(hits, np.full_like(hits, 200))
    rows = [
        [{"value": h / 200, "lower": lo, "upper": up} for h, lo, up in zip(*part, strict=True)]
        for part in zip(hits, lower, upper, strict=True)
    ]
    changes = sum(not compare(now, before, "rate").is_noise for now, before in zip(*rows, strict=True))  # type: ignore[union-attr]
    assert 0.035 < changes / 4000 < 0.065
