"""Backtest, judge and fit time to hire.

What belongs here: running the recipes over rolling origins and putting their figures side by side. What doesn't: the recipes
(``pipeline``), registration (``models_ml.training``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from models_ml.bundle import BundleDraft, with_golden
from models_ml.calibration import Bin, calibration_rows, reliability
from models_ml.cards import card_text
from models_ml.evaluation import Bootstrap, Figure, TimeCases, TimePredictions, concordance, crossing, time_figures
from models_ml.gate import Verdict, judge_time, quick_enough, refused, reproduced
from models_ml.latency import latency_ratio
from models_ml.scores import ALL, BACKTEST_SCHEMA, Key, score_rows
from models_ml.splits import HistoryTooShort, Origin, rolling_origins
from models_ml.time_to_hire.config import CONFIG, LANDMARKS, TimeToHireConfig
from models_ml.time_to_hire.dataset import Cases, cut, digest, prepare
from models_ml.time_to_hire.pipeline import filled_weights, fit_hazard, fit_kaplan_meier, fit_l1, fit_ridge, open_draft
from models_ml.training import Report, Trained

BASELINE, HAZARD = "kaplan_meier", "hazard"


@dataclass(frozen=True)
class Backtest:
    """Test rows of all origins, in order, with the predictions of every recipe."""

    cases: Cases
    truth: TimeCases
    origin: np.ndarray[Any, np.dtype[np.str_]]
    predictions: Mapping[str, TimePredictions]
    refitted: tuple[float, float]  # mean absolute error of the hazard model at the first origin, fitted once and once more

    @property
    def landmark(self) -> np.ndarray[Any, np.dtype[np.str_]]:
        """As-of stage of each row."""
        return self.cases.frame["landmark"].cast(pl.String).to_numpy().astype(str)


def fit_and_judge(
    frames: Mapping[str, pl.DataFrame], as_of: datetime, seed: int, world: str, report: Report, config: TimeToHireConfig = CONFIG
) -> Trained:
    """Fit the fallback and the hazard model on everything known at ``as_of``; backtest all recipes over rolling origins."""
    rows = prepare(frames)
    data = {"data_digest": digest(rows), "as_of": as_of, "world": world}
    cases = cut(rows, None, as_of, as_of)
    fallback = _with_golden(fit_kaplan_meier(cases, config, seed, data), cases)
    backtest = None
    if len(cases) >= config.fallback_below and (cases.event == 1).sum() >= config.fallback_below // 5:
        try:
            origins = rolling_origins(cases.frame["as_of"].min(), as_of, config.origins)  # type: ignore[arg-type]  # a datetime column
            backtest = run_backtest(rows, origins, as_of, config, seed, report)
        except HistoryTooShort as error:
            report(str(error))
    if backtest is None:
        nothing = score_rows("time_to_hire", world, {})
        card = card_text(Path(__file__).parent, data, nothing, [])
        empty = (calibration_rows("time_to_hire", world, {}), pl.DataFrame(schema=BACKTEST_SCHEMA))
        return Trained(fallback, None, lambda _: refused("evidence", "enough history"), nothing, _NAMES, card, *empty)
    report("time to hire: fitting on the whole history")
    challenger = _with_golden(fit_hazard(cases, config, seed, data), cases)
    figures = backtest_figures(backtest, seed)
    scores = score_rows("time_to_hire", world, figures)
    model, baseline = open_draft(challenger), open_draft(fallback)
    row = model.encoder.matrix(cases.frame[:1])[0]
    ratio = latency_ratio(partial(model.predict_distribution, row), partial(baseline.predict_distribution, row))
    report(f"time to hire: a prediction takes {ratio:.1f} times the baseline's")

    def judge(champion_kind: str) -> Verdict:
        found = backtest.predictions
        verdict = judge_time(backtest.truth, found[HAZARD], found[champion_kind], found[BASELINE], seed)
        return verdict.and_also(quick_enough(ratio), reproduced(*backtest.refitted))

    card = card_text(Path(__file__).parent, data, scores, _findings(figures))
    bins = calibration_rows("time_to_hire", world, backtest_bins(backtest, seed))
    return Trained(fallback, challenger, judge, scores, _NAMES, card, bins, backtest_rows(backtest, world))


_NAMES = {BASELINE: (BASELINE,), HAZARD: (HAZARD,)}


def run_backtest(
    rows: pl.DataFrame, origins: list[Origin], as_of: datetime, config: TimeToHireConfig, seed: int, report: Report
) -> Backtest:
    """Fit every recipe at each origin on labels cut there, predict the window that follows, join with what happened later.

    Raises:
        HistoryTooShort: an origin has no filled opening to learn from or nothing to test.
    """
    tested: list[Cases] = []
    names: list[str] = []
    found: dict[str, list[TimePredictions]] = {}
    for number, origin in enumerate(origins, start=1):
        report(f"time to hire: origin {number} of {len(origins)}, {origin.at:%Y-%m-%d}")
        train, test = cut(rows, None, origin.at, origin.at), cut(rows, origin.at, origin.until, as_of)
        if (train.event == 1).sum() < 50 or not len(test):
            raise HistoryTooShort(f"origin {origin.at:%Y-%m-%d} has {int((train.event == 1).sum())} filled openings: fewer than 50")
        tested.append(test)
        names += [f"{origin.at:%Y-%m-%d}"] * len(test)
        data = {"data_digest": "", "as_of": origin.at, "world": ""}
        drafts = {
            BASELINE: fit_kaplan_meier(train, config, seed, data),
            "kaplan_meier_pooled": fit_kaplan_meier(train, config, seed, data, pooled=True),
            HAZARD: fit_hazard(train, config, seed, data),
        }
        for name, draft in drafts.items():
            found.setdefault(name, []).append(predictions(draft, test))
        if number == 1:
            refitted = _refitted(fit_hazard(train, config, seed, data), test, found[HAZARD][0])
        for name, predictor in {"ridge_log": fit_ridge(train), "l1_ipcw": fit_l1(train, config, seed)}.items():
            days = predictor(test.frame)
            found.setdefault(name, []).append(TimePredictions(days, days))
    cases = Cases(
        pl.concat([item.frame for item in tested]),
        np.concatenate([item.remaining for item in tested]),
        np.concatenate([item.event for item in tested]),
    )
    truth = TimeCases(cases.elapsed, cases.remaining, filled_weights(cases), cases.jobs)
    return Backtest(cases, truth, np.array(names), {name: _joined(parts) for name, parts in found.items()}, refitted)


def _refitted(again: BundleDraft, test: Cases, first: TimePredictions) -> tuple[float, float]:
    """Return the weighted mean absolute error of the first fit and of the second, on the same rows."""
    weight = filled_weights(test)
    errors = [float((weight * np.abs(each.median - test.remaining)).sum()) for each in (first, predictions(again, test))]
    return errors[0] / max(weight.sum(), 1e-9), errors[1] / max(weight.sum(), 1e-9)


def predictions(draft: BundleDraft, cases: Cases) -> TimePredictions:
    """Predict cases with the bundle a draft will be; "more than N days" counts as N in the median, as infinite in P90."""
    bundle = open_draft(draft)
    found = bundle.predict_distributions(bundle.encoder.matrix(cases.frame))

    def column(name: str, beyond: float | None = None) -> np.ndarray[Any, np.dtype[np.float64]]:
        values = [(getattr(item, name), item.beyond_days if beyond is None else beyond) for item in found]
        return np.array([instead if value is None else value for value, instead in values], dtype=np.float64)

    return TimePredictions(column("median_days"), column("mean_days"), column("p10_days"), column("p90_days", np.inf))


def _joined(parts: list[TimePredictions]) -> TimePredictions:
    def whole(name: str) -> Any:
        columns = [getattr(part, name) for part in parts]
        return None if columns[0] is None else np.concatenate(columns)

    return TimePredictions(whole("median"), whole("mean"), whole("p10"), whole("p90"))


def backtest_figures(backtest: Backtest, seed: int) -> dict[Key, dict[str, Figure]]:
    """Return the K set by predictor, as-of stage and origin ("all" = pooled); one row per opening and stage."""
    figures: dict[Key, dict[str, Figure]] = {}
    weighted = backtest.truth.weight > 0
    for landmark in LANDMARKS:
        for origin in (ALL, *sorted(set(backtest.origin.tolist()))):
            mask = weighted & (backtest.landmark == landmark) & ((backtest.origin == origin) | (origin == ALL))
            if not mask.any():
                continue
            truth = backtest.truth.take(mask)
            if origin != ALL:  # a window by itself has its own follow-up, so its own weights
                own = backtest.cases.take(backtest.origin == origin)
                truth = replace(truth, weight=filled_weights(own)[mask[backtest.origin == origin]])
            bootstrap = Bootstrap(truth.group, seed)
            baseline = backtest.predictions[BASELINE].take(mask)
            for name, predicted in backtest.predictions.items():
                found = time_figures(truth, predicted.take(mask), baseline, bootstrap)
                if origin == ALL:
                    found["P2_concordance"] = concordance(truth, predicted.median[mask], seed)
                figures[name, landmark, origin] = found
    return figures


def backtest_bins(backtest: Backtest, seed: int) -> dict[tuple[str, str], list[Bin]]:
    """Return mean predicted and mean actual remaining days in bins of the prediction, by predictor and as-of stage."""
    bins = {}
    for landmark in LANDMARKS:
        mask = (backtest.truth.weight > 0) & (backtest.landmark == landmark)
        truth = backtest.truth.take(mask)
        for name in (HAZARD, BASELINE):
            bins[name, landmark] = reliability(backtest.predictions[name].mean[mask], truth.remaining, truth.weight, truth.group, seed)
    return bins


def backtest_rows(backtest: Backtest, world: str) -> pl.DataFrame:
    """Return rows of ``predictions.backtest_openings``: what was predicted at an origin and what happened, filled openings only.

    One row an opening, as-of stage and predictor (the model and the baseline), all days counted from ``as_of``; ``p90_days`` null =
    beyond the horizon; ``weight`` stands for the openings that are still open.
    """
    kept = backtest.truth.weight > 0
    keys = backtest.cases.frame.select("opening_id", "tenant_id", "job_id", "landmark", "as_of").filter(pl.Series(kept))
    frames = []
    for name in (HAZARD, BASELINE):
        predicted = backtest.predictions[name].take(kept)
        assert predicted.p10 is not None
        assert predicted.p90 is not None
        frames.append(
            keys.with_columns(
                pl.Series("origin", backtest.origin[kept]),
                pl.Series("elapsed_days", backtest.truth.elapsed[kept]),
                pl.Series("median_days", predicted.median),
                pl.Series("p10_days", predicted.p10),
                pl.Series("p90_days", np.where(np.isfinite(predicted.p90), predicted.p90, np.nan)).fill_nan(None),
                pl.Series("actual_days", backtest.truth.remaining[kept]),
                pl.Series("weight", backtest.truth.weight[kept]),
                predictor=pl.lit(name),
                bundle_id=pl.lit(""),
                world=pl.lit(world),
            )
        )
    return pl.concat(frames).select(pl.col(name).cast(kind) for name, kind in BACKTEST_SCHEMA.items())


def _findings(figures: Mapping[Key, Mapping[str, Figure]]) -> list[str]:
    by_stage = {landmark: metrics["K1"] for (name, landmark, origin), metrics in figures.items() if (name, origin) == (HAZARD, ALL)}
    stage = crossing(by_stage, LANDMARKS)
    reached = f"K1 reaches 0.70 at the stage {stage}." if stage else "K1 reaches 0.70 at no as-of stage."
    return [reached, *(f"{name}: K1 {figure.value:.3f} ({figure.lower:.3f} to {figure.upper:.3f})" for name, figure in by_stage.items())]


def _with_golden(draft: BundleDraft, cases: Cases, count: int = 8) -> BundleDraft:
    """Pin answers for rows spread over the history, one of them with nothing known but its age."""
    frame = cases.frame.sort("as_of", "opening_id", "landmark")
    encoder = open_draft(draft).encoder
    golden: list[dict[str, Any]] = []
    if frame.height:
        golden = encoder.rows(frame[np.unique(np.linspace(0, frame.height - 1, count).astype(int)).tolist()])
    golden.append({name: (3.0 if name == "elapsed_days" else None) for name in encoder.names})
    return with_golden(draft, golden)
