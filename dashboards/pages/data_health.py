"""Data health: how fresh the figures are, which checks they passed, whether counts tie out, what was cleaned and held back, what waits."""

import streamlit as st

from dashboards import filters
from dashboards.panels import health, machinery
from dashboards.panels.panel import page_foot
from dashboards.scope import Insights


def render(insights: Insights) -> None:
    """Draw the page."""
    choice = filters.row(insights, "Data health", subject=False, period=False)
    health.freshness(choice.insights)
    health.checks(choice.insights)
    left, right = st.columns(2)
    with left:
        health.reconciliation(choice.insights)
    with right:
        health.cleaning(choice.insights)
    health.quarantine(choice.insights)
    machinery.machinery(choice.insights.principal)
    page_foot(choice.insights)
