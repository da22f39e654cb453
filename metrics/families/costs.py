"""S7: what a hire costs, by channel: spend and agency fees over hires, one currency at a time."""

import polars as pl

from metrics.families.money import kept_apart, per
from metrics.families.sources import unranked_unknown
from metrics.rows import Rows

_KNOWN = "filter (r.currency <> 'unknown')"
_YEAR_OVER = (  # months before the first whose hires are not all a year in post
    "r.cost_month < coalesce((select min(p.cost_month) from marts.mart_source_costs as p"
    " where p.tenant_id = r.tenant_id and p.retention_pending_count > 0), date '9999-12-31')"
)


def cost_per_hire(rows: Rows) -> pl.DataFrame:
    """S7: cost per hire or per hire retained for a year; null for no hire, and while hires are still within their year."""
    is_retained = rows.switches["measure"] == "per_retained_hire"
    where = [f"r.attribution = '{rows.switches['attribution']}'"]
    if rows.switches["cohorts"] == "mature_only":
        where.append(_YEAR_OVER)
    counted = "retained_count" if is_retained else "hires_count"
    totals = rows.total(
        {
            "spend": f"sum(r.spend_minor) {_KNOWN}",
            "agency_fees": f"sum(r.agency_fees_minor) {_KNOWN}",
            "n": f"coalesce(sum(r.{counted}) {_KNOWN}, 0)",
            "pending": f"coalesce(sum(r.retention_pending_count) {_KNOWN}, 0)",
            "one_currency": f"min(r.currency) {_KNOWN}",
            "currencies": f"count(distinct r.currency) {_KNOWN}",
        },
        where=where,
    )
    none = pl.when(pl.col("n") == 0).then(pl.lit("no hire to divide by"))
    costs = per(totals.with_columns(amount=pl.col("spend") + pl.col("agency_fees"))).with_columns(reason=none)
    if is_retained:
        waits = pl.col("pending") > 0
        reason = pl.when(waits).then(pl.format("{} of the hires are not yet a year in post", pl.col("pending"))).otherwise(pl.col("reason"))
        costs = costs.with_columns(waits.alias("suppressed"), reason.alias("reason"), pl.col("pending").alias("n_open"))
    return kept_apart(costs).with_columns(unranked_unknown(rows))


METRICS = {"S7": cost_per_hire}
