"""Load a champion: the one door through which serving and batch prediction reach a model.

What belongs here: choosing the class by kind and verifying the golden rows. What doesn't: mlflow, pandas, training.

Use::

    bundle = load_bundle(Home().root / "bundles" / pointer.bundles["time_to_hire"])
    bundle.manifest               # bundle_id, model, metric, kind, is_fallback, model_version, features, as_of, trained_at, ...
    bundle.encoder                # names, features (name, kind, categories), vector(dict), matrix(frame)

    # model "time_to_hire" -> TimeToHireBundle
    remaining = bundle.predict_distribution({"subject": "mathematics", ...})     # or an encoded row, shape (features,)
    remaining.median_days, remaining.p10_days, remaining.p90_days                # float, or None = more than remaining.beyond_days
    remaining.cdf(60.0), remaining.p_filled, remaining.p_cancelled               # probabilities; all days count from as_of
    bundle.predict_distributions(matrix)                                         # one RemainingTime a row, shape (n, features)

    # model "candidate_success" -> CandidateSuccessBundle
    outlook = bundle.predict({"subject": "mathematics", ...})
    outlook.p_hired.value, .lower, .upper;  outlook.p_success_given_hired.value, .lower, .upper
    bundle.predict_many(matrix);  bundle.is_prior("success")

    bundle.reasons(features_or_row, top=5)    # Reason(feature, value, effect, text); milliseconds: off the event loop

Encode once with ``bundle.encoder.vector(features)`` (raises ``InvalidFeature`` with ``.field`` and ``.problem``) or keep the rows of
a published features table as one matrix from ``bundle.encoder.matrix(frame)``: predictions take either. Bundles are immutable
and safe to share between threads; swap a whole bundle, never a part. Fallback bundles need no LightGBM.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from models_ml.bundle_files import BundleContent, BundleDraft, BundleRefused, Manifest, read_bundle, unwritten_content, write_bundle
from models_ml.candidate_success.prediction import CandidateOutlook, CandidateSuccessBundle, Probability
from models_ml.feature_contract import InvalidFeature
from models_ml.time_to_hire.prediction import HazardBundle, KaplanMeierBundle, Reason, RemainingTime, TimeToHireBundle

__all__ = [
    "Bundle",
    "BundleDraft",
    "BundleRefused",
    "CandidateOutlook",
    "CandidateSuccessBundle",
    "InvalidFeature",
    "Manifest",
    "Probability",
    "Reason",
    "RemainingTime",
    "TimeToHireBundle",
    "load_bundle",
    "open_content",
    "unwritten_content",
    "with_golden",
    "write_bundle",
]

Bundle = TimeToHireBundle | CandidateSuccessBundle

_KINDS: dict[str, type[HazardBundle] | type[KaplanMeierBundle] | type[CandidateSuccessBundle]] = {
    "hazard": HazardBundle,
    "kaplan_meier": KaplanMeierBundle,
    "two_stage": CandidateSuccessBundle,
    "prior_rate": CandidateSuccessBundle,
}
_TOLERANCE = 1e-9


def open_content(content: BundleContent) -> Bundle:
    """Return the bundle of files already read, golden rows not yet verified (training uses it to make them)."""
    return _KINDS[content.manifest.kind](content)


def with_golden(draft: BundleDraft, rows: Sequence[Mapping[str, object]]) -> BundleDraft:
    """Return the draft with golden rows: the given features and the answers they get now."""
    bundle = open_content(unwritten_content(draft))
    return replace(draft, golden=[{"features": dict(row), "expected": bundle.answer(row)} for row in rows])


def load_bundle(folder: Path) -> Bundle:
    """Read a bundle directory and verify that every golden row gives its expected answer.

    Raises:
        BundleRefused: the directory is incomplete or altered, has no golden rows, or answers differently here than where it
            was trained.
    """
    bundle = open_content(read_bundle(folder))
    if not bundle.golden:
        raise BundleRefused(f"bundle {folder.name} has no golden rows: it cannot be verified")
    for number, row in enumerate(bundle.golden):
        answer = bundle.answer(row["features"])
        for name, expected in row["expected"].items():
            if not _same(answer.get(name), expected):
                raise BundleRefused(f"bundle {folder.name}: golden row {number} gives {name} = {answer.get(name)}, expected {expected}")
    return bundle


def _same(value: float | None, expected: float | None) -> bool:
    if value is None or expected is None:
        return value is expected
    return math.isclose(value, expected, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
