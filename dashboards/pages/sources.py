"""Sources: what each channel brings, and what becomes of it."""

import streamlit as st

from dashboards import filters
from dashboards.panels import sources
from dashboards.panels.panel import page_foot
from dashboards.scope import Insights


def render(insights: Insights) -> None:
    """Draw the page."""
    choice = filters.row(insights, "Sources")
    for left_panel, right_panel in ((sources.ranking, sources.volume), (sources.quality, sources.attribution)):
        left, right = st.columns(2)
        with left:
            left_panel(choice)
        with right:
            right_panel(choice)
    page_foot(choice.insights)
