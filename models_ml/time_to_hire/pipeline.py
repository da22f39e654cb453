"""Fitting: the hazard model, its fallback, and the regression challengers it is compared with.

What belongs here: cases in, a bundle draft (or a predictor) out. What doesn't: origins, figures, the gate.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from models_ml.baselines import blended_hazards
from models_ml.boosting import Boosting, train_booster
from models_ml.bundle import BundleDraft, TimeToHireBundle, open_content, unwritten_content
from models_ml.evaluation import censoring_weights
from models_ml.feature_contract import TIME_TO_HIRE, Encoder
from models_ml.intervals import conformal_levels, nominal_levels
from models_ml.splits import grouped_holdout
from models_ml.time_to_hire.config import TimeToHireConfig
from models_ml.time_to_hire.dataset import CENSORED, FILLED, Cases, event_bins, person_periods
from models_ml.time_to_hire.prediction import PERIOD_COLUMNS, STAGES, Vector

SEGMENT = "subject"


def open_draft(draft: BundleDraft) -> TimeToHireBundle:
    """Return the bundle a draft will be, without writing it."""
    bundle = open_content(unwritten_content(draft))
    if not isinstance(bundle, TimeToHireBundle):
        raise TypeError(f"{draft.model} is not a time-to-hire draft")
    return bundle


def filled_weights(cases: Cases) -> Vector:
    """Return weights, shape (n,), of the rows that ended by filling; they stand for those still open."""
    return np.where(cases.event == FILLED, censoring_weights(cases.remaining, cases.event != CENSORED), 0.0)


def _levels(bundle: TimeToHireBundle, encoder: Encoder, cases: Cases, keep_median: bool) -> dict[str, list[float]]:
    rows = encoder.matrix(cases.frame)
    predicted = bundle.predict_distributions(rows)
    levels = np.array([item.level(days) for item, days in zip(predicted, cases.remaining, strict=True)])
    stages = [bundle.stage(row) for row in rows]
    return conformal_levels(levels, filled_weights(cases), stages, STAGES, keep_median)


def _draft(kind: Any, encoder: Encoder, tables: dict[str, Any], boosters: dict[str, str], data: dict[str, Any]) -> BundleDraft:
    return BundleDraft("time_to_hire", kind, encoder.features, TIME_TO_HIRE.digest, tables=tables, boosters=boosters, **data)


def fit_kaplan_meier(cases: Cases, config: TimeToHireConfig, seed: int, data: dict[str, Any], pooled: bool = False) -> BundleDraft:
    """Fit the fallback: cumulative incidence by subject since approval, from the first row of each opening.

    ``pooled`` leaves the segments out (the global median). ``data``: data_digest, as_of, world of the draft.
    """
    encoder = TIME_TO_HIRE.fit(cases.frame)
    order = np.argsort(cases.elapsed, kind="stable")
    openings = cases.frame["opening_id"].cast(pl.String).to_numpy().astype(str)
    first = np.zeros(len(cases), dtype=bool)
    first[order[np.unique(openings[order], return_index=True)[1]]] = True
    once = cases.take(first)
    ages = once.elapsed + once.remaining
    edges = event_bins(Cases(once.frame, ages, once.event), 2 * config.bins, config.smallest_at_risk)
    segments = once.frame[SEGMENT].cast(pl.String).fill_null("").to_numpy().astype(str)
    curves = blended_hazards(once.elapsed, ages, once.event, segments, edges, config.blend_rows)
    if pooled:
        curves = {"": curves[""]}
    tables = {
        "segment": SEGMENT,
        "edges": edges.tolist(),
        "filled": {key: curve[0].tolist() for key, curve in curves.items()},
        "cancelled": {key: curve[1].tolist() for key, curve in curves.items()},
        "levels": nominal_levels(STAGES),
    }
    plain = open_draft(_draft("kaplan_meier", encoder, tables, {}, data))
    held = cases.take(grouped_holdout(cases.jobs.tolist(), config.holdout_share, seed))
    return _draft("kaplan_meier", encoder, tables | {"levels": _levels(plain, encoder, held, keep_median=True)}, {}, data)


def _settings(config: TimeToHireConfig, periods_count: int, seed: int) -> Boosting:
    return Boosting(
        rounds=config.rounds,
        learning_rate=config.learning_rate,
        leaves=config.leaves,
        smallest_leaf=min(config.smallest_leaf, max(20, periods_count // 20)),
        patience=config.patience,
        threads=config.threads,
        seed=seed,
    )


def fit_hazard(cases: Cases, config: TimeToHireConfig, seed: int, data: dict[str, Any]) -> BundleDraft:
    """Fit the discrete-time hazards of both causes; a fifth of the jobs stops the boosting and sets the interval levels."""
    encoder = TIME_TO_HIRE.fit(cases.frame)
    edges = event_bins(cases, config.bins, config.smallest_at_risk)
    periods = person_periods(cases, encoder, edges)
    held_cases = grouped_holdout(cases.jobs.tolist(), config.holdout_share, seed)
    held = held_cases[periods.case]
    columns = [*encoder.names, *PERIOD_COLUMNS]
    boosters = {
        cause: train_booster(
            periods.matrix, target, periods.weight, held, columns, encoder.categorical, _settings(config, len(periods.case), seed)
        ).model_to_string()
        for cause, target in (("filled", periods.filled), ("cancelled", periods.cancelled))
    }
    tables = {"edges": edges.tolist(), "levels": nominal_levels(STAGES)}
    plain = open_draft(_draft("hazard", encoder, tables, boosters, data))
    levels = _levels(plain, encoder, cases.take(held_cases), keep_median=False)
    return _draft("hazard", encoder, tables | {"levels": levels}, boosters, data)


Predictor = Callable[[pl.DataFrame], Vector]


def fit_ridge(cases: Cases) -> Predictor:
    """Fit the challenger "ridge on log days": filled rows weighted for censoring, one-hot categories, standardised numbers."""
    from sklearn.linear_model import Ridge
    from sklearn.preprocessing import StandardScaler

    encoder = TIME_TO_HIRE.fit(cases.frame)

    def design(frame: pl.DataFrame) -> Vector:
        rows = encoder.matrix(frame)
        numbers = np.delete(rows, encoder.categorical, axis=1)
        dummies = [
            (rows[:, [column]] == np.arange(len(encoder.features[column].categories))).astype(float) for column in encoder.categorical
        ]
        return np.column_stack([np.nan_to_num(numbers), np.isnan(numbers).any(axis=1).astype(float), *dummies])

    weights = filled_weights(cases)
    kept = weights > 0
    matrix = design(cases.frame)[kept]
    scaler = StandardScaler().fit(matrix)
    ridge = Ridge(alpha=10.0).fit(scaler.transform(matrix), np.log1p(cases.remaining[kept]), sample_weight=weights[kept])
    return lambda frame: np.asarray(np.expm1(ridge.predict(scaler.transform(design(frame)))), dtype=np.float64)


def fit_l1(cases: Cases, config: TimeToHireConfig, seed: int) -> Predictor:
    """Fit the challenger "L1 LightGBM": the median of filled rows weighted for censoring."""
    encoder, weights = TIME_TO_HIRE.fit(cases.frame), filled_weights(cases)
    kept = weights > 0
    held = grouped_holdout(cases.jobs.tolist(), config.holdout_share, seed)[kept]
    matrix = encoder.matrix(cases.frame)[kept]
    settings = _settings(config, 0, seed).model_copy(update={"objective": "l1", "smallest_leaf": 50})
    booster = train_booster(matrix, cases.remaining[kept], weights[kept], held, encoder.names, encoder.categorical, settings)
    return lambda frame: np.maximum(np.asarray(booster.predict(encoder.matrix(frame), num_threads=config.threads)), 0.0)
