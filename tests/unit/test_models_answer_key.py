"""Hits and misses of published figures against a known truth: right figures hit, planted wrong ones miss."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from models_ml.answer_key import bottleneck_finding, conversion_findings, forecast_findings, oracle_finding, source_findings
from models_ml.evaluation import Figure
from models_ml.scores import ALL, keep_oracle, score_rows, stamped, with_oracle

PLANTED = {"referral": 1.3, "agency": 0.35, "direct": 0.05, "indeed": -0.25, "social": -0.45}
AS_OF = datetime(2026, 11, 1, tzinfo=UTC)


def yields(rates: dict[str, float], n: int = 2_000) -> pl.DataFrame:
    return pl.DataFrame({"channel_type": list(rates), "value": list(rates.values()), "n": [n] * len(rates)})


def test_sources_in_their_planted_order_hit_with_an_interval() -> None:
    order, best = source_findings(yields({"social": 0.05, "indeed": 0.06, "direct": 0.08, "agency": 0.11, "referral": 0.16}), PLANTED)
    assert order.is_hit
    assert (order.value, order.upper, order.n) == (1.0, 1.0, 10_000)
    assert order.published == "referral > agency > direct > indeed > social"
    assert (best.is_hit, best.planted, best.published) == (True, "referral", "referral")


def test_sources_in_another_order_miss() -> None:
    order, best = source_findings(yields({"social": 0.16, "indeed": 0.11, "direct": 0.08, "agency": 0.06, "referral": 0.05}), PLANTED)
    assert (order.is_hit, order.value) == (False, 0.0)
    assert (best.is_hit, best.published) == (False, "social")


def test_few_hires_give_a_wide_interval_and_no_certainty_about_the_best() -> None:
    order, best = source_findings(yields({"social": 0.1, "indeed": 0.1, "direct": 0.1, "agency": 0.1, "referral": 0.125}, n=40), PLANTED)
    assert order.upper - order.lower > 0.4
    assert not best.is_hit


def test_slowest_stage_is_the_bottleneck_unless_another_is_clearly_slower() -> None:
    def stages(interview: float) -> pl.DataFrame:
        value = [3.0, interview, 5.8]
        return pl.DataFrame(
            {"stage": ["applied", "interview", "references_checks"], "value": value, "lower": [v - 0.2 for v in value],
             "upper": [v + 0.2 for v in value], "n": 900}
        )  # fmt: skip

    assert bottleneck_finding(stages(6.9), "interview").is_hit
    assert bottleneck_finding(stages(5.5), "interview").is_hit  # not told apart
    assert not bottleneck_finding(stages(5.0), "interview").is_hit


def test_projected_conversion_is_held_against_the_end_and_naive_stands_beside() -> None:
    months = [date(2026, 8, 1), date(2026, 9, 1), date(2026, 1, 1)]
    projected = pl.DataFrame({"applied_month": months, "value": [0.09, 0.05, 0.1], "lower": [0.07, 0.03, 0.09], "upper": [0.11, 0.06, 0.11],
                              "n": 900, "n_open": [300, 800, 0]})  # fmt: skip
    actual = pl.DataFrame({"applied_month": months, "hired_share": [0.1, 0.09, 0.1], "naive_share": [0.04, 0.01, 0.1]})
    hit, miss = conversion_findings(projected, actual)  # the closed month is not asked about
    assert (hit.is_hit, miss.is_hit) == (True, False)
    assert hit.published == "9.0% projected; so far 4.0%"


def forecasts(width: float, shift: float = 0.0) -> list:
    random = np.random.default_rng(4)
    n = 900
    actual = 40 * random.lognormal(0, 0.5, n)
    low, high = 40 * np.exp(-1.2816 * 0.5 * width), 40 * np.exp(1.2816 * 0.5 * width)
    ids = [f"o{i}" for i in range(n)]
    rows = pl.DataFrame(
        {"opening_id": ids, "job_id": [f"j{i // 2}" for i in range(n)], "as_of": AS_OF, "median_days": 40.0 + shift, "p10_days": low,
         "p90_days": high, "p_filled_before_term_start": 0.5, "days_to_start": 40.0 + shift}
    )  # fmt: skip
    ends = pl.DataFrame({"opening_id": ids, "filled_at": [AS_OF + timedelta(days=float(day)) for day in actual], "status_at_end": "filled"})
    return forecast_findings(rows, ends)


def test_forecasts_that_keep_their_word_hit_and_narrow_or_late_ones_miss() -> None:
    assert [finding.is_hit for finding in forecasts(1.0)] == [True, True, True]
    assert [finding.is_hit for finding in forecasts(0.5)] == [False, True, True]
    assert [finding.is_hit for finding in forecasts(1.0, shift=15.0)] == [True, False, False]


def test_cancelled_openings_have_no_fill_date_but_are_not_filled_in_time() -> None:
    rows = pl.DataFrame(
        {"opening_id": [f"o{i}" for i in range(80)], "job_id": [f"j{i}" for i in range(80)], "as_of": AS_OF, "median_days": 10.0,
         "p10_days": 5.0, "p90_days": 15.0, "p_filled_before_term_start": 0.5, "days_to_start": 20.0}
    )  # fmt: skip
    ends = pl.DataFrame(
        {"opening_id": [f"o{i}" for i in range(80)], "filled_at": [AS_OF + timedelta(days=10) if i < 40 else None for i in range(80)],
         "status_at_end": ["filled"] * 40 + ["cancelled"] * 40}
    )  # fmt: skip
    intervals, _, in_time = forecast_findings(rows, ends)
    assert (intervals.value, intervals.n) == (1.0, 40)
    assert (in_time.n, in_time.is_hit, in_time.value) == (80, True, 0.0)


def test_gap_to_the_oracle_is_measured_on_openings_that_both_know() -> None:
    random = np.random.default_rng(8)
    n = 200
    best = random.uniform(20, 80, n)
    actual = best * random.lognormal(0, 0.2, n)
    keys = {"opening_id": [f"o{i}" for i in range(n)], "job_id": [f"j{i}" for i in range(n)], "landmark": "at_open", "origin": "2026-01-01",
            "elapsed_days": 1.0, "actual_days": actual, "weight": 1.0}  # fmt: skip
    frames = [
        pl.DataFrame(keys | {"predictor": name, "median_days": days})
        for name, days in (("hazard", 0.5 * best + 0.5 * np.median(actual)), ("kaplan_meier", np.full(n, np.median(actual))))
    ]
    oracle = pl.DataFrame({"opening_id": [f"o{i}" for i in range(150)], "median_days": best[:150] + 1.0})
    found = oracle_finding(pl.concat(frames), oracle)
    assert found is not None
    finding, figure = found
    assert figure.n == 150
    assert 0.3 < figure.lower < figure.value < figure.upper < 0.9
    assert finding.is_hit
    assert oracle_finding(pl.concat(frames), oracle.head(20)) is None
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        oracle_finding(pl.concat(frames), oracle.drop("median_days"))


def test_k6_is_published_with_the_bundle_it_was_measured_on_and_no_other(tmp_path: Path) -> None:
    def figures(metric: str, bundle: str) -> pl.DataFrame:
        rows = score_rows("time_to_hire", "made", {("hazard", "at_open", ALL): {metric: Figure(0.4, 0.3, 0.5, 90)}})
        return stamped(rows, bundle)

    trained = figures("K1", "b1")
    assert with_oracle(tmp_path, trained).equals(trained)
    keep_oracle(tmp_path, figures("K6", "b1"))
    assert with_oracle(tmp_path, trained)["metric_id"].to_list() == ["K1", "K6"]
    assert with_oracle(tmp_path, figures("K1", "b2"))["metric_id"].to_list() == ["K1"]
