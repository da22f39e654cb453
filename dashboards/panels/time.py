"""Panels of time: stage by stage, by month, until an answer, until an outcome. What has not ended is said, never dropped."""

import polars as pl

from dashboards import charts, figures
from dashboards.figures import STAGE_NAMES
from dashboards.filters import Choice
from dashboards.panels.panel import dot_rows, panel
from dashboards.scope import Answer, Question

_WORKED = [stage for stage in STAGE_NAMES if stage != "hired"]


def questions(choice: Choice) -> list[Question]:
    """Return what takes longest to answer of what these panels ask."""
    asked = (_stage_medians, _response_times, _outcome_times, _velocities)
    return [question for ask in asked for question in ask(choice)]


def _stage_medians(choice: Choice) -> list[Question]:
    return [_stage_question(choice, "T3", switches) for switches in ({}, {"quantile": "p90"}, {"estimate": "completed"})]


def stages(choice: Choice) -> None:
    """Draw the median and the slow tenth of each stage (T3), beside the plain median of those that left."""
    median, slow, left = choice.insights.answers(_stage_medians(choice))
    table = (
        median.frame.select("stage", "value", "lower", "upper", "n", "n_open", "is_rankable", "reason")
        .join(slow.frame.select("stage", pl.col("value").alias("p90")), on="stage", how="left", maintain_order="left")
        .join(left.frame.select("stage", pl.col("value").alias("completed")), on="stage", how="left", maintain_order="left")
    )
    known = table.filter(pl.col("value").is_not_null())
    frame = dot_rows(known, "stage", "days")
    if frame.height:
        frame = frame.with_columns(beside=known["completed"])
    grid = pl.DataFrame(
        [
            {
                "Stage": STAGE_NAMES[row["stage"]],
                "Median": figures.days(row["value"]) if figures.known(row["value"]) else row["reason"],
                "95 % interval": figures.interval(row["lower"], row["upper"], "days"),
                "Nine in ten within": figures.days(row["p90"]),
                "Median of those that left": figures.days(row["completed"]),
                "Applications": figures.count(row["n"]),
                "Still in it": figures.count(row["n_open"]),
            }
            for row in table.iter_rows(named=True)
        ],
        infer_schema_length=None,
    )
    chart = charts.dots(frame, unit_format=".0f", least=10) if frame.height else None
    note = "Filled: with those still in the stage counted as not finished, the bar is the 95 % interval. Hollow: only those that left."
    panel(
        "stages",
        "How long does each stage take?",
        _longest(known),
        chart,
        (median, slow, left),
        table,
        grid=grid,
        note=note if chart else "",
    )


def stage_median(choice: Choice) -> list[Question]:
    """Return what ``durations`` asks."""
    return [_stage_question(choice, "T3")]


def durations(choice: Choice) -> None:
    """Draw the median days in each stage (T3): the funnel's own short form of ``stages``."""
    (answer,) = choice.insights.answers(stage_median(choice))
    known = answer.frame.filter(pl.col("value").is_not_null())
    frame = dot_rows(known, "stage", "days")
    chart = charts.dots(frame, unit_format=".0f", least=10) if frame.height else None
    table = answer.frame.with_columns(p90=pl.lit(None, pl.Float64))
    panel(
        "durations",
        "How long does each stage take?",
        _longest(known.with_columns(p90=pl.lit(None, pl.Float64))),
        chart,
        (answer,),
        table.drop("p90"),
    )


def trends(choice: Choice) -> None:
    """Draw time to hire (T4) and time to fill (T5) by month, with intervals."""
    hire, fill = choice.insights.answers([_question(choice, "T4", ("accepted_month",)), _question(choice, "T5", ("approved_month",))])
    shown = [
        (title, charts.trend(frame, unit_format=".0f", least=30))
        for title, frame in (
            ("Days to hire, by month of acceptance", _trend(hire, "accepted_month")),
            ("Days to fill, by month of approval", _trend(fill, "approved_month")),
        )
        if frame["value"].count()
    ]
    waiting = float(fill.frame["n_open"].sum())
    finding = f"{_spread(hire, 'accepted_month')} {figures.count(waiting)} openings approved in these months are not filled (yet)."
    note = (
        f"n = {figures.count(float(hire.frame['n'].sum()))} hires and {figures.count(float(fill.frame['n'].sum()))} openings. "
        "The band is the 95 % interval; hollow points rest on fewer than 30. A month without a point has too few, or no median yet."
    )
    table = pl.concat([_tagged(hire, "T4", "accepted_month"), _tagged(fill, "T5", "approved_month")])
    panel(
        "time-trends",
        "How did hiring times move?",
        finding if shown else "",
        shown or None,
        (hire, fill),
        table,
        note=note if shown else "",
    )


