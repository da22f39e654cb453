"""One module a page, each with ``render(insights)``; a page lays out panels and computes no figure."""

import streamlit as st


def no_page() -> None:
    """Draw the plain page of someone whose roles open no page yet."""
    st.title("Welcome", anchor=False)
    st.info("Your roles open no page of this dashboard. Ask an administrator of your school if you need one.")
