"""The filters of the Insights pages: school, subject, period. They live in the URL; identity never does.

What belongs here: reading a choice and turning it into dates. What doesn't: deciding which rows it may reach (scope).
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboards.scope import Insights

ALL: Final = "all"
DEFAULT_PERIOD: Final = "last-12"


@dataclass(frozen=True)
class Period:
    """Whole months, both ends inclusive; ``start`` None reaches back to the first row. ``end`` is the first day of the last month."""

    code: str
    label: str
    start: date | None
    end: date

    def year_before(self) -> "Period | None":
        """Return the same months of the prior year; None for a period without a start or longer than a year."""
        if self.start is None or _months(self.end) - _months(self.start) >= 12:
            return None
        return Period("before", "the same months a year before", _shift(self.start, -12), _shift(self.end, -12))


@dataclass(frozen=True)
class Choice:
    """What the filters say: the insights narrowed to the school, the subject or None, and the period."""

    insights: Insights
    school_id: str | None
    subject: str | None
    period: Period
    spare: DeltaGenerator

    @property
    def conditions(self) -> dict[str, str]:
        """Filters for a metric: the subject, if one is chosen."""
        return {"subject": self.subject} if self.subject else {}


def periods(as_of: date, year_start_month: int = 9) -> list[Period]:
    """Return the periods on offer at a date: whole months only, so that equal windows are compared."""
    last = _shift(as_of.replace(day=1), -1)
    offered = [
        Period("last-12", "Last 12 months", _shift(last, -11), last),
        Period("last-3", "Last 3 months", _shift(last, -2), last),
        Period("last-6", "Last 6 months", _shift(last, -5), last),
        Period("last-24", "Last 24 months", _shift(last, -23), last),
    ]
    year = last.year if last.month >= year_start_month else last.year - 1
    for start_year in (year, year - 1, year - 2):
        start = date(start_year, year_start_month, 1)
        label = f"{start_year}" if year_start_month == 1 else f"{start_year}/{(start_year + 1) % 100:02d}"
        offered.append(Period(f"year-{start_year}", f"School year {label}", start, min(last, _shift(start, 11))))
    return [*offered, Period("all", "All months", None, last)]


def row(insights: Insights, title: str, *, subject: bool = True, period: bool = True, spare: bool = False) -> Choice:
    """Draw the page's title and its filters on one row and return the choice. A school out of scope is refused by the door.

    ``spare`` leaves a place on the row for a filter of the page's own: ``Choice.spare``.
    """
    schools = insights.rows("schools").frame
    names = dict(schools.select("organisation_id", "name").iter_rows()) if schools.height else {}
    start_month = int(schools["academic_year_start_month"][0] or 9) if schools.height else 9
    offered = {entry.code: entry for entry in periods(insights.pointer.as_of.date(), start_month)}
    widths = [1.6] + [1.2] * (subject + (period or spare))
    with st.container(key="filters"):
        heading, *places = st.columns([7.2 - sum(widths), *widths], vertical_alignment="bottom")
    heading.title(title, anchor=False)
    with places[0]:
        school = _select("School", "school", names if len(names) == 1 else {ALL: "All schools"} | names)
    chosen_subject, chosen_period = ALL, DEFAULT_PERIOD
    if subject:
        found = insights.rows("subjects").frame
        with places[1]:
            chosen_subject = _select("Subject", "subject", {ALL: "All subjects"} | {name: name for name in found.get_column("subject")})
    if period:
        with places[-1]:
            chosen_period = _select("Period", "period", {code: entry.label for code, entry in offered.items()})
    school_id = None if school == ALL else school
    return Choice(
        insights.narrowed(school_id), school_id, None if chosen_subject == ALL else chosen_subject, offered[chosen_period], places[-1]
    )


def _select(label: str, key: str, options: dict[str, str]) -> str:
    chosen = st.selectbox(label, list(options), format_func=lambda code: options.get(code, code), key=key, bind="query-params")
    return chosen if chosen in options else next(iter(options))


def _months(day: date) -> int:
    return day.year * 12 + day.month - 1


def _shift(day: date, months: int) -> date:
    year, month = divmod(_months(day) + months, 12)
    return date(year, month + 1, 1)
