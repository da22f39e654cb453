"""Time: how long hiring, filling, starting and answering take, and which stage takes it."""

import streamlit as st

from dashboards import filters
from dashboards.panels import kpis, time
from dashboards.panels.panel import page_foot
from dashboards.scope import Insights


def render(insights: Insights) -> None:
    """Draw the page."""
    choice = filters.row(insights, "Time")
    choice.insights.ahead(time.questions(choice))
    kpis.cards(choice, kpis.TIME_CARDS)
    time.stages(choice)
    time.trends(choice)
    for left_panel, right_panel in ((time.responses, time.outcomes), (time.velocity, time.clocks)):
        left, right = st.columns(2)
        with left:
            left_panel(choice)
        with right:
            right_panel(choice)
    page_foot(choice.insights)
