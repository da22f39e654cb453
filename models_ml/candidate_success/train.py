"""Backtest, judge and fit candidate success, each stage by itself.

What belongs here: running both stages over rolling origins. What doesn't: fitting (``pipeline``), registration
(``models_ml.training``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models_ml.bundle import BundleDraft, with_golden
from models_ml.calibration import Bin, calibration_rows, reliability
from models_ml.candidate_success.config import CONFIG, HEADS, LANDMARKS, CandidateSuccessConfig, Head
from models_ml.candidate_success.dataset import Cases, cut, digest, prepare
from models_ml.candidate_success.pipeline import FittedHead, draft, enough, fit_head, fit_prior, open_draft
from models_ml.cards import card_text
from models_ml.evaluation import Figure, OutcomeCases, probability_figures
from models_ml.feature_contract import CANDIDATE_SUCCESS
from models_ml.gate import Verdict, judge_probability, quick_enough, refused, reproduced
from models_ml.latency import latency_ratio
from models_ml.scores import ALL, BACKTEST_SCHEMA, Key, score_rows
from models_ml.splits import HistoryTooShort, Origin, equal_windows, rolling_origins
from models_ml.training import Report, Trained

Vector = NDArray[np.float64]
_NAMES = {
    "two_stage": tuple(f"{head}_two_stage" for head in HEADS),
    "prior_rate": tuple(f"{head}_prior_rate" for head in HEADS),
}


@dataclass(frozen=True)
class Backtest:
    """Test rows of one stage over all origins with both predictions; origins at which the model could be trained only."""

    truth: OutcomeCases
    landmark: NDArray[np.str_]
    origin: NDArray[np.str_]
    model: Vector
    prior: Vector
    refitted: tuple[float, float]  # Brier score of the model at the first origin, fitted once and once more


def fit_and_judge(
    frames: Mapping[str, pl.DataFrame],
    as_of: datetime,
    seed: int,
    world: str,
    report: Report,
    config: CandidateSuccessConfig = CONFIG,
) -> Trained:
    """Fit prior rates and both stages on everything known at ``as_of``; backtest them over rolling origins.

    The bundle stands or falls with the first stage; the second answers with the prior rate unless it too passes.
    """
    rows = prepare(frames)
    data = {"data_digest": digest(rows), "as_of": as_of, "world": world}
    cases = {head: cut(rows, head, None, as_of, as_of) for head in HEADS}
    encoder = CANDIDATE_SUCCESS.fit(cases["hired"].frame)
    priors = {head: fit_prior(cases[head], head, config) for head in HEADS}
    fallback = _with_golden(draft("prior_rate", encoder, priors, data), cases["hired"])
    backtests = _backtests(rows, as_of, config, seed, report)
    figures = {key: found for head, backtest in backtests.items() for key, found in backtest_figures(head, backtest, seed).items()}
    scores = score_rows("candidate_success", world, figures)
    verdicts = {head: _judge(head, backtests, figures, seed) for head in HEADS}
    findings = [f"{head}: {line}" for head in HEADS for line in verdicts[head].lines]
    challenger = None
    if "hired" in backtests:
        report("candidate success: fitting on the whole history")
        heads: dict[Head, FittedHead] = {"hired": fit_head(cases["hired"], encoder, config, seed), "success": priors["success"]}
        if verdicts["success"].accepted:
            heads["success"] = fit_head(cases["success"], encoder, config, seed)
        else:
            findings.append("success: answered with the past rate")
        challenger = _with_golden(draft("two_stage", encoder, heads, data), cases["hired"])
        row = encoder.matrix(cases["hired"].frame[:1])[0]
        ratio = latency_ratio(partial(open_draft(challenger).predict, row), partial(open_draft(fallback).predict, row))
        report(f"candidate success: a prediction takes {ratio:.1f} times the baseline's")

    def judge(champion_kind: str) -> Verdict:
        verdict = _judge("hired", backtests, figures, seed, champion_kind)
        return verdict.and_also(quick_enough(ratio), reproduced(*backtests["hired"].refitted)) if challenger else verdict

    card = card_text(Path(__file__).parent, data, scores, findings)
    bins = {key: found for head, backtest in backtests.items() for key, found in backtest_bins(head, backtest, seed).items()}
    rows_of_openings = pl.DataFrame(schema=BACKTEST_SCHEMA)
    return Trained(fallback, challenger, judge, scores, _NAMES, card, calibration_rows("candidate_success", world, bins), rows_of_openings)


def _backtests(rows: pl.DataFrame, as_of: datetime, config: CandidateSuccessConfig, seed: int, report: Report) -> dict[Head, Backtest]:
    found: dict[Head, Backtest] = {}
    for head in HEADS:
        try:
            backtest = run_backtest(rows, head, _origins(rows, head, as_of, config), as_of, config, seed, report)
        except HistoryTooShort as error:
            report(f"candidate success, {head}: {error}")
            continue
        if backtest is not None:
            found[head] = backtest
    return found


def _origins(rows: pl.DataFrame, head: Head, as_of: datetime, config: CandidateSuccessConfig) -> list[Origin]:
    """Return the rolling origins of a stage.

    Success matures a year after the hire: its origins lie between the day enough labels were known and the last applications
    whose label is known now.
    """
    if head == "hired" and rows.height:
        return rolling_origins(rows["as_of"].min(), as_of, config.origins)  # type: ignore[arg-type]  # a datetime column
    labelled = rows.filter(pl.col("label_known_at") <= pl.lit(as_of))
    known = labelled.unique("application_id")["label_known_at"].sort()
    if len(known) <= config.fewest_ended:
        raise HistoryTooShort(f"{len(known)} outcomes are known, {config.fewest_ended} are needed before the first origin")
    start, end = known[config.fewest_ended], labelled["as_of"].quantile(0.98)
    return equal_windows(start, end, config.origins)  # type: ignore[arg-type]  # datetime columns


def run_backtest(
    rows: pl.DataFrame, head: Head, origins: list[Origin], as_of: datetime, config: CandidateSuccessConfig, seed: int, report: Report
) -> Backtest | None:
    """Fit a stage and its prior at each origin on labels known there, predict the window that follows.

    An origin with too few known labels is left out (labels of success mature in a year); None when every origin is.
    """
    parts: list[tuple[Cases, str, Vector, Vector]] = []
    for number, origin in enumerate(origins, start=1):
        train, test = cut(rows, head, None, origin.at, origin.at), cut(rows, head, origin.at, origin.until, as_of)
        if not enough(train, config) or not (test.truth.weight > 0).any():
            report(f"candidate success, {head}: origin {number} of {len(origins)} has too few known outcomes")
            continue
        report(f"candidate success, {head}: origin {number} of {len(origins)}, {origin.at:%Y-%m-%d}")
        encoder = CANDIDATE_SUCCESS.fit(train.frame)
        prior = fit_prior(train, head, config)
        data = {"data_digest": "", "as_of": origin.at, "world": ""}
        other: Head = "success" if head == "hired" else "hired"
        pair = [{head: one, other: prior} for one in (fit_head(train, encoder, config, seed), prior)]
        predicted = []
        for heads in pair:
            bundle = open_draft(draft("two_stage", encoder, heads, data))
            predicted.append(bundle.values(head, bundle.encoder.matrix(test.frame)))
        if not parts:
            again = open_draft(draft("two_stage", encoder, {head: fit_head(train, encoder, config, seed), other: prior}, data))
            refitted = _refitted(test.truth, predicted[0], again.values(head, again.encoder.matrix(test.frame)))
        parts.append((test, f"{origin.at:%Y-%m-%d}", predicted[0], predicted[1]))
    if not parts:
        return None
    truths = [part[0].truth for part in parts]
    return Backtest(
        truth=OutcomeCases(*(np.concatenate([getattr(truth, name) for truth in truths]) for name in ("outcome", "weight", "group"))),
        landmark=np.concatenate([part[0].landmark for part in parts]),
        origin=np.concatenate([np.full(len(part[0]), part[1]) for part in parts]),
        model=np.concatenate([part[2] for part in parts]),
        prior=np.concatenate([part[3] for part in parts]),
        refitted=refitted,
    )


def _refitted(truth: OutcomeCases, first: Vector, again: Vector) -> tuple[float, float]:
    """Return the Brier score of the first fit and of the second, on the same rows."""
    one, other = (float((truth.weight * (each - truth.outcome) ** 2).sum() / truth.weight.sum()) for each in (first, again))
    return one, other


def backtest_bins(head: Head, backtest: Backtest, seed: int) -> dict[tuple[str, str], list[Bin]]:
    """Return predicted probability and observed rate in bins of the prediction, by predictor, all as-of stages together."""
    truth = backtest.truth
    return {
        (f"{head}_{name}", ALL): reliability(predicted, truth.outcome, truth.weight, truth.group, seed)
        for name, predicted in (("two_stage", backtest.model), ("prior_rate", backtest.prior))
    }


def backtest_figures(head: Head, backtest: Backtest, seed: int) -> dict[Key, dict[str, Figure]]:
    """Return P1 figures (brier, brier_skill, log_loss, ece, slope, auc) by predictor, as-of stage and origin ("all" = pooled)."""
    figures: dict[Key, dict[str, Figure]] = {}
    everything = np.ones(len(backtest.model), dtype=bool)
    slices = {(ALL, ALL): everything}
    slices |= {(landmark, ALL): backtest.landmark == landmark for landmark in LANDMARKS}
    slices |= {(ALL, origin): backtest.origin == origin for origin in sorted(set(backtest.origin.tolist()))}
    for (landmark, origin), mask in slices.items():
        truth, prior = backtest.truth.take(mask), backtest.prior[mask]
        draws = 100 if (landmark, origin) == (ALL, ALL) else 30
        for name, predicted in ((f"{head}_two_stage", backtest.model[mask]), (f"{head}_prior_rate", prior)):
            found = probability_figures(truth, predicted, prior, seed, draws)
            figures[name, landmark, origin] = {f"P1_{metric}": figure for metric, figure in found.items()}
    return figures


def _judge(
    head: Head,
    backtests: Mapping[Head, Backtest],
    figures: Mapping[Key, Mapping[str, Figure]],
    seed: int,
    champion_kind: str = "prior_rate",
) -> Verdict:
    if head not in backtests:
        return refused("evidence", "enough known outcomes at one of the rolling origins")
    backtest = backtests[head]
    name = f"{head}_two_stage"
    pooled = {metric.removeprefix("P1_"): figure for metric, figure in figures[name, ALL, ALL].items()}
    skills = [
        found["P1_brier_skill"]
        for (predictor, _, origin), found in sorted(figures.items())
        if predictor == name and origin != ALL and "P1_brier_skill" in found
    ]
    champion = backtest.model if champion_kind == "two_stage" else backtest.prior
    return judge_probability(backtest.truth, backtest.model, champion, pooled, skills, seed)


def _with_golden(bundle_draft: BundleDraft, cases: Cases, count: int = 8) -> BundleDraft:
    """Pin answers for rows spread over the history, one of them with nothing known but its rank."""
    frame = cases.frame.sort("as_of", "application_id", "landmark")
    encoder = open_draft(bundle_draft).encoder
    golden: list[dict[str, Any]] = []
    if frame.height:
        golden = encoder.rows(frame[np.unique(np.linspace(0, frame.height - 1, count).astype(int)).tolist()])
    golden.append({name: (1.0 if name == "furthest_rank" else None) for name in encoder.names})
    return with_golden(bundle_draft, golden)
