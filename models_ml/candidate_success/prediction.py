"""From features to two named probabilities: hired given the application, success given the hire.

What belongs here: the hot path, used by training as well. What doesn't: fitting. Both stages are kept apart on purpose: training
success on "not hired = failure" would learn the recruiter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models_ml.booster import FastBooster
from models_ml.bundle_files import BundleContent
from models_ml.feature_contract import Encoder
from models_ml.time_to_hire.prediction import Reason, decoded, strongest_reasons

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Probability:
    """A calibrated probability with its 95 % interval (of the calibration, not of one person's fate)."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class CandidateOutlook:
    """Both probabilities; their product is not shown as a score, since the second holds only for people hired in the past."""

    p_hired: Probability
    p_success_given_hired: Probability


class BoosterHead:
    """LightGBM score calibrated by a monotone table (``x`` raw, ``y`` calibrated, ``lower``, ``upper``)."""

    def __init__(self, table: Mapping[str, Any], booster: FastBooster) -> None:
        """Read the table."""
        self.booster = booster
        self._x, self._y, self._lower, self._upper = (np.array(table[name]) for name in ("x", "y", "lower", "upper"))

    def probability(self, row: Vector) -> Probability:
        """Return the probability of one encoded row."""
        raw = self.booster.row(row)
        value, lower, upper = (float(np.interp(raw, self._x, column)) for column in (self._y, self._lower, self._upper))
        return Probability(value, lower, upper)

    def values(self, rows: Vector) -> Vector:
        """Return calibrated probabilities, shape (n,)."""
        values: Vector = np.interp(self.booster.matrix(rows), self._x, self._y)
        return values


class PriorHead:
    """The past rate of the segment; table: ``segment`` (feature) and ``rates`` (decoded value to rate, lower, upper; "" pooled)."""

    def __init__(self, table: Mapping[str, Any], encoder: Encoder) -> None:
        """Read the table."""
        self._encoder, self.segment = encoder, str(table["segment"])
        self._rates = {key: Probability(*rate) for key, rate in table["rates"].items()}

    def probability(self, row: Vector) -> Probability:
        """Return the rate of the row's segment."""
        value = decoded(self._encoder, row, self.segment)
        return self._rates.get(segment_key(value), self._rates[""])

    def values(self, rows: Vector) -> Vector:
        """Return rates, shape (n,)."""
        codes = np.nan_to_num(rows[:, self._encoder.position[self.segment]], nan=-1.0)
        _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
        values: Vector = np.array([self.probability(rows[index]).value for index in first])[inverse]
        return values


def segment_key(value: object) -> str:
    """Return the text under which a segment's rate is kept: whole numbers without a point."""
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


class CandidateSuccessBundle:
    """A candidate-success champion in memory: thread-safe, NumPy in and out."""

    def __init__(self, content: BundleContent) -> None:
        """Load the heads: tables ``hired`` and ``success``, each with a booster of that name or a prior table."""
        self.manifest, self.golden = content.manifest, content.golden
        self.encoder = Encoder(content.manifest.features)
        self._heads: dict[str, BoosterHead | PriorHead] = {
            name: BoosterHead(content.tables[name], FastBooster(content.boosters[name]))
            if name in content.boosters
            else PriorHead(content.tables[name], self.encoder)
            for name in ("hired", "success")
        }

    def predict(self, features: Mapping[str, object] | Vector) -> CandidateOutlook:
        """Return both probabilities, by features (dict) or by an encoded row, shape (features,).

        Raises:
            InvalidFeature: a feature is missing, unknown or of the wrong kind.
        """
        row = self.encoder.vector(features) if isinstance(features, Mapping) else features
        return CandidateOutlook(self._heads["hired"].probability(row), self._heads["success"].probability(row))

    def predict_many(self, rows: Vector) -> list[CandidateOutlook]:
        """Return both probabilities of each encoded row, shape (n, features)."""
        return [self.predict(row) for row in rows]

    def values(self, head: str, rows: Vector) -> Vector:
        """Return the calibrated probabilities of ``hired`` or ``success``, shape (n,)."""
        return self._heads[head].values(rows)

    def is_prior(self, head: str) -> bool:
        """Tell whether a stage answers with the past rate (too few matured labels, or a refused model)."""
        return isinstance(self._heads[head], PriorHead)

    def reasons(self, features: Mapping[str, object] | Vector, top: int = 5) -> list[Reason]:
        """Return the features that move the probability of being hired most (TreeSHAP): keep it off the event loop."""
        row = self.encoder.vector(features) if isinstance(features, Mapping) else features
        head = self._heads["hired"]
        if isinstance(head, PriorHead):
            value = decoded(self.encoder, row, head.segment)
            return [Reason(head.segment, value, 0.0, f"the past rate of {head.segment.replace('_', ' ')} {segment_key(value)}")]
        effects = dict(zip(self.encoder.names, head.booster.contributions(row[None, :])[0].tolist(), strict=True))
        return strongest_reasons(effects, self.encoder, row, top, ("more probable", "less probable"))

    def answer(self, features: Mapping[str, object]) -> dict[str, float | None]:
        """Return the figures that a golden row pins."""
        outlook = self.predict(features)
        hired, success = outlook.p_hired, outlook.p_success_given_hired
        return {
            "p_hired": hired.value,
            "p_hired_lower": hired.lower,
            "p_hired_upper": hired.upper,
            "p_success_given_hired": success.value,
            "p_success_lower": success.lower,
            "p_success_upper": success.upper,
        }
