"""Panels of the funnel: where candidates leave, how each month's applications fare, how long stages take."""

from datetime import date

import polars as pl

from dashboards import charts, figures
from dashboards.figures import STAGE_NAMES
from dashboards.filters import Choice
from dashboards.panels.panel import dot_rows, panel
from dashboards.scope import Answer, Question

_NAMES = list(STAGE_NAMES.values())
_KINDS = ("rejected", "withdrawn", "offer_declined", "job_closed")
_SIDES = {"employer": "by the school", "neutral": "by neither", "candidate": "by the candidate"}


def questions(choice: Choice) -> list[Question]:
    """Return what takes longest to answer of what the panels of cohorts ask."""
    return [*losses(choice), *_endings(choice), *_projections(choice), *month_by_stage(choice)]


def losses(choice: Choice) -> list[Question]:
    """Return what ``drop_off`` asks."""
    return [_question(choice, metric, ("stage",)) for metric in ("F1", "F2", "F4")]


def drop_off(choice: Choice) -> None:
    """Draw the funnel with the share that left at each stage (F1, F2, F4)."""
    reached, share, left = choice.insights.answers(losses(choice))
    joined = (
        reached.frame.select("stage", pl.col("value").alias("reached"), "n_open")
        .join(share.frame.select("stage", pl.col("value").alias("share")), on="stage", how="left", maintain_order="left")
        .join(left.frame.select("stage", pl.col("value").alias("left"), "is_rankable"), on="stage", how="left", maintain_order="left")
    )
    worst = _worst(left)
    frame = pl.DataFrame(
        [
            {
                "name": STAGE_NAMES[row["stage"]],
                "reached": row["reached"],
                "label": figures.count(row["reached"]) + (f" ({figures.percent(row['share'])})" if figures.known(row["share"]) else ""),
                "drop_label": f"{figures.percent(row['left'])} left" if figures.known(row["left"]) and row["stage"] != "hired" else "",
                "is_worst": worst is not None and row["stage"] == worst["stage"],
            }
            for row in joined.iter_rows(named=True)
        ],
        infer_schema_length=None,
    )
    chart = charts.funnel(frame) if frame.height and (reached.frame["value"] > 0).any() else None
    panel("funnel", "Where do candidates leave?", _drop_finding(worst), chart, (reached, share, left), joined)


def month_by_stage(choice: Choice) -> list[Question]:
    """Return what ``cohorts`` asks."""
    stages = choice.conditions | {"stage": list(STAGE_NAMES)[1:]}
    return [Question("F2", choice.period.start, choice.period.end, ("applied_month", "stage"), stages)]


def cohorts(choice: Choice, *, months: int = 12) -> None:
    """Draw the heat map of monthly cohorts (F2 by month of application and stage)."""
    (answer,) = choice.insights.answers(month_by_stage(choice))
    shown = answer.frame.filter(pl.col("applied_month") >= _last(answer.frame, months)) if answer.frame.height else answer.frame
    frame = pl.DataFrame(
        [
            {
                "row": figures.month(row["applied_month"]),
                "column": STAGE_NAMES[row["stage"]].replace("References & checks", "Checks"),
                "value": row["value"],
                "label": figures.percent(row["value"]) if row["is_mature"] else f"not decided yet, {row['n_open']} open",
                "is_mature": bool(row["is_mature"]),
            }
            for row in shown.sort("applied_month", descending=True).iter_rows(named=True)
        ],
        infer_schema_length=None,
    )
    chart = None
    if frame.height:
        columns = [name.replace("References & checks", "Checks") for name in _NAMES[1:]]
        chart = charts.heat_map(frame, columns, frame["row"].unique(maintain_order=True).to_list())
    panel("cohorts", "How far did each month's applicants get?", _cohort_finding(shown), chart, (answer,), answer.frame)


def steps(choice: Choice) -> None:
    """Draw the share that goes on from each stage, among the decided ones (F3)."""
    (answer,) = choice.insights.answers([_question(choice, "F3", ("stage",))])
    known = answer.frame.filter(pl.col("value").is_not_null())
    frame = dot_rows(known, "stage")
    slowest = known.filter("is_rankable").sort("value")
    finding = "Share of the decided applications that went on; the bar is the 95 % interval."
    if slowest.height:
        row = slowest.row(0, named=True)
        finding = f"{STAGE_NAMES[row['stage']]} is the narrowest step: {figures.record(row, 'rate')} of the decided ones went on."
    chart = charts.dots(frame, unit_format=".0%", least=0.4) if frame.height else None
    panel("steps", "How many go on from each stage?", finding, chart, (answer,), answer.frame)


def _endings(choice: Choice) -> list[Question]:
    return [_question(choice, "F4", groups) for groups in (("stage", "ending_side"), ("stage", "ending"), ("stage",))]


