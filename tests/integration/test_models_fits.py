"""What the fitted models learn, on data whose hazards are known."""

import threading
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from models_ml.booster import FastBooster
from models_ml.bundle import BundleDraft, load_bundle, write_bundle
from models_ml.candidate_success import dataset as candidate_dataset
from models_ml.candidate_success import pipeline as candidate_pipeline
from models_ml.candidate_success.config import CONFIG as CANDIDATE_CONFIG
from models_ml.evaluation import Bootstrap, TimeCases, calibration_error, calibration_slope, time_figures
from models_ml.feature_contract import CANDIDATE_SUCCESS, TIME_TO_HIRE
from models_ml.splits import rolling_origins
from models_ml.time_to_hire.config import CONFIG
from models_ml.time_to_hire.dataset import CENSORED, Cases, cut, event_bins, person_periods, prepare
from models_ml.time_to_hire.pipeline import filled_weights, fit_hazard, fit_kaplan_meier, open_draft
from models_ml.time_to_hire.prediction import HazardBundle
from models_ml.time_to_hire.train import _with_golden, predictions
from tests.support.feature_frames import AS_OF, START, candidate_frames, hiring_time_frames

DATA = {"data_digest": "d", "as_of": AS_OF, "world": "test"}


@pytest.fixture(scope="module")
def cases() -> Cases:
    return cut(prepare(hiring_time_frames(2500)), None, AS_OF, AS_OF)


@pytest.fixture(scope="module")
def hazard(cases: Cases) -> BundleDraft:
    return fit_hazard(cases, CONFIG, 1, DATA)


@pytest.fixture(scope="module")
def bundle(hazard: BundleDraft) -> HazardBundle:
    found = open_draft(hazard)
    assert isinstance(found, HazardBundle)
    return found


def test_planted_effects_come_back_with_the_right_sign(bundle: HazardBundle, cases: Cases) -> None:
    rows = bundle.encoder.rows(cases.frame.filter(pl.col("landmark") == "day_14").head(200))
    rows = [row | {"offers_out_count": 0.0, "reached_offer_count": 0.0, "reached_interview_count": 0.0} for row in rows]

    def mean(**changed: object) -> float:
        return float(np.mean([bundle.predict_distribution(row | changed).mean_days for row in rows]))

    assert mean(subject="english") + 3 < mean(subject="science") < mean(subject="mathematics") - 3
    assert mean(has_visa_sponsorship=True) < mean(has_visa_sponsorship=False)
    assert mean(offers_out_count=1.0, reached_offer_count=1.0, reached_interview_count=1.0) < mean() - 5
    assert abs(mean(salary_mid=60_000.0) - mean(salary_mid=40_000.0)) < 3


def test_reasons_name_what_was_planted(bundle: HazardBundle, cases: Cases) -> None:
    row = bundle.encoder.rows(cases.frame.filter((pl.col("landmark") == "at_open") & (pl.col("subject") == "mathematics")).head(1))[0]
    reasons = bundle.reasons(row)
    subject = next(reason for reason in reasons if reason.feature == "subject")
    assert subject.effect < 0
    assert subject.text == "subject mathematics: later"
    assert not {reason.feature for reason in reasons} & {"period_index", "period_elapsed_days"}


def test_dropping_open_openings_biases_the_answer_and_the_hazard_does_not() -> None:
    rows = prepare(hiring_time_frames(2500, seed=11))
    known = START + (AS_OF - START) * 0.13  # a young platform: much is still open
    train, test = cut(rows, None, known, known), cut(rows, known, AS_OF, AS_OF)
    assert (train.event == CENSORED).mean() > 0.15
    truth = TimeCases(test.elapsed, test.remaining, filled_weights(test), test.jobs)
    at_open = (test.frame["landmark"] == "at_open").to_numpy()
    bias = {}
    for name, used in {"hazard": train, "dropped": train.take(train.event != CENSORED)}.items():
        predicted = predictions(fit_hazard(used, CONFIG, 1, DATA), test)
        truth_open, predicted_open = truth.take(at_open), predicted.take(at_open)
        bias[name] = time_figures(truth_open, predicted_open, predicted_open, Bootstrap(truth_open.group, 1))["K3"].value
    assert bias["dropped"] < -0.12
    assert abs(bias["hazard"]) < 0.08


def test_coverage_holds_out_of_time_and_skill_is_real() -> None:
    rows = prepare(hiring_time_frames(2500, seed=5))
    origin = rolling_origins(START, AS_OF)[3]
    train, test = cut(rows, None, origin.at, origin.at), cut(rows, origin.at, AS_OF, AS_OF)
    truth = TimeCases(test.elapsed, test.remaining, filled_weights(test), test.jobs)
    predicted, baseline = predictions(fit_hazard(train, CONFIG, 1, DATA), test), predictions(fit_kaplan_meier(train, CONFIG, 1, DATA), test)
    figures = time_figures(truth, predicted, baseline, Bootstrap(truth.group, 1))
    assert 0.75 < figures["K4"].value < 0.85
    assert figures["K5"].lower > 0.1
    assert abs(figures["K3"].value) < 0.06


def test_labels_are_cut_at_the_origin(cases: Cases) -> None:
    rows = prepare(hiring_time_frames(400))
    origin = START + (AS_OF - START) / 2
    early = cut(rows, None, origin, origin)
    moments = early.frame["as_of"].to_list()
    assert max(moments) < origin
    assert (early.remaining <= [(origin - moment).total_seconds() / 86400 + 1e-6 for moment in moments]).all()
    assert (early.event == CENSORED).any()
    ignorant = rows.with_columns(pl.when(pl.col(end) <= pl.lit(origin)).then(end).alias(end) for end in ("filled_at", "cancelled_at"))
    again = cut(ignorant, None, origin, origin)
    assert np.array_equal(again.event, early.event)
    assert np.array_equal(again.remaining, early.remaining)


