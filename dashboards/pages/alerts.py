"""Alerts: the rules that watch a school's figures, what each saw last, and the form that makes one."""

import streamlit as st

from dashboards import filters
from dashboards.panels import alert_rules
from dashboards.panels.panel import page_foot
from dashboards.scope import Insights


def render(insights: Insights) -> None:
    """Draw the page."""
    choice = filters.row(insights, "Alerts", subject=False, period=False)
    st.caption(
        "After each publish every rule is judged on the new figures. Whoever it names is told once; then it stays silent for its "
        "cool-down. Equity figures are never watched."
    )
    alert_rules.listed(choice)
    alert_rules.form(choice)
    page_foot(choice.insights)
