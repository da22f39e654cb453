"""Training, the first-run rule, the gate, the registry and rollback, on small synthetic data."""

import sqlite3
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from models_ml import training
from models_ml.batch import HORIZONS, predict_open_applications, predict_open_openings
from models_ml.bundle import load_bundle
from models_ml.feature_contract import ForbiddenFeature
from models_ml.registry import NothingToRollBackTo, Registry
from models_ml.scores import BACKTEST_SCHEMA, SCHEMA
from models_ml.training import TrainingResult, required_tables, train
from tests.support.feature_frames import AS_OF, candidate_frames, hiring_time_frames

FEATURES = "features.features_time_to_hire"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def frames() -> dict[str, pl.DataFrame]:
    return hiring_time_frames(1000)


@pytest.fixture(scope="module")
def young(home: Path) -> TrainingResult:
    """A first training with too little history."""
    return train("time_to_hire", hiring_time_frames(60), home, AS_OF, world="test")


@pytest.fixture(scope="module")
def first(young: TrainingResult, home: Path, frames: dict[str, pl.DataFrame]) -> TrainingResult:
    return train("time_to_hire", frames, home, AS_OF, world="test")


def test_first_run_makes_the_fallback_champion(young: TrainingResult, home: Path) -> None:
    assert young.bundle_id == young.champion_bundle_id
    assert young.accepted
    assert young.scores.schema == pl.Schema(SCHEMA)
    assert load_bundle(home / "bundles" / young.champion_bundle_id).manifest.is_fallback
    assert "REFUSED" in young.verdict[0]


def test_trained_model_beats_the_fallback_and_says_so_with_intervals(first: TrainingResult, home: Path) -> None:
    assert first.accepted, first.verdict
    assert first.champion_bundle_id == first.bundle_id
    assert not load_bundle(home / "bundles" / first.bundle_id).manifest.is_fallback
    pooled = first.scores.filter(pl.col("origin") == "all")
    assert set(pooled["predictor"]) == {"hazard", "kaplan_meier", "kaplan_meier_pooled", "ridge_log", "l1_ipcw"}
    assert set(pooled["landmark"]) == {"at_open", "day_14", "first_interview", "offer"}
    assert {"K1", "K2", "K3", "K4", "K5"} <= set(pooled["metric_id"])
    assert pooled.filter((pl.col("lower") > pl.col("value")) | (pl.col("upper") < pl.col("value"))).is_empty()
    assert first.scores.filter(pl.col("origin") != "all")["origin"].n_unique() == 6
    assert first.scores.filter(pl.col("predictor") == "hazard")["bundle_id"].unique().to_list() == [first.bundle_id]
    key = ["predictor", "landmark", "origin", "metric_id"]
    assert not first.scores.select(key).is_duplicated().any()
    k1 = {row["landmark"]: row["value"] for row in pooled.filter(predictor="hazard", metric_id="K1").iter_rows(named=True)}
    assert k1["at_open"] < k1["offer"]
    order = pooled.filter(predictor="hazard", metric_id="P2_concordance")
    assert order.filter(pl.col("landmark") != "offer")["lower"].min() > 0.5  # once an offer is out nothing tells them apart
    assert [line for line in first.verdict if "latency" in line or "retraining" in line] == [
        "passed · latency of one prediction: best of many at most 20 times the baseline's",
        "passed · retraining: an origin fitted again gives its error within 0.5%",
    ]
    assert "K1 reaches 0.70 at the stage" in first.card
    assert "data digest" in first.card


def test_backtest_is_kept_row_by_row_and_in_bins_and_gives_the_figures_again(first: TrainingResult) -> None:
    rows = first.openings
    assert rows.schema == BACKTEST_SCHEMA
    assert not rows.select("opening_id", "landmark", "predictor").is_duplicated().any()
    assert rows.filter(predictor="hazard")["bundle_id"].unique().to_list() == [first.bundle_id]
    at_open = rows.filter(predictor="hazard", landmark="at_open")
    error, total = (at_open["median_days"] - at_open["actual_days"]).abs(), at_open["elapsed_days"] + at_open["actual_days"]
    k1 = first.scores.filter(predictor="hazard", landmark="at_open", metric_id="K1", origin="all").row(0, named=True)
    assert 1 - (at_open["weight"] * error).sum() / (at_open["weight"] * total).sum() == pytest.approx(k1["value"])
    assert at_open.height == k1["n"]
    bins = first.calibration.filter(predictor="hazard", landmark="at_open").sort("bin")
    assert bins["n"].sum() == at_open.height
    assert bins["predicted"].is_sorted()
    assert bins.filter((pl.col("lower") <= pl.col("predicted")) & (pl.col("predicted") <= pl.col("upper"))).height >= bins.height * 0.6


