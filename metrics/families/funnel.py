"""F metrics: who reached which stage, who left where, how much of a cohort is decided. Reads counts, divides them."""

from collections.abc import Mapping, Sequence

import polars as pl
from polars._typing import JoinStrategy

from metrics.answer import STAGES, maturity, rate
from metrics.query import MetricQueryError, filter_values
from metrics.rows import Rows

_COHORTS = "marts.mart_funnel_cohorts"
_SPLITS = ("ending", "ending_side", "ending_reason")
_COHORT = {
    "cohort_n": "sum(r.reached_count)",
    "cohort_open": "sum(r.reached_count - r.reached_closed_count)",
    "all_mature": "bool_and(r.is_mature)",
}


def _kept(rows: Rows) -> list[str]:
    """The condition on cohorts."""
    return ["r.is_mature"] if rows.switches["cohorts"] == "mature_only" else []


def _beside(frame: pl.DataFrame, other: pl.DataFrame, groups: Sequence[str], how: JoinStrategy = "left") -> pl.DataFrame:
    return frame.join(other, on=groups, how=how) if groups else frame.join(other, how="cross")


def _in_cohorts(
    rows: Rows, measures: Mapping[str, str], stages: Sequence[str], base: Mapping[str, str] | None = None, base_stage: str = "applied"
) -> pl.DataFrame:
    """Sum what was counted at some stages, by stage if so grouped, beside sums over one stage of the same cohort, and ``is_mature``.

    One reading tells all: by stage, the row of a base's stage knows its sum and hands it to the others.
    """
    groups = [name for name in rows.groups if name not in _SPLITS]
    cohort = [name for name in groups if name != "stage"]
    read = list(dict.fromkeys(["applied", base_stage, *stages] if stages or base else []))
    at = dict.fromkeys(_COHORT, "applied") | dict.fromkeys(base or {}, base_stage)
    sums = {**_COHORT, **(base or {}), **measures}
    if "stage" not in groups:
        sums = {name: _only(each, [at[name]] if name in at else stages, read) for name, each in sums.items()}
    frame = rows.total(sums, groups=groups, where=[*_at(read), *_kept(rows)], ignore=("stage", *_SPLITS), table=_COHORTS)
    if "stage" in groups:
        # Not as windows of the statement: planning five of them takes DuckDB as long as summing the rows.
        bases = (pl.col(name).filter(pl.col("stage") == stage).first() for name, stage in at.items())
        frame = frame.with_columns(each.over(cohort) if cohort else each for each in bases)
    if "stage" in groups and len(read) > len(stages):
        frame = frame.filter(pl.col("stage").is_in(stages))
    return frame.with_columns(maturity())


def _at(stages: Sequence[str]) -> list[str]:
    """The condition of being counted at one of these stages."""
    named = ", ".join(f"'{stage}'" for stage in stages)
    return [] if len(stages) == len(STAGES) else [f"r.stage in ({named})"] if stages else ["false"]


def _only(aggregate: str, stages: Sequence[str], read: Sequence[str]) -> str:
    """Cut an aggregate down to some of the stages read."""
    return aggregate if set(stages) == set(read) else f"{aggregate} filter (where {' and '.join(_at(stages)) or 'true'})"


def _stages(rows: Rows) -> list[str]:
    """The stages asked for: those filtered, all when grouped by stage, else the switch's."""
    if "stage" in rows.query.filters:
        return filter_values("stage", rows.query.filters["stage"])
    return list(STAGES) if "stage" in rows.groups else [rows.switches["stage"]]


def _stage(rows: Rows) -> list[str]:
    """The condition on the stage: the switch's, unless the query groups by stage or filters it."""
    return [] if rows.names("stage") else [f"r.stage = '{rows.switches['stage']}'"]


