"""Panels of the school's own deadline: day one, hires to come, what the plan needs, what a quicker stage would give."""

from typing import Any, Final

import polars as pl
import streamlit as st

from dashboards import charts, figures
from dashboards.filters import Choice
from dashboards.panels.panel import dot_rows, panel
from dashboards.scope import Answer
from metrics.catalogue import definition
from metrics.what_if import ASSUMPTIONS

_MOST: Final = 12
_HORIZONS: Final = ("30", "60", "90", "180")
_STAGES: Final = ("applied", "screen", "interview", "demo_lesson", "references_checks", "offer")


def day_one(choice: Choice) -> None:
    """Draw the share of posts expected to be filled when each school's next terms start, the least ready first."""
    groups = ("term_start_date",) if choice.school_id else ("tenant_id", "term_start_date")
    shares, counts = (
        choice.insights.metric("R5", group_by=groups, filters=choice.conditions, switches={"measure": measure})
        for measure in ("share", "count")
    )
    total = choice.insights.metric("R5", filters=choice.conditions)
    names = _school_names(choice)
    expected = counts.frame.select(*groups, expected="value")
    joined = shares.frame.filter(pl.col("value").is_not_null())
    joined = joined.join(expected, on=groups, how="left") if joined.height else joined
    shown = joined.sort("value", "term_start_date").head(_MOST) if joined.height else joined
    rows = [
        {
            "name": _term_name(row, names),
            "value": row["value"],
            "lower": row["lower"],
            "upper": row["upper"],
            "label": f"{figures.percent(row['value'])} · {row['expected']:.1f} of {figures.count(row['n'])}",
            "is_ranked": True,
        }
        for row in shown.iter_rows(named=True)
    ]
    chart = charts.dots(_distinct(rows), unit_format=".0%", least=0.5) if rows else None
    panel(
        "day-one",
        "Will our posts be filled when term starts?",
        _day_one_finding(total, joined.height, len(rows)),
        chart,
        (shares, counts, total),
        joined,
        note="Dot: share expected, posts already filled included; line: 95% of outcomes, posts taken as independent; then the posts "
        "expected to be filled, of all. Posts not advertised yet have no forecast and are left out."
        if rows
        else "",
        nothing="No post with a forecast is wanted for a term to come in this selection.",
    )


def hires(choice: Choice) -> None:
    """Draw how many hires to expect within each horizon, and from the applications open now."""
    answers = {horizon: choice.insights.metric("R6", filters=choice.conditions, switches={"horizon": horizon}) for horizon in _HORIZONS}
    pipeline = choice.insights.metric("R6", filters=choice.conditions, switches={"basis": "applications"})
    named = {f"Within {horizon} days": answer for horizon, answer in answers.items()} | {"From today's applicants": pipeline}
    rows = [
        {
            "name": name,
            "value": row["value"],
            "lower": row["lower"],
            "upper": row["upper"],
            "label": f"{figures.count(row['value'])} · {figures.interval(row['lower'], row['upper'], 'count')}",
            "is_ranked": answer is not pipeline,
        }
        for name, answer in named.items()
        for row in answer.frame.filter(pl.col("value").is_not_null()).iter_rows(named=True)
    ]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    panel(
        "hires-forecast",
        "How many hires are to come?",
        _hires_finding(answers["60"], pipeline),
        charts.dots(frame, unit_format="d", least=10) if rows else None,
        (*answers.values(), pipeline),
        pl.concat([answer.frame.with_columns(question=pl.lit(name)) for name, answer in named.items()]),
        note="Within so many days: from the open jobs, applicants still to come included. Grey: from the applications open today, "
        "whenever they end. Two answers to two questions, never added. Line: 95% of outcomes."
        if rows
        else "",
    )


