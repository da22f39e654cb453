"""The shell of the Enterprise dashboard: who is here, which pages they may open, and the one they did open.

Runs once per interaction (script/run.py). What belongs here: identity, navigation and the bar at the top. What doesn't: figures.
"""

from collections.abc import Callable

import streamlit as st

from dashboards import filters, pages, sign_in, views
from dashboards.pages import accuracy, agency, alerts, data_health, equity, forecast, funnel, hiring, overview, receipt, sources, time
from dashboards.scope import Insights, PageRefused, ScopeExceeded
from dashboards.sessions import COOKIE, sessions
from dashboards.theme import ICON, STYLE
from foundation import logs
from foundation.access import Page, Principal
from foundation.principals import IntrospectionUnavailable
from warehouse.connection import NothingPublished

_INSIGHTS: dict[Page, tuple[str, Callable[[Insights], None]]] = {
    Page.OVERVIEW: ("Overview", overview.render),
    Page.FUNNEL: ("Funnel", funnel.render),
    Page.SOURCES: ("Sources", sources.render),
    Page.TIME: ("Time", time.render),
    Page.AGENCY: ("Agencies", agency.render),
    Page.EQUITY: ("Equity", equity.render),
    Page.FORECAST: ("Forecast", forecast.render),
    Page.ACCURACY: ("Accuracy", accuracy.render),
    Page.DATA_HEALTH: ("Data health", data_health.render),
    Page.ALERTS: ("Alerts", alerts.render),
}


def main() -> None:
    """Draw the page for whoever is signed in; its lines and calls share a correlation id."""
    with logs.correlated():
        _draw()


def _draw() -> None:
    st.set_page_config(page_title="Educator Nexus", page_icon=ICON, layout="wide")
    st.html(STYLE)
    token = st.context.cookies.get(COOKIE)
    try:
        principal = sessions().verify(token)
    except IntrospectionUnavailable:
        st.warning("Your session can't be checked right now: the hiring service does not answer. Try again in a moment.")
        return
    if principal is None or token is None:
        st.warning("You are signed out.")
        st.link_button("Sign in", "/sign-in", type="primary")
        return
    show(principal, token)


def show(principal: Principal, token: str) -> None:
    """Draw the bar and the chosen page for a verified person; pages that roles don't open do not exist for them."""
    opened = [page for page in _INSIGHTS if principal.may_open(page)]
    registered = {page: _page(principal, page, is_first=page is opened[0]) for page in opened}
    if principal.may_open(Page.HIRING):
        registered[Page.HIRING] = st.Page(lambda: hiring.render(principal), title="Hiring", url_path="hiring")
    if not registered:
        registered[Page.AGENCY] = st.Page(pages.no_page, title="Educator Nexus", url_path="home", default=True)
    kept = st.Page(lambda: receipt.render(principal, token), title="Receipt", url_path="receipt")
    current = st.navigation([*registered.values(), kept], position="hidden")
    is_hiring = current.url_path == "hiring"
    shown = next((page for page in registered if page in _INSIGHTS and registered[page] is current), None)
    _bar(principal, token, registered, shown, is_hiring=is_hiring)
    current.run()


def _page(principal: Principal, page: Page, *, is_first: bool) -> "st.Page":
    title, render = _INSIGHTS[page]

    def run() -> None:
        try:
            render(Insights.open(principal))
        except NothingPublished:
            st.title(title, anchor=False)
            st.info("Nothing has been published yet. Figures appear after the first run of the pipeline.", icon=":material/inbox:")
        except (PageRefused, ScopeExceeded) as refusal:
            st.error(f"This is not yours to see: {refusal}.", icon=":material/lock:")

    return st.Page(run, title=title, url_path=page.value.replace("_", "-"), default=is_first)


def _bar(principal: Principal, token: str, registered: dict[Page, "st.Page"], shown: Page | None, *, is_hiring: bool) -> None:
    kept = filters.carried()
    insights = [page for page in registered if page in _INSIGHTS]
    with st.container(horizontal=True, vertical_alignment="center", key="bar", gap="small"):
        st.markdown("**Educator Nexus**", width="content")
        with st.container(horizontal=True, key="tab-on" if not is_hiring else "tab-off", width="content", gap=None):
            if insights:
                st.page_link(registered[insights[0]], label="Insights", query_params=kept)
        with st.container(horizontal=True, key="hiring-on" if is_hiring else "hiring-off", width="content", gap=None):
            if Page.HIRING in registered:
                st.page_link(registered[Page.HIRING], label="Hiring")
        st.space("stretch")
        with st.popover(principal.display_name, icon=":material/account_circle:", type="tertiary"):
            st.caption(", ".join(sorted(role.value.replace("_", " ") for role in principal.roles)) or "no role")
            st.html(sign_in.sign_out_form(token))
    if insights and not is_hiring:
        with st.container(horizontal=True, vertical_alignment="center", key="pages", gap="small"):
            for page in insights:
                st.page_link(registered[page], query_params=kept)
            if shown is not None:
                views.menu(token, shown.value, registered[shown])
