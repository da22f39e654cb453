"""The four figures at the top of the overview: value, months, and the change against the same months a year before."""

from dataclasses import dataclass
from typing import Final, Literal

import polars as pl
import streamlit as st

from dashboards import charts, figures, receipts, targets
from dashboards.filters import Choice, Period, school_names
from dashboards.panels.panel import dot_rows, panel
from dashboards.scope import Answer, Insights, Question
from metrics.comparison import compare

_SCHOOLS: Final = 12


@dataclass(frozen=True)
class Card:
    """One figure: its metric, its month column, the least span of its line, and which direction is better."""

    key: str
    label: str
    metric_id: str
    month: str
    least: float
    better: Literal["more", "less"]
    switches: tuple[tuple[str, str], ...] = ()
    compares_schools: bool = True


CARDS: Final = (
    Card("hires", "Hires", "F8", "activity_month", 8, "more", (("stage", "hired"),), compares_schools=False),
    Card("time-to-hire", "Median time to hire", "T4", "accepted_month", 20, "less"),
    Card("time-to-fill", "Median time to fill", "T5", "approved_month", 40, "less"),
    Card("yield", "Applicants hired", "S2", "applied_month", 0.1, "more", (("cohorts", "mature_only"),)),
)
TIME_CARDS: Final = (
    CARDS[1],
    CARDS[2],
    Card("first-response", "Median wait for an answer", "T8", "applied_month", 4, "less"),
    Card("time-to-start", "Median time to start", "T6", "accepted_month", 30, "less"),
)


def cards(choice: Choice, chosen: tuple[Card, ...] = CARDS) -> None:
    """Draw the cards in one row."""
    for column, card in zip(st.columns(len(chosen)), chosen, strict=True):
        with column:
            _card(choice, card)
    targets.editor(choice, [(card.label, card.metric_id, dict(card.switches), card.better) for card in CARDS])


def school_questions(choice: Choice) -> list[Question]:
    """Return what ``schools`` asks."""
    return [_question(choice, card, choice.period, by=("tenant_id",)) for card in CARDS if card.compares_schools]


def schools(choice: Choice, insights: Insights) -> None:
    """Draw the schools in scope beside one another, in the figures that may be compared; nothing for a single school.

    The school filter does not narrow this panel: it marks the school.
    """
    names = school_names(insights.rows("schools").frame)
    if len(names) < 2:
        return
    parts, tables = [], []
    answers = insights.answers(school_questions(choice))
    for card, answer in zip((card for card in CARDS if card.compares_schools), answers, strict=True):
        unit = answer.evaluation.unit if answer.evaluation else "count"
        known = answer.frame.filter(pl.col("value").is_not_null()).with_columns(
            school=pl.col("tenant_id").replace_strict(names, default=None)
        )
        known = known.sort(
            pl.col("tenant_id") == (choice.school_id or ""), "is_rankable", "value", descending=[True, True, card.better == "more"]
        )
        if known.height:
            shown = dot_rows(known.head(_SCHOOLS), "school", unit)
            parts.append((card.label, charts.dots(shown, unit_format=".0%" if unit == "rate" else ".0f", least=card.least)))
        tables.append(known.with_columns(figure=pl.lit(card.label)))
    more = f" The first {_SCHOOLS} of {len(names)} are shown; the CSV has all." if len(names) > _SCHOOLS else ""
    finding = f"The same months and subject in each school you may see; overlapping bars may differ by chance alone.{more}"
    panel("schools", "How do the schools compare?", finding, parts or None, answers, pl.concat(tables, how="diagonal_relaxed"))


def _card(choice: Choice, card: Card) -> None:
    asked = [_question(choice, card, choice.period), _question(choice, card, choice.period, by=(card.month,))]
    now, months = choice.insights.answers(asked)
    before, basis = _basis(choice, card)
    row = now.frame.row(0, named=True) if now.frame.height else {}
    earlier = before.frame.row(0, named=True) if before is not None and before.frame.height else {}
    unit = now.evaluation.unit if now.evaluation else "count"
    move = compare(row, earlier, unit) if row.get("n") and earlier.get("n") else None
    with st.container(border=True, key=f"card-{card.key}", height="stretch"):
        is_noise = move is None or move.is_noise
        colour: Literal["normal", "inverse", "off"] = "off" if is_noise else "normal" if card.better == "more" else "inverse"
        st.metric(
            card.label,
            figures.figure(row.get("value"), unit) if row.get("n") else figures.DASH,
            delta=figures.move(move.moved, unit) if move else None,
            delta_color=colour,
            delta_arrow="off" if is_noise else "auto",
        )
        against = basis if before is None else ""
        if move is not None:
            against = f"vs {figures.record(earlier, unit)} {basis}" + (", within noise" if is_noise else "")
        st.caption((_small_print(row, unit) or "no figure in this selection") + (f"  \n{against}" if against else ""))
        goal = targets.line(choice, now) if row.get("n") else None
        if goal:
            st.caption(goal)
        line = _line(months, card)
        if line is not None:
            st.vega_lite_chart(spec=charts.sparkline(line, card.least), key=f"spark-{card.key}", alt=f"{card.label} by month")
        shown = [("", charts.sparkline(line, card.least))] if line is not None else []
        answers = [answer for answer in (now, before, months) if answer is not None]
        receipts.footer(f"card-{card.key}", card.label, answers, months.frame, shown, against)


def _basis(choice: Choice, card: Card) -> tuple[Answer | None, str]:
    """Return the answer that a card is compared with, and its name: the same months a year before, or of the other schools."""
    if choice.others is not None:
        if not card.compares_schools:
            return None, "a count: not compared between schools"
        return choice.others.answers([_question(choice, card, choice.period)])[0], "in your other schools"
    period = choice.period.year_before()
    if period is None:
        return None, ""
    return choice.insights.answers([_question(choice, card, period)])[0], "in the same months a year before"


def _question(choice: Choice, card: Card, period: Period, *, by: tuple[str, ...] = ()) -> Question:
    return Question(card.metric_id, period.start, period.end, by, choice.conditions, dict(card.switches))


def _small_print(row: dict[str, float | None], unit: str) -> str:
    if not row.get("n"):
        return ""
    if row.get("value") is None:
        return str(row.get("reason") or "")
    within = figures.interval(row.get("lower"), row.get("upper"), unit)
    return f"95 %: {within} · n = {figures.count(row.get('n'))}" if within else "people hired in these months"


def _line(months: Answer, card: Card) -> pl.DataFrame | None:
    unit = months.evaluation.unit if months.evaluation else "count"
    known = months.frame.filter(pl.col("value").is_not_null()).sort(card.month)
    if known.height < 3:
        return None
    labels = [figures.record(row, unit) for row in known.iter_rows(named=True)]
    return known.select(
        pl.col(card.month).alias("month"), "value", pl.Series("label", labels), is_last=pl.int_range(pl.len()) == pl.len() - 1
    )
