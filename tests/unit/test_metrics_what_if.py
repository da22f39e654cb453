"""Replayed histories, readiness and the intervals of ratios, signals and sums of chances, each against an independent computation."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import mannwhitneyu
from sklearn.metrics import roc_auc_score

from metrics.intervals import area_under_curve, poisson_binomial_interval, ratio_interval
from metrics.survival import kaplan_meier
from metrics.what_if import Histories, _Replay, readiness_without, time_to_fill_without


def histories(seed: int = 3, count: int = 400) -> Histories:
    """Return made openings, two a job; one in five not filled, a stage of about a week."""
    random = np.random.default_rng(seed)
    days, is_filled = random.gamma(4, 15, count), random.random(count) < 0.8
    lead = np.where(is_filled, random.normal(10, 25, count), np.nan)
    stage = np.where(is_filled, np.minimum(random.gamma(3, 3, count), days), 0.0)
    return Histories(np.arange(count) // 2, days, is_filled, stage, lead, random.random(count) < 0.9)


def test_removing_no_days_changes_nothing() -> None:
    for effect in (time_to_fill_without, readiness_without):
        found = effect(histories(), 0)
        assert (found.change, found.lower, found.upper) == (0, 0, 0)


def test_more_days_removed_never_help_less() -> None:
    fills = [time_to_fill_without(histories(), days).after for days in (0, 2, 5, 10, 30)]
    ready = [readiness_without(histories(), days).after for days in (0, 2, 5, 10, 30)]
    assert fills == sorted(fills, reverse=True)
    assert ready == sorted(ready)
    assert fills[-1] < fills[0]
    assert ready[-1] > ready[0]


def test_a_stay_is_cut_to_zero_and_unfilled_openings_stay_unfilled() -> None:
    made = histories()
    everything = readiness_without(made, 1e9)
    due = made.is_due
    expected = np.nan_to_num(made.lead_days + made.stage_days, nan=-1)[due] >= 0
    assert everything.after == expected.mean()
    assert everything.after < made.is_filled[due].mean() + 1e-9


def test_a_quicker_stage_never_makes_filling_slower_however_few_openings() -> None:
    for seed in range(40):
        few, random = histories(seed, count=40), np.random.default_rng(seed)
        open_ones = Histories(few.job, few.days, few.is_filled & (random.random(40) < 0.7), few.stage_days, few.lead_days, few.is_due)
        found = time_to_fill_without(open_ones, 4, draws=100)
        assert found.change <= 0 or np.isnan(found.change)
        assert not found.upper > 0


def test_the_median_before_is_the_metric_of_time_to_fill() -> None:
    made = histories()
    assert time_to_fill_without(made, 3).before == kaplan_meier(made.days, made.is_filled).median()


def test_resampled_medians_equal_kaplan_meier_of_the_repeated_rows() -> None:
    made, random = histories(count=60), np.random.default_rng(5)
    weights = random.multinomial(60, np.full(60, 1 / 60), size=25)
    found = [_Replay.of(made, 3, np.arange(60)).medians(row)[0] for row in weights]
    expected = [kaplan_meier(np.repeat(made.days, row), np.repeat(made.is_filled, row)).median() for row in weights]
    assert np.isclose(found, expected, atol=3).all()  # the metric takes the middle of a flat stretch at one half
    assert np.isclose(found, expected).mean() > 0.8


def test_the_interval_holds_the_change_of_fresh_histories() -> None:
    true = readiness_without(histories(seed=0, count=200_000), 5, draws=1).change
    covered = [(low := readiness_without(histories(seed), 5, draws=200)).lower <= true <= low.upper for seed in range(60)]
    assert 0.85 <= np.mean(covered) <= 1


def test_drawing_fewer_jobs_gives_the_same_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    made = histories(count=4000)
    for effect in (time_to_fill_without, readiness_without):
        monkeypatch.setattr("metrics.what_if._JOBS", 10_000)
        every = effect(made, 5)
        monkeypatch.setattr("metrics.what_if._JOBS", 500)
        some = effect(made, 5)
        assert some.change == every.change
        assert some.upper - some.lower == pytest.approx(every.upper - every.lower, rel=0.35)


def test_the_same_seed_gives_the_same_interval() -> None:
    assert time_to_fill_without(histories(), 4) == time_to_fill_without(histories(), 4)


def test_added_days_are_refused() -> None:
    with pytest.raises(ValueError, match="not added"):
        time_to_fill_without(histories(), -1)


def test_counts_of_independent_chances_equal_the_sum_over_all_outcomes() -> None:
    chances = [0.1, 0.35, 0.5, 0.8, 0.95]
    mass = np.zeros(6)
    for outcome in product((0, 1), repeat=5):
        mass[sum(outcome)] += np.prod([chance if hit else 1 - chance for chance, hit in zip(chances, outcome, strict=True)])
    low, high = poisson_binomial_interval(chances)
    assert mass[:low].sum() < 0.025 <= mass[: low + 1].sum()
    assert mass[high + 1 :].sum() <= 0.025 < mass[high:].sum()
    assert poisson_binomial_interval([]) == (0, 0)
    assert poisson_binomial_interval([1.0, 1.0]) == (2, 2)


def test_area_under_the_curve_equals_scikit_learn_and_its_interval_covers() -> None:
    random, covered = np.random.default_rng(7), []
    for _ in range(200):
        positive = random.random(150) < 0.4
        score = np.round(random.normal(0, 1, 150) + 0.8 * positive, 1)
        area, lower, upper = area_under_curve(score, positive)
        assert area == pytest.approx(roc_auc_score(positive, score))
        assert area == pytest.approx(mannwhitneyu(score[positive], score[~positive]).statistic / (positive.sum() * (~positive).sum()))
        covered.append(lower <= 0.7142 <= upper)  # Φ(0.8 / √2)
    assert 0.91 <= np.mean(covered) <= 0.99


def test_area_without_both_kinds_is_not_known() -> None:
    assert np.isnan(area_under_curve([1.0, 2.0], [True, True])).all()
    assert area_under_curve([1.0, 2.0, 3.0, 4.0], [False, False, True, True])[0] == 1


def test_interval_of_a_ratio_covers_it() -> None:
    random, covered = np.random.default_rng(9), []
    for _ in range(300):
        hired = random.random(200) < 0.3
        held = random.poisson(1 + 2 * hired)
        lower, upper = ratio_interval(held, hired)
        covered.append(lower <= (1 + 0.6) / 0.3 <= upper)
    assert 0.91 <= np.mean(covered) <= 0.99
    assert np.isnan(ratio_interval([1, 2], [0, 0])).all()
