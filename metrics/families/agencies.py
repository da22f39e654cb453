"""G metrics: what agencies submit, place and earn, and how soon schools answer them. An agency reads its own submissions alone."""

import math
from typing import Any, Final

import polars as pl

from metrics.answer import MATURE_FROM, STAGES, partition, rate
from metrics.families.money import kept_apart, per
from metrics.rows import Rows
from metrics.survival import kaplan_meier

_SHARES_FROM: Final = 10


def _policy(rows: Rows) -> list[str]:
    included = rows.switches.get("duplicates") == "included" or rows.names("is_duplicate") or rows.names("outcome")
    return [] if included else ["not r.is_duplicate"]


def _floored(counts: pl.DataFrame) -> pl.DataFrame:
    """Divide, and withhold a share of too few: counts of these metrics have no floor, their shares do."""
    few = pl.col("n") < _SHARES_FROM
    reason = pl.when(few).then(pl.format(f"too few for a share: n = {{}}, needed {_SHARES_FROM}", pl.col("n")))
    return rate(counts).with_columns(few.alias("suppressed"), reason.alias("reason"))


def submissions(rows: Rows) -> pl.DataFrame:
    """G1: submissions, or those that reached a stage, or their share."""
    measure, rank = rows.switches["measure"], STAGES.index(rows.switches["stage"]) + 1
    reached = f"count(*) filter (r.reached_rank >= {rank})"
    waiting = f"count(*) filter (r.outcome = 'open' and r.reached_rank < {rank})"
    counts = rows.total({"hits": reached, "n": "count(*)", "n_open": waiting}, where=_policy(rows))
    if measure == "share_reached":
        return _floored(counts)
    if measure == "reached":
        return counts.with_columns(value=pl.col("hits"))
    return counts.with_columns(pl.col("n").alias("value"))


def placements(rows: Rows) -> pl.DataFrame:
    """G2: submissions that led to a hire that stands, their share of all, or the share of acceptances that were undone."""
    measure = rows.switches["measure"]
    placed, undone, still = (f"count(*) filter ({each})" for each in ("r.is_placed", "r.is_reneged", "r.outcome = 'open'"))
    of = f"{placed} + {undone}" if measure == "reneged" else "count(*)"
    counts = rows.total({"hits": undone if measure == "reneged" else placed, "n": of, "n_open": still}, where=["not r.is_duplicate"])
    if measure == "placements":
        return counts.with_columns(pl.col("hits").alias("value"), pl.col("hits").alias("n"))
    if measure == "reneged":
        return _floored(counts.drop("n_open"))
    ended = 1 - pl.col("n_open") / pl.col("n")
    return _floored(counts).with_columns(pl.when(pl.col("n") > 0).then(ended >= MATURE_FROM).alias("is_mature"))


def fees(rows: Rows) -> pl.DataFrame:
    """G3: fees due for placements, in all or for each; one currency at a time."""
    has_fee = "filter (r.fee_minor > 0)"
    totals = rows.total(
        {
            "amount": "coalesce(sum(r.fee_minor), 0)",
            "n": "count(*)",
            "one_currency": f"min(r.fee_currency) {has_fee}",
            "currencies": f"count(distinct r.fee_currency) {has_fee}",
        },
        where=["r.is_placed"],
    )
    due = kept_apart(per(totals), nothing="no fee is due")
    if rows.switches["measure"] == "per_placement":
        return due
    return due.with_columns(pl.col("amount").alias("value"), lower=pl.lit(None, dtype=pl.Float64), upper=pl.lit(None, dtype=pl.Float64))


def response_time(rows: Rows) -> pl.DataFrame:
    """G4: median days until a school first answers a submission; unanswered ones are censored."""
    columns = {"days": "r.first_response_days", "is_answered": "not r.is_censored"}
    frame = rows.each(columns, where=["not r.is_duplicate"])
    schema: dict[str, Any] = {name: frame.schema[name] for name in rows.groups}
    answers = [{**dict(zip(rows.groups, key, strict=True)), **_median(part)} for key, part in partition(frame, rows.groups)]
    numbers = {"value": pl.Float64, "lower": pl.Float64, "upper": pl.Float64, "n": pl.Int64, "n_open": pl.Int64, "reason": pl.String}
    return pl.DataFrame(answers, schema=schema | numbers)


def _median(part: pl.DataFrame) -> dict[str, object]:
    curve = kaplan_meier(part["days"].to_numpy(), part["is_answered"].to_numpy())
    found = dict(zip(("value", "lower", "upper"), (curve.median(), *curve.quantile_interval()), strict=True))
    beyond = part.height > 0 and math.isnan(found["value"])
    return {
        **{name: None if math.isnan(number) else number for name, number in found.items()},
        "n": part.height,
        "n_open": part.height - int(part["is_answered"].sum()),
        "reason": f"fewer than half were answered within the {math.floor(curve.follow_up)} days watched" if beyond else None,
    }


METRICS = {"G1": submissions, "G2": placements, "G3": fees, "G4": response_time}
