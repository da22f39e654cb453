"""F5: what share of a cohort will have been hired by a horizon. The cohort speaks as far as it was followed, older ones beyond."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from metrics.answer import MATURE_FROM, Row, by_group, partition
from metrics.intervals import Floats, wilson
from metrics.query import filter_values
from metrics.rows import MATURITY_JOIN, Rows
from metrics.survival import aalen_johansen, kaplan_meier, log_log_interval

Integers = npt.NDArray[np.int64]
ENOUGH = 10  # endings from which a curve is estimated; applications that must be old enough for a day to count as followed
_HIRED, _OTHER = 1, 2
_WHEN = ("period_from", "period_to", "applied_month")


def projected_conversion(rows: Rows) -> pl.DataFrame:
    """F5: Aalen–Johansen incidence of hire at the horizon; other endings compete, open applications are censored."""
    horizon = float(rows.switches["horizon"])
    frame = rows.each(
        {
            "days": "greatest(coalesce(r.process_days, r.age_days), 0)",
            "age": "coalesce(r.age_days, 0)",
            "cause": f"case r.outcome when 'open' then 0 when 'hired' then {_HIRED} else {_OTHER} end",
            "cohort_month": "r.applied_month",
            "month_is_mature": "coalesce(m.is_mature, false)",
        },
        join=MATURITY_JOIN,
        ignore=_WHEN,  # older cohorts are needed for what the asked ones have not lived through
    )
    pools = _Pools(frame, [name for name in rows.groups if name != "applied_month"])
    asked = frame.filter(_asked(rows))
    return by_group(asked, rows.groups, lambda part: _project(part, pools, horizon))


@dataclass(frozen=True)
class _Cohort:
    """Applications followed together, as arrays of one length: thousands of small cohorts are projected at each publish."""

    days: Floats
    ages: Floats
    causes: Integers

    @classmethod
    def of(cls, part: pl.DataFrame) -> Self:
        return cls(*(part[name].to_numpy() for name in ("days", "age", "cause")))

    def after(self, day: float) -> Self:
        """Return those still undecided after so many days."""
        later = self.days > day
        return replace(self, days=self.days[later], ages=self.ages[later], causes=self.causes[later])

    def ended_by(self, day: float) -> int:
        return int(np.count_nonzero((self.causes > 0) & (self.days <= day)))

    def followed(self, horizon: float) -> float:
        """Return until which age the applications could be watched: the tenth oldest, at most the horizon."""
        return min(horizon, float(np.partition(self.ages, -ENOUGH)[-ENOUGH])) if self.ages.size >= ENOUGH else 0.0

    def incidence(self, moment: float) -> tuple[float, float, float, float, float]:
        """Return F of hire and its variance, the variance of F of the rest, S and its variance, at a moment."""
        curves = aalen_johansen(self.days, self.causes)
        hired, other = (curves[name].at(moment) if name in curves else (0.0, 0.0) for name in (_HIRED, _OTHER))
        survival = kaplan_meier(self.days, self.causes > 0)
        left = float(survival.survival_at(moment))
        seen = int(np.searchsorted(survival.times, moment, side="right"))
        greenwood = float(survival.greenwood[seen - 1]) if seen and left > 0 else 0.0
        return hired[0], hired[1], other[1], left, left**2 * greenwood


class _Pools:
    """Where a cohort's unlived days are read from: its own segment of all months, else its school (or everything read)."""

    def __init__(self, frame: pl.DataFrame, segment: list[str]) -> None:
        self._levels = [segment] if segment in ([], ["tenant_id"]) else [segment, [name for name in segment if name == "tenant_id"]]
        self._parts = [{key: _Cohort.of(part) for key, part in partition(frame, level)} for level in self._levels]

    def of(self, part: pl.DataFrame, after: float, horizon: float) -> _Cohort | None:
        """Return the applications still undecided ``after`` so many days; None when no pool was followed to the horizon."""
        found = None
        for level, parts in zip(self._levels, self._parts, strict=True):
            pool = parts[tuple(part[name][0] for name in level)]
            if pool.followed(horizon) >= horizon:
                found = pool.after(after) if after else pool
                if found.ended_by(horizon) >= ENOUGH:
                    break
        return found


def _asked(rows: Rows) -> pl.Expr:
    month, query = pl.col("cohort_month"), rows.query
    wanted = pl.lit(True)
    if query.period_from:
        wanted &= month >= query.period_from
    if query.period_to:
        wanted &= month <= query.period_to
    if "applied_month" in query.filters:
        wanted &= month.cast(pl.String).is_in(filter_values("applied_month", query.filters["applied_month"]))
    return wanted


def _project(part: pl.DataFrame, pools: _Pools, horizon: float) -> Row:
    cohort = _Cohort.of(part)
    n, n_open = part.height, int(np.count_nonzero(cohort.causes == 0))
    row: Row = {"value": None, "lower": None, "upper": None, "n": n, "n_open": n_open, "reason": None, "is_mature": None}
    if not n:
        return row
    row["is_mature"] = 1 - n_open / n >= MATURE_FROM or bool(part["month_is_mature"].all())
    after = cohort.followed(horizon)
    if cohort.ended_by(after) < ENOUGH:
        after = 0.0
    value, variance, other, left, left_variance = cohort.incidence(after) if after else (0.0, 0.0, 0.0, 1.0, 0.0)
    if after < horizon and left > 0:
        pool = pools.of(part, after, horizon)
        if pool is None:
            return row | {"reason": f"no cohort has been followed for {horizon:.0f} days yet"}
        later, later_variance = _later(pool, horizon)
        # Var(F + S p) with Cov(F, S) told by the three variances, since F + S + F of the rest = 1.
        spread = variance * (1 - later) + other * later + left_variance * (later**2 - later)
        chance = left * later * (1 - later) / n  # of those still open: what comes true is one draw of it
        value, variance = value + left * later, max(spread, 0.0) + left**2 * later_variance + chance
        seen = f"seen to day {after:.0f}" if after else f"fewer than {ENOUGH} endings seen"
        row["reason"] = f"{seen}, then as {pool.days.size:,} pooled applications fared"
    lower, upper = log_log_interval(value, variance) if variance > 0 else wilson(value * n, n)
    return row | {"value": value, "lower": float(lower), "upper": float(upper)}


def _later(pool: _Cohort, horizon: float) -> tuple[float, float]:
    """Return the incidence of hire in a pool by the horizon and its variance, kept off zero where few endings speak."""
    n = pool.days.size
    later, variance = pool.incidence(horizon)[:2] if n else (0.0, 0.0)
    if pool.ended_by(horizon) >= ENOUGH:
        return later, variance
    shrunk = (later * n + 2) / (n + 4)  # Agresti & Coull, Am. Stat. 52 (1998) 119–126
    return later if n else shrunk, max(variance, shrunk * (1 - shrunk) / (n + 4))


METRICS = {"F5": projected_conversion}
