"""T10, V and R1 to R4: a school's own deadline. Vacancies, day one, what a plan needs, what waits too long."""

import math

import numpy as np
import polars as pl

from metrics.answer import Row, by_group, rate
from metrics.intervals import quantile_interval, ratio_interval
from metrics.rows import Rows

_DRAWS = 1_000
_SEED = 20260101
_NOT_OF_APPLICANTS = ("season", "period_from", "period_to")  # what a plan has and the history of applications has not


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def day_one(rows: Rows) -> pl.DataFrame:
    """T10: days between filling and the start of term, or the share of openings that were late; over openings that are due."""
    where = ["r.is_due", "not r.is_cancelled"]
    if rows.switches["measure"] == "late_share":
        measures = {"hits": "count(*) filter (where r.is_late)", "n": "count(*)", "n_open": "count(*) filter (where not r.is_filled)"}
        return rate(rows.total(measures, where=where))

    def summarise(part: pl.DataFrame) -> Row:
        days = part["lead_days"].fill_null(-math.inf).to_numpy()  # an unfilled one is later than all that are filled
        lower, upper = quantile_interval(days)
        median = float(np.sort(days)[[(days.size - 1) // 2, days.size // 2]].mean()) if days.size else math.nan
        reason = "more than half of these openings are not filled" if median == -math.inf else None
        n_open = part["lead_days"].null_count()
        return {
            "value": _number(median),
            "lower": _number(lower),
            "upper": _number(upper),
            "n": days.size,
            "n_open": n_open,
            "reason": reason,
        }

    return by_group(rows.each({"lead_days": "r.days_to_day_one"}, where=where), rows.groups, summarise)


def vacancies(rows: Rows) -> pl.DataFrame:
    """V1: openings that were vacant on any day of the period, each once."""
    return rows.total({"value": "count(distinct r.opening_id)"}).with_columns(n=pl.col("value"))


def fill_rate(rows: Rows) -> pl.DataFrame:
    """V2: full-time equivalents filled, of those approved; cancelled openings are on neither side."""
    totals = rows.total(
        {
            "n": "count(*)",
            "n_open": "count(*) filter (where not r.is_filled)",
            "filled": "coalesce(sum(r.fte) filter (where r.is_filled), 0)",
            "approved": "sum(r.fte)",
        },
        where=["not r.is_cancelled"],
    )
    share = pl.when(pl.col("approved") > 0).then(pl.col("filled") / pl.col("approved")).otherwise(0.0)
    return rate(totals.with_columns(hits=share * pl.col("n")))


def applicants(rows: Rows) -> pl.DataFrame:
    """V3: applications per opening of their job, over openings that have ended."""
    frame = rows.each(
        {
            "per_opening": "cast(r.job_applications_count as double) / r.job_openings_count",
            "has_ended": "r.is_filled or r.is_cancelled",
        }
    )
    is_mean = rows.switches["estimate"] == "mean"

    def summarise(part: pl.DataFrame) -> Row:
        ended = part.filter("has_ended")["per_opening"].to_numpy()
        if is_mean:
            value, (lower, upper) = ended.mean() if ended.size else math.nan, ratio_interval(ended, np.ones(ended.size))
        else:
            value, (lower, upper) = np.median(ended) if ended.size else math.nan, quantile_interval(ended)
        numbers = {"value": _number(float(value)), "lower": _number(lower), "upper": _number(upper)}
        return {**numbers, "n": ended.size, "n_open": part.height - ended.size}

    return by_group(frame, rows.groups, summarise)


def open_load(rows: Rows) -> pl.DataFrame:
    """R1: open applications, or jobs with any, by recruiter."""
    counted = "count(distinct r.job_id)" if rows.switches["measure"] == "jobs" else "count(*)"
    return rows.total({"value": counted}).with_columns(n=pl.col("value"))


def required_activity(rows: Rows) -> pl.DataFrame:
    """R2: how many applications in a stage a plan needs: its hires divided by the mature pass-through from there to hired."""
    wanted = "r.target_hires_count"
    if rows.switches["target"] == "remaining":
        wanted = "greatest(r.target_hires_count - r.hired_count, 0)"
    plans = rows.total({"target": f"sum({wanted})"})
    groups = [name for name in rows.groups if name in ("tenant_id", "subject")]
    clusters = rows.total(
        {
            "reached": f"sum(r.reached_count) filter (where r.stage = '{rows.switches['stage']}')",
            "hired": "sum(r.reached_count) filter (where r.stage = 'hired')",
        },
        table="marts.mart_funnel_cohorts",
        groups=[*dict.fromkeys([*groups, "tenant_id", "applied_month"])],
        where=["r.is_mature"],
        ignore=_NOT_OF_APPLICANTS,
    ).sort("tenant_id", "applied_month")
    history = by_group(clusters.fill_null(0).select([*groups, "reached", "hired"]), groups, _pass_through)
    joined = plans.join(history, on=groups, how="left") if groups else plans.join(history, how="cross")
    target, through = pl.col("target"), pl.col("value")
    never = pl.lit("nobody of the mature cohorts who reached this stage was hired")
    return joined.with_columns(
        value=pl.when(through > 0).then(target / through),
        lower=pl.when(pl.col("upper") > 0).then(target / pl.col("upper")),
        upper=pl.when(pl.col("lower") > 0).then(target / pl.col("lower")),
        reason=pl.when((through == 0) & (pl.col("n") >= rows.definition.shown_from)).then(never),
    ).filter(pl.col("target").is_not_null())


def _pass_through(part: pl.DataFrame) -> Row:
    """Return hired / reached with its bootstrap interval over school-months, ``n`` = reached."""
    reached, hired = part["reached"].to_numpy().astype(float), part["hired"].to_numpy().astype(float)
    n = int(reached.sum())
    if not n:
        return {"value": None, "lower": None, "upper": None, "n": 0}
    drawn = np.random.default_rng(_SEED).integers(0, len(reached), size=(_DRAWS, len(reached)))
    below = reached[drawn].sum(axis=1)
    lower, upper = np.quantile(hired[drawn].sum(axis=1)[below > 0] / below[below > 0], (0.025, 0.975))
    return {"value": hired.sum() / n, "lower": float(lower), "upper": float(upper), "n": n}


def sla_breach(rows: Rows) -> pl.DataFrame:
    """R3: stays longer than the school's own limit for the stage; open stays within it are undecided."""
    measures = {
        "hits": "count(*) filter (where r.is_sla_breached)",
        "n": "count(r.is_sla_breached)",
        "n_open": "count(*) filter (where r.is_sla_breached is null)",
    }
    return rate(rows.total(measures, where=["r.sla_hours is not null", "not r.is_accidental"]))


def stale(rows: Rows) -> pl.DataFrame:
    """R4: open applications without an event for so many days and none ahead; their number or their share of the open ones."""
    is_stale = f"r.idle_days >= {int(rows.switches['days'])} and not r.has_event_ahead"
    totals = rows.total({"hits": f"count(*) filter (where {is_stale})", "n": "count(*)"})
    if rows.switches["measure"] == "share":
        return rate(totals)
    return totals.with_columns(value=pl.col("hits"))


METRICS = {
    "T10": day_one,
    "V1": vacancies,
    "V2": fill_rate,
    "V3": applicants,
    "R1": open_load,
    "R2": required_activity,
    "R3": sla_breach,
    "R4": stale,
}
