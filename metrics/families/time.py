"""T metrics: medians of durations, in days to the nearest hundredth. Whatever has not ended is censored, never dropped."""

import numpy as np
import polars as pl

from metrics.answer import MATURE_FROM
from metrics.counts import Reading
from metrics.intervals import Floats, quantiles_of_counts
from metrics.rows import Rows


def endings(is_ended: str = "true") -> dict[str, str]:
    """Return the counts of ``Rows.counts`` that the estimates here need: how many ended, how many are censored."""
    return {"ended": is_ended, "censored": f"not ({is_ended})"}


def survival_quantiles(reading: Reading, probability: float = 0.5) -> pl.DataFrame:
    """Return the Kaplan–Meier quantile of ``endings`` of each group with its 95 % interval, n and n_open."""
    curves = reading.curves
    answer = _answer(reading, curves.quantiles(probability), *curves.quantile_intervals(probability))
    name = "median" if probability == 0.5 else f"{probability:.0%} quantile"
    followed = pl.Series(np.nan_to_num(curves.follow_up)).floor().cast(pl.Int64)
    beyond = pl.format(f"{name} lies beyond the {{}} days followed up", followed)
    n = pl.col("n") + pl.col("n_open")
    return answer.with_columns(n=n, reason=pl.when((n > 0) & pl.col("value").is_null()).then(beyond))


def _completed_quantiles(reading: Reading, probability: float = 0.5) -> pl.DataFrame:
    found = quantiles_of_counts(reading.sizes, reading.flat("day"), reading.flat("ended"), probability)
    return _answer(reading, *found).with_columns(reason=pl.lit(None, pl.String))


def _answer(reading: Reading, value: Floats, lower: Floats, upper: Floats) -> pl.DataFrame:
    figures = {"value": value, "lower": lower, "upper": upper}
    return reading.grouped.select(
        *reading.groups,
        *(pl.Series(name, each, nan_to_null=True) for name, each in figures.items()),
        n=pl.col("ended").list.sum(),
        n_open=pl.col("censored").list.sum(),
    )


def _stage(rows: Rows) -> list[str]:
    return [] if rows.names("stage") else [f"r.stage = '{rows.switches['stage']}'"]


def _summary(rows: Rows, reading: Reading, probability: float = 0.5) -> pl.DataFrame:
    estimate = _completed_quantiles if rows.switches.get("estimate") == "completed" else survival_quantiles
    return estimate(reading, probability)


def _in_stage(rows: Rows, where: list[str], probability: float = 0.5) -> pl.DataFrame:
    reading = rows.counts("r.time_in_stage_days", endings("not r.is_censored"), where=[*_stage(rows), *where])
    return _summary(rows, reading, probability)


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
    reading = rows.counts(days, endings("r.is_filled"), where=where)
    return survival_quantiles(reading)


def time_to_start(rows: Rows) -> pl.DataFrame:
    """T6: calendar days from acceptance to the first working day, over hires that were not reneged."""
    return _complete(rows, "r.time_to_start_days", ["not r.is_reneged"])


def process_time(rows: Rows) -> pl.DataFrame:
    """T7: days from application to its end; of all applications with open ones censored, or of those with one outcome."""
    days, ended = "greatest(coalesce(r.process_days, r.age_days), 0)", endings("r.outcome <> 'open'")
    if not rows.names("outcome"):
        answer = survival_quantiles(rows.counts(days, ended))
        return _with_maturity(rows, answer, rows.groups, pl.col("n"), [])
    answer = _completed_quantiles(rows.counts(days, ended, where=["r.outcome <> 'open'"])).drop("n_open")
    groups = [name for name in rows.groups if name != "outcome"]
    counted = {"n_open": "count(*) filter (where r.outcome = 'open')", "every": "count(*)"}
    still = rows.total(counted, groups=groups, ignore=["outcome"])
    joined = answer.join(still, on=groups, how="left") if groups else answer.join(still, how="cross")
    return _with_maturity(rows, joined, groups, pl.col("every"), ["outcome"])


def _with_maturity(rows: Rows, answer: pl.DataFrame, groups: list[str], every: pl.Expr, ignore: list[str]) -> pl.DataFrame:
    decided = answer.with_columns(is_mature=pl.when(every > 0).then(1 - pl.col("n_open") / every >= MATURE_FROM))
    if decided["is_mature"].all():
        return decided
    flags = rows.months_are_mature(groups, ignore=ignore)
    keys = decided.select(groups).rows() if groups else [()] * decided.height
    return decided.with_columns(pl.col("is_mature") | pl.Series([flags.get(key, False) for key in keys], dtype=pl.Boolean))


def first_response(rows: Rows) -> pl.DataFrame:
    """T8: days from application to the first answer; without one, censored."""
    reading = rows.counts("r.first_response_days", endings("not r.is_censored"))
    return _summary(rows, reading)


def _complete(rows: Rows, days: str, where: list[str]) -> pl.DataFrame:
    """Summarise durations that have all ended: nothing can be open."""
    reading = rows.counts(days, endings(), where=where)
    return _completed_quantiles(reading).with_columns(pl.lit(None, dtype=pl.Int64).alias("n_open"))


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
