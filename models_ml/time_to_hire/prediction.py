"""From features to the distribution of remaining days: the code of the hot path, used by training as well.

What belongs here: period rows, hazards to cumulative incidence, quantiles, reasons. What doesn't: fitting.

All times are days from ``as_of``. Two causes compete: *filled* and *cancelled*; with hazards f_k, c_k of bin k and
S_k = prod(1 - f - c), the cumulative incidence of filled is sum(S_{k-1} f_k). Quantiles are of the days to fill *given that it
is filled*; ``cdf`` is the unconditional probability of being filled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models_ml.booster import FastBooster
from models_ml.bundle_files import BundleContent
from models_ml.feature_contract import Encoder

Vector = NDArray[np.float64]

PERIOD_COLUMNS = ("period_index", "period_start_days", "period_elapsed_days", "period_month", "period_days_to_target_start")
_MONTH_DAYS = 365.25 / 12
# Which reading of the state an interval is calibrated for; taken from the features, since a request has no landmark.
STAGES = ("at_open", "day_14", "interviewed", "waiting", "offer")
_WAITING_DAYS = 60
_REASON_OF = {
    "period_elapsed_days": "elapsed_days",
    "period_month": "as_of_month",
    "period_days_to_target_start": "days_to_target_start",
}


@dataclass(frozen=True)
class Reason:
    """Why an answer is as it is: ``effect`` on the log-odds scale, positive = sooner (or more probable)."""

    feature: str
    value: object
    effect: float
    text: str


class RemainingTime:
    """Distribution of the days until an opening is filled, counted from ``as_of``.

    ``median_days``, ``p10_days``, ``p90_days``: given that it is filled; None means "more than ``beyond_days``", the longest
    follow-up the model has seen. ``p_filled``, ``p_cancelled``: within ``beyond_days``.
    """

    __slots__ = ("_ever", "beyond_days", "cancelled", "days", "filled", "median_days", "p10_days", "p90_days")

    def __init__(self, days: Vector, filled: Vector, cancelled: Vector, levels: Sequence[float]) -> None:
        """Take the grid (first day 0), both cumulative incidences on it, and the calibrated levels of P10, median, P90."""
        self.days, self.filled, self.cancelled = days, filled, cancelled
        self.beyond_days = float(days[-1])
        resolved = filled[-1] + cancelled[-1]
        # What is undecided at the horizon is split as the decided part was.
        self._ever = filled[-1] / resolved if resolved > 0 else 0.0
        self.p10_days, self.median_days, self.p90_days = (self.quantile(level) for level in levels)

    def quantile(self, level: float) -> float | None:
        """Days by which a share ``level`` of the openings that are filled will be; None beyond the horizon."""
        target = level * self._ever
        if self._ever <= 0 or target > self.filled[-1]:
            return None
        return float(np.interp(target, self.filled, self.days))

    def level(self, days: float) -> float:
        """Share filled by ``days`` among those that are filled: the inverse of :meth:`quantile`, 1.0 beyond the horizon."""
        if days > self.beyond_days or self._ever <= 0:
            return 1.0
        return float(np.interp(days, self.days, self.filled) / self._ever)

    @property
    def mean_days(self) -> float:
        """Expected days given that it is filled; what lies beyond the horizon counts as the horizon, so it is a lower bound."""
        if self._ever <= 0:
            return self.beyond_days
        steps, middles = np.diff(self.filled) / self._ever, (self.days[1:] + self.days[:-1]) / 2
        return float(steps @ middles + (1 - steps.sum()) * self.beyond_days)

    def cdf(self, days: float) -> float:
        """Probability of being filled within ``days`` (cancellation competes); flat beyond the horizon."""
        return float(np.interp(days, self.days, self.filled, left=0.0))

    @property
    def p_filled(self) -> float:
        """Probability of being filled within ``beyond_days``."""
        return float(self.filled[-1])

    @property
    def p_cancelled(self) -> float:
        """Probability of being cancelled within ``beyond_days``."""
        return float(self.cancelled[-1])


def expand_periods(rows: Vector, starts: Vector, elapsed: int, month: int, target: int) -> Vector:
    """Return person-period rows, shape (n * bins, features + 5), from rows of shape (n, features).

    ``elapsed``, ``month`` and ``target`` are the positions of elapsed_days, as_of_month and days_to_target_start: what is known
    about a future period is its number, its age since approval, its season and its distance to the start of the job.
    """
    count, bins = len(rows), len(starts)
    matrix = np.empty((count, bins, rows.shape[1] + len(PERIOD_COLUMNS)))
    matrix[:, :, : rows.shape[1]] = rows[:, None, :]
    extra = matrix[:, :, rows.shape[1] :]
    extra[:, :, 0] = np.arange(bins)
    extra[:, :, 1] = starts
    extra[:, :, 2] = rows[:, elapsed, None] + starts
    extra[:, :, 3] = np.floor((rows[:, month, None] - 1 + starts / _MONTH_DAYS) % 12) + 1
    extra[:, :, 4] = rows[:, target, None] - starts
    return matrix.reshape(count * bins, -1)


def cumulative_incidence(filled: Vector, cancelled: Vector) -> tuple[Vector, Vector, Vector]:
    """Turn hazards, shape (n, bins), into both cumulative incidences, shape (n, bins + 1), and survival at bin starts."""
    total = filled + cancelled
    scale = np.where(total > 0.999, 0.999 / np.maximum(total, 1e-12), 1.0)
    filled, cancelled = filled * scale, cancelled * scale
    survival = np.cumprod(1 - filled - cancelled, axis=1)
    before = np.concatenate([np.ones((len(filled), 1)), survival[:, :-1]], axis=1)
    zero = np.zeros((len(filled), 1))
    return (
        np.concatenate([zero, np.cumsum(before * filled, axis=1)], axis=1),
        np.concatenate([zero, np.cumsum(before * cancelled, axis=1)], axis=1),
        before,
    )


class TimeToHireBundle:
    """A time-to-hire champion in memory: thread-safe, NumPy in and out."""

    def __init__(self, content: BundleContent) -> None:
        """Index the columns the periods need."""
        self.manifest, self.golden = content.manifest, content.golden
        self.encoder = Encoder(content.manifest.features)
        self._tables = content.tables
        position = self.encoder.position
        self._elapsed, self._interviewed = position["elapsed_days"], position["reached_interview_count"]
        self._offers = position["offers_out_count"]

    def stage(self, row: Vector) -> str:
        """Return the as-of stage of an encoded row: one of ``STAGES``."""
        if row[self._offers] > 0:
            return "offer"
        if row[self._elapsed] >= _WAITING_DAYS:
            return "waiting"
        if row[self._interviewed] > 0:
            return "interviewed"
        return "day_14" if row[self._elapsed] >= 14 else "at_open"

    def predict_distribution(self, features: Mapping[str, object] | Vector) -> RemainingTime:
        """Return the remaining time of one opening, by features (dict) or by an encoded row, shape (features,).

        Raises:
            InvalidFeature: a feature is missing, unknown or of the wrong kind.
        """
        row = self.encoder.vector(features) if isinstance(features, Mapping) else features
        return self.predict_distributions(row[None, :])[0]

    def predict_distributions(self, rows: Vector) -> list[RemainingTime]:
        """Return the remaining time of each encoded row, shape (n, features)."""
        raise NotImplementedError

    def reasons(self, features: Mapping[str, object] | Vector, top: int = 5) -> list[Reason]:
        """Return the strongest reasons, milliseconds: keep it off the event loop. A fallback has none but its segment."""
        raise NotImplementedError

    def answer(self, features: Mapping[str, object]) -> dict[str, float | None]:
        """Return the figures that a golden row pins."""
        remaining = self.predict_distribution(features)
        return {
            "median_days": remaining.median_days,
            "p10_days": remaining.p10_days,
            "p90_days": remaining.p90_days,
            "p_filled": remaining.p_filled,
            "cdf_30": remaining.cdf(30.0),
            "cdf_90": remaining.cdf(90.0),
        }


class HazardBundle(TimeToHireBundle):
    """Discrete-time hazards by LightGBM; tables: ``edges`` (bins + 1 days) and ``levels`` (as-of stage to three levels)."""

    def __init__(self, content: BundleContent) -> None:
        """Load both boosters."""
        super().__init__(content)
        self._edges = np.array(self._tables["edges"])
        self._levels: dict[str, list[float]] = self._tables["levels"]
        self._filled, self._cancelled = (FastBooster(content.boosters[cause]) for cause in ("filled", "cancelled"))
        self._month, self._target = (self.encoder.position[name] for name in ("as_of_month", "days_to_target_start"))

    def period_rows(self, rows: Vector) -> Vector:
        """Return the matrix that both boosters score: (n * bins, features + 5)."""
        return expand_periods(rows, self._edges[:-1], self._elapsed, self._month, self._target)

    def predict_distributions(self, rows: Vector) -> list[RemainingTime]:
        """Return the remaining time of each encoded row, shape (n, features)."""
        periods, shape = self.period_rows(rows), (len(rows), len(self._edges) - 1)
        filled, cancelled, _ = cumulative_incidence(
            self._filled.matrix(periods).reshape(shape), self._cancelled.matrix(periods).reshape(shape)
        )
        return [RemainingTime(self._edges, filled[i], cancelled[i], self._levels[self.stage(rows[i])]) for i in range(len(rows))]

    def reasons(self, features: Mapping[str, object] | Vector, top: int = 5) -> list[Reason]:
        """Return the features that move the hazard of being filled most: TreeSHAP, averaged over periods by survival."""
        row = self.encoder.vector(features) if isinstance(features, Mapping) else features
        periods = self.period_rows(row[None, :])
        filled, cancelled = self._filled.matrix(periods)[None, :], self._cancelled.matrix(periods)[None, :]
        weights = cumulative_incidence(filled, cancelled)[2][0]
        mean = weights @ self._filled.contributions(periods) / weights.sum()
        effects: dict[str, float] = {}
        for name, effect in zip([*self.encoder.names, *PERIOD_COLUMNS], mean, strict=True):
            if name not in ("period_index", "period_start_days"):
                feature = _REASON_OF.get(name, name)
                effects[feature] = effects.get(feature, 0.0) + float(effect)
        return strongest_reasons(effects, self.encoder, row, top, ("sooner", "later"))


class KaplanMeierBundle(TimeToHireBundle):
    """Fallback: cumulative incidence by segment since approval, conditioned on the days already elapsed.

    Tables: ``segment`` (feature name), ``edges`` (days since approval), ``filled`` and ``cancelled`` (segment to hazards a bin;
    key "" is the pooled curve), ``levels`` as in :class:`HazardBundle`.
    """

    def __init__(self, content: BundleContent) -> None:
        """Read the survival tables."""
        super().__init__(content)
        self._edges = np.array(self._tables["edges"])
        self._segment = self.encoder.position[self._tables["segment"]]
        self._categories = self.encoder.features[self._segment].categories
        self._curves = {
            key: (np.array(self._tables["filled"][key]), np.array(self._tables["cancelled"][key])) for key in self._tables["filled"]
        }
        self._levels: dict[str, list[float]] = self._tables["levels"]

    def predict_distributions(self, rows: Vector) -> list[RemainingTime]:
        """Return the remaining time of each encoded row, shape (n, features)."""
        return [self._predict(row) for row in rows]

    def _predict(self, row: Vector) -> RemainingTime:
        code = row[self._segment]
        key = "" if np.isnan(code) else self._categories[int(code)]
        filled, cancelled = self._curves.get(key, self._curves[""])
        days, cumulative_filled, cumulative_cancelled = conditional_incidence(self._edges, filled, cancelled, float(row[self._elapsed]))
        return RemainingTime(days, cumulative_filled, cumulative_cancelled, self._levels[self.stage(row)])

    def reasons(self, features: Mapping[str, object] | Vector, top: int = 5) -> list[Reason]:  # noqa: ARG002 - the signature of all bundles
        """Return the segment: the only thing this model knows."""
        row = self.encoder.vector(features) if isinstance(features, Mapping) else features
        name = self.encoder.names[self._segment]
        value = decoded(self.encoder, row, name)
        return [Reason(name, value, 0.0, f"the usual time of {name} {value} so far; no other feature is used")]


def conditional_incidence(edges: Vector, filled: Vector, cancelled: Vector, elapsed: float) -> tuple[Vector, Vector, Vector]:
    """Condition hazards by age on having lasted ``elapsed`` days: remaining-day grid and both cumulative incidences on it."""
    elapsed = max(0.0, elapsed) if elapsed == elapsed else 0.0
    first = int(np.searchsorted(edges, elapsed, side="right")) - 1
    if first >= len(filled):  # older than every case seen: nothing can be said but "more than 0 days"
        return np.zeros(2), np.zeros(2), np.zeros(2)
    share = (edges[first + 1] - elapsed) / (edges[first + 1] - edges[first])
    fills, cancels = filled[first:].copy(), cancelled[first:].copy()
    total = fills[0] + cancels[0]
    if total > 0:
        partial = 1 - (1 - min(total, 1 - 1e-9)) ** share
        fills[0], cancels[0] = fills[0] * partial / total, cancels[0] * partial / total
    by_filled, by_cancelled, _ = cumulative_incidence(fills[None, :], cancels[None, :])
    return np.concatenate([[0.0], edges[first + 1 :] - elapsed]), by_filled[0], by_cancelled[0]


def decoded(encoder: Encoder, row: Vector, name: str) -> Any:
    """Return the value behind an encoded number: text of a category, bool, float or None."""
    feature, value = encoder.features[encoder.position[name]], row[encoder.position[name]]
    if np.isnan(value):
        return None
    if feature.kind == "category":
        return feature.categories[int(value)]
    return bool(value) if feature.kind == "boolean" else float(value)


def strongest_reasons(effects: Mapping[str, float], encoder: Encoder, row: Vector, top: int, words: tuple[str, str]) -> list[Reason]:
    """Rank effects by size and put them in words, e.g. "applications count 12.0: sooner"."""
    ranked = sorted(effects.items(), key=lambda item: -abs(item[1]))[:top]
    reasons = []
    for name, effect in ranked:
        value = decoded(encoder, row, name)
        shown = "not known" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
        reasons.append(Reason(name, value, effect, f"{name.replace('_', ' ')} {shown}: {words[0] if effect > 0 else words[1]}"))
    return reasons