def seasons(choice: Choice) -> None:
    """Draw how many posts were vacant in each month, and how many were late for their term in each season."""
    vacant = choice.insights.metric("V1", group_by=("vacancy_month",), filters=choice.conditions)
    late = choice.insights.metric("T10", group_by=("season",), filters=choice.conditions, switches={"measure": "late_share"})
    filled = choice.insights.metric("V2", group_by=("season",), filters=choice.conditions)
    applicants = choice.insights.metric("V3", filters=choice.conditions)
    parts = []
    months = vacant.frame.filter(pl.col("vacancy_month") < choice.insights.pointer.as_of.date().replace(day=1)).tail(24)
    if months.height > 1:
        labels = [f"{figures.count(value)} vacant posts" for value in months["value"]]
        line = months.select(pl.col("vacancy_month").alias("month"), "value", pl.Series("label", labels), series=pl.lit("Vacant posts"))
        parts.append(("Vacant on any day of the month", charts.lines(line, unit_format="d", least=10)))
    if late.frame["value"].drop_nulls().len():
        rows = dot_rows(late.frame.filter(pl.col("value").is_not_null()), "season")
        parts.append(("Late or unfilled when term began, by season", charts.dots(rows, unit_format=".0%", least=0.3)))
    panel(
        "seasons",
        "Do we fill our posts in time?",
        _seasons_finding(late.frame, filled.frame, applicants.frame),
        parts or None,
        (vacant, late, filled, applicants),
        late.frame,
        note="A season is the academic year, by the year that begins it. Cancelled posts count on neither side." if parts else "",
    )


def plans(choice: Choice) -> None:
    """List hiring plans not yet due: hires planned and made, and the applications the rest needs."""
    listed = choice.insights.rows("hiring_plans")
    needed = choice.insights.metric(
        "R2", group_by=("tenant_id", "season", "subject"), filters=choice.conditions, switches={"target": "remaining"}
    )
    rows = listed.frame
    if rows.height:
        rows = rows.filter(pl.col("due_date") >= choice.insights.pointer.as_of.date())
        rows = rows.filter(pl.col("subject") == choice.subject) if choice.subject else rows
        rows = rows.join(needed.frame, on=["tenant_id", "season", "subject"], how="left").sort(
            "due_date", "value", "school", "subject", descending=[False, True, False, False], nulls_last=True
        )
    panel(
        "plans",
        "What does the hiring plan still need?",
        _plans_finding(rows),
        None,
        (listed, needed),
        rows,
        grid=_plan_grid(rows) if rows.height else None,
        note="Applications needed: hires still to make divided by the share of applications that ended in a hire, on this school's own "
        "mature cohorts of the subject; refused below 30 applications. In brackets: 95% by resampling months."
        if rows.height
        else "",
        nothing="No hiring plan is still to be met in this selection.",
    )


@st.fragment
def what_if(choice: Choice) -> None:
    """Let the reader take days from a stage; show what past openings would have gained, with interval and assumptions."""
    with st.container(key="what-if-choice"):
        left, right = st.columns(2)
        stage = left.selectbox("Stage made quicker", _STAGES, index=1, format_func=figures.words, key="what-if-stage")
        days = right.select_slider("Days taken from it", definition("R7").switches["days"].values, value="3", key="what-if-days")

    def ask(effect: str, show: str) -> Answer:
        switches = {"stage": stage, "days": days, "effect": effect, "show": show}
        return choice.insights.metric("R7", filters=choice.conditions, switches=switches)

    parts, sentences, answers = [], [], []
    for effect, unit, title in (("time_to_fill", "days", "Median time to fill"), ("readiness", "rate", "Filled by the start of term")):
        before, after, change = (ask(effect, show) for show in ("before", "after", "change"))
        answers += [before, after, change]
        rows = [
            {
                "name": name,
                "value": answer.frame["value"][0],
                "label": f"{figures.figure(answer.frame['value'][0], unit)} · n {figures.count(answer.frame['n'][0])}",
                "is_marked": False,
            }
            for name, answer in (("As it was", before), (f"{figures.words(stage)} {days} days shorter", after))
            if answer.frame.height and answer.frame["value"][0] is not None
        ]
        if rows:
            parts.append((title, charts.bars(pl.DataFrame(rows), least=1.0 if unit == "rate" else 0.0)))
            sentences.append(_change(title, change.frame.row(0, named=True), unit))
    panel(
        "what-if",
        "What would a quicker stage give us?",
        " ".join(sentences) or "Too few openings in this selection to replay.",
        parts or None,
        answers,
        pl.concat([answer.frame for answer in answers]),
        note=ASSUMPTIONS if parts else "",
    )


def _school_names(choice: Choice) -> dict[str, str]:
    schools = choice.insights.rows("schools").frame
    return dict(schools.select("organisation_id", "name").iter_rows()) if schools.height else {}


def _term_name(row: dict[str, Any], names: dict[str, str]) -> str:
    term = f"{row['term_start_date']:%d %b %Y}"
    return f"{names.get(row['tenant_id'], 'School')}, {term}" if "tenant_id" in row else f"Term of {term}"


