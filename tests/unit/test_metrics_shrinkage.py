"""Beta-binomial shrinkage against scipy's own distributions, and what it must do whatever the numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from metrics.intervals import poisson
from metrics.shrinkage import fit_prior, shrink

HITS = np.array([85.0, 403, 612, 233, 448, 576, 8, 3])
CASES = np.array([1133.0, 6376, 8284, 2506, 2984, 8888, 39, 12])


def scipy_prior(hits: np.ndarray, cases: np.ndarray) -> tuple[float, float]:
    def mean(likeness: float) -> float:
        weight = cases / (1 + (cases - 1) * likeness)
        return float((weight * hits / cases).sum() / weight.sum())

    def loss(log_likeness: float) -> float:
        likeness = float(np.exp(log_likeness))
        size = 1 / likeness - 1
        fit = stats.betabinom.logpmf(hits, cases, mean(likeness) * size, (1 - mean(likeness)) * size).sum()
        return float(-fit - 0.5 * np.log(likeness) + likeness / (2 * 0.2**2))

    found = optimize.minimize_scalar(loss, bounds=(np.log(1e-4), np.log(0.25)), method="bounded", options={"xatol": 1e-10})
    likeness = float(np.exp(found.x))
    return mean(likeness), 1 / likeness - 1


def test_prior_equals_scipys_within_the_grid() -> None:
    mean, size = fit_prior(HITS, CASES)
    expected_mean, expected_size = scipy_prior(HITS, CASES)
    assert mean == pytest.approx(expected_mean, abs=1e-3)
    assert size == pytest.approx(expected_size, rel=0.06)  # neighbouring points of the grid lie 10 % apart


def test_posterior_and_chance_equal_scipy_and_random_draws() -> None:
    found = shrink(HITS, CASES)
    a, b = found.prior_mean * found.prior_size + HITS, (1 - found.prior_mean) * found.prior_size + CASES - HITS
    assert found.mean == pytest.approx(stats.beta.mean(a, b), abs=1e-12)
    assert found.lower == pytest.approx(stats.beta.ppf(0.025, a, b), abs=2e-4)
    assert found.upper == pytest.approx(stats.beta.ppf(0.975, a, b), abs=2e-4)
    draws = np.random.default_rng(5).beta(a[:, None], b[:, None], (8, 200_000))
    rank = draws.argsort(axis=0).argsort(axis=0)
    assert found.p_better == pytest.approx((rank >= 4).mean(axis=1), abs=0.005)


def test_few_cases_are_drawn_further_than_many() -> None:
    found = shrink(np.array([5.0, 500.0, 200.0, 210.0]), np.array([10.0, 1000.0, 1000.0, 1000.0]))
    assert found.mean[0] < found.mean[1] == pytest.approx(0.5, abs=0.01)
    assert found.upper[0] - found.lower[0] > found.upper[1] - found.lower[1]


def test_equal_groups_are_as_likely_above_the_median_as_below() -> None:
    assert shrink(np.full(5, 6.0), np.full(5, 20.0)).p_better == pytest.approx(0.5, abs=1e-6)
    assert shrink(np.array([3.0]), np.array([9.0])).p_better == pytest.approx(0.5, abs=1e-6)


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(ValueError, match="no group has a case"):
        shrink(np.zeros(2), np.zeros(2))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=2, max_size=9).filter(lambda groups: any(map(sum, groups))))
def test_means_lie_between_own_and_common_rate_and_chances_add_up(groups: list[tuple[int, int]]) -> None:
    hits, cases = np.array([float(k) for k, _ in groups]), np.array([float(k + more) for k, more in groups])
    found = shrink(hits, cases)
    own = np.divide(hits, cases, out=np.full(len(groups), found.prior_mean), where=cases > 0)
    assert (np.minimum(own, found.prior_mean) - 1e-9 <= found.mean).all()
    assert (found.mean <= np.maximum(own, found.prior_mean) + 1e-9).all()
    assert (found.lower <= found.mean + 1e-3).all()
    assert (found.mean <= found.upper + 1e-3).all()
    assert found.p_better.sum() == pytest.approx(len(groups) / 2, abs=0.02)  # half of the groups lie above the median


def test_interval_of_a_count_equals_the_exact_one_closely() -> None:
    counts = np.array([0, 1, 5, 30, 400])
    lower, upper = poisson(counts)
    assert lower[1:] == pytest.approx(stats.chi2.ppf(0.025, 2 * counts[1:]) / 2, rel=0.1, abs=0.03)
    assert upper == pytest.approx(stats.chi2.ppf(0.975, 2 * (counts + 1)) / 2, rel=0.02)
    assert lower[0] == 0
