"""The honest figures: K1–K6 and P2 of remaining time and the calibration of probabilities, each with n and an interval.

What belongs here: pure functions of arrays. What doesn't: which rows are tested (splits) and what is stored (``score_rows``).

Every figure is a ratio of weighted sums over rows, so its 95 % interval comes from one bootstrap of whole groups (jobs). Rows
still open when the history ends are not dropped: ended rows stand for them with weight 1/G(T-), G being the Kaplan–Meier curve of
the censoring time (inverse probability of censoring weights, Robins & Finkelstein 2000).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from metrics.survival import kaplan_meier

Vector = NDArray[np.float64]
Mask = NDArray[np.bool_]

_G_FLOOR = 0.05  # a weight is at most 20: one late case must not carry a figure
DRAWS = 400


@dataclass(frozen=True)
class Figure:
    """A value with its 95 % interval and the number of rows behind it; NaN where it is not defined."""

    value: float
    lower: float
    upper: float
    n: int


def censoring_weights(durations: Vector, ended: Mask) -> Vector:
    """Return weights, shape (n,): 0 for rows still open, 1/G(T-) for ended ones."""
    if not len(durations):
        return np.zeros(0)
    curve = kaplan_meier(durations, ~ended)
    survival = np.concatenate([[1.0], curve.survival])[np.searchsorted(curve.times, durations, side="left")]
    return np.where(ended, 1.0 / np.maximum(survival, _G_FLOOR), 0.0)


class Bootstrap:
    """Resamples of whole groups, shared by every figure of the same rows: two models are compared pairwise by construction.

    Args:
        groups: group of each row, shape (n,): jobs (openings and applications of a job end together).
        seed: makes the draws repeatable.
        draws: number of resamples.
    """

    def __init__(self, groups: NDArray[np.str_], seed: int, draws: int = DRAWS) -> None:
        """Draw how often each group is taken, shape (draws, groups)."""
        names, self._inverse = np.unique(groups, return_inverse=True)
        self._groups_count = len(names)
        picks = np.random.default_rng(seed).integers(0, max(len(names), 1), size=(draws, len(names)))
        flat = (picks + np.arange(draws)[:, None] * len(names)).ravel()
        self.counts = np.bincount(flat, minlength=draws * len(names)).reshape(draws, len(names)).astype(np.float64)

    def row_counts(self, draw: int) -> Vector:
        """Return how often each row is in a draw, shape (n,)."""
        counts: Vector = self.counts[draw][self._inverse]
        return counts

    def ratio(self, numerator: Vector, denominator: Vector, one_minus: bool = False) -> Figure:
        """Return sum(numerator) / sum(denominator), or one minus it, with its percentile interval."""
        n = len(numerator)
        total = float(denominator.sum()) if n else 0.0
        if total == 0:
            return Figure(float("nan"), float("nan"), float("nan"), n)
        sums = [np.bincount(self._inverse, weights=column, minlength=self._groups_count) for column in (numerator, denominator)]
        top, bottom = self.counts @ sums[0], self.counts @ sums[1]
        drawn = (top[bottom != 0]) / bottom[bottom != 0]
        value, (lower, upper) = float(numerator.sum()) / total, np.quantile(drawn, [0.025, 0.975])
        if one_minus:
            return Figure(1 - value, 1 - float(upper), 1 - float(lower), n)
        return Figure(value, float(lower), float(upper), n)


@dataclass(frozen=True)
class TimeCases:
    """Test rows of a time prediction, all shape (n,): days elapsed at as_of, days from as_of to the end, weight, group.

    Only ended-as-filled rows carry weight (an opening cancelled has no time to hire); the weights stand for those still open.
    """

    elapsed: Vector
    remaining: Vector
    weight: Vector
    group: NDArray[np.str_]

    @property
    def total(self) -> Vector:
        """Actual total days."""
        return self.elapsed + self.remaining

    def take(self, mask: Mask) -> "TimeCases":
        """Return the rows of a mask."""
        return TimeCases(self.elapsed[mask], self.remaining[mask], self.weight[mask], self.group[mask])


@dataclass(frozen=True)
class TimePredictions:
    """Predicted remaining days, shape (n,): median, mean and, where the model has one, the 80 % interval (inf = beyond)."""

    median: Vector
    mean: Vector
    p10: Vector | None = None
    p90: Vector | None = None

    def take(self, mask: Mask) -> "TimePredictions":
        """Return the rows of a mask."""
        p10, p90 = (None if side is None else side[mask] for side in (self.p10, self.p90))
        return TimePredictions(self.median[mask], self.mean[mask], p10, p90)


def time_figures(cases: TimeCases, predicted: TimePredictions, baseline: TimePredictions, bootstrap: Bootstrap) -> dict[str, Figure]:
    """Return the K set of one predictor; ``bootstrap`` is over the groups of ``cases``.

    K1 1 - WAPE of total days; K2 share within max(7 d, 25 % of the total); K3 bias of the predicted mean as a share of the mean
    (positive = too late; the median of a skewed time lies below its mean, so it can't be judged for bias); K4 coverage of the
    80 % interval and K4_width in days; K5 skill 1 - MAE / MAE of the segment Kaplan–Meier median; MAE in days.
    """
    weight, total, error = cases.weight, cases.total, np.abs(predicted.median - cases.remaining)

    def ratio(numerator: Vector, denominator: Vector, one_minus: bool = False) -> Figure:
        figure = bootstrap.ratio(weight * numerator, weight * denominator, one_minus)
        return replace(figure, n=int((weight > 0).sum()))

    one = np.ones(len(total))
    figures = {
        "K1": ratio(error, total, one_minus=True),
        "K2": ratio((error <= np.maximum(7.0, 0.25 * total)).astype(float), one),
        "K3": ratio(predicted.mean - cases.remaining, total),
        "K5": ratio(error, np.abs(baseline.median - cases.remaining), one_minus=True),
        "MAE": ratio(error, one),
    }
    if predicted.p10 is not None and predicted.p90 is not None:
        inside = (predicted.p10 <= cases.remaining) & (cases.remaining <= predicted.p90)
        figures["K4"] = ratio(inside.astype(float), one)
        bounded = np.isfinite(predicted.p90)
        figures["K4_width"] = ratio(np.where(bounded, np.where(bounded, predicted.p90, 0) - predicted.p10, 0.0), bounded.astype(float))
    return figures


def concordance(cases: TimeCases, predicted: Vector, seed: int, pairs: int = 50_000, draws: int = 40) -> Figure:
    """Return the weighted share of random pairs of ended rows put in the right order (C-index; ties count one half).

    Pairs of one job are left out: they end together. The interval resamples whole jobs, a pair counting as often as both are drawn.
    """
    index = np.flatnonzero(cases.weight > 0)
    if len(index) < 2:
        return Figure(float("nan"), float("nan"), float("nan"), len(index))
    left, right = np.random.default_rng(seed).choice(index, size=(2, pairs))
    order = np.sign(cases.remaining[left] - cases.remaining[right])
    agree = 0.5 * (1 + order * np.sign(predicted[left] - predicted[right]))
    weight = cases.weight[left] * cases.weight[right] * ((order != 0) & (cases.group[left] != cases.group[right]))
    if not weight.sum():
        return Figure(float("nan"), float("nan"), float("nan"), len(index))
    bootstrap, drawn = Bootstrap(cases.group, seed, draws), []
    for draw in range(draws):
        counts = bootstrap.row_counts(draw)
        mass = weight * counts[left] * counts[right]
        if mass.sum():
            drawn.append(float((mass * agree).sum() / mass.sum()))
    lower, upper = np.quantile(drawn, [0.025, 0.975]) if drawn else (float("nan"), float("nan"))
    return Figure(float((weight * agree).sum() / weight.sum()), float(lower), float(upper), len(index))


def gap_closed(cases: TimeCases, predicted: Vector, baseline: Vector, oracle: Vector, seed: int) -> Figure:
    """Return K6: the share of the error between the baseline and the best possible predictor that a model saves.

    (MAE of the baseline − MAE of the model) / (MAE of the baseline − MAE of the oracle), all of remaining days, shape (n,), on the same
    rows; the interval resamples jobs. 1 = as good as knowing how the simulator works, 0 = no better than the baseline.
    """
    weight = cases.weight
    errors = [weight * np.abs(each - cases.remaining) for each in (predicted, baseline, oracle)]
    figure = Bootstrap(cases.group, seed).ratio(errors[1] - errors[0], errors[1] - errors[2])
    return replace(figure, n=int((weight > 0).sum()))


@dataclass(frozen=True)
class OutcomeCases:
    """Test rows of a probability, all shape (n,): outcome 0/1, weight (0 = not ended), group."""

    outcome: Vector
    weight: Vector
    group: NDArray[np.str_]

    def take(self, mask: Mask | NDArray[np.int64]) -> "OutcomeCases":
        """Return the rows of a mask or of positions."""
        return OutcomeCases(self.outcome[mask], self.weight[mask], self.group[mask])


def probability_figures(cases: OutcomeCases, predicted: Vector, baseline: Vector, seed: int, draws: int = 40) -> dict[str, Figure]:
    """Return brier, brier_skill (against the prior rate), log_loss, ece (ten equal-mass bins), slope and auc, with intervals.

    ``draws`` resamples for ece, slope and auc, which are no ratios of sums.
    """
    mask = cases.weight > 0
    cases, predicted, baseline = cases.take(mask), predicted[mask], baseline[mask]
    n = len(predicted)
    if not n:
        return {}
    order = np.argsort(predicted, kind="stable")  # sorted once: every resample keeps the order
    cases, predicted, baseline = cases.take(order), predicted[order], baseline[order]
    weight, outcome = cases.weight, cases.outcome
    bootstrap = Bootstrap(cases.group, seed)
    clipped = np.clip(predicted, 1e-6, 1 - 1e-6)
    squared, losses = (predicted - outcome) ** 2, -(outcome * np.log(clipped) + (1 - outcome) * np.log(1 - clipped))
    figures = {
        "brier": bootstrap.ratio(weight * squared, weight),
        "brier_skill": bootstrap.ratio(weight * squared, weight * (baseline - outcome) ** 2, one_minus=True),
        "log_loss": bootstrap.ratio(weight * losses, weight),
    }
    slope = calibration_slope(outcome, clipped, weight)
    # Resampled slopes come from 512 cells of neighbouring predictions: the same to three digits, a hundred times faster.
    cells = np.unique(np.linspace(0, n - 1, 512).astype(int))
    middles = np.add.reduceat(clipped, cells) / np.diff(np.append(cells, n))

    def resampled_slope(drawn: Vector) -> float:
        mass, positive = np.add.reduceat(drawn, cells), np.add.reduceat(drawn * outcome, cells)
        return calibration_slope(np.divide(positive, mass, out=np.zeros(len(mass)), where=mass > 0), middles, mass)

    statistics: dict[str, Callable[[Vector], float]] = {
        "ece": lambda drawn: _sorted_calibration_error(outcome, predicted, drawn),
        "slope": resampled_slope,
        "auc": lambda drawn: _sorted_area(outcome, predicted, drawn),
    }
    resamples = [weight * bootstrap.row_counts(draw) for draw in range(draws)]
    for name, statistic in statistics.items():
        spread = [value for drawn in resamples if (value := statistic(drawn)) == value]
        lower, upper = np.quantile(spread, [0.025, 0.975]) if spread else (float("nan"), float("nan"))
        figures[name] = Figure(slope if name == "slope" else statistic(weight), float(lower), float(upper), n)
    return figures


def calibration_error(outcome: Vector, predicted: Vector, weight: Vector) -> float:
    """Return the expected calibration error over ten bins of equal weight, all shape (n,)."""
    order = np.argsort(predicted, kind="stable")
    return _sorted_calibration_error(outcome[order], predicted[order], weight[order])


def _sorted_calibration_error(outcome: Vector, predicted: Vector, weight: Vector, bins: int = 10) -> float:
    mass = np.cumsum(weight)
    if not len(mass) or mass[-1] == 0:
        return float("nan")
    bucket = np.minimum((bins * (mass - weight / 2) / mass[-1]).astype(int), bins - 1)
    gap = np.bincount(bucket, weights=weight * (outcome - predicted), minlength=bins)
    return float(np.abs(gap).sum() / mass[-1])


def logistic_line(outcome: Vector, predicted: Vector, weight: Vector, steps: int = 25) -> tuple[float, float]:
    """Return (intercept, slope) of a logistic regression of the outcome (0 to 1) on the log-odds predicted, all shape (n,).

    NaN when it is not identified. Newton's method, steps bounded.
    """
    logit = np.log(predicted / (1 - predicted))
    positive, total = float((weight * outcome).sum()), float(weight.sum())
    if not 0 < positive < total or np.ptp(logit) < 1e-9:
        return float("nan"), float("nan")
    beta = np.array([0.0, 1.0])
    for _ in range(steps):
        fitted = 1 / (1 + np.exp(-np.clip(beta[0] + beta[1] * logit, -30, 30)))
        residual, spread = weight * (outcome - fitted), weight * fitted * (1 - fitted)
        cross = float((spread * logit).sum())
        curvature = np.array([[spread.sum() + 1e-9, cross], [cross, (spread * logit**2).sum() + 1e-9]])
        change = np.clip(np.linalg.solve(curvature, np.array([residual.sum(), (residual * logit).sum()])), -2, 2)
        beta = beta + change
        if np.abs(change).max() < 1e-6:
            break
    return float(beta[0]), float(beta[1])


def calibration_slope(outcome: Vector, predicted: Vector, weight: Vector) -> float:
    """Return the slope of :func:`logistic_line` (1 = neither over- nor underconfident)."""
    return logistic_line(outcome, predicted, weight)[1]


def area_under_curve(outcome: Vector, predicted: Vector, weight: Vector) -> float:
    """Return the weighted area under the ROC curve; ties count one half."""
    order = np.argsort(predicted, kind="stable")
    return _sorted_area(outcome[order], predicted[order], weight[order])


def _sorted_area(outcome: Vector, predicted: Vector, weight: Vector) -> float:
    ties = np.concatenate([[0], np.flatnonzero(np.diff(predicted)) + 1])
    positive, negative = np.add.reduceat(weight * outcome, ties), np.add.reduceat(weight * (1 - outcome), ties)
    if positive.sum() == 0 or negative.sum() == 0:
        return float("nan")
    below = np.cumsum(negative) - negative / 2
    return float((positive * below).sum() / (positive.sum() * negative.sum()))


def crossing(figures: Mapping[str, Figure], stages: tuple[str, ...], goal: float = 0.70) -> str | None:
    """Return the first as-of stage at which K1 reaches ``goal``; None if no stage does."""
    return next((stage for stage in stages if stage in figures and figures[stage].value >= goal), None)
