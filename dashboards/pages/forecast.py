"""Forecast: day one, hires to come, open jobs, plans, what waits, what a quicker stage would give, and how far to trust it."""

import streamlit as st

from dashboards import filters
from dashboards.panels import attention, forecasts, interviews, readiness
from dashboards.panels.panel import page_foot
from dashboards.scope import Insights


def render(insights: Insights) -> None:
    """Draw the page."""
    choice = filters.row(insights, "Forecast", period=False)
    left, right = st.columns([3, 2])
    with left:
        readiness.day_one(choice)
    with right:
        readiness.hires(choice)
    forecasts.open_jobs(choice)
    readiness.plans(choice)
    attention.waiting(choice)
    readiness.what_if(choice)
    readiness.seasons(choice)
    interviews.signals(choice)
    forecasts.accuracy(insights)
    forecasts.scorecard(insights)
    page_foot(choice.insights)
