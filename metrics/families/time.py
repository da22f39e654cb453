"""T metrics: medians of durations in days. Whatever has not ended is censored, never dropped."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from metrics.intervals import quantile_interval
from metrics.rows import Rows
from metrics.survival import kaplan_meier

Row = dict[str, object]


def _by_group(rows: Rows, frame: pl.DataFrame, summarise: Callable[[pl.DataFrame], Row]) -> pl.DataFrame:
    schema: dict[str, Any] = {name: frame.schema[name] for name in rows.groups}
    parts = frame.partition_by(rows.groups, as_dict=True).items() if rows.groups else [((), frame)]
    answers = [{**dict(zip(rows.groups, key, strict=True)), **summarise(part)} for key, part in parts]
    numbers = {"value": pl.Float64, "lower": pl.Float64, "upper": pl.Float64, "n": pl.Int64, "n_open": pl.Int64, "reason": pl.String}
    return pl.DataFrame(answers, schema=schema | numbers)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _survival_median(part: pl.DataFrame) -> Row:
    curve = kaplan_meier(part["days"].to_numpy(), part["is_ended"].to_numpy())
    median, (lower, upper) = curve.median(), curve.quantile_interval()
    beyond = part.height > 0 and math.isnan(median)
    return {
        "value": _number(median),
        "lower": _number(lower),
        "upper": _number(upper),
        "n": part.height,
        "n_open": int((~part["is_ended"]).sum()),
        "reason": f"median lies beyond the {math.floor(curve.follow_up)} days followed up" if beyond else None,
    }


def _completed_median(part: pl.DataFrame) -> Row:
    days = part.filter("is_ended")["days"].to_numpy()
    lower, upper = quantile_interval(days) if days.size else (math.nan, math.nan)
    return {
        "value": float(np.median(days)) if days.size else None,
        "lower": _number(lower),
        "upper": _number(upper),
        "n": days.size,
        "n_open": part.height - days.size,
        "reason": None,
    }


def _stage(rows: Rows) -> list[str]:
    return [] if rows.names("stage") else [f"r.stage = '{rows.switches['stage']}'"]


def _in_stage(rows: Rows, where: list[str]) -> pl.DataFrame:
    columns = {"days": "r.time_in_stage_days", "is_ended": "not r.is_censored"}
    frame = rows.each(columns, where=[*_stage(rows), *where, "r.time_in_stage_days is not null"])
    return _by_group(rows, frame, _completed_median if rows.switches["estimate"] == "completed" else _survival_median)


def time_in_stage_visit(rows: Rows) -> pl.DataFrame:
    """T1: days of a visit to a stage."""
    return _in_stage(rows, ["not r.is_accidental"] if rows.switches["accidental"] == "excluded" else [])


def time_in_stage_application(rows: Rows) -> pl.DataFrame:
    """T2: days an application spent in a stage, all its visits together."""
    return _in_stage(rows, [])


def time_to_hire(rows: Rows) -> pl.DataFrame:
    """T4: days from application to accepted offer, over hires."""
    where = ["not r.is_accept_imputed"] if rows.switches["acceptance"] == "observed" else []
    frame = rows.each({"days": "r.time_to_hire_days", "is_ended": "true"}, where=[*where, "r.time_to_hire_days is not null"])
    return _by_group(rows, frame, _completed_median).with_columns(pl.lit(None, dtype=pl.Int64).alias("n_open"))


def time_to_fill(rows: Rows) -> pl.DataFrame:
    """T5: days from job approval to the accepted offer, over openings; unfilled ones censored."""
    days = "r.net_days" if rows.switches["clock"] == "net" else "r.gross_days"
    where = ["not r.is_cancelled"] if rows.switches["cancelled"] == "excluded" else []
    frame = rows.each({"days": days, "is_ended": "r.is_filled"}, where=[*where, f"{days} is not null"])
    return _by_group(rows, frame, _survival_median)


METRICS = {"T1": time_in_stage_visit, "T2": time_in_stage_application, "T4": time_to_hire, "T5": time_to_fill}