def endings(choice: Choice) -> None:
    """Draw who ends applications at each stage (F4 by side), and list how (F4 by ending)."""
    answer, kinds, whole = choice.insights.answers(_endings(choice))
    totals = {row["stage"]: row for row in whole.frame.iter_rows(named=True) if figures.known(row["value"])}
    frame = pl.DataFrame(
        [
            {
                "name": STAGE_NAMES[row["stage"]],
                "part": _SIDES[row["ending_side"]],
                "value": row["value"],
                "label": figures.record(row, "rate"),
                "total": totals[row["stage"]]["value"],
                "total_label": f"{figures.percent(totals[row['stage']]['value'])} of {figures.count(row['n'])}",
            }
            for row in answer.frame.iter_rows(named=True)
            if figures.known(row["value"]) and row["stage"] in totals
        ],
        infer_schema_length=None,
    )
    table = pl.DataFrame({"stage": list(STAGE_NAMES)[:-1]})
    for kind in _KINDS:
        part = kinds.frame.filter(pl.col("ending") == kind).select("stage", pl.col("value").alias(kind))
        table = table.join(part, on="stage", how="left", maintain_order="left")
    grid = pl.DataFrame(
        [
            {"Stage": STAGE_NAMES[row["stage"]]} | {figures.words(kind): figures.percent(row[kind], 1) for kind in _KINDS}
            for row in table.iter_rows(named=True)
        ]
    )
    finding = "Of those who reached the stage, the share that ended there; a closed job is no failure of the candidate."
    chart = charts.stacked(frame, frame["name"].unique(maintain_order=True).to_list(), list(_SIDES.values())) if frame.height else None
    panel("endings", "Who ends it, and how?", finding, chart, (answer, kinds, whole), table, grid=grid if chart else None)


def reasons(choice: Choice, *, limit: int = 10) -> None:
    """Draw the reasons that end most applications, as schools name them (F4 by reason, of all who applied)."""
    (answer,) = choice.insights.answers([_question(choice, "F4", ("ending_side", "ending_reason"), {"stage": "any"})])
    rows = answer.frame.filter(pl.col("value").is_not_null()).sort("value", descending=True).head(limit)
    repeated = rows.filter(pl.col("ending_reason").is_duplicated())["ending_reason"].to_list()
    frame = pl.DataFrame(
        [
            {
                "name": f"{row['ending_reason'][:1].upper()}{row['ending_reason'][1:]}"
                + (f", {_SIDES[row['ending_side']]}" if row["ending_reason"] in repeated else ""),
                "value": row["value"],
                "label": f"{figures.percent(row['value'], 1)} of {figures.count(row['n'])}",
                "is_marked": row["ending_side"] == "candidate",
            }
            for row in rows.iter_rows(named=True)
        ],
        infer_schema_length=None,
    )
    theirs = rows.filter(pl.col("ending_side") == "candidate")
    finding = "Share of all who applied, by the reason that the school gave."
    if theirs.height:
        row = theirs.row(0, named=True)
        finding = f"What candidates leave over most: “{row['ending_reason']}”, {figures.record(row, 'rate')}. Orange: their own."
    chart = charts.bars(frame) if frame.height else None
    panel("reasons", "Why do applications end?", finding, chart, (answer,), answer.frame)


def _projections(choice: Choice) -> list[Question]:
    return [_question(choice, metric, ("applied_month",), until=choice.until_now) for metric in ("F2", "F5")]


def outlook(choice: Choice, *, months: int = 12) -> None:
    """Draw what is hired so far of each month's applicants (F2) beside what will be (F5), up to the month that is running."""
    naive, projected = choice.insights.answers(_projections(choice))
    joined = projected.frame.join(
        naive.frame.select("applied_month", pl.col("value").alias("naive")), on="applied_month", how="left", maintain_order="left"
    )
    shown = joined.sort("applied_month").tail(months)
    frame = pl.DataFrame(
        [
            {
                "name": figures.month(row["applied_month"]),
                "n_label": f"n {figures.count(row['n'])}",
                "naive": row["naive"],
                "value": row["value"],
                "lower": row["lower"],
                "upper": row["upper"],
                "is_mature": bool(row["is_mature"]),
                "label": figures.percent(row["naive"], 1)
                if row["is_mature"]
                else f"{figures.percent(row['naive'], 1)} so far, projected {figures.record(row, 'rate')}",
            }
            for row in shown.iter_rows(named=True)
        ],
        infer_schema_length=None,
    )
    chart = charts.outlook(frame) if frame.height and frame["naive"].count() else None
    note = "Bars: decided months. Dashed: hired so far of a month that is not. Orange: its projection. Every line is a 95 % interval."
    panel(
        "outlook",
        "What will become of the young months?",
        _outlook_finding(shown),
        chart,
        (naive, projected),
        joined,
        note=note if chart else "",
    )