def _distinct(rows: list[dict[str, Any]]) -> pl.DataFrame:
    seen: dict[str, int] = {}
    for row in rows:  # two schools of one name are two rows: their names must differ to stay apart on the axis
        seen[row["name"]] = seen.get(row["name"], 0) + 1
        row["name"] += f"\N{NO-BREAK SPACE}({seen[row['name']]})" if seen[row["name"]] > 1 else ""
    return pl.DataFrame(rows, infer_schema_length=None)


def _day_one_finding(total: Answer, found: int, shown: int) -> str:
    row = total.frame.row(0, named=True) if total.frame.height else {}
    if not row.get("n"):
        return "No post is wanted for a term to come in this selection."
    share = f"{figures.percent(row['value'])} ({figures.interval(row['lower'], row['upper'], 'rate')})"
    few = f" The {shown} least ready are shown." if shown < found else ""
    return (
        f"{share} of {figures.count(row['n'])} posts wanted for a term to come are expected to be filled on day one; "
        f"{figures.count(row['n_open'])} of them are still open.{few}"
    )


def _hires_finding(sixty: Answer, pipeline: Answer) -> str:
    row = sixty.frame.row(0, named=True) if sixty.frame.height else {}
    if not row.get("n"):
        return "Nothing is open in this selection."
    finding = (
        f"{figures.count(row['value'])} hires ({figures.interval(row['lower'], row['upper'], 'count')}) are expected within 60 days "
        f"from {figures.count(row['n'])} open jobs"
    )
    today = pipeline.frame.row(0, named=True) if pipeline.frame.height else {}
    if today.get("n"):
        within = figures.interval(today["lower"], today["upper"], "count")
        finding += f"; the {figures.count(today['n'])} applications open today should bring {figures.count(today['value'])} ({within})"
    return finding + "."


def _plans_finding(rows: pl.DataFrame) -> str:
    if rows.is_empty():
        return "No hiring plan is still to be met in this selection."
    met = rows.filter(pl.col("hired_count") >= pl.col("target_hires_count")).height
    refused = rows.filter(pl.col("value").is_null()).height
    few = f" For {refused} the past holds too little to say what they need." if refused else ""
    return f"{rows.height} plans are still to fall due; {met} of them are met already.{few}"


def _plan_grid(rows: pl.DataFrame) -> pl.DataFrame:
    many = rows["school"].n_unique() > 1
    lines = [
        ({"School": row["school"]} if many else {})
        | {
            "Subject": figures.words(row["subject"]),
            "Season": row["season"],
            "Due": f"{row['due_date']:%d %b %Y}",
            "Planned": row["target_hires_count"],
            "Hired": row["hired_count"],
            "Posts open": row["open_openings_count"],
            "Applicants now": row["open_applications_count"],
            "Applications still needed": "plan is met" if row["value"] == 0 else figures.record(row, "count"),
        }
        for row in rows.iter_rows(named=True)
    ]
    return pl.DataFrame(lines, infer_schema_length=None)


def _seasons_finding(late: pl.DataFrame, filled: pl.DataFrame, applicants: pl.DataFrame) -> str:
    judged = late.filter(pl.col("value").is_not_null()).tail(1).to_dicts()
    if not judged:
        return "Too few posts have reached their term in this selection."
    season = judged[0]["season"]
    said = f"Of the posts for season {season} whose term has begun, {figures.record(judged[0], 'rate')} were late or are still unfilled"
    rates = [row for row in filled.iter_rows(named=True) if row["season"] == season and row["value"] is not None]
    said += f"; {figures.record(rates[0], 'rate')} of its approved teaching time is filled" if rates else ""
    each = applicants.filter(pl.col("value").is_not_null()).to_dicts()
    return f"{said}. A post draws {figures.record(each[0], 'ratio')} applications." if each else f"{said}."


def _change(title: str, row: dict[str, Any], unit: str) -> str:
    if not figures.known(row["value"]):
        return f"{title}: {row['reason'] or 'not known'}."
    low, high = sorted((row["lower"], row["upper"])) if figures.known(row["lower"]) else (None, None)

    def said(value: float) -> str:
        return (f"{value * 100:+.1f} points" if unit == "rate" else f"{value:+.1f} days").replace("-", "−")

    within = f" (95%: {said(low)} to {said(high)})" if low is not None and high is not None else ""
    return f"{title}: {said(row['value'])}{within}."
