"""K metrics: how good the models are. Measured by the models' own evaluation; here they are read, never averaged."""

import polars as pl

from metrics.query import MetricQueryError
from metrics.rows import Rows

_KEY = ("model", "bundle_id", "kind", "predictor", "landmark", "origin", "world")


def stored_score(rows: Rows) -> pl.DataFrame:
    """K1 to K5: the stored figure of one model, predictor, landmark and origin."""
    where = [f"r.metric_id = '{rows.definition.id}'"]
    if not rows.names("kind"):
        where.append(f"r.kind = '{rows.switches['kind']}'")
    if not rows.names("origin"):
        where.append("r.origin = 'all'")
    frame = rows.each({"value": "r.value", "lower": "r.lower", "upper": "r.upper", "n": "r.n"}, where=where)
    if frame.height > (frame.select(rows.groups).n_unique() if rows.groups else 1):
        free = [name for name in _KEY if not rows.names(name)]
        raise MetricQueryError(f"{rows.definition.id} is never averaged: group by or filter also some of {', '.join(free)}")
    if not frame.height and not rows.groups:
        frame = pl.DataFrame({"value": [None], "n": [0]}, schema={"value": pl.Float64, "n": pl.Int64})
    return frame


METRICS = dict.fromkeys(("K1", "K2", "K3", "K4", "K5"), stored_score)
