"""F metrics: who reached which stage, who left where, how much of a cohort is decided. Reads counts, divides them."""

import polars as pl
from polars._typing import JoinStrategy

from metrics.answer import STAGES, maturity, rate
from metrics.query import MetricQueryError
from metrics.rows import Rows

MATURITY_JOIN = (
    "left join marts.mart_cohort_maturity as m"
    " on m.tenant_id = r.tenant_id and m.source_system = r.source_system and m.applied_month = r.applied_month"
)
_COHORTS = "marts.mart_funnel_cohorts"
_SPLITS = ("ending", "ending_side", "ending_reason")


def _kept(rows: Rows) -> list[str]:
    """The condition on cohorts; it needs the maturity join."""
    return ["coalesce(m.is_mature, false)"] if rows.switches["cohorts"] == "mature_only" else []


def _with_maturity(rows: Rows, frame: pl.DataFrame) -> pl.DataFrame:
    """Add ``is_mature`` of the cohorts a rate was made of."""
    groups = [name for name in rows.groups if name not in ("stage", *_SPLITS)]
    cohorts = rows.total(
        {
            "cohort_n": "sum(r.reached_count)",
            "cohort_open": "sum(r.reached_count - r.reached_closed_count)",
            "all_mature": "bool_and(coalesce(m.is_mature, false))",
        },
        groups=groups,
        join=MATURITY_JOIN,
        where=["r.stage = 'applied'", *_kept(rows)],
        ignore=("stage", *_SPLITS),
        table=_COHORTS,
    )
    joined = frame.join(cohorts, on=groups, how="left") if groups else frame.join(cohorts, how="cross")
    return joined.with_columns(maturity())


def _stage(rows: Rows, *, without: tuple[str, ...] = ()) -> list[str]:
    """Conditions on the stage: the switch's, unless the query groups by stage or filters it."""
    chosen = [] if rows.names("stage") else [f"r.stage = '{rows.switches['stage']}'"]
    return chosen + [f"r.stage <> '{stage}'" for stage in without]


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
    groups = [name for name in rows.groups if name != "stage"]
    base = rows.total(
        {
            "n": f"sum(r.{column}) filter (where r.stage = '{source}')",
            "n_open": f"sum(r.reached_count - r.reached_closed_count) filter (where r.stage = '{source}')",
            "cohort_n": "sum(r.reached_count) filter (where r.stage = 'applied')",
            "cohort_open": "sum(r.reached_count - r.reached_closed_count) filter (where r.stage = 'applied')",
            "all_mature": "bool_and(coalesce(m.is_mature, false))",
        },
        groups=groups,
        join=MATURITY_JOIN,
        where=[f"r.stage in ('applied', '{source}')", *_kept(rows)],
        ignore=["stage"],
    )
    later = ", ".join(f"'{stage}'" for stage in STAGES[STAGES.index(source) :])
    wanted = f"r.stage in ({later})" if rows.names("stage") else f"r.stage = '{target}'"
    hits = rows.total({"hits": f"sum(r.{column})"}, join=MATURITY_JOIN, where=[wanted, *_kept(rows)])
    kind: JoinStrategy = "inner" if "stage" in rows.groups else "left"
    joined = base.join(hits, on=groups, how=kind) if groups else base.join(hits, how="cross")
    return rate(joined).with_columns(maturity())


def step_conversion(rows: Rows) -> pl.DataFrame:
    """F3: of the applications decided at a stage, the share that went on. Undecided ones are ``n_open``."""
    measures = {"hits": "sum(r.advanced_count)", "n": "sum(r.reached_count - r.open_count)", "n_open": "sum(r.open_count)"}
    totals = rows.total(measures, join=MATURITY_JOIN, where=[*_stage(rows, without=("hired",)), *_kept(rows)])
    return rate(_with_maturity(rows, totals))


def drop_off(rows: Rows) -> pl.DataFrame:
    """F4: of the applications that reached a stage, the share that ended there, by kind of ending, side and reason."""
    chosen = rows.switches["ending"]
    return _ended(rows, [] if chosen == "any" or rows.names("ending") else [f"r.ending = '{chosen}'"])


def withdrawal(rows: Rows) -> pl.DataFrame:
    """W1: of the applications that reached a stage, the share that withdrew there."""
    return _ended(rows, ["r.ending = 'withdrawn'"])


def _ended(rows: Rows, endings: list[str]) -> pl.DataFrame:
    anywhere = rows.switches["stage"] == "any" and not rows.names("stage")
    at = [] if anywhere else _stage(rows)
    hits = rows.total({"hits": "sum(r.ended_count)"}, join=MATURITY_JOIN, where=[*at, *_kept(rows), *endings])
    groups = [name for name in rows.groups if name not in _SPLITS]
    base = rows.total(
        {"n": "sum(r.reached_count)", "n_open": "sum(r.reached_count - r.reached_closed_count)"},
        groups=groups,
        join=MATURITY_JOIN,
        where=[*(["r.stage = 'applied'"] if anywhere else at), *_kept(rows)],
        ignore=_SPLITS,
        table=_COHORTS,
    )
    if len(groups) < len(rows.groups):  # a split has a row for each ending there was
        joined = hits.join(base, on=groups, how="left") if groups else hits.join(base, how="cross")
    else:
        joined = base.join(hits, on=groups, how="left") if groups else base.join(hits, how="cross")
    return rate(_with_maturity(rows, joined))


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
