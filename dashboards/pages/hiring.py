"""The Hiring tab: says what it will hold, and where the same work is done until then."""

import streamlit as st

from dashboards.sessions import settings
from foundation.access import Principal


def render(principal: Principal) -> None:
    """Draw the page."""
    st.title("Hiring", anchor=False)
    st.markdown(
        f"Welcome, {principal.display_name}. This tab will hold the daily work of hiring: jobs and their approval, candidates and their "
        "stages, interviews and scorecards, offers and acceptance. Until it opens, the same work is done through the hiring API."
    )
    st.link_button("Open the API's documentation", f"{settings().hiring_address()}/docs", icon=":material/api:")
