"""Accuracy: how far the models can be trusted. Backtest and live apart, each figure with n, interval and the world's name."""

import streamlit as st

from dashboards.panels import accuracy, forecasts
from dashboards.panels.panel import page_foot
from dashboards.scope import Insights


def render(insights: Insights) -> None:
    """Draw the page."""
    st.title("Accuracy", anchor=False)
    st.caption("Figures of the whole platform's models: no school's rows are shown here, so the school filter does not apply.")
    st.header("Backtest: predictions made again as of earlier days, with what was known then", anchor=False)
    forecasts.accuracy(insights)
    left, right = st.columns([2, 1])
    with left:
        accuracy.actual(insights)
    with right:
        accuracy.coverage(insights)
    forecasts.scorecard(insights)
    accuracy.candidate_success(insights)
    st.header("Live: predictions as they were given", anchor=False)
    accuracy.live(insights)
    accuracy.drift(insights)
    accuracy.cards(insights)
    page_foot(insights)
