"""Live figures: predictions as they were logged, judged by what has happened since. Never mixed with the backtest's.

What belongs here: which logged predictions count, their actuals, their figures of kind ``live``. What doesn't: reading the log
(``ingestion``) or predicting again with today's model.

An opening counts once a stage: the first answer given at it. Openings still open are stood for by weights, as in the backtest. The baseline
of K5 is the fallback bundle that was the newest when the answer's features were taken, asked about that day.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl

from models_ml.bundle import load_bundle
from models_ml.bundle_files import Manifest
from models_ml.evaluation import Bootstrap, Figure, TimeCases, TimePredictions, censoring_weights, concordance, time_figures
from models_ml.scores import ALL, Key, score_rows
from models_ml.time_to_hire import TABLES
from models_ml.time_to_hire.config import LANDMARKS
from models_ml.time_to_hire.dataset import INSTANT
from models_ml.time_to_hire.prediction import KaplanMeierBundle

FEATURES, OPENINGS = TABLES
PREDICTOR, BASELINE = "served", "kaplan_meier"
_DAY = 86_400_000_000
_FEWEST, _SEED = 30, 20


def judged_predictions(logged: pl.DataFrame, frames: Mapping[str, pl.DataFrame], as_of: datetime, bundles: Path) -> pl.DataFrame:
    """Return one row per opening and stage: the first logged answer, the baseline of that day, and the end as known at ``as_of``.

    Columns: opening_id, job_id, landmark, bundle_id, elapsed_days, median_days, p10_days, p90_days (infinite beyond the horizon),
    baseline_days (NaN without a baseline of the time), actual_days, weight (0: still open or cancelled).

    Args:
        logged: ``predictions.logged_predictions`` of time to hire.
        frames: the features (for the stage reached at the time) and ends of openings, by table name.
        as_of: the build's as-of: nothing later is known.
        bundles: folder of the bundles ever trained here.
    """
    moment = pl.lit(as_of).cast(INSTANT)
    stages = (
        frames[FEATURES]
        .filter(pl.col("landmark").is_in(LANDMARKS))
        .select(pl.col("opening_id").cast(pl.String), "landmark", reached_at=pl.col("as_of").cast(INSTANT))
        .sort("reached_at")
    )
    ends = frames[OPENINGS].select(pl.col("opening_id").cast(pl.String), "subject", pl.col("filled_at", "cancelled_at").cast(INSTANT))
    answers = (
        logged.filter(pl.col("opening_id").is_not_null() & pl.col("features_as_of").is_not_null() & (pl.col("made_at") <= moment))
        .with_columns(pl.col("opening_id", "job_id").cast(pl.String), pl.col("features_as_of", "made_at").cast(INSTANT))
        .sort("features_as_of")
        .join_asof(stages, left_on="features_as_of", right_on="reached_at", by="opening_id", check_sortedness=False)
        .with_columns(pl.col("landmark").fill_null(LANDMARKS[0]))
        .sort("made_at", "prediction_id")
        .unique(["opening_id", "landmark"], keep="first", maintain_order=True)
        .join(ends.unique("opening_id"), on="opening_id", how="inner", maintain_order="left")
    )
    end = pl.min_horizontal("filled_at", "cancelled_at")
    ended = (end <= moment).fill_null(value=False)
    answers = answers.with_columns(
        _filled=ended & (pl.col("filled_at") == end).fill_null(value=False),
        _ended=ended,
        actual_days=(pl.when(ended).then(end).otherwise(moment) - pl.col("features_as_of")).dt.total_microseconds() / _DAY,
        median_days=pl.coalesce("median_days", "beyond_days"),
        p10_days=pl.coalesce("p10_days", "beyond_days"),
        p90_days=pl.col("p90_days").fill_null(float("inf")),
    ).filter(pl.col("actual_days") > 0)
    weight = censoring_weights(answers["actual_days"].to_numpy(), answers["_ended"].to_numpy())
    return answers.with_columns(
        pl.Series("weight", np.where(answers["_filled"].to_numpy(), weight, 0.0), dtype=pl.Float64),
        pl.Series("baseline_days", _baseline(answers, bundles), dtype=pl.Float64),
    ).select(
        *("opening_id", "job_id", "landmark", "bundle_id", "elapsed_days"),
        *("median_days", "p10_days", "p90_days", "baseline_days", "actual_days", "weight"),
    )


def _baseline(answers: pl.DataFrame, bundles: Path) -> list[float]:
    """Return the remaining days that the fallback of the time said, by subject and days elapsed; NaN where there was none."""
    manifests = [Manifest.model_validate_json(file.read_bytes()) for file in sorted(bundles.glob("time_to_hire-*/manifest.json"))]
    fallbacks = sorted((each for each in manifests if each.kind == "kaplan_meier"), key=lambda each: (each.as_of, each.bundle_id))
    found: dict[str, KaplanMeierBundle] = {}
    days = []
    for moment, subject, elapsed in answers.select("features_as_of", "subject", "elapsed_days").iter_rows():
        of_the_time = [each.bundle_id for each in fallbacks if each.as_of <= moment]
        if not of_the_time:
            days.append(float("nan"))
            continue
        name = of_the_time[-1]
        if name not in found:
            bundle = load_bundle(bundles / name)
            assert isinstance(bundle, KaplanMeierBundle)
            found[name] = bundle
        unknown: dict[str, object] = dict.fromkeys(found[name].encoder.names)
        remaining = found[name].predict_distribution(unknown | {"subject": subject, "elapsed_days": elapsed})
        days.append(remaining.beyond_days if remaining.median_days is None else remaining.median_days)
    return days


def _cases(judged: pl.DataFrame) -> tuple[TimeCases, TimePredictions, TimePredictions]:
    column = {name: judged[name].to_numpy() for name in judged.columns if name.endswith("_days") or name == "weight"}
    truth = TimeCases(column["elapsed_days"], column["actual_days"], column["weight"], judged["job_id"].to_numpy().astype(str))
    served = TimePredictions(column["median_days"], column["median_days"], column["p10_days"], column["p90_days"])
    return truth, served, TimePredictions(column["baseline_days"], column["baseline_days"])


def live_scores(judged: pl.DataFrame, world: str) -> pl.DataFrame:
    """Return K1, K2, K4, K5, MAE and P2 of kind ``live`` by stage with at least 30 known ends; K3 needs a mean, which no answer logs."""
    figures: dict[Key, dict[str, Figure]] = {}
    for landmark in LANDMARKS:
        rows = judged.filter((pl.col("landmark") == landmark) & (pl.col("weight") > 0))
        if rows.height < _FEWEST:
            continue
        truth, served, baseline = _cases(rows)
        bootstrap = Bootstrap(truth.group, _SEED)
        known = np.isfinite(baseline.median)
        for name, predicted in ((PREDICTOR, served), (BASELINE, baseline)):
            usable = known if name == BASELINE else np.ones(len(known), dtype=bool)
            if usable.sum() < _FEWEST:
                continue
            part, guess = truth.take(usable), predicted.take(usable)
            found = time_figures(part, guess, baseline.take(usable), bootstrap if usable.all() else Bootstrap(part.group, _SEED))
            del found["K3"]
            if not known[usable].all():
                del found["K5"]
            found["P2_concordance"] = concordance(part, guess.median, _SEED)
            figures[name, landmark, ALL] = found
    return score_rows("time_to_hire", world, figures, kind="live")
