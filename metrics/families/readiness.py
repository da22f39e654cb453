"""R5 to R7: will the posts be filled by day one, how many hires are coming, and what if a stage were quicker."""

import math

import polars as pl

from metrics.answer import Row, by_group
from metrics.intervals import poisson_binomial_interval
from metrics.rows import Rows
from metrics.what_if import DRAWS, Histories, readiness_without, time_to_fill_without

_FORECAST_JOIN = "left join predictions.open_openings as p on p.opening_id = r.opening_id and p.tenant_id = r.tenant_id"
_COMING = ["not r.is_cancelled", "not r.is_due", "r.term_start_date is not null"]


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def day_one_readiness(rows: Rows) -> pl.DataFrame:
    """R5: openings for a term to come that will be filled when it begins: expected share or number, filled ones are certain."""
    probability = "case when r.is_filled then 1.0 else p.p_filled_before_term_start end"
    frame = rows.each({"probability": probability, "is_open": "not r.is_filled"}, join=_FORECAST_JOIN, where=_COMING)
    is_share = rows.switches["measure"] == "share"

    def summarise(part: pl.DataFrame) -> Row:
        return _expected(part["probability"], part.filter("is_open").height, is_share=is_share)

    return by_group(frame.filter(pl.col("probability").is_not_null()), rows.groups, summarise)


def hires_forecast(rows: Rows) -> pl.DataFrame:
    """R6: hires to expect, from the distribution of each open opening within a horizon, or from each open application."""
    if rows.switches["basis"] == "applications":
        listed = rows.total({"chances": "list(r.p_hired order by r.p_hired)"}, table="predictions.open_applications")
    else:
        column = f"r.p_filled_{int(rows.switches['horizon'])}_days"
        listed = rows.total({"chances": f"list({column} order by {column})"})
    chances = listed.explode("chances").drop_nulls("chances")
    return by_group(chances, rows.groups, lambda part: _expected(part["chances"], part.height, is_share=False))


def _expected(chances: pl.Series, n_open: int, *, is_share: bool) -> Row:
    n = len(chances)
    if not n:
        return {"value": None, "lower": None, "upper": None, "n": 0, "n_open": 0}
    certain = int((chances == 1).sum())
    lower, upper = poisson_binomial_interval(chances.filter(chances < 1).to_numpy())
    whole = n if is_share else 1
    return {
        "value": float(chances.sum()) / whole,
        "lower": (certain + lower) / whole,
        "upper": (certain + upper) / whole,
        "n": n,
        "n_open": n_open,
    }


def what_if(rows: Rows) -> pl.DataFrame:
    """R7: the median time to fill, or the share filled by day one, had a stage been so many days shorter; or the change itself."""
    stage_days = f"coalesce(r.{rows.switches['stage']}_stage_days, 0)"
    columns = {"job": "r.job_id", "days": "r.gross_days", "is_filled": "r.is_filled", "stage_days": stage_days}
    columns |= {"lead_days": "r.days_to_day_one", "is_due": "r.is_due and not r.is_cancelled"}
    frame = rows.each(columns)
    of_time, shown = rows.switches["effect"] == "time_to_fill", rows.switches["show"]
    removed = float(rows.switches["days"])

    def summarise(part: pl.DataFrame) -> Row:
        part = part.sort("job", "days", "stage_days")
        histories = Histories(
            job=part["job"].rank("dense").cast(pl.Int64).to_numpy(),
            days=part["days"].to_numpy(),
            is_filled=part["is_filled"].to_numpy(),
            stage_days=part["stage_days"].cast(pl.Float64).to_numpy(),
            lead_days=part["lead_days"].cast(pl.Float64).to_numpy(),
            is_due=part["is_due"].to_numpy(),
        )
        found = (time_to_fill_without if of_time else readiness_without)(histories, removed, draws=DRAWS if shown == "change" else 0)
        value = {"change": found.change, "before": found.before, "after": found.after}[shown]
        interval = (found.lower, found.upper) if shown == "change" else (math.nan, math.nan)
        return {"value": _number(value), "lower": _number(interval[0]), "upper": _number(interval[1]), "n": found.n}

    return by_group(frame, rows.groups, summarise)


METRICS = {"R5": day_one_readiness, "R6": hires_forecast, "R7": what_if}
