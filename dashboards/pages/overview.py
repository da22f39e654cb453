"""Overview: the four figures, where candidates leave, what channels bring, how cohorts fare, what the models say."""

import streamlit as st

from dashboards import filters
from dashboards.panels import attention, board_report, equity, forecasts, funnel, kpis, sources
from dashboards.panels.panel import page_foot
from dashboards.scope import Insights
from foundation.access import Page


def render(insights: Insights) -> None:
    """Draw the page."""
    choice = filters.row(insights, "Hiring overview", compare=True)
    choice.insights.ahead([*funnel.losses(choice), *funnel.month_by_stage(choice)])
    if len(insights.school_ids()) > 1:
        insights.ahead(kpis.school_questions(choice))
    kpis.cards(choice)
    board_report.button(choice)
    left, right = st.columns(2)
    with left:
        funnel.drop_off(choice)
    with right:
        sources.ranking(choice)
    may_see_equity = insights.may_open(Page.EQUITY)
    if may_see_equity and equity.only_school(choice):
        left, right = st.columns(2)
        with left:
            funnel.cohorts(choice)
        with right:
            equity.overview(choice)
    else:
        funnel.cohorts(choice)
        if may_see_equity:
            st.info(f"Who applies to us? {equity.ONE_SCHOOL}", icon=":material/groups:")
    kpis.schools(choice, insights)
    forecasts.accuracy(insights)
    forecasts.open_jobs(choice, limit=12)
    if insights.may_open(Page.HIRING):
        attention.waiting(choice, limit=8)
    page_foot(choice.insights)
