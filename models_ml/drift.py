"""P3: has what the models read changed? Population stability of each feature, recent rows against the same season before.

What belongs here: the index, what chance alone would give, rows of ``predictions.input_drift``. What doesn't: whether to retrain.

Rows at one fixed as-of stage are compared (an opening as it was approved, an application as it came in): the rows open today are
the slow ones of every month, and differ from any history without a drift. Recent is the last 90 days before the as-of; the reference is
the same days of the years before where there are enough of them, since hiring has seasons, else everything before.
"""

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from models_ml.bundle_files import ModelName
from models_ml.evaluation import Vector
from models_ml.feature_contract import CONTRACTS

_INSTANT = pl.Datetime("us", "UTC")
SCHEMA = pl.Schema(
    [
        *((name, pl.String()) for name in ("model", "feature")),
        *((name, pl.Float64()) for name in ("value", "noise_limit")),
        *((name, pl.Int64()) for name in ("n", "reference_n")),
        *((name, _INSTANT) for name in ("window_from", "window_to")),
        ("is_same_season", pl.Boolean()),
        ("world", pl.String()),
    ]
)
WINDOW_DAYS = 90
_STAGE: dict[ModelName, str] = {"time_to_hire": "at_open", "candidate_success": "applied"}
_BINS, _FEWEST, _FEWEST_OF_SEASON = 10, 30, 200


def input_drift(model: ModelName, features: pl.DataFrame, as_of: datetime, world: str) -> pl.DataFrame:
    """Return one row a feature: PSI, the value that chance alone stays below 19 times in 20, and both row counts.

    ``features`` is the model's features table. Empty when either side has fewer than 30 rows.
    """
    contract, start = CONTRACTS[model], as_of - timedelta(days=WINDOW_DAYS)
    rows = features.filter((pl.col("landmark") == _STAGE[model]) & (pl.col("as_of") <= pl.lit(as_of)))
    recent, before = rows.filter(pl.col("as_of") > pl.lit(start)), rows.filter(pl.col("as_of") <= pl.lit(start))
    ago = (pl.lit(as_of) - pl.col("as_of")).dt.total_days() % 365.25
    season = before.filter(ago < WINDOW_DAYS)
    is_same_season = season.height >= _FEWEST_OF_SEASON
    reference = season if is_same_season else before
    if min(recent.height, reference.height) < _FEWEST:
        return pl.DataFrame(schema=SCHEMA)
    encoder = contract.fit(reference)
    now, then = encoder.matrix(recent), encoder.matrix(reference)
    found = [
        (model, name, *stability(then[:, column], now[:, column], column in encoder.categorical), recent.height, reference.height)
        for column, name in enumerate(encoder.names)
        if len(np.unique(np.concatenate([then[:, column], now[:, column]]))) > 1  # counts are all 0 before anything has happened
    ]
    return pl.DataFrame([(*row, start, as_of, is_same_season, world) for row in found], schema=SCHEMA, orient="row")


def stability(reference: Vector, recent: Vector, is_category: bool = False) -> tuple[float, float]:
    """Return the population stability index of two samples of one feature, and its 95 % limit without any drift.

    Bins: tenths of the reference (each category its own), and one for what is not known. PSI = Σ (p − q) ln(p / q) with half a row
    added to every bin; without drift PSI / (1/n + 1/m) follows chi-square with bins − 1 degrees (Yurdakul 2018).
    """
    known = reference[~np.isnan(reference)]
    if is_category:
        edges = np.unique(known)
    else:
        edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1])) if len(known) else np.empty(0)
    counts = [_counts(sample, edges, is_category) for sample in (reference, recent)]
    used = (counts[0] + counts[1]) > 0
    shares = [(each[used] + 0.5) / (each[used] + 0.5).sum() for each in counts]
    value = float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())
    return value, _chi_square_95(int(used.sum()) - 1) * (1 / len(reference) + 1 / len(recent))


def _counts(sample: Vector, edges: Vector, is_category: bool) -> Vector:
    known = sample[~np.isnan(sample)]
    codes = np.searchsorted(edges, known, side="left" if is_category else "right")
    counts = np.bincount(codes, minlength=len(edges) + 1).astype(np.float64)
    return np.append(counts, len(sample) - len(known))


def _chi_square_95(degrees: int) -> float:
    """Return the 95 % point of chi-square (Wilson & Hilferty 1931; within 1 % from two degrees on)."""
    if degrees <= 0:
        return 0.0
    return float(degrees * (1 - 2 / (9 * degrees) + 1.644854 * np.sqrt(2 / (9 * degrees))) ** 3)
