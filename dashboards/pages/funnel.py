"""Funnel, in three kept apart: cohorts (who applied when), activity (what happened when) and snapshot (who is where)."""

from collections.abc import Callable

import streamlit as st

from dashboards import filters
from dashboards.filters import Choice
from dashboards.panels import applications, funnel, pipeline, time
from dashboards.panels.panel import page_foot
from dashboards.scope import Insights


def render(insights: Insights) -> None:
    """Draw the page."""
    choice = filters.row(insights, "Funnel")
    choice.insights.ahead([*funnel.questions(choice), *time.stage_median(choice), *pipeline.weekly_levels(choice)])
    _part("Cohorts", "Everybody who applied in the period, wherever they have got to since. Shares are of these people.")
    _pair(choice, funnel.drop_off, funnel.steps)
    _pair(choice, funnel.endings, funnel.reasons)
    funnel.outlook(choice)
    funnel.cohorts(choice, months=24)
    _pair(choice, funnel.maturity, time.durations)
    _part("Activity", "What happened in each month, to whomever it happened. Counts of different people: never divide one by another.")
    funnel.activity(choice)
    _part("Snapshot", "Who is in which stage at a moment. A level, not a movement.")
    _pair(choice, pipeline.now, pipeline.levels)
    applications.drill_down(choice)
    page_foot(choice.insights)


def _part(title: str, what: str) -> None:
    st.header(title, anchor=False)
    st.caption(what)


def _pair(choice: Choice, left_panel: Callable[[Choice], None], right_panel: Callable[[Choice], None]) -> None:
    left, right = st.columns(2)
    with left:
        left_panel(choice)
    with right:
        right_panel(choice)
