"""One module a page, each with ``render(insights)``; a page lays out panels and computes no figure."""

import streamlit as st

from foundation.access import Principal, Role


def no_page(principal: Principal) -> None:
    """Draw the plain page of someone whose roles open no page yet."""
    st.title("Welcome", anchor=False)
    if Role.AGENCY_USER in principal.roles:
        st.info("The page for agencies is not open yet. Your submissions reach the schools through the hiring API as before.")
    else:
        st.info("Your roles open no page of this dashboard. Ask an administrator of your school if you need one.")
