import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from models_ml.calibration import reliability
from models_ml.drift import input_drift, stability
from models_ml.evaluation import (
    Bootstrap,
    OutcomeCases,
    TimeCases,
    TimePredictions,
    area_under_curve,
    calibration_error,
    calibration_slope,
    censoring_weights,
    concordance,
    gap_closed,
    probability_figures,
    time_figures,
)
from models_ml.fairness import scoring_rates, selection_rates
from models_ml.gate import Figure, in_band, judge_time, quick_enough, reproduced
from models_ml.intervals import conformal_levels, weighted_quantile, wilson_interval
from models_ml.latency import latency_ratio
from models_ml.splits import HistoryTooShort, grouped_holdout, rolling_origins
from tests.support.feature_frames import AS_OF, hiring_time_frames

START = datetime(2024, 1, 1, tzinfo=UTC)


def _time_cases(n: int, seed: int = 1) -> tuple[TimeCases, np.ndarray]:
    random = np.random.default_rng(seed)
    centre = random.uniform(20, 90, n)
    groups = np.array([f"j{i}" for i in random.integers(0, n // 2, n)])
    return TimeCases(np.zeros(n), centre * random.lognormal(0, 0.4, n), np.ones(n), groups), centre


def test_k_figures_of_a_hand_made_case() -> None:
    cases = TimeCases(np.array([0.0, 10.0]), np.array([40.0, 30.0]), np.ones(2), np.array(["a", "b"]))
    model = TimePredictions(np.array([48.0, 30.0]), np.array([44.0, 32.0]), np.array([30.0, 31.0]), np.array([50.0, np.inf]))
    base = TimePredictions(np.array([56.0, 30.0]), np.array([56.0, 30.0]))
    figures = time_figures(cases, model, base, Bootstrap(cases.group, 1))
    assert figures["K1"].value == pytest.approx(1 - 8 / 80)
    assert figures["K2"].value == 1.0  # 8 days are within 25 % of 40
    assert figures["K3"].value == pytest.approx((4 + 2) / 80)
    assert figures["K4"].value == 0.5  # 30 lies below the second interval
    assert figures["K4_width"].value == 20.0  # the unbounded one has no width
    assert figures["K5"].value == pytest.approx(0.5)
    assert figures["MAE"].value == 4.0
    assert figures["MAE"].n == 2


def test_weights_of_open_rows_move_to_those_that_lasted_as_long() -> None:
    weights = censoring_weights(np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, False, True, True]))
    assert weights.tolist() == pytest.approx([1.0, 0.0, 1.5, 1.5])
    assert weights.sum() == pytest.approx(4.0)


def test_weighted_mean_of_ended_rows_recovers_the_truth_that_dropping_open_rows_misses() -> None:
    random = np.random.default_rng(3)
    truth, censor = random.exponential(50, 40_000), random.uniform(10, 300, 40_000)
    ended, seen = truth <= censor, np.minimum(truth, censor)
    weights = censoring_weights(seen, ended)
    short = np.minimum(truth, 120)
    dropped = np.minimum(seen, 120)[ended].mean()
    weighted = (weights * np.minimum(seen, 120)).sum() / weights.sum()
    assert dropped < short.mean() - 5
    assert weighted == pytest.approx(short.mean(), abs=1.5)


def test_auc_equals_the_share_of_ordered_pairs_and_concordance_orders() -> None:
    random = np.random.default_rng(2)
    outcome, score = random.integers(0, 2, 500).astype(float), np.round(random.random(500), 1)
    weight = random.random(500)
    pairs = weight[outcome == 1][:, None] * weight[outcome == 0]
    gap = score[outcome == 1][:, None] - score[outcome == 0]
    assert area_under_curve(outcome, score, weight) == pytest.approx((pairs * ((gap > 0) + 0.5 * (gap == 0))).sum() / pairs.sum())
    cases, centre = _time_cases(400)
    assert concordance(cases, cases.remaining, 1).value == 1.0
    assert concordance(cases, -cases.remaining, 1).value == 0.0
    order = concordance(cases, centre, 1)
    assert 0.6 < order.lower < order.value < order.upper < 0.95
    flat = concordance(cases, np.ones(400), 1)
    assert (flat.value, flat.lower, flat.upper, flat.n) == (0.5, 0.5, 0.5, 400)


def test_concordance_equals_the_share_of_ordered_pairs_of_different_jobs() -> None:
    cases = TimeCases(np.zeros(4), np.array([1.0, 2.0, 3.0, 4.0]), np.ones(4), np.array(["a", "a", "b", "c"]))
    predicted = np.array([2.0, 1.0, 4.0, 3.0])  # the pair of one job (1, 2) is wrong and left out; of the other five only (3, 4) is
    assert concordance(cases, predicted, 1, pairs=100_000).value == pytest.approx(4 / 5, abs=0.005)


def test_gap_closed_is_the_share_of_the_savable_error_that_is_saved() -> None:
    cases = TimeCases(np.zeros(3), np.array([10.0, 20.0, 30.0]), np.array([1.0, 1.0, 0.0]), np.array(["a", "b", "c"]))
    base, model, oracle = cases.remaining + 10, cases.remaining - 6, cases.remaining + 2
    figure = gap_closed(cases, model, base, oracle, 1)
    assert (figure.value, figure.lower, figure.upper, figure.n) == (0.5, 0.5, 0.5, 2)


def test_bins_hold_equal_weight_and_their_own_means() -> None:
    random = np.random.default_rng(9)
    predicted = random.random(3000)
    outcome = (random.random(3000) < predicted).astype(float)
    weight = np.where(np.arange(3000) < 2700, 1.0, 0.0)
    bins = reliability(predicted, outcome, weight, np.arange(3000).astype(str), 1)
    assert len(bins) == 10
    assert sum(seen.n for _, seen in bins) == 2700
    assert all(lower.value < upper.value for (_, lower), (_, upper) in pairwise(bins))
    assert sum(seen.lower <= told <= seen.upper for told, seen in bins) >= 8
    assert [seen.n for _, seen in reliability(predicted[:70], outcome[:70], weight[:70], np.arange(70).astype(str), 1)] == [35, 35]
    assert reliability(predicted[:29], outcome[:29], weight[:29], np.arange(29).astype(str), 1) == []


def test_stability_equals_a_hand_computed_index_and_chance_stays_below_its_limit() -> None:
    codes = np.array([0.0] * 60 + [1.0] * 40), np.array([0.0] * 30 + [1.0] * 70)
    p, q = np.array([60.5, 40.5]) / 101, np.array([30.5, 70.5]) / 101
    value, limit = stability(*codes, is_category=True)
    assert value == pytest.approx(((q - p) * np.log(q / p)).sum())
    assert limit == pytest.approx(3.841 * (1 / 100 + 1 / 100), rel=0.05)  # one degree of freedom
    random = np.random.default_rng(3)
    below = [value < limit for value, limit in (stability(random.normal(size=800), random.normal(size=150)) for _ in range(400))]
    assert np.mean(below) == pytest.approx(0.95, abs=0.035)
    moved, limit = stability(random.normal(size=800), random.normal(0.7, 1, 150))
    assert moved > 0.25 > limit
    unknown, limit = stability(random.normal(size=800), np.where(np.arange(150) < 60, np.nan, random.normal(size=150)))
    assert unknown > limit


def test_drift_compares_the_same_season_and_finds_the_feature_that_was_moved() -> None:
    features = hiring_time_frames(1500)["features.features_time_to_hire"]
    recent = pl.col("as_of") > pl.lit(AS_OF - timedelta(days=90))
    calm = input_drift("time_to_hire", features, AS_OF, "made")
    moved = input_drift(
        "time_to_hire", features.with_columns(salary_mid=pl.col("salary_mid") + pl.when(recent).then(9_000).otherwise(0)), AS_OF, "made"
    )
    assert calm["is_same_season"].all()
    assert calm.filter(pl.col("value") > 0.25)["feature"].to_list() == []
    assert moved.filter(pl.col("value") > 0.25)["feature"].to_list() == ["salary_mid"]
    assert "reached_demo_count" not in calm["feature"].to_list()  # always 0 at approval
    assert input_drift("time_to_hire", features.head(20), AS_OF, "made").is_empty()


def test_slow_or_unrepeatable_challengers_are_refused() -> None:
    def slow() -> None:
        time.sleep(0.002)

    quick = latency_ratio(int, int)
    assert 0.3 < quick < 3
    assert quick_enough(quick).passed
    assert not quick_enough(latency_ratio(slow, int, turns=5)).passed
    assert reproduced(20.0, 20.09).passed
    assert not reproduced(20.0, 20.11).passed
    assert not reproduced(20.0, float("nan")).passed
    cases, centre = _time_cases(3000)
    flat = TimePredictions(np.full(3000, 50.0), np.full(3000, 50.0))
    good = TimePredictions(centre, centre * np.exp(0.08), centre * np.exp(-0.51), centre * np.exp(0.51))
    verdict = judge_time(cases, good, flat, flat, 1)
    assert verdict.accepted
    assert not verdict.and_also(reproduced(20.0, 21.0)).accepted


def test_calibrated_probabilities_have_small_error_and_slope_one_and_overconfident_ones_do_not() -> None:
    random = np.random.default_rng(4)
    logit = random.normal(-1, 1, 20_000)
    truth = 1 / (1 + np.exp(-logit))
    outcome = (random.random(20_000) < truth).astype(float)
    over = 1 / (1 + np.exp(-2 * logit))
    one = np.ones(20_000)
    assert calibration_error(outcome, truth, one) < 0.02
    assert calibration_slope(outcome, truth, one) == pytest.approx(1.0, abs=0.05)
    assert calibration_slope(outcome, over, one) == pytest.approx(0.5, abs=0.03)
    assert calibration_error(outcome, over, one) > 0.05
    cases = OutcomeCases(outcome, one, np.arange(20_000).astype(str))
    figures = probability_figures(cases, truth, np.full(20_000, outcome.mean()), 1, 20)
    assert figures["brier_skill"].lower > 0.1
    assert figures["slope"].lower < 1 < figures["slope"].upper


def test_equally_good_challenger_passes_not_worse_and_a_planted_worse_one_is_refused() -> None:
    cases, centre = _time_cases(3000)
    flat = np.full(3000, np.median(cases.remaining))
    low, high = centre * np.exp(-1.2816 * 0.4), centre * np.exp(1.2816 * 0.4)
    mean = centre * np.exp(0.08)
    good, base = TimePredictions(centre, mean, low, high), TimePredictions(flat, flat)
    worse = TimePredictions(centre * np.random.default_rng(5).lognormal(0, 0.25, 3000), mean, low, high)
    assert judge_time(cases, good, base, base, 1).accepted
    assert judge_time(cases, good, good, base, 1).accepted
    verdict = judge_time(cases, worse, good, base, 1)
    assert not verdict.accepted
    assert [check.name for check in verdict.checks if not check.passed] == ["mean absolute error against the champion"]
    biased = judge_time(cases, TimePredictions(centre, mean * 1.3, low, high), base, base, 1)
    narrow = judge_time(cases, TimePredictions(centre, mean, centre * 0.9, centre * 1.1), base, base, 1)
    assert [check.name for check in biased.checks if not check.passed] == ["bias of the mean"]
    assert [check.name for check in narrow.checks if not check.passed] == ["coverage of the 80 % interval"]


def test_nothing_to_tell_means_no_skill_though_most_lie_within_a_quarter() -> None:
    random = np.random.default_rng(6)
    actual = 50 * random.lognormal(0, 0.13, 2000)
    cases = TimeCases(np.zeros(2000), actual, np.ones(2000), np.arange(2000).astype(str))
    base = TimePredictions(np.full(2000, 50.0), np.full(2000, 50.0))
    noise = TimePredictions(50 + random.normal(0, 1, 2000), np.full(2000, 50.0), np.full(2000, 42.3), np.full(2000, 59.1))
    figures = time_figures(cases, noise, base, Bootstrap(cases.group, 1))
    assert figures["K2"].value > 0.9
    assert not judge_time(cases, noise, base, base, 1).accepted


def test_band_refuses_only_when_the_whole_interval_is_outside() -> None:
    assert in_band("b", Figure(0.70, 0.60, 0.78, 10), 0.77, 0.83).passed
    assert not in_band("b", Figure(0.70, 0.60, 0.76, 10), 0.77, 0.83).passed
    assert not in_band("b", Figure(float("nan"), float("nan"), float("nan"), 0), 0.77, 0.83).passed


def test_conformal_levels_make_a_too_narrow_distribution_cover() -> None:
    random = np.random.default_rng(8)
    squeezed = random.beta(0.5, 0.5, 4000)  # the model's spread is too small: realised levels pile up at both ends
    levels = conformal_levels(squeezed, np.ones(4000), ["a"] * 4000, ("a", "rare"))["a"]
    fresh = random.beta(0.5, 0.5, 4000)
    assert np.mean((fresh > 0.1) & (fresh < 0.9)) < 0.65
    assert np.mean((fresh >= levels[0]) & (fresh <= levels[2])) == pytest.approx(0.8, abs=0.03)
    assert conformal_levels(squeezed[:20], np.ones(20), ["a"] * 20, ("a",)) == {"a": [0.1, 0.5, 0.9]}
    assert weighted_quantile(np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 1.0]), 0.5) == 2.0
    assert wilson_interval(0.5, 0) == (0.0, 1.0)


