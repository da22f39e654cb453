"""Live figures: what was answered, judged by what happened, on openings whose ends are known."""

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from models_ml.bundle import load_bundle, write_bundle
from models_ml.live import judged_predictions, live_scores
from models_ml.time_to_hire import train as hire_train
from models_ml.time_to_hire.config import CONFIG
from models_ml.time_to_hire.dataset import cut, prepare
from models_ml.time_to_hire.pipeline import fit_kaplan_meier
from tests.support.feature_frames import AS_OF, START, hiring_time_frames

FEATURES, ENDS = "features.features_time_to_hire", "marts.mart_time_to_fill"
BUILT = START + (AS_OF - START) * 0.6  # the only baseline was trained on what was known then


@pytest.fixture(scope="module")
def frames() -> dict[str, pl.DataFrame]:
    return hiring_time_frames(900, seed=3)


@pytest.fixture(scope="module")
def bundles(frames: dict[str, pl.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles")
    cases = cut(prepare(frames), None, BUILT, BUILT)
    draft = fit_kaplan_meier(cases, CONFIG, 1, {"data_digest": "d", "as_of": BUILT, "world": "made"})
    write_bundle(folder, hire_train._with_golden(draft, cases), BUILT)
    return folder


@pytest.fixture(scope="module")
def logged(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """An answer a day after each opening's approval from BUILT on that says 30 days, and the same answer a day later."""
    openings = frames[ENDS].filter(pl.col("approved_at") > pl.lit(BUILT))
    first = openings.select(
        "opening_id",
        "job_id",
        prediction_id="opening_id",
        features_as_of=pl.col("approved_at") + timedelta(days=1),
        made_at=pl.col("approved_at") + timedelta(days=1, hours=1),
        bundle_id=pl.lit("served-1"),
        elapsed_days=pl.lit(1.0),
        median_days=pl.lit(30.0),
        p10_days=pl.lit(10.0),
        p90_days=pl.lit(60.0),
        beyond_days=pl.lit(200.0),
    )
    day = timedelta(days=1)
    again = first.with_columns(
        pl.col("features_as_of", "made_at") + day, prediction_id=pl.col("opening_id") + "-b", median_days=pl.lit(1.0)
    )
    return pl.concat([again, first])


def test_the_first_answer_of_a_stage_counts_and_its_end_is_known(
    frames: dict[str, pl.DataFrame], bundles: Path, logged: pl.DataFrame
) -> None:
    judged = judged_predictions(logged, frames, AS_OF, bundles)
    assert not judged.select("opening_id", "landmark").is_duplicated().any()
    assert judged.filter(landmark="at_open")["median_days"].unique().to_list() == [30.0]
    filled = judged.filter((pl.col("weight") > 0) & (pl.col("landmark") == "at_open")).join(frames[ENDS], on="opening_id")
    days = (filled["filled_at"] - filled["approved_at"]).dt.total_microseconds() / 86_400_000_000
    assert filled["actual_days"].to_list() == pytest.approx((days - 1).to_list())
    still_open = judged.join(frames[ENDS].filter(pl.col("is_censored")), on="opening_id", how="semi")
    assert still_open.height > 0
    assert still_open["weight"].sum() == 0


def test_figures_of_live_answers_are_what_the_answers_deserve(frames: dict[str, pl.DataFrame], bundles: Path, logged: pl.DataFrame) -> None:
    judged = judged_predictions(logged, frames, AS_OF, bundles)
    scores = live_scores(judged, "made").filter(landmark="at_open")
    assert scores["kind"].unique().to_list() == ["live"]
    values = {(row["predictor"], row["metric_id"]): row["value"] for row in scores.iter_rows(named=True)}
    known = judged.filter((pl.col("weight") > 0) & (pl.col("landmark") == "at_open"))
    error, weight = (30.0 - known["actual_days"]).abs(), known["weight"]
    assert values["served", "MAE"] == pytest.approx((weight * error).sum() / weight.sum())
    inside = known["actual_days"].is_between(10.0, 60.0).cast(pl.Float64)
    assert values["served", "K4"] == pytest.approx((weight * inside).sum() / weight.sum())
    assert values["served", "P2_concordance"] == 0.5  # one answer for all
    assert values["served", "K5"] == pytest.approx(1 - values["served", "MAE"] / values["kaplan_meier", "MAE"])
    assert ("served", "K3") not in values


def test_no_later_baseline_and_no_later_end_is_used(frames: dict[str, pl.DataFrame], bundles: Path, logged: pl.DataFrame) -> None:
    early = BUILT + timedelta(days=40)
    judged = judged_predictions(logged, frames, early, bundles)
    late = frames[ENDS].filter(pl.col("filled_at") > pl.lit(early))["opening_id"].to_list()
    assert judged.filter((pl.col("weight") > 0) & pl.col("opening_id").is_in(late)).is_empty()
    before = logged.with_columns(pl.col("features_as_of", "made_at") - (AS_OF - START) * 0.41)
    assert judged_predictions(before, frames, AS_OF, bundles)["baseline_days"].is_nan().all()
    assert not judged["baseline_days"].is_nan().any()
    name = next(bundles.iterdir()).name
    bundle = load_bundle(bundles / name)
    row = judged.join(frames[ENDS].select("opening_id", "subject"), on="opening_id").row(0, named=True)
    asked = dict.fromkeys(bundle.encoder.names) | {"subject": row["subject"], "elapsed_days": 1.0}
    assert row["baseline_days"] == bundle.predict_distribution(asked).median_days


def test_a_young_log_gives_no_figure(frames: dict[str, pl.DataFrame], bundles: Path, logged: pl.DataFrame) -> None:
    assert live_scores(judged_predictions(logged.head(0), frames, AS_OF, bundles), "made").is_empty()
    assert live_scores(judged_predictions(logged.head(20), frames, AS_OF, bundles), "made").is_empty()
