"""Equity: released, frozen figures only; coverage first; one school and one released period at a time."""

import streamlit as st

from dashboards import filters
from dashboards.panels import equity
from dashboards.panels.panel import page_foot
from dashboards.scope import Insights


def render(insights: Insights) -> None:
    """Draw the page."""
    choice = filters.row(insights, "Equity", subject=False, period=False, spare=True)
    st.caption(
        "Figures of closed periods, released once and frozen. Noise was added before release, so that nobody's answer can be told; "
        "whole percents with their margin. They answer to the school and the period, to no other filter. All schools have noise and "
        "calendar quarters of their own: no school's figures can be taken off the sum."
    )
    released = equity.periods(choice.insights) if equity.only_school(choice) else []
    if not released:
        st.info(equity.NONE_YET if equity.only_school(choice) else equity.ONE_SCHOOL, icon=":material/inbox:")
        page_foot(choice.insights)
        return
    names = {f"{start}_{end}": (start, end) for start, end in released}
    chosen = filters.select(
        choice.spare, "Equity", "Released period", "released", {code: equity.period_name(period) for code, period in names.items()}
    )
    period = names[chosen]
    equity.coverage(choice.insights, period)
    for attribute in equity.attributes(choice.insights):
        equity.composition(choice.insights, attribute, period)
    _outcomes(choice)
    page_foot(choice.insights)


def _outcomes(choice: filters.Choice) -> None:
    """Draw what became of the applicants of one closed school year."""
    years = {f"{start}": (start, end) for start, end in equity.years(choice.insights)}
    heading, place = st.columns([6, 1.2], vertical_alignment="bottom")
    heading.header("Outcomes of a closed school year", anchor=False)
    if not years:
        st.info(equity.NO_YEAR_YET, icon=":material/inbox:")
        return
    year = filters.select(place, "Equity", "School year", "outcomes", {code: equity.period_name(span) for code, span in years.items()})
    st.caption(
        "People whose last open application closed in the year, by how far they came; an outcome of fewer than ten people is counted "
        "with the stage below it. A verdict compares the rates at which groups of 30 people or more were hired, allows for noise and "
        "chance, and never shows a count; where nothing is wrong, about one table in twenty shows an indication all the same."
    )
    for attribute in equity.attributes(choice.insights, "B"):
        equity.outcomes(choice.insights, attribute, years[year])