def test_person_periods_start_at_the_landmark_and_end_with_the_event(cases: Cases) -> None:
    part = cases.take(np.arange(len(cases)) < 500)
    encoder = TIME_TO_HIRE.fit(part.frame)
    edges = event_bins(part, 20, 20)
    periods = person_periods(part, encoder, edges)
    assert len(edges) <= 21
    within = (part.event == 1) & (part.remaining <= edges[-1])
    assert periods.filled.sum() == within.sum()
    assert np.bincount(periods.case, weights=periods.filled, minlength=500).max() == 1
    lived = np.bincount(periods.case, weights=periods.weight * np.diff(edges)[periods.matrix[:, -5].astype(int)], minlength=500)
    censored = part.event == CENSORED
    assert lived[censored] == pytest.approx(np.minimum(part.remaining, edges[-1])[censored], abs=1.0)


def test_fast_calls_equal_the_library_from_many_threads(hazard: BundleDraft, bundle: HazardBundle, cases: Cases) -> None:
    import lightgbm

    text = hazard.boosters["filled"]
    booster, reference = FastBooster(text), lightgbm.Booster(model_str=text)
    rows = bundle.period_rows(bundle.encoder.matrix(cases.frame.head(30)))
    expected = np.asarray(reference.predict(rows, num_threads=1))
    assert np.array_equal(booster.matrix(rows), expected)
    wrong: list[int] = []

    def work() -> None:
        wrong.extend(index for index, row in enumerate(rows[:100]) if booster.row(row) != expected[index])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    with pytest.raises(ValueError, match="columns"):
        booster.matrix(rows[:, :-1])


def test_same_seed_same_bundle(cases: Cases, hazard: BundleDraft) -> None:
    again = fit_hazard(cases, CONFIG, 1, DATA)
    assert again.boosters == hazard.boosters
    assert again.tables == hazard.tables
    assert fit_hazard(cases, CONFIG, 2, DATA).boosters != hazard.boosters


def test_hazard_bundle_survives_the_disk(hazard: BundleDraft, cases: Cases, tmp_path: Path) -> None:
    folder = write_bundle(tmp_path, _with_golden(hazard, cases), AS_OF)
    loaded = load_bundle(folder)
    rows = loaded.encoder.matrix(cases.frame.head(50))
    mine, theirs = open_draft(hazard).predict_distributions(rows), loaded.predict_distributions(rows)
    assert [item.median_days for item in mine] == [item.median_days for item in theirs]
    single = [loaded.predict_distribution(row).median_days for row in rows]
    assert single == [item.median_days for item in theirs]


@pytest.fixture(scope="module")
def applications() -> pl.DataFrame:
    return candidate_dataset.prepare(candidate_frames(12_000))


def test_candidate_stages_are_calibrated_out_of_time_and_recover_effects(applications: pl.DataFrame) -> None:
    origin = rolling_origins(START, AS_OF)[3]
    for head, feature, better, worse in (("hired", "has_verified_licence", True, False), ("success", "subject_match", True, False)):
        train = candidate_dataset.cut(applications, head, None, origin.at, origin.at)
        test = candidate_dataset.cut(applications, head, origin.at, origin.until, AS_OF)
        encoder = CANDIDATE_SUCCESS.fit(train.frame)
        fitted = candidate_pipeline.fit_head(train, encoder, CANDIDATE_CONFIG, 1)
        prior = candidate_pipeline.fit_prior(train, "hired", CANDIDATE_CONFIG)
        other = "success" if head == "hired" else "hired"
        bundle = candidate_pipeline.open_draft(candidate_pipeline.draft("two_stage", encoder, {head: fitted, other: prior}, DATA))
        values = bundle.values(head, encoder.matrix(test.frame))
        outcome, weight = test.truth.outcome, test.truth.weight
        assert calibration_error(outcome, values, weight) < (0.03 if head == "hired" else 0.12)
        if head == "hired":
            assert 0.8 < calibration_slope(outcome[weight > 0], np.clip(values[weight > 0], 1e-6, 1 - 1e-6), weight[weight > 0]) < 1.25
        changed = [test.frame.with_columns(pl.lit(value).alias(feature)) for value in (better, worse)]
        high, low = (bundle.values(head, encoder.matrix(frame)).mean() for frame in changed)
        assert high > low + 0.02
        one = bundle.predict(encoder.matrix(test.frame)[0])
        chosen = one.p_hired if head == "hired" else one.p_success_given_hired
        assert chosen.lower <= chosen.value <= chosen.upper
        assert chosen.value == pytest.approx(values[0])


def test_success_is_never_learned_from_people_who_were_not_hired(applications: pl.DataFrame) -> None:
    known = candidate_dataset.cut(applications, "success", None, AS_OF, AS_OF)
    hired = set(applications.filter(pl.col("outcome") == "hired")["application_id"].to_list())
    assert set(known.frame["application_id"].to_list()) <= hired
    unknown = applications.filter(pl.col("is_success").is_null() & (pl.col("outcome") == "hired"))["application_id"].to_list()
    weights = dict(zip(known.frame["application_id"].to_list(), known.truth.weight, strict=True))
    assert all(weights.get(one, 0.0) == 0.0 for one in unknown)
