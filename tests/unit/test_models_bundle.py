import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from metrics.survival import kaplan_meier
from models_ml.baselines import blended_hazards, blended_rates
from models_ml.bundle import BundleRefused, KaplanMeierBundle, load_bundle, with_golden, write_bundle
from models_ml.bundle_files import BundleDraft
from models_ml.feature_contract import TIME_TO_HIRE
from models_ml.time_to_hire.config import CONFIG
from models_ml.time_to_hire.dataset import cut, prepare
from models_ml.time_to_hire.pipeline import fit_kaplan_meier, open_draft
from models_ml.time_to_hire.prediction import RemainingTime, conditional_incidence, cumulative_incidence
from models_ml.time_to_hire.train import _with_golden
from tests.support.feature_frames import AS_OF, hiring_time_frames

DATA = {"data_digest": "d", "as_of": AS_OF, "world": "test"}


@pytest.fixture(scope="module")
def draft() -> BundleDraft:
    cases = cut(prepare(hiring_time_frames(800)), None, AS_OF, AS_OF)
    return _with_golden(fit_kaplan_meier(cases, CONFIG, 1, DATA), cases)


def test_bundle_written_and_loaded_answers_as_before(draft: BundleDraft, tmp_path: Path) -> None:
    folder = write_bundle(tmp_path, draft, AS_OF)
    bundle = load_bundle(folder)
    assert isinstance(bundle, KaplanMeierBundle)
    assert bundle.manifest.bundle_id == folder.name
    assert bundle.manifest.is_fallback
    assert bundle.manifest.feature_contract_digest == TIME_TO_HIRE.digest
    assert [bundle.answer(row["features"]) for row in draft.golden] == [row["expected"] for row in draft.golden]
    assert write_bundle(tmp_path, draft, AS_OF) == folder
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_golden_row_with_another_answer_is_refused(draft: BundleDraft, tmp_path: Path) -> None:
    row = draft.golden[0]
    planted = {**row, "expected": {**row["expected"], "cdf_30": row["expected"]["cdf_30"] + 1e-4}}
    folder = write_bundle(tmp_path, replace(draft, golden=[planted]), AS_OF)
    with pytest.raises(BundleRefused, match="golden row 0 gives cdf_30"):
        load_bundle(folder)
    with pytest.raises(BundleRefused, match="no golden rows"):
        load_bundle(write_bundle(tmp_path, replace(draft, golden=[]), AS_OF))


def test_altered_or_incomplete_bundle_is_refused(draft: BundleDraft, tmp_path: Path) -> None:
    folder = write_bundle(tmp_path, draft, AS_OF)
    tables = json.loads((folder / "tables.json").read_text())
    tables["edges"][1] += 1
    (folder / "tables.json").write_text(json.dumps(tables))
    with pytest.raises(BundleRefused, match=r"tables\.json was altered"):
        load_bundle(folder)
    (folder / "tables.json").unlink()
    with pytest.raises(BundleRefused, match="not complete"):
        load_bundle(folder)
    with pytest.raises(BundleRefused, match="not complete"):
        load_bundle(tmp_path / "never_written")


def test_empty_platform_gets_a_fallback_that_says_nothing_instead_of_failing(tmp_path: Path) -> None:
    empty = {name: frame.clear() for name, frame in hiring_time_frames(30).items()}
    cases = cut(prepare(empty), None, AS_OF, AS_OF)
    bundle = open_draft(with_golden(fit_kaplan_meier(cases, CONFIG, 1, DATA), []))
    remaining = bundle.predict_distribution(dict.fromkeys(TIME_TO_HIRE.names))
    assert remaining.median_days is None
    assert remaining.p_filled == 0.0


def test_quantiles_of_a_known_distribution_and_more_than_n_days_beyond_it() -> None:
    days, filled, cancelled = np.array([0.0, 10.0, 20.0]), np.array([0.0, 0.3, 0.6]), np.array([0.0, 0.1, 0.2])
    remaining = RemainingTime(days, filled, cancelled, (0.1, 0.5, 0.9))
    # 0.6 of the decided 0.8 are filled, so 0.75 of all will be: the median is where 0.375 is reached
    assert remaining.median_days == pytest.approx(12.5)
    assert remaining.p90_days is None
    assert remaining.beyond_days == 20.0
    assert remaining.cdf(5) == pytest.approx(0.15)
    assert remaining.cdf(1000) == 0.6
    assert remaining.level(12.5) == pytest.approx(0.5)
    assert remaining.level(21) == 1.0


def test_cumulative_incidence_never_exceeds_one_and_conditioning_removes_the_past() -> None:
    filled, cancelled, _ = cumulative_incidence(np.array([[0.9, 0.9]]), np.array([[0.4, 0.4]]))
    assert (filled[:, -1] + cancelled[:, -1] <= 1).all()
    edges, hazards = np.array([0.0, 10.0, 20.0, 30.0]), np.array([0.2, 0.5, 0.5])
    days, by_filled, _ = conditional_incidence(edges, hazards, np.zeros(3), 10.0)
    assert days.tolist() == [0.0, 10.0, 20.0]
    assert by_filled.tolist() == pytest.approx([0.0, 0.5, 0.75])
    half = conditional_incidence(edges, hazards, np.zeros(3), 5.0)
    assert half[1][1] == pytest.approx(1 - 0.8**0.5)
    assert conditional_incidence(edges, hazards, np.zeros(3), 99.0)[0].tolist() == [0.0, 0.0]


def test_life_table_agrees_with_kaplan_meier_and_blends_small_segments() -> None:
    random = np.random.default_rng(1)
    truth, censor = random.exponential(40, 6000), random.exponential(80, 6000)
    exit_, event = np.minimum(truth, censor), (truth <= censor).astype(np.int64)
    edges = np.linspace(0, 120, 61)
    segment = np.array(["big"] * 5990 + ["tiny"] * 10)
    curves = blended_hazards(np.zeros(6000), exit_, event, segment, edges, 50)
    survival = np.cumprod(1 - curves[""][0])
    assert np.abs(survival - kaplan_meier(exit_, event == 1).survival_at(edges[1:])).max() < 0.01
    assert np.abs(curves["tiny"][0] - curves[""][0]).max() < np.abs(curves["tiny"][0] - curves["big"][0]).max() + 0.2
    late = blended_hazards(np.where(exit_ > 30, 30.0, 0.0), exit_, event, segment, edges, 50)
    assert np.abs(np.cumprod(1 - late[""][0][15:]) - survival[15:] / survival[14]).max() < 0.02


def test_prior_rate_of_a_small_segment_is_pulled_to_the_pooled_rate() -> None:
    outcome = np.array([1.0] * 30 + [0.0] * 70 + [1.0] * 2)
    rates = blended_rates(outcome, np.ones(102), ["a"] * 100 + ["b"] * 2, 50)
    assert rates["a"][0] == pytest.approx(0.3, abs=0.01)
    assert rates["b"][0] < 0.4
    assert rates["b"][1] < rates["b"][0] < rates["b"][2]
    assert blended_rates(np.empty(0), np.empty(0), [], 50) == {"": [0.0, 0.0, 1.0]}


def test_duplicates_added_columns_and_row_order_change_nothing() -> None:
    frames = hiring_time_frames(200)
    name = "features.features_time_to_hire"
    noisy = dict(frames)
    noisy[name] = (
        pl.concat([frames[name], frames[name].head(50)])
        .with_columns(row_id=pl.int_range(pl.len()))
        .sample(fraction=1.0, shuffle=True, seed=3)
    )
    assert prepare(frames).equals(prepare(noisy))
