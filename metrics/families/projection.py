"""F5: what share of a cohort will have been hired by a horizon. The cohort speaks as far as it was followed, older ones beyond."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import polars as pl

from metrics.answer import MATURE_FROM, Row, gathered
from metrics.counts import Counts, pooled
from metrics.intervals import Floats, wilson
from metrics.query import filter_values
from metrics.rows import Rows
from metrics.survival import aalen_johansen_of_counts, log_log_interval, product_limit_of_counts

ENOUGH = 10  # endings from which a curve is estimated; applications that must be old enough for a day to count as followed
_HIRED, _OTHER = 1, 2
_ENDINGS = {"hired": "r.outcome = 'hired'", "other": "r.outcome not in ('hired', 'open')", "open": "r.outcome = 'open'"}
_WHEN = ("period_from", "period_to", "applied_month")


def projected_conversion(rows: Rows) -> pl.DataFrame:
    """F5: Aalen–Johansen incidence of hire at the horizon; other endings compete, open applications are censored."""
    horizon = float(rows.switches["horizon"])
    by = list(dict.fromkeys([*rows.groups, "applied_month"]))
    # Older cohorts are needed for what the asked ones have not lived through.
    reading = rows.counts("greatest(coalesce(r.process_days, r.age_days), 0)", _ENDINGS, groups=by, ignore=_WHEN, parts=10)
    ages = rows.total({"oldest": f"max(coalesce(r.age_days, 0), {ENOUGH})"}, groups=by, ignore=_WHEN)
    oldest = dict(zip(ages.select(by).rows(), ages["oldest"].to_list(), strict=True))
    parts = [part | {"oldest": np.asarray(oldest[tuple(part[name] for name in by)])} for part in reading.counts]
    segment = [name for name in rows.groups if name != "applied_month"]
    pools = _Pools(parts, segment)
    wanted = reading.grouped.with_columns(is_asked=_asked(rows))["is_asked"]
    asked = _by([part for part, is_wanted in zip(parts, wanted, strict=True) if is_wanted], rows.groups)
    asked = asked or ({} if rows.groups else {(): []})
    cohorts = {key: _Cohort.of(parts) for key, parts in asked.items()}
    mature = _mature(rows, asked, cohorts)
    found = [(key, _project(cohorts[key], parts, pools, horizon) | {"is_mature": mature[key]}) for key, parts in asked.items()]
    return gathered(reading.grouped, rows.groups, found)


def _mature(
    rows: Rows, asked: Mapping[tuple[Any, ...], list[Counts]], cohorts: Mapping[tuple[Any, ...], "_Cohort"]
) -> dict[tuple[Any, ...], bool | None]:
    """Say of each cohort whether it can be judged: 95 % have ended, or all its school-months are flagged; None without applications."""
    mature = {key: 1 - cohort.open_size / cohort.size >= MATURE_FROM if cohort.size else None for key, cohort in cohorts.items()}
    young = {part["applied_month"] for key, parts in asked.items() if mature[key] is False for part in parts}
    if young:
        named = ", ".join(f"date '{month}'" for month in sorted(young))
        by = list(dict.fromkeys([*rows.groups, "applied_month"]))
        flags = rows.months_are_mature(by, where=[f"r.applied_month in ({named})"], ignore=_WHEN)
        for key, parts in asked.items():
            mature[key] = mature[key] or all(flags[tuple(part[name] for name in by)] for part in parts)
    return mature


def _by(parts: list[Counts], names: list[str]) -> dict[tuple[Any, ...], list[Counts]]:
    found: dict[tuple[Any, ...], list[Counts]] = {}
    for part in parts:
        found.setdefault(tuple(part[name] for name in names), []).append(part)
    return found


@dataclass(frozen=True)
class _Cohort:
    """Applications followed together: how many were hired, ended otherwise, or are still open after how many days; the oldest ages."""

    day: Floats
    hired: Floats
    other: Floats
    open: Floats
    oldest: Floats

    @classmethod
    def of(cls, parts: list[Counts]) -> Self:
        """Join the months of a cohort; of the ages, each month's oldest are enough to know the tenth oldest of all."""
        oldest = np.concatenate([part["oldest"] for part in parts]) if parts else np.empty(0)
        return cls(**pooled(parts, list(_ENDINGS)), oldest=oldest)

    @property
    def open_size(self) -> int:
        return int(self.open.sum())

    @property
    def size(self) -> int:
        return int(self.hired.sum() + self.other.sum()) + self.open_size

    def after(self, day: float) -> Self:
        """Return those still undecided after so many days."""
        later = self.day > day
        return replace(self, day=self.day[later], hired=self.hired[later], other=self.other[later], open=self.open[later])

    def ended_by(self, day: float) -> int:
        return int((self.hired + self.other)[self.day <= day].sum())

    def followed(self, horizon: float) -> float:
        """Return until which age the applications could be watched: the tenth oldest, at most the horizon."""
        return min(horizon, float(np.sort(self.oldest)[-ENOUGH])) if self.size >= ENOUGH else 0.0

    def incidence(self, moment: float) -> tuple[float, float, float]:
        """Return F of hire and its variance, and the variance of F of the rest, at a moment."""
        curves = aalen_johansen_of_counts(self.day, {_HIRED: self.hired, _OTHER: self.other}, self.open)
        hired, other = (curves[name].at(moment) if name in curves else (0.0, 0.0) for name in (_HIRED, _OTHER))
        return hired[0], hired[1], other[1]

    def survival(self, moment: float) -> tuple[float, float]:
        """Return S and its variance at a moment."""
        curve = product_limit_of_counts(self.day, self.hired + self.other, self.open)
        left = float(curve.survival_at(moment))
        seen = int(np.searchsorted(curve.times, moment, side="right"))
        return left, left**2 * float(curve.greenwood[seen - 1]) if seen and left > 0 else 0.0