def test_origins_roll_forward_and_leave_time_to_mature() -> None:
    as_of = START + timedelta(days=1095)
    origins = rolling_origins(START, as_of)
    assert len(origins) == 6
    assert all(a.until == b.at for a, b in pairwise(origins))
    assert as_of - origins[-1].until >= timedelta(days=119)
    with pytest.raises(HistoryTooShort):
        rolling_origins(START, START + timedelta(days=100))


def test_holdout_keeps_groups_whole_and_ignores_row_order() -> None:
    groups = [f"j{i % 300}" for i in range(3000)]
    mask = grouped_holdout(groups, 0.2, 1)
    assert {g for g, held in zip(groups, mask, strict=True) if held}.isdisjoint(g for g, held in zip(groups, mask, strict=True) if not held)
    assert 0.1 < mask.mean() < 0.3
    assert grouped_holdout(groups[::-1], 0.2, 1)[::-1].tolist() == mask.tolist()


def test_selection_and_scoring_tables_follow_local_law_144() -> None:
    groups = ["a"] * 40 + ["b"] * 40 + [""] * 20
    selected = np.array([True] * 20 + [False] * 20 + [True] * 10 + [False] * 30 + [False] * 20)
    table = {row.group: row for row in selection_rates(groups, selected)}
    assert table["a"].rate == 0.5
    assert table["b"].impact_ratio == 0.5
    assert table["b"].is_below_four_fifths
    assert table["unknown"].impact_ratio is None
    scores = np.concatenate([np.arange(40) + 60.0, np.arange(40), np.full(20, 30.0)])
    rates = {row.group: row for row in scoring_rates(groups, scores)}
    assert rates["a"].rate == 1.0
    assert rates["b"].rate == pytest.approx(np.mean(np.arange(40) > np.median(scores)))
