"""A registered bundle as MLflow's own tools load it, e.g. ``mlflow models serve -m models:/time_to_hire@champion``.

What belongs here: the loader that an ``MLmodel`` file names, and the columns it takes and gives. What doesn't: mlflow itself
(``registry`` writes the file). The only module whose frames are pandas: mlflow's servers hand those over.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from models_ml.bundle import Bundle, CandidateSuccessBundle, TimeToHireBundle, load_bundle
from models_ml.bundle_files import ModelName
from models_ml.time_to_hire.prediction import Vector

OUTPUTS: dict[ModelName, tuple[str, ...]] = {
    "time_to_hire": (
        *("median_days", "p10_days", "p90_days", "beyond_days"),
        *("p_filled", "p_cancelled", "p_filled_before_target_start"),
    ),
    "candidate_success": (
        *("p_hired", "p_hired_lower", "p_hired_upper"),
        *("p_success_given_hired", "p_success_given_hired_lower", "p_success_given_hired_upper"),
    ),
}
"""Columns of an answer: the prediction API's figures under its names, None where it says null (beyond the horizon)."""


class ServedBundle:
    """What ``mlflow.pyfunc.load_model`` wraps: a frame of feature columns in, a frame of :data:`OUTPUTS` out, row by row."""

    def __init__(self, bundle: Bundle) -> None:
        """Keep the verified bundle."""
        self._bundle = bundle
        self._answers: Callable[[Vector], list[list[float | None]]]
        self._answers = self._times if isinstance(bundle, TimeToHireBundle) else self._outlooks

    def predict(self, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:  # noqa: ARG002 - mlflow's signature
        """Return one row of answers a row of features, shape (n, outputs).

        Raises:
            KeyError: a feature column is missing (mlflow names it before, from the signature).
        """
        encoder = self._bundle.encoder
        rows = encoder.matrix(pl.from_pandas(model_input[encoder.names]))
        # Objects, since mlflow writes a missing float as NaN, which is no JSON.
        return pd.DataFrame(self._answers(rows), columns=list(OUTPUTS[self._bundle.manifest.model]), index=model_input.index, dtype=object)

    def _times(self, rows: Vector) -> list[list[float | None]]:
        assert isinstance(self._bundle, TimeToHireBundle)
        starts = rows[:, self._bundle.encoder.position["days_to_target_start"]]
        found = self._bundle.predict_distributions(rows)
        return [
            [
                *(item.median_days, item.p10_days, item.p90_days, item.beyond_days, item.p_filled, item.p_cancelled),
                None if np.isnan(start) else item.cdf(float(start)),
            ]
            for item, start in zip(found, starts, strict=True)
        ]

    def _outlooks(self, rows: Vector) -> list[list[float | None]]:
        assert isinstance(self._bundle, CandidateSuccessBundle)
        pairs = [(item.p_hired, item.p_success_given_hired) for item in self._bundle.predict_many(rows)]
        return [[number for one in pair for number in (one.value, one.lower, one.upper)] for pair in pairs]


def _load_pyfunc(path: str) -> ServedBundle:
    """Return the bundle in a model's folder: the name and shape that mlflow looks for.

    Raises:
        BundleRefused: a file is missing or altered, or a golden row answers differently here.
    """
    return ServedBundle(load_bundle(Path(path)))