def _response_times(choice: Choice) -> list[Question]:
    return [_question(choice, "T8", ("applied_month",)), _question(choice, "T8")]


def responses(choice: Choice) -> None:
    """Draw the wait for a first answer by month (T8)."""
    answer, whole = choice.insights.answers(_response_times(choice))
    frame = _trend(answer, "applied_month")
    finding = "How long an applicant waits for the first answer that is not an acknowledgement by machine."
    row = whole.frame.row(0, named=True)
    if figures.known(row["value"]):
        finding = f"Half are answered within {figures.record(row, 'days')}; {figures.count(row['n_open'])} never were, or not yet."
    chart = charts.trend(frame, unit_format=".1f", least=4) if frame["value"].count() else None
    panel("responses", "How long do applicants wait for an answer?", finding, chart, (answer, whole), answer.frame)


def _outcome_times(choice: Choice) -> list[Question]:
    return [_question(choice, "T7", ("outcome",)), _question(choice, "T7")]


def outcomes(choice: Choice) -> None:
    """Draw how long it takes until an application ends, by outcome (T7)."""
    answer, whole = choice.insights.answers(_outcome_times(choice))
    known = answer.frame.filter(pl.col("value").is_not_null()).sort("value")
    finding = "Days from applying to the outcome."
    row = whole.frame.row(0, named=True)
    if figures.known(row["value"]):
        finding = f"Half know their outcome within {figures.record(row, 'days')}; {figures.count(row['n_open'])} are still open."
    frame = dot_rows(known, "outcome", "days")
    chart = charts.dots(frame, unit_format=".0f", least=20) if frame.height else None
    note = "By outcome only ended applications can be counted, so young months lean short." if chart else ""
    panel("outcomes", "How long until applicants know?", finding, chart, (answer, whole), answer.frame, note=note)


def _velocities(choice: Choice) -> list[Question]:
    return [_stage_question(choice, "T9", {"measure": measure}, days=True) for measure in ("weekly_exits", "implied_days")]


def velocity(choice: Choice) -> None:
    """Draw how fast each stage is worked off (T9), with the days a stay then lasts by Little's law."""
    weekly, implied = choice.insights.answers(_velocities(choice))
    known = weekly.frame.filter(pl.col("value").is_not_null())
    frame = dot_rows(implied.frame.filter(pl.col("value").is_not_null()), "stage", "days")
    table = weekly.frame.join(
        implied.frame.select("stage", pl.col("value").alias("implied_days")), on="stage", how="left", maintain_order="left"
    )
    grid = pl.DataFrame(
        [
            {
                "Stage": STAGE_NAMES[row["stage"]],
                "Turned over": figures.figure(row["value"], "per_week"),
                "95 % interval": figures.interval(row["lower"], row["upper"], "per_week"),
                "In it at the end": figures.count(row["n_open"]),
                "Steady?": "fills or empties" if row["reason"] else "yes",
            }
            for row in table.iter_rows(named=True)
            if figures.known(row["value"])
        ],
        infer_schema_length=None,
    )
    finding = "How often a stage is turned over a week, and how long a stay then lasts by Little's law."
    slowest = known.filter("is_rankable").sort("value")
    if slowest.height:
        row = slowest.row(0, named=True)
        finding = f"{STAGE_NAMES[row['stage']]} is worked off slowest: turned over {figures.record(row, 'per_week')}."
    chart = charts.dots(frame, unit_format=".0f", least=10) if frame.height else None
    note = (
        "Days of a stay by Little's law: the average number in the stage over those that leave it a day; n counts exits." if chart else ""
    )
    panel(
        "velocity", "How fast is each stage worked off?", finding, chart, (weekly, implied), table, grid=grid if chart else None, note=note
    )


