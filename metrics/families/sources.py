"""S metrics: what each channel brings. Yields are judged on mature cohorts only."""

import polars as pl

from metrics.answer import maturity, rate
from metrics.families.funnel import MATURITY_JOIN
from metrics.rows import Rows


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


def _judged(rows: Rows, hits: str, n: str) -> pl.DataFrame:
    """Divide, and withhold the value of a cohort that is still being decided."""
    where = _policy(rows)
    if rows.switches["cohorts"] == "mature_only":
        where.append("coalesce(m.is_mature, false)")
    totals = rows.total(
        {
            "hits": f"sum(r.{hits})",
            "n": f"sum(r.{n})",
            "n_open": "sum(r.open_count)",
            "cohort_n": "sum(r.applications_count)",
            "cohort_open": "sum(r.open_count)",
            "all_mature": "bool_and(coalesce(m.is_mature, false))",
        },
        join=MATURITY_JOIN,
        where=where,
    )
    judged = rate(totals).with_columns(maturity())
    immature = ~pl.col("is_mature").fill_null(True)
    ended = (100 * (1 - pl.col("cohort_open") / pl.col("cohort_n"))).floor()
    reason = pl.when(immature).then(pl.format("cohort not mature: {} % of its applications have ended", ended.cast(pl.Int64)))
    return judged.with_columns(immature.alias("suppressed"), reason.alias("reason"))


def source_yield(rows: Rows) -> pl.DataFrame:
    """S2: hires per attempt on mature cohorts."""
    return _judged(rows, "hired_count", "attempts_count")


def quality_index(rows: Rows) -> pl.DataFrame:
    """S3: how far the applications that passed the screen got, 0 to 1, on mature cohorts."""
    return _judged(rows, "rank_points_sum", "screen_passed_count")


METRICS = {"S1": volume, "S2": source_yield, "S3": quality_index}
