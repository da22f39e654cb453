"""Forecasts for all that is open: ``predictions.open_openings`` and ``predictions.open_applications``. Single requests are serving's."""

import numpy as np
import polars as pl

from models_ml.bundle import Bundle, CandidateSuccessBundle, TimeToHireBundle

KEYS = ("opening_id", "tenant_id", "job_id", "subject", "as_of", "elapsed_days")
APPLICATION_KEYS = ("application_id", "tenant_id", "job_id", "subject", "as_of")
HORIZONS = (30, 60, 90, 180)
"""Days ahead for which the chance of being filled is written down: ``p_filled_30_days`` and so on."""
_CHUNK = 2_000  # rows at a time: 20 periods of float64 features each


def predict_open_openings(bundle: Bundle, features: pl.DataFrame) -> pl.DataFrame:
    """Return one forecast a row of ``features.features_time_to_hire`` (landmark ``current``).

    Columns: the keys, ``elapsed_days`` since approval, remaining ``median_days``, ``p10_days``, ``p90_days`` (null: more than
    ``beyond_days``), ``p_filled_before_term_start`` (null without one; the term is in the column ``days_to_term_start`` of
    ``features``, else the job's target start), ``p_filled_<days>_days`` for :data:`HORIZONS`, ``bundle_id``, ``is_fallback``.

    Raises:
        TypeError: the bundle is not one of time to hire.
        InvalidFeature: a feature is missing from the frame.
    """
    if not isinstance(bundle, TimeToHireBundle):
        raise TypeError(f"{bundle.manifest.bundle_id} does not predict time to hire")
    matrix = bundle.encoder.matrix(features)
    remaining = [item for start in range(0, len(matrix), _CHUNK) for item in bundle.predict_distributions(matrix[start : start + _CHUNK])]
    column = "days_to_term_start"
    given = features[column].cast(pl.Float64).fill_null(np.nan).to_numpy() if column in features.columns else None
    starts = matrix[:, bundle.encoder.position["days_to_target_start"]] if given is None else given
    by_start = [None if np.isnan(start) else item.cdf(float(start)) for item, start in zip(remaining, starts, strict=True)]
    return features.select(KEYS).with_columns(
        pl.Series("median_days", [item.median_days for item in remaining], dtype=pl.Float64),
        pl.Series("p10_days", [item.p10_days for item in remaining], dtype=pl.Float64),
        pl.Series("p90_days", [item.p90_days for item in remaining], dtype=pl.Float64),
        pl.Series("beyond_days", [item.beyond_days for item in remaining], dtype=pl.Float64),
        pl.Series("p_filled_before_term_start", by_start, dtype=pl.Float64),
        *(pl.Series(f"p_filled_{days}_days", [item.cdf(days) for item in remaining], dtype=pl.Float64) for days in HORIZONS),
        bundle_id=pl.lit(bundle.manifest.bundle_id),
        is_fallback=pl.lit(bundle.manifest.is_fallback),
    )


def predict_open_applications(bundle: Bundle, features: pl.DataFrame) -> pl.DataFrame:
    """Return the chance of being hired of each row of ``features.features_candidate_success`` (landmark ``current``).

    Columns: the keys, ``p_hired``, ``bundle_id``, ``is_fallback`` (the past rate answers).

    Raises:
        TypeError: the bundle is not one of candidate success.
        InvalidFeature: a feature is missing from the frame.
    """
    if not isinstance(bundle, CandidateSuccessBundle):
        raise TypeError(f"{bundle.manifest.bundle_id} does not predict candidate success")
    chances = bundle.values("hired", bundle.encoder.matrix(features)) if features.height else np.empty(0)
    return features.select(APPLICATION_KEYS).with_columns(
        pl.Series("p_hired", chances, dtype=pl.Float64),
        bundle_id=pl.lit(bundle.manifest.bundle_id),
        is_fallback=pl.lit(bundle.is_prior("hired")),
    )
