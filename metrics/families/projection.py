"""F5: what share of a cohort will have been hired by a horizon. The cohort speaks as far as it was followed, older ones beyond."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import polars as pl

from metrics.answer import MATURE_FROM, Row, gathered
from metrics.intervals import Floats, wilson
from metrics.lists import Lists, side_by_side
from metrics.query import filter_values
from metrics.rows import Rows
from metrics.survival import aalen_johansen, log_log_interval, product_limit

ENOUGH = 10  # endings from which a curve is estimated; applications that must be old enough for a day to count as followed
_HIRED, _OTHER = 1, 2
_WHEN = ("period_from", "period_to", "applied_month")


def projected_conversion(rows: Rows) -> pl.DataFrame:
    """F5: Aalen–Johansen incidence of hire at the horizon; other endings compete, open applications are censored."""
    horizon = float(rows.switches["horizon"])
    days = "list(greatest(coalesce(r.process_days, r.age_days), 0))"
    reading = rows.lists(
        {
            "hired": f"{days} filter (where r.outcome = 'hired')",
            "other": f"{days} filter (where r.outcome not in ('hired', 'open'))",
            "open": f"{days} filter (where r.outcome = 'open')",
            "oldest": f"max(coalesce(r.age_days, 0), {ENOUGH})",
            "cohort_month": "any_value(r.applied_month)",
        },
        groups=list(dict.fromkeys([*rows.groups, "applied_month"])),
        ignore=_WHEN,  # older cohorts are needed for what the asked ones have not lived through
    )
    segment = [name for name in rows.groups if name != "applied_month"]
    pools = _Pools(reading.lists, segment)
    wanted = reading.frame.with_columns(is_asked=_asked(rows))["is_asked"]
    asked = _by([part for part, is_wanted in zip(reading.lists, wanted, strict=True) if is_wanted], rows.groups)
    asked = asked or ({} if rows.groups else {(): []})
    cohorts = {key: _Cohort.of(parts) for key, parts in asked.items()}
    mature = _mature(rows, asked, cohorts)

    def projected(key: tuple[Any, ...]) -> tuple[tuple[Any, ...], Row]:
        return key, _project(cohorts[key], asked[key], pools, horizon) | {"is_mature": mature[key]}

    found = side_by_side(projected, list(asked), sum(cohort.size for cohort in cohorts.values()))
    return gathered(reading.frame, rows.groups, found)


def _mature(
    rows: Rows, asked: Mapping[tuple[Any, ...], list[Lists]], cohorts: Mapping[tuple[Any, ...], "_Cohort"]
) -> dict[tuple[Any, ...], bool | None]:
    """Say of each cohort whether it can be judged: 95 % have ended, or all its school-months are flagged; None without applications."""
    mature = {key: 1 - cohort.open.size / cohort.size >= MATURE_FROM if cohort.size else None for key, cohort in cohorts.items()}
    young = {part["cohort_month"] for key, parts in asked.items() if mature[key] is False for part in parts}
    if young:
        named = ", ".join(f"date '{month}'" for month in sorted(young))
        by = list(dict.fromkeys([*rows.groups, "applied_month"]))
        flags = rows.months_are_mature(by, where=[f"r.applied_month in ({named})"], ignore=_WHEN)
        for key, parts in asked.items():
            mature[key] = mature[key] or all(flags[tuple(part[name] for name in by)] for part in parts)
    return mature


def _by(parts: list[Lists], names: list[str]) -> dict[tuple[Any, ...], list[Lists]]:
    found: dict[tuple[Any, ...], list[Lists]] = {}
    for part in parts:
        found.setdefault(tuple(part[name] for name in names), []).append(part)
    return found


@dataclass(frozen=True)
class _Cohort:
    """Applications followed together: the days at which they were hired, ended otherwise, or are still open; the oldest ages."""

    hired: Floats
    other: Floats
    open: Floats
    oldest: Floats

    @classmethod
    def of(cls, parts: list[Lists]) -> Self:
        """Join the months of a cohort; of the ages, each month's oldest are enough to know the tenth oldest of all."""
        return cls(*(np.concatenate([part[name] for part in parts]) if parts else np.empty(0) for name in _Cohort.__annotations__))

    @property
    def size(self) -> int:
        return self.hired.size + self.other.size + self.open.size

    def after(self, day: float) -> Self:
        """Return those still undecided after so many days."""
        return replace(self, hired=self.hired[self.hired > day], other=self.other[self.other > day], open=self.open[self.open > day])

    def ended_by(self, day: float) -> int:
        return int(np.count_nonzero(self.hired <= day) + np.count_nonzero(self.other <= day))

    def followed(self, horizon: float) -> float:
        """Return until which age the applications could be watched: the tenth oldest, at most the horizon."""
        return min(horizon, float(np.sort(self.oldest)[-ENOUGH])) if self.size >= ENOUGH else 0.0

    def incidence(self, moment: float) -> tuple[float, float, float]:
        """Return F of hire and its variance, and the variance of F of the rest, at a moment."""
        days = np.concatenate((self.hired, self.other, self.open))
        curves = aalen_johansen(days, np.repeat((_HIRED, _OTHER, 0), (self.hired.size, self.other.size, self.open.size)))
        hired, other = (curves[name].at(moment) if name in curves else (0.0, 0.0) for name in (_HIRED, _OTHER))
        return hired[0], hired[1], other[1]

    def survival(self, moment: float) -> tuple[float, float]:
        """Return S and its variance at a moment."""
        curve = product_limit(np.concatenate((self.hired, self.other)), self.open)
        left = float(curve.survival_at(moment))
        seen = int(np.searchsorted(curve.times, moment, side="right"))
        return left, left**2 * float(curve.greenwood[seen - 1]) if seen and left > 0 else 0.0


class _Pools:
    """Where a cohort's unlived days are read from: its own segment of all months, else its school (or everything read)."""

    def __init__(self, parts: list[Lists], segment: list[str]) -> None:
        self._levels = [segment] if segment in ([], ["tenant_id"]) else [segment, [name for name in segment if name == "tenant_id"]]
        self._parts = [{key: _Cohort.of(part) for key, part in _by(parts, level).items()} for level in self._levels]

    def of(self, part: Lists, after: float, horizon: float) -> _Cohort | None:
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
    month, query = pl.col("cohort_month"), rows.query
    wanted = pl.lit(True)
    if query.period_from:
        wanted &= month >= query.period_from
    if query.period_to:
        wanted &= month <= query.period_to
    if "applied_month" in query.filters:
        wanted &= month.cast(pl.String).is_in(filter_values("applied_month", query.filters["applied_month"]))
    return wanted


def _project(cohort: _Cohort, parts: list[Lists], pools: _Pools, horizon: float) -> Row:
    n, n_open = cohort.size, cohort.open.size
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