def test_duplicated_rows_and_an_added_id_column_move_no_figure(
    first: TrainingResult, home: Path, frames: dict[str, pl.DataFrame], tmp_path: Path
) -> None:
    twice = {name: pl.concat([frame, frame.head(500)]).with_columns(source_row_id=pl.int_range(pl.len())) for name, frame in frames.items()}
    again = train("time_to_hire", twice, tmp_path, AS_OF, world="test")
    assert again.bundle_id == first.bundle_id
    assert again.scores.equals(first.scores)
    assert again.verdict == first.verdict


def test_run_is_logged_with_figures_digests_signature_and_card(first: TrainingResult, home: Path) -> None:
    store = home / "mlflow" / "registry.db"
    with sqlite3.connect(store) as connection:
        metrics = {row[0] for row in connection.execute("select key from metrics")}
        params = dict(connection.execute("select key, value from params"))
    assert {"K1.hazard.at_open", "K5.hazard.offer.lower"} <= metrics
    manifest = load_bundle(home / "bundles" / first.bundle_id).manifest
    assert params["feature_contract_digest"] == manifest.feature_contract_digest
    artifacts = {path.name for path in (home / "mlflow" / "artifacts").rglob("*") if path.is_file()}
    assert {"MODEL_CARD.md", "MLmodel", "manifest.json", "filled.txt", "golden.json"} <= artifacts
    assert all("elapsed_days" in model.read_text() for model in (home / "mlflow" / "artifacts").rglob("MLmodel"))