def reached(rows: Rows) -> pl.DataFrame:
    """F1: applications that reached a stage."""
    column = "reached_directly_count" if rows.switches["evidence"] == "direct" else "reached_count"
    measures = {
        "value": f"sum(r.{column})",
        "n": "sum(r.applications_count)",
        "n_open": "sum(r.reached_count - r.reached_closed_count)",
    }
    return rows.total(measures, where=_stage(rows)).with_columns(pl.col("value").fill_null(0))


def pass_through(rows: Rows) -> pl.DataFrame:
    """F2: of the applications that reached the first stage, the share that reached the second."""
    source, target = rows.switches["from_stage"], rows.switches["to_stage"]
    if not rows.names("stage") and STAGES.index(target) <= STAGES.index(source):
        raise MetricQueryError(f"to_stage {target!r} must come after from_stage {source!r}; the order is {', '.join(STAGES)}")
    column = "reached_closed_count" if rows.switches["population"] == "closed_only" else "reached_count"
    asked = _stages(rows) if rows.names("stage") else [target]
    wanted = [stage for stage in STAGES[STAGES.index(source) :] if stage in asked]
    base = {"n": f"sum(r.{column})", "n_open": "sum(r.reached_count - r.reached_closed_count)"}
    return rate(_in_cohorts(rows, {"hits": f"sum(r.{column})"}, wanted, base, source))


def step_conversion(rows: Rows) -> pl.DataFrame:
    """F3: of the applications decided at a stage, the share that went on. Undecided ones are ``n_open``."""
    measures = {"hits": "sum(r.advanced_count)", "n": "sum(r.reached_count - r.open_count)", "n_open": "sum(r.open_count)"}
    return rate(_in_cohorts(rows, measures, [stage for stage in _stages(rows) if stage != "hired"]))


def drop_off(rows: Rows) -> pl.DataFrame:
    """F4: of the applications that reached a stage, the share that ended there, by kind of ending, side and reason."""
    chosen = rows.switches["ending"]
    return _ended(rows, [] if chosen == "any" or rows.names("ending") else [f"r.ending = '{chosen}'"])


def withdrawal(rows: Rows) -> pl.DataFrame:
    """W1: of the applications that reached a stage, the share that withdrew there."""
    return _ended(rows, ["r.ending = 'withdrawn'"])


def _ended(rows: Rows, endings: list[str]) -> pl.DataFrame:
    anywhere = rows.switches["stage"] == "any" and not rows.names("stage")
    hits = rows.total({"hits": "sum(r.ended_count)"}, where=[*([] if anywhere else _stage(rows)), *_kept(rows), *endings])
    measures = {"n": "sum(r.reached_count)", "n_open": "sum(r.reached_count - r.reached_closed_count)"}
    base = _in_cohorts(rows, measures, ["applied"] if anywhere else _stages(rows))
    groups = [name for name in rows.groups if name not in _SPLITS]
    is_split = len(groups) < len(rows.groups)  # a split has a row for each ending there was
    return rate(_beside(hits, base, groups) if is_split else _beside(base, hits, groups))


def cohort_maturity(rows: Rows) -> pl.DataFrame:
    """F6: the share of a cohort that has ended."""
    totals = rows.total(
        {
            "n": "sum(r.applications_count)",
            "n_open": "sum(r.open_count)",
            "hits": "sum(r.applications_count - r.open_count)",
            "all_mature": "bool_and(r.is_mature)",
        }
    )
    return rate(totals).with_columns(maturity(total="n", still_open="n_open"))


def activity(rows: Rows) -> pl.DataFrame:
    """F8: first entries into a stage in a period. A count of events, never a numerator or denominator."""
    totals = rows.total({"value": "coalesce(sum(r.first_entries_count), 0)"}, where=_stage(rows))
    return totals.with_columns(n=pl.col("value"))


METRICS = {
    "F1": reached,
    "F2": pass_through,
    "F3": step_conversion,
    "F4": drop_off,
    "F6": cohort_maturity,
    "F8": activity,
    "W1": withdrawal,
}
