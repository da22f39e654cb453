"""Predicted beside actual in bins of equal weight: rows of ``predictions.model_calibration``.

What belongs here: the bins and the table's shape. What doesn't: one-figure summaries (``evaluation``).
"""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models_ml.evaluation import Bootstrap, Figure, Vector

SCHEMA = {
    "model": pl.String,
    "bundle_id": pl.String,
    "kind": pl.String,
    "predictor": pl.String,
    "landmark": pl.String,
    "bin": pl.Int64,
    "predicted": pl.Float64,
    "actual": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "n": pl.Int64,
    "world": pl.String,
}
_BINS, _FEWEST = 10, 30
Bin = tuple[float, Figure]


def reliability(predicted: Vector, actual: Vector, weight: Vector, group: NDArray[np.str_], seed: int) -> list[Bin]:
    """Return (mean predicted, mean actual with its interval) of up to ten bins of equal weight, sorted by prediction.

    Args:
        predicted: days or probabilities, shape (n,).
        actual: days or 0/1, shape (n,).
        weight: censoring weights, shape (n,); 0 leaves a row out.
        group: job of each row, shape (n,): what the bootstrap keeps whole.
        seed: makes the intervals repeatable.

    A bin holds at least 30 rows, so few rows give few bins, and fewer than 30 give none.
    """
    kept = np.flatnonzero(weight > 0)
    bins = min(_BINS, len(kept) // _FEWEST)
    if not bins:
        return []
    order = kept[np.argsort(predicted[kept], kind="stable")]
    mass = np.cumsum(weight[order])
    bucket = np.minimum((bins * (mass - weight[order] / 2) / mass[-1]).astype(int), bins - 1)
    found = []
    for number in np.unique(bucket):
        rows = order[bucket == number]
        seen = Bootstrap(group[rows], seed).ratio(weight[rows] * actual[rows], weight[rows])
        found.append((float(np.average(predicted[rows], weights=weight[rows])), seen))
    return found


def calibration_rows(model: str, world: str, bins: Mapping[tuple[str, str], list[Bin]], kind: str = "backtest") -> pl.DataFrame:
    """Return the frame of bins by (predictor, landmark), numbered from 1; ``bundle_id`` is empty until stamped."""
    rows = [
        (model, "", kind, predictor, landmark, number, predicted, seen.value, seen.lower, seen.upper, seen.n, world)
        for (predictor, landmark), found in bins.items()
        for number, (predicted, seen) in enumerate(found, start=1)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")