def test_same_data_is_trained_once(
    first: TrainingResult, home: Path, frames: dict[str, pl.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_: str) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(training.importlib, "import_module", never)
    shuffled = {name: frame.sample(fraction=1.0, shuffle=True, seed=1) for name, frame in frames.items()}
    again = train("time_to_hire", shuffled, home, AS_OF, world="test")
    assert (again.bundle_id, again.accepted, again.verdict) == (first.bundle_id, True, first.verdict)
    assert again.scores.equals(first.scores)


def test_rollback_moves_the_alias_to_the_champion_before(first: TrainingResult, young: TrainingResult, home: Path) -> None:
    registry = Registry(home)
    versions = {item.bundle_id: item.version for item in registry.versions("time_to_hire")}
    before = registry.rollback("time_to_hire")
    assert before.bundle_id != first.bundle_id
    assert before.is_fallback
    champion = registry.champion("time_to_hire")
    assert champion is not None
    assert champion.bundle_id == before.bundle_id
    registry.promote("time_to_hire", versions[first.bundle_id])
    with pytest.raises(NothingToRollBackTo):
        Registry(home).rollback("candidate_success")


def test_what_cannot_be_logged_is_not_promoted(tmp_path: Path) -> None:
    announced: list[tuple[str, ...]] = []

    def refuse(*told: str) -> None:
        announced.append(told)
        raise RuntimeError("not logged")

    with pytest.raises(RuntimeError, match="not logged"):
        train("time_to_hire", hiring_time_frames(400, signal=0.0), tmp_path, AS_OF, world="test", promoting=refuse)
    assert [told[0] for told in announced] == ["time_to_hire"]
    assert Registry(tmp_path).champion("time_to_hire") is None


def test_features_without_signal_are_refused_and_the_fallback_stays(home: Path, tmp_path: Path) -> None:
    result = train("time_to_hire", hiring_time_frames(900, signal=0.0), tmp_path, AS_OF, world="test")
    assert not result.accepted
    assert result.champion_bundle_id != result.bundle_id
    assert load_bundle(tmp_path / "bundles" / result.champion_bundle_id).manifest.is_fallback
    assert any(line.startswith("REFUSED · skill") for line in result.verdict)
    k2 = result.scores.filter(predictor="kaplan_meier", metric_id="K2", landmark="at_open", origin="all")["value"][0]
    assert k2 > 0.85  # within 25 % nearly always, and yet no skill
    challenger = Registry(tmp_path).challenger("time_to_hire")
    assert challenger is not None
    assert challenger.bundle_id == result.bundle_id


def test_label_among_the_features_stops_the_training(frames: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    leaking = frames | {FEATURES: frames[FEATURES].with_columns(gross_days=pl.lit(1.0))}
    with pytest.raises(ForbiddenFeature, match="gross_days"):
        train("time_to_hire", leaking, tmp_path, AS_OF, world="test")


def test_every_open_opening_gets_a_forecast(first: TrainingResult, home: Path, frames: dict[str, pl.DataFrame]) -> None:
    current = frames[FEATURES].filter(pl.col("landmark") == "current")
    predicted = predict_open_openings(load_bundle(home / "bundles" / first.bundle_id), current)
    assert predicted["opening_id"].to_list() == current["opening_id"].to_list()
    assert predicted["beyond_days"].min() > 0
    known = predicted.drop_nulls(["p10_days", "median_days", "p90_days"])
    assert known.height > 0
    assert known.filter((pl.col("p10_days") > pl.col("median_days")) | (pl.col("median_days") > pl.col("p90_days"))).is_empty()
    assert predicted["p_filled_before_term_start"].is_between(0, 1).all()
    chances = predicted.select(f"p_filled_{days}_days" for days in HORIZONS)
    assert chances.select(pl.concat_list(pl.all()).list.diff().list.min()).to_series().min() >= 0  # later horizons hold the earlier ones
    assert chances.to_numpy().max() <= 1


def test_chance_of_day_one_follows_the_term_where_it_is_given(first: TrainingResult, home: Path, frames: dict[str, pl.DataFrame]) -> None:
    current = frames[FEATURES].filter(pl.col("landmark") == "current")
    bundle = load_bundle(home / "bundles" / first.bundle_id)
    given = predict_open_openings(bundle, current.with_columns(days_to_term_start=pl.lit(60)))
    assert given["p_filled_before_term_start"].to_list() == given["p_filled_60_days"].to_list()
    unknown = predict_open_openings(bundle, current.with_columns(days_to_term_start=pl.lit(None, dtype=pl.Float64)))
    assert unknown["p_filled_before_term_start"].null_count() == current.height


def test_candidate_success_is_trained_judged_and_keeps_the_stages_apart(home: Path) -> None:
    assert set(required_tables("candidate_success")) == set(candidate_frames(10))
    result = train("candidate_success", candidate_frames(6000), home, AS_OF, world="test")
    assert result.accepted, result.verdict
    figures = result.scores.filter(predictor="hired_two_stage", landmark="all", origin="all")
    values = dict(zip(figures["metric_id"], figures["value"], strict=True))
    assert {"P1_brier", "P1_brier_skill", "P1_log_loss", "P1_ece", "P1_slope", "P1_auc"} == set(values)
    assert values["P1_ece"] < 0.05  # a few thousand cases: the platform aims at 0.03
    assert 0.6 < values["P1_auc"] < 0.85
    features = candidate_frames(50)["features.features_candidate_success"]
    bundle = load_bundle(home / "bundles" / result.bundle_id)
    predicted = predict_open_applications(bundle, features)
    one_by_one = [bundle.predict(row).p_hired.value for row in bundle.encoder.matrix(features)]
    assert predicted["p_hired"].to_list() == pytest.approx(one_by_one)
    assert predict_open_applications(bundle, features.clear()).is_empty()
    bundle = load_bundle(home / "bundles" / result.bundle_id)
    outlook = bundle.predict(bundle.encoder.matrix(candidate_frames(50)["features.features_candidate_success"])[0])
    assert 0 < outlook.p_hired.value < 1
    assert np.isfinite(outlook.p_success_given_hired.value)
    assert bundle.reasons(bundle.golden[0]["features"])


def test_candidates_without_signal_leave_the_past_rate_in_charge(tmp_path: Path) -> None:
    result = train("candidate_success", candidate_frames(3000, signal=0.0), tmp_path, AS_OF, world="test")
    assert not result.accepted
    assert load_bundle(tmp_path / "bundles" / result.champion_bundle_id).manifest.kind == "prior_rate"
