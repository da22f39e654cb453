"""Fitting one stage: a calibrated booster, or the prior rate where there is too little to learn from.

What belongs here: cases in, a head (table and booster text) out. What doesn't: origins, figures, the gate.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from models_ml.baselines import blended_rates
from models_ml.booster import FastBooster
from models_ml.boosting import Boosting, train_booster
from models_ml.bundle import BundleDraft, CandidateSuccessBundle, open_content, unwritten_content
from models_ml.candidate_success.config import SEGMENTS, CandidateSuccessConfig, Head
from models_ml.candidate_success.dataset import Cases
from models_ml.candidate_success.prediction import segment_key
from models_ml.evaluation import Bootstrap, OutcomeCases, logistic_line
from models_ml.feature_contract import CANDIDATE_SUCCESS, Encoder
from models_ml.splits import grouped_holdout

Vector = NDArray[np.float64]
_RAW = (1e-6, 1 - 1e-6)


@dataclass(frozen=True)
class FittedHead:
    """A stage of a bundle: its table, and the booster's text unless it is a prior."""

    table: dict[str, Any]
    booster: str | None = None


def fit_prior(cases: Cases, head: Head, config: CandidateSuccessConfig) -> FittedHead:
    """Return the past rate by segment, shrunk to the pooled one; once per application and segment value."""
    segment = SEGMENTS[head]
    kept = cases.truth.weight > 0
    column = cases.frame[segment]
    keys = {value: segment_key(float(value) if isinstance(value, int) else value) for value in column.unique().to_list()}
    names = np.array([keys[value] for value in column.to_list()], dtype=str)[kept]
    rates = blended_rates(cases.truth.outcome[kept], cases.truth.weight[kept], names.tolist(), config.blend_rows)
    return FittedHead({"segment": segment, "rates": rates})


def enough(cases: Cases, config: CandidateSuccessConfig) -> bool:
    """Tell whether there are enough candidates with a known outcome, of both kinds, to fit and calibrate."""
    fewest = min(cases.candidates_count(0), cases.candidates_count(1))
    return fewest >= config.fewest_of_each and cases.candidates_count(0) + cases.candidates_count(1) >= config.fewest_ended


def fit_head(cases: Cases, encoder: Encoder, config: CandidateSuccessConfig, seed: int) -> FittedHead:
    """Fit and calibrate a booster on ended rows, weighted for censoring; a quarter of the jobs stops and calibrates it.

    Who applied to a held-out job is left out of the fit altogether, so neither a job nor a person is on both sides.
    """
    held = grouped_holdout(cases.truth.group.tolist(), config.holdout_share, seed)
    kept = (cases.truth.weight > 0) & (held | ~np.isin(cases.candidate, cases.candidate[held]))
    truth, held = cases.truth.take(kept), held[kept]
    matrix = encoder.matrix(cases.frame)[kept]
    settings = Boosting(
        rounds=config.rounds,
        learning_rate=config.learning_rate,
        leaves=config.leaves,
        smallest_leaf=min(config.smallest_leaf, max(20, len(matrix) // 20)),
        patience=config.patience,
        threads=config.threads,
        seed=seed,
    )
    booster = train_booster(matrix, truth.outcome, truth.weight, held, encoder.names, encoder.categorical, settings)
    text = booster.model_to_string()
    raw = np.clip(FastBooster(text).matrix(matrix[held]), *_RAW)
    calibrating, candidate = truth.take(held), cases.candidate[kept][held]
    positives = len(np.unique(candidate[calibrating.outcome == 1]))
    return FittedHead(calibration_table(raw, calibrating, positives >= config.isotonic_from, config, seed), text)


def calibration_table(raw: Vector, truth: OutcomeCases, isotonic: bool, config: CandidateSuccessConfig, seed: int) -> dict[str, Any]:
    """Return a monotone table from raw score to probability, with the 95 % interval of a bootstrap over jobs.

    Isotonic regression where there are positives enough, else Platt scaling (Platt 1999; Niculescu-Mizil & Caruana 2005).
    """
    inner = np.unique(np.quantile(raw, np.linspace(0, 1, 101))) if isotonic else _sigmoid(np.linspace(-9, 5, 141))
    grid = np.unique(np.concatenate([[_RAW[0]], inner, [_RAW[1]]]))
    fit = _isotonic if isotonic else _platt
    bootstrap = Bootstrap(truth.group, seed, config.calibration_draws)
    curves = [fit(raw, truth.outcome, truth.weight * bootstrap.row_counts(draw), grid) for draw in range(config.calibration_draws)]
    value = fit(raw, truth.outcome, truth.weight, grid)
    lower, upper = np.quantile(np.stack(curves), [0.025, 0.975], axis=0)
    return {
        "method": "isotonic" if isotonic else "platt",
        "x": grid.tolist(),
        "y": value.tolist(),
        "lower": np.minimum(lower, value).tolist(),
        "upper": np.maximum(upper, value).tolist(),
    }


def _sigmoid(values: Vector) -> Vector:
    return np.asarray(1 / (1 + np.exp(-values)), dtype=np.float64)


def _platt(raw: Vector, outcome: Vector, weight: Vector, grid: Vector) -> Vector:
    intercept, slope = logistic_line(outcome, raw, weight)
    if not slope > 0:  # nothing learned: every score means the rate
        rate = float((weight * outcome).sum() / weight.sum()) if weight.sum() else 0.0
        return np.full(len(grid), rate)
    return _sigmoid(intercept + slope * np.log(grid / (1 - grid)))


def _isotonic(raw: Vector, outcome: Vector, weight: Vector, grid: Vector) -> Vector:
    from sklearn.isotonic import IsotonicRegression

    kept = weight > 0
    edge = 1 / (kept.sum() + 2)  # no finite sample proves a probability of 0 or 1
    curve = IsotonicRegression(y_min=edge, y_max=1 - edge, out_of_bounds="clip").fit(raw[kept], outcome[kept], sample_weight=weight[kept])
    return np.asarray(curve.predict(grid), dtype=np.float64)


def draft(
    kind: Literal["two_stage", "prior_rate"], encoder: Encoder, heads: Mapping[Head, FittedHead], data: Mapping[str, Any]
) -> BundleDraft:
    """Return the bundle draft of two heads. ``data``: data_digest, as_of, world."""
    tables = {str(name): head.table for name, head in heads.items()}
    boosters = {str(name): head.booster for name, head in heads.items() if head.booster is not None}
    return BundleDraft("candidate_success", kind, encoder.features, CANDIDATE_SUCCESS.digest, tables=tables, boosters=boosters, **data)


def open_draft(bundle_draft: BundleDraft) -> CandidateSuccessBundle:
    """Return the bundle a draft will be, without writing it."""
    bundle = open_content(unwritten_content(bundle_draft))
    if not isinstance(bundle, CandidateSuccessBundle):
        raise TypeError(f"{bundle_draft.model} is not a candidate-success draft")
    return bundle
