"""Sources: what each channel brings, what becomes of it and what it costs."""

from functools import partial

import streamlit as st

from dashboards import filters
from dashboards.panels import sources
from dashboards.panels.panel import page_foot
from dashboards.scope import Insights


def render(insights: Insights) -> None:
    """Draw the page."""
    choice = filters.row(insights, "Sources")
    for left_panel, right_panel in (
        (sources.ranking, sources.volume),
        (partial(sources.best, outcome="retention"), partial(sources.best, outcome="quality")),
        (sources.upcoming, sources.quality),
    ):
        left, right = st.columns(2)
        with left:
            left_panel(choice)
        with right:
            right_panel(choice)
    sources.attribution(choice)
    sources.cost(choice)
    sources.offers(choice)
    page_foot(choice.insights)
