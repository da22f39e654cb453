"""Rows of ``predictions.model_scores``: one figure of one predictor at one as-of stage.

What belongs here: the shape of that table and of the backtest's rows behind it. What doesn't: how a figure is computed (``evaluation``).
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl

from models_ml.evaluation import Figure

ALL = "all"
SCHEMA = {
    "model": pl.String,
    "bundle_id": pl.String,
    "kind": pl.String,
    "metric_id": pl.String,
    "predictor": pl.String,
    "landmark": pl.String,
    "origin": pl.String,
    "value": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "n": pl.Int64,
    "world": pl.String,
}
BACKTEST_SCHEMA = pl.Schema(
    [
        *((name, pl.String()) for name in ("opening_id", "tenant_id", "job_id", "landmark")),
        ("as_of", pl.Datetime("us", "UTC")),
        *((name, pl.String()) for name in ("origin", "predictor")),
        *((name, pl.Float64()) for name in ("elapsed_days", "median_days", "p10_days", "p90_days", "actual_days", "weight")),
        *((name, pl.String()) for name in ("bundle_id", "world")),
    ]
)
"""Columns of ``predictions.backtest_openings``."""
Key = tuple[str, str, str]


def score_rows(model: str, world: str, figures: Mapping[Key, Mapping[str, Figure]], kind: str = "backtest") -> pl.DataFrame:
    """Return the frame of figures by (predictor, landmark, origin); ``bundle_id`` is empty until :func:`stamped`.

    ``origin`` is "all" (pooled over origins) or the origin's date; figures that are not defined are left out.
    """
    rows: Iterable[tuple[object, ...]] = [
        (model, "", kind, metric, predictor, landmark, origin, figure.value, figure.lower, figure.upper, figure.n, world)
        for (predictor, landmark, origin), metrics in figures.items()
        for metric, figure in metrics.items()
        if figure.value == figure.value
    ]
    return pl.DataFrame(list(rows), schema=SCHEMA, orient="row").with_columns(pl.col("lower", "upper").fill_nan(None))


def stamped(scores: pl.DataFrame, bundle_id: str) -> pl.DataFrame:
    """Return the scores with the bundle they belong to."""
    return scores.with_columns(bundle_id=pl.lit(bundle_id))


def keep_oracle(home: Path, scores: pl.DataFrame) -> None:
    """Keep K6 rows, which only the answer key's reader can measure, for the next training of the same bundle."""
    file = home / "training" / "oracle_scores.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    scores.write_parquet(file)


def with_oracle(home: Path, scores: pl.DataFrame) -> pl.DataFrame:
    """Return a training's scores, with the K6 rows kept for one of its bundles."""
    file = home / "training" / "oracle_scores.parquet"
    if not file.exists():
        return scores
    kept = pl.read_parquet(file).filter(pl.col("bundle_id").is_in(scores["bundle_id"].unique().to_list()))
    return pl.concat([scores, kept])
