"""K and P metrics: how good the models are. Measured by the models' own evaluation; here they are read, never averaged."""

import polars as pl

from metrics.query import MetricQueryError
from metrics.rows import Rows

_KEY = ("model", "bundle_id", "kind", "predictor", "landmark", "origin", "world")


_STORED = {
    "P1": {name: f"P1_{name}" for name in ("brier_skill", "brier", "log_loss", "ece", "slope", "auc")},
    "P2": {"concordance": "P2_concordance", "mae": "MAE", "coverage": "K4"},
}
"""Under which name a figure is stored, by metric and switch."""


def stored_score(rows: Rows) -> pl.DataFrame:
    """K1 to K6, P1, P2: the stored figure of one model, predictor, landmark and origin."""
    metric = rows.definition.id
    where = [f"r.metric_id = '{_STORED[metric][rows.switches['figure']] if metric in _STORED else metric}'"]
    if not rows.names("kind"):
        where.append(f"r.kind = '{rows.switches['kind']}'")
    if not rows.names("origin"):
        where.append("r.origin = 'all'")
    return _one_each(rows, rows.each({"value": "r.value", "lower": "r.lower", "upper": "r.upper", "n": "r.n"}, where=where), _KEY)


def stability(rows: Rows) -> pl.DataFrame:
    """P3: the stored stability index of one model's feature."""
    return _one_each(rows, rows.each({"value": "r.value", "n": "r.n"}), ("model", "feature", "world"))


def _one_each(rows: Rows, frame: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame:
    """Return the frame if every group has one row: stored figures are never averaged."""
    if frame.height > (frame.select(rows.groups).n_unique() if rows.groups else 1):
        free = [name for name in key if not rows.names(name)]
        raise MetricQueryError(f"{rows.definition.id} is never averaged: group by or filter also some of {', '.join(free)}")
    if not frame.height and not rows.groups:
        frame = pl.DataFrame({"value": [None], "n": [0]}, schema={"value": pl.Float64, "n": pl.Int64})
    return frame


METRICS = dict.fromkeys(("K1", "K2", "K3", "K4", "K5", "K6", "P1", "P2"), stored_score) | {"P3": stability}
