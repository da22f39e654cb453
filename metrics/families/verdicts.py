"""D2–D6 as dashboard verdicts: from release B's noisy counts before projection, for one school and closed year, never with a count."""

from collections.abc import Callable

import polars as pl

from metrics.adverse_impact import NoisyGroup, NoisyImpact, Verdict, noisy_impacts
from metrics.families.equity import EPSILONS, noise_deviation
from metrics.query import MetricQueryError, filter_values
from metrics.rows import Rows

CODES: dict[Verdict, float | None] = {"none": 0.0, "below_not_significant": 1.0, "indication": 2.0, "too_few": None}
"""Verdict → value of D4. ``metrics.adverse_impact`` says what each means."""

TOO_FEW = "too few people, hires or groups to compare"
_ATOM = ["tenant_id", "period_start", "attribute"]


def _verdicts(rows: Rows, read: Callable[[NoisyImpact], float | None]) -> pl.DataFrame:
    """Return one row per group: ``value`` by ``read``, ``n`` the public number of people of the school's year."""
    metric_id = rows.definition.id
    if not rows.names("attribute") or not rows.names("category"):
        raise MetricQueryError(f"{metric_id} compares the groups of one attribute: group by attribute and category, or filter one")
    measures = {"noisy": "cast(sum(r.noisy_count) as bigint)", "cohort": "cast(max(r.cohort_people_count) as bigint)"}
    where = ["r.release = 'B'", "r.attribute <> 'self_id'"]
    asked = [*_ATOM, "category", "outcome_bin", *(name for name in rows.groups if name not in (*_ATOM, "category"))]
    cells = rows.total(measures, groups=asked, where=where, ignore=["category"])
    tables = cells.partition_by(_ATOM, maintain_order=True) if cells.height else []
    kept = [name for name in rows.groups if name != "category"]
    firsts = [table.row(0, named=True) for table in tables]
    if len({tuple(first[name] for name in kept) for first in firsts}) < len(tables):
        raise MetricQueryError(
            f"{metric_id} looks at one school, year and attribute at a time: group by tenant_id, period_start and attribute, or filter one"
        )
    wanted = filter_values("category", rows.query.filters["category"]) if "category" in rows.query.filters else None
    found = []
    for table, first in zip(tables, firsts, strict=True):
        people = table.group_by("outcome_bin").agg(pl.col("cohort").max())["cohort"].sum()
        for category, impact in noisy_impacts(_groups(table), noise_deviation(EPSILONS["B"]) ** 2).items():
            if wanted is None or category in wanted:
                known = impact.verdict != "too_few"
                answer = {"value": read(impact) if known else None, "n": people, "reason": None if known else TOO_FEW}
                found.append(first | {"category": category, "suppressed": not known} | answer)
    schema = {name: cells.schema[name] for name in rows.groups} | {"value": pl.Float64, "n": pl.Int64, "reason": pl.String}
    return pl.DataFrame(found, schema=schema | {"suppressed": pl.Boolean}, orient="row")


def _groups(table: pl.DataFrame) -> dict[str, NoisyGroup]:
    """Return each known group's hired and other people; nobody was hired where no bin of the hired was large enough to release."""
    groups = {}
    for (category,), part in table.filter(pl.col("category") != "undisclosed").sort("category").group_by("category", maintain_order=True):
        hired, others = part.filter(pl.col("outcome_bin") == "hired"), part.filter(pl.col("outcome_bin") != "hired")
        groups[str(category)] = NoisyGroup(int(hired["noisy"].sum()), int(others["noisy"].sum()), others.height)
    return groups


def selection_rate(rows: Rows) -> pl.DataFrame:
    """D2: 1 for the group whose selection rate is the highest of those compared, else 0."""
    return _verdicts(rows, lambda impact: float(impact.is_highest))


def impact_ratio(rows: Rows) -> pl.DataFrame:
    """D3: 1 where the ratio to the highest rate is below four fifths, else 0."""
    return _verdicts(rows, lambda impact: float(impact.is_below_four_fifths))


def significance(rows: Rows) -> pl.DataFrame:
    """D4: the verdict, 0 none, 1 below four fifths but not significant, 2 indication."""
    return _verdicts(rows, lambda impact: CODES[impact.verdict])


def flip_flop(rows: Rows) -> pl.DataFrame:
    """D5: 1 where one selection moved would reverse the order, else 0."""
    return _verdicts(rows, lambda impact: float(impact.is_flip_flop))


def shortfall(rows: Rows) -> pl.DataFrame:
    """D6: 1 where selections are missing beyond the margin of noise and chance, else 0."""
    return _verdicts(rows, lambda impact: float(impact.is_short))


METRICS = {"D2": selection_rate, "D3": impact_ratio, "D4": significance, "D5": flip_flop, "D6": shortfall}
