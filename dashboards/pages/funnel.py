"""Funnel: who reaches which stage, who leaves where and how, how long stages take, which months can be judged."""

import streamlit as st

from dashboards import filters
from dashboards.panels import funnel
from dashboards.panels.panel import page_foot
from dashboards.scope import Insights


def render(insights: Insights) -> None:
    """Draw the page."""
    choice = filters.row(insights, "Funnel")
    for left_panel, right_panel in ((funnel.drop_off, funnel.steps), (funnel.endings, funnel.durations)):
        left, right = st.columns(2)
        with left:
            left_panel(choice)
        with right:
            right_panel(choice)
    funnel.cohorts(choice, months=24)
    left, right = st.columns(2)
    with left:
        funnel.activity(choice)
    with right:
        funnel.maturity(choice)
    page_foot(choice.insights)
