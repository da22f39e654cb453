"""Equity: released, frozen figures only; coverage first; one school and one released period at a time."""

import streamlit as st

from dashboards import filters
from dashboards.panels import equity
from dashboards.panels.panel import page_foot
from dashboards.scope import Insights


def render(insights: Insights) -> None:
    """Draw the page."""
    choice = filters.row(insights, "Equity", subject=False, period=False, spare=True)
    st.caption(
        "Figures of closed periods, released once and frozen. Noise was added before release, so that nobody's answer can be told; "
        "whole percents with their margin. They answer to the school and the period, to no other filter."
    )
    released = equity.periods(choice.insights) if equity.only_school(choice) else []
    if not released:
        st.info(equity.NONE_YET if equity.only_school(choice) else equity.ONE_SCHOOL, icon=":material/inbox:")
        page_foot(choice.insights)
        return
    names = {f"{start}_{end}": (start, end) for start, end in released}
    chosen = filters.select(
        choice.spare, "Equity", "Released period", "released", {code: equity.period_name(period) for code, period in names.items()}
    )
    period = names[chosen]
    equity.coverage(choice.insights, period)
    attributes = equity.attributes(choice.insights)
    for position in range(0, len(attributes), 2):
        for column, attribute in zip(st.columns(2), attributes[position : position + 2], strict=False):
            with column:
                equity.composition(choice.insights, attribute, period)
    page_foot(choice.insights)
