"""S1 to S3: what each channel brings. Yields are judged on mature cohorts only. What becomes of the hires: ``source_outcomes``."""

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from metrics.answer import maturity, rate
from metrics.query import filter_values
from metrics.rows import Rows
from metrics.shrinkage import shrink


def unranked_unknown(rows: Rows) -> pl.Expr:
    """Return ``is_rankable``: a source that is not known is shown but can't be chosen, so it is never ranked."""
    known = pl.col("channel_type") != "unknown" if "channel_type" in rows.groups else pl.lit(True)
    return known.alias("is_rankable")


def shrunk(rows: Rows, read: Callable[[Sequence[str]], pl.DataFrame]) -> pl.DataFrame:
    """Replace each channel's rate by its posterior: drawn towards the channels of the same other groups; adds ``p_better``.

    Args:
        rows: the query; without a grouping by channel there is nothing to draw together and rates stay as they are.
        read: returns rates with ``hits`` and ``n`` per group, given the filters to leave out: all channels take part in the fit.
    """
    if "channel_type" not in rows.groups:
        return read(())
    frame = read(("channel_type",)).sort(rows.groups)  # the order of adding shows in the last digit
    others = [name for name in rows.groups if name != "channel_type"]
    blocks = frame.partition_by(others) if others and frame.height else [frame]
    answer = pl.concat([_drawn_together(block) for block in blocks])
    asked = rows.query.filters.get("channel_type")
    return answer if asked is None else answer.filter(pl.col("channel_type").is_in(filter_values("channel_type", asked)))


def _drawn_together(block: pl.DataFrame) -> pl.DataFrame:
    is_named = (block["channel_type"] != "unknown").to_numpy()
    hits, n = (block[name].cast(pl.Float64).to_numpy() for name in ("hits", "n"))
    if not n[is_named].sum():
        return block.with_columns(p_better=pl.lit(None, dtype=pl.Float64))
    found = shrink(hits[is_named], n[is_named])
    columns = {name: np.full(block.height, np.nan) for name in ("value", "lower", "upper", "p_better")}
    for name, values in zip(columns, (found.mean, found.lower, found.upper, found.p_better), strict=True):
        columns[name][is_named] = values
    drawn = pl.DataFrame(columns).fill_nan(None)
    kept = pl.col("n") > 0
    return block.with_columns(  # unknown keeps its own rate: it is no channel that the others could tell something about
        *(pl.when(kept).then(pl.coalesce(drawn[name], pl.col(name))).alias(name) for name in ("value", "lower", "upper")),
        pl.when(kept).then(drawn["p_better"]).alias("p_better"),
    )


def _policy(rows: Rows) -> list[str]:
    internal = rows.switches["internal"] == "included" or rows.names("is_internal")
    return [f"r.attribution = '{rows.switches['attribution']}'"] + ([] if internal else ["not r.is_internal"])


def volume(rows: Rows) -> pl.DataFrame:
    """S1: applications or hires by source, or their share of all sources (``unknown`` is a source)."""
    measure = rows.switches["measure"]
    column = "hired_count" if measure.endswith("hires") else "applications_count"
    counts = rows.total({"hits": f"coalesce(sum(r.{column}), 0)", "n_open": "sum(r.open_count)"}, where=_policy(rows))
    if not measure.startswith("share"):
        return counts.with_columns(value=pl.col("hits"), n=pl.col("hits"))
    groups = [name for name in rows.groups if name != "channel_type"]
    whole = rows.total({"n": f"sum(r.{column})"}, groups=groups, where=_policy(rows), ignore=["channel_type"])
    return rate(counts.join(whole, on=groups, how="left") if groups else counts.join(whole, how="cross"))


def _judged(rows: Rows, hits: str, n: str, ignore: Sequence[str] = ()) -> pl.DataFrame:
    """Divide, and withhold the value of a cohort that is still being decided."""
    where = _policy(rows)
    if rows.switches["cohorts"] == "mature_only":
        where.append("r.is_mature")
    totals = rows.total(
        {
            "hits": f"sum(r.{hits})",
            "n": f"sum(r.{n})",
            "n_open": "sum(r.open_count)",
            "cohort_n": "sum(r.applications_count)",
            "cohort_open": "sum(r.open_count)",
            "all_mature": "bool_and(r.is_mature)",
        },
        where=where,
        ignore=ignore,
    )
    judged = rate(totals).with_columns(maturity())
    immature = ~pl.col("is_mature").fill_null(True)
    ended = (100 * (1 - pl.col("cohort_open") / pl.col("cohort_n"))).floor()
    reason = pl.when(immature).then(pl.format("cohort not mature: {} % of its applications have ended", ended.cast(pl.Int64)))
    return judged.with_columns(immature.alias("suppressed"), reason.alias("reason"), unranked_unknown(rows))


def source_yield(rows: Rows) -> pl.DataFrame:
    """S2: hires per attempt on mature cohorts, as they were or shrunk."""
    if rows.switches["estimate"] == "shrunk":
        return shrunk(rows, lambda ignore: _judged(rows, "hired_count", "attempts_count", ignore))
    return _judged(rows, "hired_count", "attempts_count")


def quality_index(rows: Rows) -> pl.DataFrame:
    """S3: how far the applications that passed the screen got, 0 to 1, on mature cohorts."""
    return _judged(rows, "rank_points_sum", "screen_passed_count")


METRICS = {"S1": volume, "S2": source_yield, "S3": quality_index}
