"""Agencies: what they submit, how far it gets, what is placed and due, and how soon schools answer.

An agency's people see their own submissions by school; a school's people see theirs by agency.
"""

import streamlit as st

from dashboards import filters
from dashboards.panels import agencies
from dashboards.panels.panel import page_foot
from dashboards.scope import Insights


def render(insights: Insights) -> None:
    """Draw the page."""
    choice = filters.row(insights, "Our submissions" if insights.scope.agency_id else "Agencies")
    for left_panel, right_panel in ((agencies.stages, agencies.placements), (agencies.answers, agencies.fees)):
        left, right = st.columns(2)
        with left:
            left_panel(choice)
        with right:
            right_panel(choice)
    agencies.submissions(choice)
    page_foot(choice.insights)