class _Pools:
    """Where a cohort's unlived days are read from: its own segment of all months, else its school (or everything read)."""

    def __init__(self, parts: list[Counts], segment: list[str]) -> None:
        self._levels = [segment] if segment in ([], ["tenant_id"]) else [segment, [name for name in segment if name == "tenant_id"]]
        self._parts = [{key: _Cohort.of(part) for key, part in _by(parts, level).items()} for level in self._levels]

    def of(self, part: Counts, after: float, horizon: float) -> _Cohort | None:
        """Return the applications still undecided ``after`` so many days; None when no pool was followed to the horizon."""
        found = None
        for level, parts in zip(self._levels, self._parts, strict=True):
            pool = parts[tuple(part[name] for name in level)]
            if pool.followed(horizon) >= horizon:
                found = pool.after(after) if after else pool
                if found.ended_by(horizon) >= ENOUGH:
                    break
        return found


def _asked(rows: Rows) -> pl.Expr:
    month, query = pl.col("applied_month"), rows.query
    wanted = pl.lit(True)
    if query.period_from:
        wanted &= month >= query.period_from
    if query.period_to:
        wanted &= month <= query.period_to
    if "applied_month" in query.filters:
        wanted &= month.cast(pl.String).is_in(filter_values("applied_month", query.filters["applied_month"]))
    return wanted


def _project(cohort: _Cohort, parts: list[Counts], pools: _Pools, horizon: float) -> Row:
    n, n_open = cohort.size, cohort.open_size
    row: Row = {"value": None, "lower": None, "upper": None, "n": n, "n_open": n_open, "reason": None}
    if not n:
        return row
    after = cohort.followed(horizon)
    if cohort.ended_by(after) < ENOUGH:
        after = 0.0
    value, variance, other = cohort.incidence(after) if after else (0.0, 0.0, 0.0)
    left, left_variance = (0.0, 0.0) if after >= horizon else cohort.survival(after) if after else (1.0, 0.0)
    if left > 0:
        pool = pools.of(parts[0], after, horizon)
        if pool is None:
            return row | {"reason": f"no cohort has been followed for {horizon:.0f} days yet"}
        later, later_variance = _later(pool, horizon)
        # Var(F + S p) with Cov(F, S) told by the three variances, since F + S + F of the rest = 1.
        spread = variance * (1 - later) + other * later + left_variance * (later**2 - later)
        chance = left * later * (1 - later) / n  # of those still open: what comes true is one draw of it
        value, variance = value + left * later, max(spread, 0.0) + left**2 * later_variance + chance
        seen = f"seen to day {after:.0f}" if after else f"fewer than {ENOUGH} endings seen"
        row["reason"] = f"{seen}, then as {pool.size:,} pooled applications fared"
    lower, upper = log_log_interval(value, variance) if variance > 0 else wilson(value * n, n)
    return row | {"value": value, "lower": float(lower), "upper": float(upper)}


def _later(pool: _Cohort, horizon: float) -> tuple[float, float]:
    """Return the incidence of hire in a pool by the horizon and its variance, kept off zero where few endings speak."""
    n = pool.size
    later, variance = pool.incidence(horizon)[:2] if n else (0.0, 0.0)
    if pool.ended_by(horizon) >= ENOUGH:
        return later, variance
    shrunk = (later * n + 2) / (n + 4)  # Agresti & Coull, Am. Stat. 52 (1998) 119–126
    return later if n else shrunk, max(variance, shrunk * (1 - shrunk) / (n + 4))


METRICS = {"F5": projected_conversion}
