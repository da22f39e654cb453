"""Forecasts for every open opening at once: the rows of ``predictions.open_openings``. Single requests are serving's."""

import numpy as np
import polars as pl

from models_ml.bundle import Bundle, TimeToHireBundle

KEYS = ("opening_id", "tenant_id", "job_id", "subject", "as_of", "elapsed_days")
_CHUNK = 2_000  # rows at a time: 20 periods of float64 features each


def predict_open_openings(bundle: Bundle, features: pl.DataFrame) -> pl.DataFrame:
    """Return one forecast a row of ``features.features_time_to_hire`` (landmark ``current``).

    Columns: the keys, ``elapsed_days`` since approval, remaining ``median_days``, ``p10_days``, ``p90_days`` (null: more than
    ``beyond_days``), ``p_filled_before_term_start`` (by the job's target start, null without one), ``bundle_id``, ``is_fallback``.

    Raises:
        TypeError: the bundle is not one of time to hire.
        InvalidFeature: a feature is missing from the frame.
    """
    if not isinstance(bundle, TimeToHireBundle):
        raise TypeError(f"{bundle.manifest.bundle_id} does not predict time to hire")
    matrix = bundle.encoder.matrix(features)
    remaining = [item for start in range(0, len(matrix), _CHUNK) for item in bundle.predict_distributions(matrix[start : start + _CHUNK])]
    starts = matrix[:, bundle.encoder.position["days_to_target_start"]]
    by_start = [None if np.isnan(start) else item.cdf(float(start)) for item, start in zip(remaining, starts, strict=True)]
    return features.select(KEYS).with_columns(
        pl.Series("median_days", [item.median_days for item in remaining], dtype=pl.Float64),
        pl.Series("p10_days", [item.p10_days for item in remaining], dtype=pl.Float64),
        pl.Series("p90_days", [item.p90_days for item in remaining], dtype=pl.Float64),
        pl.Series("beyond_days", [item.beyond_days for item in remaining], dtype=pl.Float64),
        pl.Series("p_filled_before_term_start", by_start, dtype=pl.Float64),
        bundle_id=pl.lit(bundle.manifest.bundle_id),
        is_fallback=pl.lit(bundle.manifest.is_fallback),
    )
