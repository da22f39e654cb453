"""Every school's figures as one table, for those who ask in SQL: the published table ``metric_values``.

What belongs here: which metrics are evaluated, how they are cut and the table's columns. What doesn't: any arithmetic (families).
"""

from collections.abc import Iterator

import polars as pl

from foundation.access import Scope
from metrics.catalogue import Catalogue, Definition, product_catalogue
from metrics.evaluate import evaluate_with_receipt
from metrics.query import MetricQueryError, Query
from metrics.rows import Reader

SCHEMA = {
    "metric_id": pl.String,
    "definition_version": pl.Int64,
    "tenant_id": pl.String,
    "period": pl.Date,
    "value": pl.Float64,
    "n": pl.Int64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "n_open": pl.Int64,
    "is_mature": pl.Boolean,
    "reason": pl.String,
    "unit": pl.String,
}
_RELEASED_APART = "D"  # equity figures leave by their own path alone
_ASKED_ONLY = frozenset({"R7"})  # a what-if answers what somebody asked, not how things stand
_LEVELS = {"every": "month"}  # a level has a value a day: the table keeps month ends


def metric_values(reader: Reader, catalogue: Catalogue | None = None) -> pl.DataFrame:
    """Evaluate every metric of schools by its default switches: per school, and per school and month where it has months.

    Returns:
        Columns ``SCHEMA``; ``period`` is the first day of the month (the day itself for a level, at month ends), null for all
        of them together. A row is what ``evaluate`` answers to the same question within that school's scope.
    """
    frames = [
        frame for entry in (catalogue or product_catalogue()) for groups in _cuts(entry) for frame in _evaluated(reader, entry, groups)
    ]
    return pl.concat(frames) if frames else pl.DataFrame(schema=SCHEMA)


def _cuts(entry: Definition) -> list[tuple[str, ...]]:
    if entry.id.startswith(_RELEASED_APART) or entry.id in _ASKED_ONLY or "tenant_id" not in entry.dimensions:
        return []
    has_months = entry.period_column is not None and entry.period_column in entry.dimensions
    return [("tenant_id",), *([("tenant_id", str(entry.period_column))] if has_months else [])]


def _evaluated(reader: Reader, entry: Definition, groups: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    switches = {name: value for name, value in _LEVELS.items() if name in entry.switches and len(groups) > 1}
    try:
        found = evaluate_with_receipt(reader, Query(entry.id, group_by=groups, switches=switches, scope=Scope(None)))
    except MetricQueryError:  # a metric that must be asked more closely has no figure of the whole school
        return
    period = pl.col(groups[1]) if len(groups) > 1 else pl.lit(None)
    yield found.frame.select(
        pl.lit(entry.id).alias("metric_id"),
        pl.lit(entry.version, pl.Int64).alias("definition_version"),
        pl.col("tenant_id").cast(pl.String),
        period.cast(pl.Date).alias("period"),
        _figure("value"), "n", _figure("lower"), _figure("upper"), "n_open", "is_mature", "reason",
        pl.lit(found.unit).alias("unit"),
    )  # fmt: skip


def _figure(name: str) -> pl.Expr:
    """Return a column without the last digits, in which sums of the same rows differ from run to run."""
    return pl.col(name).cast(pl.Float64).round_sig_figs(12)
