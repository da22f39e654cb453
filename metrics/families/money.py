"""Amounts: minor units of one currency, never several added up. What a metric counts is for its own family."""

import polars as pl

from metrics.intervals import poisson


def per(frame: pl.DataFrame, amount: str = "amount") -> pl.DataFrame:
    """Add ``value``: ``amount`` per case of ``n``, with the interval that the Poisson error of ``n`` makes; null where ``n`` is 0."""
    lower, upper = poisson(frame["n"].cast(pl.Float64).fill_null(0.0).to_numpy())
    counts: dict[str, pl.Expr] = {"value": pl.col("n"), "lower": pl.lit(pl.Series(upper)), "upper": pl.lit(pl.Series(lower))}
    return frame.with_columns(pl.when(pl.col("n") > 0).then(pl.col(amount) / count).alias(name) for name, count in counts.items())


def kept_apart(frame: pl.DataFrame, nothing: str = "no cost is recorded") -> pl.DataFrame:
    """Withhold amounts of several ``currencies``, and those of which none is recorded; name the ``one_currency`` of the others."""
    mixed, none = pl.col("currencies") > 1, pl.col("currencies") == 0
    reason = (
        pl.when(mixed)
        .then(pl.format("{} currencies: group by currency or choose one", pl.col("currencies")))
        .when(none)
        .then(pl.lit(nothing))
    )
    given = pl.col("suppressed") if "suppressed" in frame.columns else pl.lit(False)
    said = pl.col("reason") if "reason" in frame.columns else pl.lit(None, dtype=pl.String)
    named = [] if "currency" in frame.columns else [pl.when(~mixed).then(pl.col("one_currency")).alias("currency")]
    return frame.with_columns(
        (mixed | none | given).fill_null(False).alias("suppressed"), pl.coalesce(reason, said).alias("reason"), *named
    )
