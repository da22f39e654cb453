"""Kaplan–Meier and the intervals against scipy, against known figures and against their own promises."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import CensoredData, binom, binomtest, ecdf
from sksurv.nonparametric import cumulative_incidence_competing_risks, kaplan_meier_estimator

from metrics.intervals import quantile_interval, quantiles_of_counts, wilson
from metrics.survival import aalen_johansen, kaplan_meier
from metrics.survival_by_group import SurvivalCurves

days = st.integers(min_value=0, max_value=40).map(float)
samples = st.integers(min_value=1, max_value=60).flatmap(lambda n: st.tuples(arrays(float, n, elements=days), arrays(bool, n)))


@given(samples)
def test_curve_and_its_band_equal_scipys(sample: tuple[np.ndarray, np.ndarray]) -> None:
    durations, observed = sample
    curve = kaplan_meier(durations, observed)
    known = ecdf(CensoredData(uncensored=durations[observed], right=durations[~observed])).sf if observed.any() else None
    if known is None:
        assert curve.times.size == 0
        assert math.isnan(curve.median())
        return
    assert curve.survival_at(known.quantiles) == pytest.approx(known.probabilities)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy warns where the band is undefined; only the rest is compared
        band = known.confidence_interval(method="log-log")
    lower, upper = curve.band()
    inside = (curve.survival > 1e-12) & (curve.survival < 1)
    assert lower[inside] == pytest.approx(band.low.evaluate(curve.times)[inside])
    assert upper[inside] == pytest.approx(band.high.evaluate(curve.times)[inside])
    assert ((lower <= curve.survival) & (curve.survival <= upper)).all()


@given(arrays(float, st.integers(min_value=1, max_value=80), elements=days))
def test_without_censoring_the_median_is_the_samples(durations: np.ndarray) -> None:
    assert kaplan_meier(durations, np.ones(durations.size, bool)).median() == pytest.approx(np.median(durations))


@given(samples)
def test_survival_falls_from_one_towards_zero(sample: tuple[np.ndarray, np.ndarray]) -> None:
    curve = kaplan_meier(*sample)
    path = np.concatenate(([1.0], curve.survival))
    assert (np.diff(path) <= 0).all()
    assert path.min() >= -1e-12


def test_remission_times_of_leukaemia_give_the_published_median_and_interval() -> None:
    """Freireich et al. 1963, 6-MP arm; median 23 and lower limit 13, upper not reached (log-log), as in textbooks."""
    weeks = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    seen = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    curve = kaplan_meier(weeks, np.array(seen, bool))
    assert curve.median() == 23
    lower, upper = curve.quantile_interval()
    assert lower == 13
    assert math.isnan(upper)
    assert curve.survival_at([10.0]) == pytest.approx([0.7529], abs=1e-4)


def test_late_entries_are_not_at_risk_before_they_enter() -> None:
    curve = kaplan_meier([2, 5, 6], np.array([True, True, True]), entry=[0, 0, 4])
    assert curve.at_risk.tolist() == [2, 2, 1]
    assert curve.survival.tolist() == [0.5, 0.25, 0]


several = st.lists(st.integers(0, 30).flatmap(lambda n: st.tuples(arrays(float, n, elements=days), arrays(bool, n))), max_size=6)


@given(several, st.sampled_from([0.1, 0.5, 0.9]))
def test_groups_estimated_together_are_as_each_alone(samples: list[tuple[np.ndarray, np.ndarray]], probability: float) -> None:
    counted = [np.unique(durations, return_inverse=True) for durations, _ in samples]
    sizes = np.array([distinct.size for distinct, _ in counted], dtype=np.int64)
    seen = [np.bincount(place[event], minlength=distinct.size) for (distinct, place), (_, event) in zip(counted, samples, strict=True)]
    every = [np.bincount(place, minlength=distinct.size) for distinct, place in counted]
    ended, both = (np.concatenate([*each, np.empty(0, np.int64)]) for each in (seen, every))
    values = np.concatenate([*(distinct for distinct, _ in counted), np.empty(0)])
    together = SurvivalCurves.of_counts(sizes, values, ended, both - ended)
    alone = [kaplan_meier(*sample) for sample in samples]
    assert together.quantiles(probability).tolist() == pytest.approx([curve.quantile(probability) for curve in alone], nan_ok=True)
    lower, upper = together.quantile_intervals(probability)
    intervals = [curve.quantile_interval(probability) for curve in alone]
    assert list(zip(lower.tolist(), upper.tolist(), strict=True)) == [pytest.approx(each, nan_ok=True) for each in intervals]
    assert together.follow_up.tolist() == pytest.approx([curve.follow_up for curve in alone], nan_ok=True)
    complete, _, _ = quantiles_of_counts(sizes, values, both, probability)
    expected = [np.quantile(durations, probability) if durations.size else math.nan for durations, _ in samples]
    assert complete.tolist() == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("durations", [[1.0, math.nan], [-1.0, 2.0]])
def test_impossible_durations_are_refused(durations: list[float]) -> None:
    with pytest.raises(ValueError, match=">= 0"):
        kaplan_meier(durations, np.array([True, True]))
    one_each = np.array([1, 1])
    with pytest.raises(ValueError, match=">= 0"):
        SurvivalCurves.of_counts(np.array([2]), np.array(durations), one_each, 1 - one_each)


@given(st.integers(min_value=1, max_value=10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_equals_scipys_and_stays_within_zero_and_one(counts: tuple[int, int]) -> None:
    hits, n = counts
    lower, upper = wilson(hits, n)
    known = binomtest(hits, n).proportion_ci(method="wilson")
    assert (float(lower), float(upper)) == pytest.approx((known.low, known.high), abs=1e-9)
    assert 0 <= lower <= hits / n + 1e-12
    assert hits / n - 1e-12 <= upper <= 1


def test_wilson_of_nothing_is_unknown() -> None:
    lower, upper = wilson([0], [0])
    assert np.isnan([lower, upper]).all()


@pytest.mark.parametrize("n", [10, 11, 25, 100, 1001])
def test_quantile_interval_covers_at_least_95_percent_by_the_exact_binomial(n: int) -> None:
    low, high = quantile_interval(np.arange(1, n + 1))
    assert binom.cdf(high - 1, n, 0.5) - binom.cdf(low - 1, n, 0.5) >= 0.95


def test_infinite_values_have_an_order_too() -> None:
    assert quantile_interval([1.0, *[math.inf] * 30]) == (math.inf, math.inf)
    assert quantiles_of_counts([2], [1.0, math.inf], [1, 5])[0].tolist() == [math.inf]


def test_too_few_values_have_no_quantile_interval() -> None:
    assert np.isnan(quantile_interval([1.0, 2.0, 3.0])).all()


@given(samples)
@settings(deadline=None)
def test_kaplan_meier_and_its_interval_equal_scikit_survivals(sample: tuple[np.ndarray, np.ndarray]) -> None:
    durations, observed = sample
    curve = kaplan_meier(durations, observed)
    times, survival, band = kaplan_meier_estimator(observed, durations, conf_type="log-log")
    kept = np.isin(times, curve.times)
    lower, upper = curve.band()
    inside = (curve.survival > 1e-12) & (curve.survival < 1)
    assert np.abs(curve.survival_at(times) - survival).max() < 1e-9
    assert np.abs(lower - band[0][kept])[inside].max(initial=0) < 1e-9
    assert np.abs(upper - band[1][kept])[inside].max(initial=0) < 1e-9


competing = (
    st.integers(min_value=1, max_value=80)
    .flatmap(lambda n: st.tuples(arrays(float, n + 2, elements=days), arrays(int, n, elements=st.integers(min_value=0, max_value=2))))
    .map(lambda drawn: (drawn[0], np.concatenate((drawn[1], [1, 2]))))
)  # the reference wants two causes, each seen


@given(competing)
@settings(deadline=None)
def test_incidence_and_its_interval_equal_scikit_survivals(sample: tuple[np.ndarray, np.ndarray]) -> None:
    durations, causes = sample
    curves = aalen_johansen(durations, causes)
    with np.errstate(invalid="ignore"):  # its variance of an incidence of 1 falls below 0 by rounding; such points are left out below
        times, incidence, band = cumulative_incidence_competing_risks(causes, durations, conf_type="log-log", var_type="Aalen")
    for cause, curve in curves.items():
        assert np.abs([curve.at(moment)[0] for moment in times] - incidence[cause]).max() < 1e-9
        lower, upper = curve.band()
        kept = np.isin(times, curve.times)
        inside = (curve.incidence > 1e-12) & (curve.incidence < 1 - 1e-12) & (curve.variance > 1e-15)  # it sets tinier variances to 0
        assert np.abs(lower - band[cause, 0][kept])[inside].max(initial=0) < 1e-9
        assert np.abs(upper - band[cause, 1][kept])[inside].max(initial=0) < 1e-9
        assert ((lower <= curve.incidence + 1e-12) & (curve.incidence <= upper + 1e-12)).all()


def test_many_rows_with_ties_in_two_groups_equal_scikit_survivals() -> None:
    random = np.random.default_rng(7)
    groups = random.integers(0, 2, 4_000)
    durations = np.round(random.exponential(30 + 20 * groups), 1)
    causes = random.choice([0, 1, 2], 4_000, p=[0.3, 0.2, 0.5])
    for group in (0, 1):
        mine, other = durations[groups == group], causes[groups == group]
        times, incidence, band = cumulative_incidence_competing_risks(other, mine, conf_type="log-log", var_type="Aalen")
        for cause, curve in aalen_johansen(mine, other).items():
            kept = np.isin(times, curve.times)
            assert np.abs(curve.incidence - incidence[cause][kept]).max() < 1e-9
            lower, upper = curve.band()
            inside = curve.incidence > 1e-12
            assert np.abs(np.array([lower, upper])[:, inside] - band[cause][:, kept][:, inside]).max() < 1e-9


@given(competing)
def test_incidences_add_up_to_whoever_has_had_any_event(sample: tuple[np.ndarray, np.ndarray]) -> None:
    durations, causes = sample
    any_event = 1 - kaplan_meier(durations, causes > 0).survival
    assert sum((curve.incidence for curve in aalen_johansen(durations, causes).values()), np.zeros(any_event.size)) == pytest.approx(
        any_event
    )


def test_without_censoring_the_incidence_is_the_share_and_its_variance_nearly_the_binomials() -> None:
    causes = np.repeat([1, 2], [300, 700])
    share, variance = aalen_johansen(np.random.default_rng(3).permutation(1_000) + 1.0, causes)[1].at(2_000)
    assert share == pytest.approx(0.3)
    assert variance == pytest.approx(0.3 * 0.7 / 1_000, rel=0.01)


def test_a_negative_cause_is_refused() -> None:
    with pytest.raises(ValueError, match="0 \\(censored\\) or more"):
        aalen_johansen([1.0], [-1])
