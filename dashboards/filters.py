"""The filters of the Insights pages: school, subject, period. They live in the URL; identity never does.

What belongs here: reading a choice and turning it into dates. What doesn't: deciding which rows it may reach (scope).
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl
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
    schools = insights.rows("schools" if insights.scope.agency_id is None else "agency_schools").frame
    names = _names(schools)
    start_month = int(schools["academic_year_start_month"][0] or 9) if schools.height else 9
    offered = {entry.code: entry for entry in periods(insights.pointer.as_of.date(), start_month)}
    widths = [1.6] + [1.2] * (subject + (period or spare))
    with st.container(key="filters"):
        heading, *places = st.columns([7.2 - sum(widths), *widths], vertical_alignment="bottom")
    heading.title(title, anchor=False)
    school = select(places[0], title, "School", "school", names if len(names) == 1 else {ALL: "All schools"} | names)
    chosen_subject, chosen_period = ALL, DEFAULT_PERIOD
    if subject:
        found = insights.rows("subjects").frame.get_column("subject")
        chosen_subject = select(places[1], title, "Subject", "subject", {ALL: "All subjects"} | {name: name for name in found})
    if period:
        chosen_period = select(places[-1], title, "Period", "period", {code: entry.label for code, entry in offered.items()})
    school_id = None if school == ALL else school
    return Choice(
        insights.narrowed(school_id), school_id, None if chosen_subject == ALL else chosen_subject, offered[chosen_period], places[-1]
    )


def select(place: DeltaGenerator, page: str, label: str, key: str, options: dict[str, str]) -> str:
    """Draw a choice whose code (not its label) lives in the URL; the first option is the default and leaves the URL clean.

    A code that is not among the options, such as a school out of scope, counts as not given.
    """
    default, seen = next(iter(options)), f"{key}-seen"
    in_url = st.query_params.get(key, default)
    if key not in st.session_state or st.session_state.get(seen) != (page, in_url):  # first run of this page, or the browser went back
        st.session_state[key] = in_url if in_url in options else default
    elif st.session_state[key] not in options:
        st.session_state[key] = default
    chosen: str = place.selectbox(label, list(options), format_func=lambda code: options.get(code, code), key=key)
    if chosen != default:
        st.query_params[key] = chosen
    elif key in st.query_params:
        del st.query_params[key]
    st.session_state[seen] = (page, chosen)
    return chosen


def carried() -> dict[str, str]:
    """Return the filters that links to other pages take along: what was just chosen, else what the URL says."""
    kept = {}
    for key, default in {"school": ALL, "subject": ALL, "period": DEFAULT_PERIOD}.items():
        in_url = st.query_params.get(key, default)
        is_known = key in st.session_state and st.session_state.get(f"{key}-seen", (None, None))[1] == in_url
        value = st.session_state[key] if is_known else in_url
        if value != default:
            kept[key] = value
    return kept


def _names(schools: pl.DataFrame) -> dict[str, str]:
    """Return school names by id; two schools of one name carry the end of their id (its start is a time)."""
    if schools.is_empty():
        return {}
    names = dict(schools.select("organisation_id", "name").iter_rows())
    repeated = {name for name, times in Counter(names.values()).items() if times > 1}
    return {code: f"{name} ({code[-6:]})" if name in repeated else name for code, name in names.items()}


def _months(day: date) -> int:
    return day.year * 12 + day.month - 1


def _shift(day: date, months: int) -> date:
    year, month = divmod(_months(day) + months, 12)
    return date(year, month + 1, 1)
