"""The four figures at the top of the overview: value, months, and the change against the same months a year before."""

import math
from dataclasses import dataclass
from typing import Final, Literal

import polars as pl
import streamlit as st

from dashboards import charts, figures, receipts, targets
from dashboards.filters import Choice, Period
from dashboards.scope import Answer


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


CARDS: Final = (
    Card("hires", "Hires", "F8", "activity_month", 8, "more", (("stage", "hired"),)),
    Card("time-to-hire", "Median time to hire", "T4", "accepted_month", 20, "less"),
    Card("time-to-fill", "Median time to fill", "T5", "approved_month", 40, "less"),
    Card("yield", "Applicants hired", "S2", "applied_month", 0.1, "more", (("cohorts", "mature_only"),)),
)


@dataclass(frozen=True)
class Change:
    """How a figure moved. ``is_noise``: the move lies within what chance alone makes."""

    text: str
    is_noise: bool
    is_up: bool


def cards(choice: Choice) -> None:
    """Draw the four cards in one row."""
    for column, card in zip(st.columns(len(CARDS)), CARDS, strict=True):
        with column:
            _card(choice, card)
    targets.editor(choice, [(card.label, card.metric_id, dict(card.switches), card.better) for card in CARDS])


def change(now: dict[str, float | None], before: dict[str, float | None], unit: str) -> Change | None:
    """Compare two answers of one metric; None when either has no value.

    A count is compared by Poisson error, anything else by its 95 % intervals; without an interval the move counts as noise.
    """
    value, earlier = now.get("value"), before.get("value")
    if value is None or earlier is None:
        return None
    moved = value - earlier
    if unit == "count":
        margin = 1.96 * math.sqrt(value + earlier)
    else:
        halves = [half for half in (_half_width(now), _half_width(before)) if half is not None]
        margin = math.hypot(*halves) if len(halves) == 2 else math.inf
    sign = "+" if moved >= 0 else "-"  # Streamlit reads the direction off a plain hyphen
    size = abs(moved)
    text = f"{sign}{size * 100:.1f} points" if unit == "rate" else f"{sign}{size:.1f} days" if unit == "days" else f"{sign}{size:,.0f}"
    return Change(text, abs(moved) <= margin, moved > 0)


def _half_width(answer: dict[str, float | None]) -> float | None:
    lower, upper = answer.get("lower"), answer.get("upper")
    return None if lower is None or upper is None else (upper - lower) / 2


def _card(choice: Choice, card: Card) -> None:
    now = _ask(choice, card, choice.period)
    months = _ask(choice, card, choice.period, by_month=True)
    earlier_period = choice.period.year_before()
    before = _ask(choice, card, earlier_period) if earlier_period else None
    row = now.frame.row(0, named=True) if now.frame.height else {}
    unit = now.evaluation.unit if now.evaluation else "count"
    has_rows = bool(row.get("n"))
    with st.container(border=True, key=f"card-{card.key}", height="stretch"):
        delta, is_noise = None, True
        moved = change(row, before.frame.row(0, named=True), unit) if before and before.frame.height and has_rows else None
        if moved is not None and before is not None and before.frame["n"][0]:
            delta, is_noise = moved.text, moved.is_noise
        colour: Literal["normal", "inverse", "off"] = "off" if is_noise else "normal" if card.better == "more" else "inverse"
        st.metric(
            card.label,
            figures.figure(row.get("value"), unit) if has_rows else figures.DASH,
            delta=delta,
            delta_color=colour,
            delta_arrow="off" if is_noise else "auto",
        )
        against = ""
        if delta is not None:
            against = "  \nvs the same months a year before" + (", within noise" if is_noise else "")
        st.caption((_small_print(row, unit) or "no figure in this selection") + against)
        goal = targets.line(choice, now) if has_rows else None
        if goal:
            st.caption(goal)
        line = _line(months, card)
        if line is not None:
            st.vega_lite_chart(spec=charts.sparkline(line, card.least), key=f"spark-{card.key}", alt=f"{card.label} by month")
        receipts.footer(f"card-{card.key}", [answer for answer in (now, before, months) if answer is not None], months.frame)


def _ask(choice: Choice, card: Card, period: Period, *, by_month: bool = False) -> Answer:
    return choice.insights.metric(
        card.metric_id,
        period_from=period.start,
        period_to=period.end,
        group_by=(card.month,) if by_month else (),
        filters=choice.conditions,
        switches=dict(card.switches),
    )


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
