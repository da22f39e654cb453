"""T metrics: medians of durations in days. Whatever has not ended is censored, never dropped."""

import math
from collections.abc import Callable

import numpy as np
import polars as pl

from metrics.answer import MATURE_FROM, Row, by_group
from metrics.intervals import quantile_interval
from metrics.rows import MATURITY_JOIN, Rows
from metrics.survival import kaplan_meier


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def survival_quantile(part: pl.DataFrame, probability: float = 0.5) -> Row:
    """Return the Kaplan–Meier quantile of ``days`` (``is_ended`` false: censored) with its 95 % interval, n and n_open."""
    is_ended = part["is_ended"].to_numpy()
    curve = kaplan_meier(part["days"].to_numpy(), is_ended)
    found, (lower, upper) = curve.quantile(probability), curve.quantile_interval(probability)
    beyond = part.height > 0 and math.isnan(found)
    name = "median" if probability == 0.5 else f"{probability:.0%} quantile"
    return {
        "value": _number(found),
        "lower": _number(lower),
        "upper": _number(upper),
        "n": part.height,
        "n_open": part.height - int(np.count_nonzero(is_ended)),
        "reason": f"{name} lies beyond the {math.floor(curve.follow_up)} days followed up" if beyond else None,
    }


def _completed_quantile(part: pl.DataFrame, probability: float = 0.5) -> Row:
    days = part["days"].to_numpy()[part["is_ended"].to_numpy()]
    lower, upper = quantile_interval(days, probability) if days.size else (math.nan, math.nan)
    return {
        "value": float(np.quantile(days, probability)) if days.size else None,
        "lower": _number(lower),
        "upper": _number(upper),
        "n": days.size,
        "n_open": part.height - days.size,
        "reason": None,
    }


def _stage(rows: Rows) -> list[str]:
    return [] if rows.names("stage") else [f"r.stage = '{rows.switches['stage']}'"]


def _summary(rows: Rows, probability: float = 0.5) -> Callable[[pl.DataFrame], Row]:
    estimate = _completed_quantile if rows.switches.get("estimate") == "completed" else survival_quantile
    return lambda part: estimate(part, probability)


def _in_stage(rows: Rows, where: list[str], probability: float = 0.5) -> pl.DataFrame:
    columns = {"days": "r.time_in_stage_days", "is_ended": "not r.is_censored"}
    frame = rows.each(columns, where=[*_stage(rows), *where, "r.time_in_stage_days is not null"])
    return by_group(frame, rows.groups, _summary(rows, probability))


def time_in_stage_visit(rows: Rows) -> pl.DataFrame:
    """T1: days of a visit to a stage."""
    return _in_stage(rows, ["not r.is_accidental"] if rows.switches["accidental"] == "excluded" else [])


def time_in_stage_application(rows: Rows) -> pl.DataFrame:
    """T2: days an application spent in a stage, all its visits together."""
    return _in_stage(rows, [])


def stage_quantile(rows: Rows) -> pl.DataFrame:
    """T3: a quantile of T2, the median unless asked otherwise."""
    return _in_stage(rows, [], int(rows.switches["quantile"].removeprefix("p")) / 100)


def time_to_hire(rows: Rows) -> pl.DataFrame:
    """T4: days from application (or first contact) to accepted offer, over hires."""
    days = "r.time_from_first_contact_days" if rows.switches["clock"] == "sourced" else "r.time_to_hire_days"
    where = ["not r.is_accept_imputed"] if rows.switches["acceptance"] == "observed" else []
    return _complete(rows, days, where)


def time_to_fill(rows: Rows) -> pl.DataFrame:
    """T5: days from job approval (or its latest reopening) to the accepted offer, over openings; unfilled ones censored."""
    since = "_latest" if rows.switches["reopened"] == "latest" else ""
    days = f"r.{rows.switches['clock']}{since}_days"
    where = ["not r.is_cancelled"] if rows.switches["cancelled"] == "excluded" else []
    frame = rows.each({"days": days, "is_ended": "r.is_filled"}, where=[*where, f"{days} is not null"])
    return by_group(frame, rows.groups, survival_quantile)


def time_to_start(rows: Rows) -> pl.DataFrame:
    """T6: calendar days from acceptance to the first working day, over hires that were not reneged."""
    return _complete(rows, "r.time_to_start_days", ["not r.is_reneged"])


def process_time(rows: Rows) -> pl.DataFrame:
    """T7: days from application to its end; of all applications with open ones censored, or of those with one outcome."""
    columns = {
        "days": "greatest(coalesce(r.process_days, r.age_days), 0)",
        "is_ended": "r.outcome <> 'open'",
        "month_is_mature": "coalesce(m.is_mature, false)",
    }
    by_outcome = rows.names("outcome")
    if not by_outcome:
        return by_group(rows.each(columns, join=MATURITY_JOIN), rows.groups, _decided)
    ended = rows.each(columns, join=MATURITY_JOIN, where=["r.outcome <> 'open'"])
    answer = by_group(ended, rows.groups, _completed_quantile).drop("n_open")
    groups = [name for name in rows.groups if name != "outcome"]
    still = rows.total(
        {"n_open": "count(*) filter (where r.outcome = 'open')", "every": "count(*)", "mature": "bool_and(coalesce(m.is_mature, false))"},
        groups=groups,
        join=MATURITY_JOIN,
        ignore=["outcome"],
    )
    joined = answer.join(still, on=groups, how="left") if groups else answer.join(still, how="cross")
    return joined.with_columns(is_mature=(1 - pl.col("n_open") / pl.col("every") >= MATURE_FROM) | pl.col("mature"))


def _decided(part: pl.DataFrame) -> Row:
    row = survival_quantile(part)
    share = part["is_ended"].mean()
    return row | {"is_mature": None if share is None else share >= MATURE_FROM or bool(part["month_is_mature"].all())}


def first_response(rows: Rows) -> pl.DataFrame:
    """T8: days from application to the first answer; without one, censored."""
    frame = rows.each({"days": "r.first_response_days", "is_ended": "not r.is_censored"})
    return by_group(frame, rows.groups, _summary(rows))


def _complete(rows: Rows, days: str, where: list[str]) -> pl.DataFrame:
    """Summarise durations that have all ended: nothing can be open."""
    frame = rows.each({"days": days, "is_ended": "true"}, where=[*where, f"{days} is not null"])
    return by_group(frame, rows.groups, _completed_quantile).with_columns(pl.lit(None, dtype=pl.Int64).alias("n_open"))


METRICS = {
    "T1": time_in_stage_visit,
    "T2": time_in_stage_application,
    "T3": stage_quantile,
    "T4": time_to_hire,
    "T5": time_to_fill,
    "T6": time_to_start,
    "T7": process_time,
    "T8": first_response,
}
