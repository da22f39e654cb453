"""Metrics of the pipeline as a level: who is in which stage at the end of a day (F7), how fast a stage is left (T9)."""

from datetime import date, timedelta

import polars as pl

from metrics.intervals import poisson
from metrics.query import MetricQueryError, filter_values
from metrics.rows import Rows

_DAY = "snapshot_date"
_STEADY = (0.8, 1.25)  # days waited in the period / days of the stays that ended in it: beyond, the stage fills or empties


def snapshot(rows: Rows) -> pl.DataFrame:
    """F7: applications open at 24:00 of a day, school's zone; without a day, at the end of the period."""
    groups = [name for name in rows.groups if name != _DAY]
    wanted = filter_values(_DAY, rows.query.filters[_DAY]) if _DAY in rows.query.filters else None
    if wanted and _DAY not in rows.groups and len(wanted) > 1:
        raise MetricQueryError(f"F7 counts who is there at one moment: group by {_DAY} to see several days")
    where = [f"r.basis = '{rows.switches['basis']}'"]
    if _DAY not in rows.groups and not wanted:
        level = {"value": "coalesce(sum(r.entered_count - r.exited_count), 0)"}
        return rows.total(level, where=where, ignore=("period_from",)).with_columns(n=pl.col("value"), n_open=pl.col("value"))
    steps = _steps(rows, groups, where, {"step": "sum(r.entered_count - r.exited_count)"})
    days = _days(rows, steps, rows.switches["every"]) if wanted is None else [date.fromisoformat(day) for day in wanted]
    levels = _levels(steps, groups, days).with_columns(n=pl.col("value"), n_open=pl.col("value"))
    return levels if _DAY in rows.groups else levels.drop(_DAY)


def velocity(rows: Rows) -> pl.DataFrame:
    """T9: exits per week of those in the stage when the week began; or the days a stay lasts by Little's law."""
    where = [] if rows.names("stage") else [f"r.stage = '{rows.switches['stage']}'"]
    measures = {"step": "sum(r.entered_count - r.exited_count)", "exits": "sum(r.exited_count)", "stays": "sum(r.exited_stay_days)"}
    steps = _steps(rows, rows.groups, [*where, "r.basis = 'happened'"], measures)
    every_day = _days(rows, steps, "day")
    first, weeks = _whole_weeks(every_day)
    days = every_day[first : first + 7 * weeks]
    eves = [days[number] - timedelta(days=1) for number in range(0, len(days), 7)]
    waited = _levels(steps, rows.groups, days)
    started = _levels(steps, rows.groups, eves)
    within = steps.filter(pl.col(_DAY).is_in(days))
    sums = [
        _summed(within, rows.groups, exits=pl.col("exits").sum(), stays=pl.col("stays").sum()),
        _summed(waited, rows.groups, waited=pl.col("value").sum(), n_open=pl.col("value").filter(pl.col(_DAY) == pl.col(_DAY).max()).sum()),
        _summed(started, rows.groups, exposed=pl.col("value").sum()),
    ]
    joined = sums[1]
    for other in (sums[0], sums[2]):
        joined = joined.join(other, on=rows.groups, how="left") if rows.groups else joined.join(other, how="cross")
    joined = joined.with_columns(pl.col("exits", "exposed").fill_null(0), pl.col("stays").fill_null(0.0))
    low, high = poisson(joined["exits"].to_numpy())
    joined = joined.with_columns(pl.Series("low", low), pl.Series("high", high), n=pl.col("exits"))
    by_week = rows.switches["measure"] == "weekly_exits"
    above, below = ("exits", "exposed") if by_week else ("waited", "exits")
    lower, upper = (pl.col("low") / pl.col(below), pl.col("high") / pl.col(below))
    if not by_week:
        lower, upper = pl.col(above) / pl.col("high"), pl.col(above) / pl.col("low")
    ratio = pl.col("waited") / pl.col("stays")
    moving = pl.format(
        "not steady by Little's law: {} days waited in these weeks, {} in the stays that ended",
        "waited",
        pl.col("stays").round(0).cast(pl.Int64),
    )
    return joined.with_columns(
        pl.when(pl.col(below) > 0).then(value).alias(name)
        for name, value in (("value", pl.col(above) / pl.col(below)), ("lower", lower), ("upper", upper))
    ).with_columns(pl.when((pl.col("n") > 0) & ~ratio.is_between(*_STEADY)).then(moving).alias("reason"))


def _steps(rows: Rows, groups: list[str], where: list[str], measures: dict[str, str]) -> pl.DataFrame:
    read = rows.total(measures, groups=[*groups, _DAY], where=where, ignore=("period_from", "period_to", _DAY))
    return read.sort(*groups, _DAY)


def _days(rows: Rows, steps: pl.DataFrame, every: str) -> list[date]:
    """Return the days asked for, as far as there are steps: every one, every Sunday or every last of a month."""
    if steps.is_empty():
        return []
    known: list[date] = steps[_DAY].unique().sort().to_list()
    first, last = max(known[0], rows.query.period_from or known[0]), min(known[-1], rows.query.period_to or known[-1])
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    if every == "week":
        return [day for day in days if day.weekday() == 6]
    return [day for day in days if every == "day" or (day + timedelta(days=1)).day == 1]


def _whole_weeks(days: list[date]) -> tuple[int, int]:
    """Return the place of the first Monday and how many whole weeks follow."""
    first = next((place for place, day in enumerate(days) if day.weekday() == 0), len(days))
    return first, (len(days) - first) // 7


def _levels(steps: pl.DataFrame, groups: list[str], days: list[date]) -> pl.DataFrame:
    """Return the running sum of ``step`` at the end of each day: one row a group and day."""
    running = steps.with_columns(pl.col("step").cum_sum().over(groups) if groups else pl.col("step").cum_sum())
    asked = pl.DataFrame({_DAY: days}, schema={_DAY: pl.Date})
    frame = steps.select(groups).unique(maintain_order=True).join(asked, how="cross") if groups else asked
    found = frame.sort(_DAY).join_asof(running.select(*groups, _DAY, "step").sort(_DAY), on=_DAY, by=groups or None, check_sortedness=False)
    return found.select(*groups, _DAY, pl.col("step").fill_null(0).alias("value"))


def _summed(frame: pl.DataFrame, groups: list[str], **sums: pl.Expr) -> pl.DataFrame:
    return frame.group_by(groups, maintain_order=True).agg(**sums) if groups else frame.select(**sums)


METRICS = {"F7": snapshot, "T9": velocity}