def clocks(choice: Choice) -> None:
    """List the same hires and openings by other clocks (T4, T5, T6)."""
    asked: tuple[tuple[str, str, dict[str, str]], ...] = (
        ("To hire, from applying", "T4", {}),
        ("To hire, from the first contact", "T4", {"clock": "sourced"}),
        ("To fill, from approval", "T5", {}),
        ("To fill, without holds", "T5", {"clock": "net"}),
        ("To fill, from the latest reopening", "T5", {"reopened": "latest"}),
        ("To start, from acceptance", "T6", {}),
    )
    answers = choice.insights.answers([_question(choice, metric, (), switches) for _, metric, switches in asked])
    rows = [{"clock": name} | answer.frame.row(0, named=True) for (name, _, _), answer in zip(asked, answers, strict=True)]
    table = pl.DataFrame(rows, infer_schema_length=None)
    grid = pl.DataFrame(
        [
            {
                "Clock": row["clock"],
                "Median": figures.days(row["value"]) if figures.known(row["value"]) else row["reason"],
                "95 % interval": figures.interval(row["lower"], row["upper"], "days"),
                "n": figures.count(row["n"]),
                "Not finished": figures.count(row["n_open"]),
            }
            for row in rows
        ],
        infer_schema_length=None,
    )
    finding = "The same months by every clock: where it starts decides what it says."
    has_rows = bool(table["n"].sum())
    panel("clocks", "Which clock?", finding, None, answers, table, grid=grid if has_rows else None)


def _stage_question(choice: Choice, metric_id: str, switches: dict[str, str] | None = None, *, days: bool = False) -> Question:
    """Return the question to a metric by the stages that are worked in; ``days``: its period is one of days, not of months."""
    return _question(choice, metric_id, ("stage",), switches, {"stage": _WORKED}, days=days)


def _question(
    choice: Choice,
    metric_id: str,
    groups: tuple[str, ...] = (),
    switches: dict[str, str] | None = None,
    filters: dict[str, list[str]] | None = None,
    *,
    days: bool = False,
) -> Question:
    end = choice.period.last_day if days else choice.period.end
    return Question(metric_id, choice.period.start, end, groups, choice.conditions | (filters or {}), switches)


def _trend(answer: Answer, month: str) -> pl.DataFrame:
    labels = [figures.record(row, "days") for row in answer.frame.iter_rows(named=True)]
    return answer.frame.select(
        pl.col(month).alias("month"), "value", "lower", "upper", pl.Series("label", labels, dtype=pl.String), is_firm=pl.col("n") >= 30
    ).sort("month")


def _tagged(answer: Answer, metric_id: str, month: str) -> pl.DataFrame:
    return answer.frame.select(pl.lit(metric_id).alias("metric"), pl.col(month).alias("month"), pl.exclude(month)).sort("month")


def _longest(known: pl.DataFrame) -> str:
    longest = known.filter("is_rankable").sort("value", descending=True)
    if not longest.height:
        return "Median days an application spends in each stage; those still in it count as not finished."
    row = longest.row(0, named=True)
    slow = f"; one in ten takes longer than {figures.days(row['p90'])}" if figures.known(row["p90"]) else ""
    return f"{STAGE_NAMES[row['stage']]} takes longest: a median of {figures.record(row, 'days')}{slow}."


def _spread(answer: Answer, month: str) -> str:
    ranked = answer.frame.filter("is_rankable").sort("value")
    if ranked.height < 2:
        return "Too few hires a month to compare months (30 each are needed)."
    best, worst = ranked.row(0, named=True), ranked.row(-1, named=True)
    clear = best["upper"] is not None and worst["lower"] is not None and best["upper"] < worst["lower"]
    verdict = "more than chance makes" if clear else "no more than chance may make"
    low, high = (f"{figures.days(row['value'])} ({figures.month(row[month])})" for row in (best, worst))
    return f"From {low} to {high} until hired: {verdict}."