def activity(choice: Choice) -> None:
    """Draw first entries into stages by month (F8): counts of events, never divided by one another."""
    answer = choice.insights.metric(
        "F8",
        period_from=choice.period.start,
        period_to=choice.period.end,
        group_by=("activity_month", "stage"),
        filters=choice.conditions | {"stage": ["applied", "interview", "offer", "hired"]},
    )
    frame = pl.DataFrame(
        [
            {"month": r["activity_month"], "value": r["value"], "series": STAGE_NAMES[r["stage"]], "label": figures.count(r["value"])}
            for r in in_stage_order(answer.frame, "activity_month").iter_rows(named=True)
        ],
        infer_schema_length=None,
    )
    busiest = answer.frame.filter(pl.col("stage") == "applied").sort("value", descending=True)
    finding = "First entries into a stage, by the month they happened; different months hold different people."
    if busiest.height:
        row = busiest.row(0, named=True)
        finding = f"{figures.month(row['activity_month'])} was the busiest month: {figures.count(row['value'])} applications."
    chart = charts.lines(frame, unit_format="d", least=20) if frame.height else None
    panel("activity", "When is the work done?", finding, chart, (answer,), answer.frame)


def maturity(choice: Choice) -> None:
    """Draw how much of each month's applications is decided (F6)."""
    answer = choice.insights.metric("F6", period_from=choice.period.start, period_to=choice.period.end, group_by=("applied_month",))
    frame = pl.DataFrame(
        [
            {"month": r["applied_month"], "value": r["value"], "series": "Decided", "label": figures.record(r, "rate")}
            for r in answer.frame.filter(pl.col("value").is_not_null()).iter_rows(named=True)
        ],
        infer_schema_length=None,
    )
    young = answer.frame.filter(~pl.col("is_mature").fill_null(True))
    finding = "Every month shown is mature."
    if young.height:
        are = "is" if young.height == 1 else "are"
        waiting = figures.count(float(young["n_open"].sum()))
        finding = f"{young.height} of {answer.frame.height} months {are} not decided enough to judge ({waiting} still open)."
    chart = charts.lines(frame, unit_format=".0%", least=0.5, ceiling=1.0) if frame.height else None
    panel("maturity", "Which months can be judged yet?", finding if answer.frame.height else "", chart, (answer,), answer.frame)


def in_stage_order(frame: pl.DataFrame, moment: str) -> pl.DataFrame:
    """Return rows stage by stage, each in time: so that a stage keeps its colour whichever of them comes first."""
    place = pl.col("stage").replace_strict(list(STAGE_NAMES), list(range(len(STAGE_NAMES))))
    return frame.sort(place, moment)


def _question(
    choice: Choice, metric_id: str, groups: tuple[str, ...], switches: dict[str, str] | None = None, until: date | None = None
) -> Question:
    return Question(metric_id, choice.period.start, until or choice.period.end, groups, choice.conditions, switches)


def _outlook_finding(shown: pl.DataFrame) -> str:
    young = shown.filter(~pl.col("is_mature").fill_null(True) & pl.col("value").is_not_null())
    if not young.height:
        return "Every month shown is decided: what was hired is what will have been."
    row = young.row(-1, named=True)
    so_far = f"Of the {figures.count(row['n'])} who applied in {figures.month(row['applied_month'])}, {figures.percent(row['naive'], 1)}"
    return f"{so_far} are hired so far; {figures.record(row, 'rate')} will be within 120 days."


def _worst(left: Answer) -> dict[str, object] | None:
    ranked = left.frame.filter(pl.col("is_rankable") & (pl.col("stage") != "hired")).sort("value", descending=True)
    return ranked.row(0, named=True) if ranked.height else None


def _drop_finding(worst: dict[str, object] | None) -> str:
    if worst is None:
        return "Too few decided applications to say where most leave."
    return f"Most leave at {STAGE_NAMES[str(worst['stage'])]}: {figures.record(worst, 'rate')} of those who got there."


def _cohort_finding(frame: pl.DataFrame) -> str:
    hired = frame.filter((pl.col("stage") == "hired") & pl.col("is_rankable"))
    if not hired.height:
        return "No month has 30 applications and is decided, so none is called best; dashed cells are too few or not decided yet."
    best = hired.sort("value", descending=True).row(0, named=True)
    return (
        f"Of the decided months, {figures.month(best['applied_month'])} saw most applicants hired: {figures.record(best, 'rate')}. "
        "Dashed: too few, or not decided yet."
    )


def _last(frame: pl.DataFrame, months: int) -> date:
    found: list[date] = frame["applied_month"].unique().sort(descending=True).to_list()
    return found[:months][-1]
