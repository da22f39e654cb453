"""Saved views: a page's filters under a name of one's own, kept by the hiring core. A view holds codes of filters, never identity."""

import re
from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboards import filters
from dashboards.hiring_client import HiringUnavailable, NotKept
from dashboards.sessions import client

_KEY = re.compile(r"^[a-z][a-z0-9_-]{0,39}$")
_LIMIT = 20


def menu(token: str, page: str, link: "st.Page") -> None:
    """Draw the menu of one page's views: open, delete, save what is shown now."""
    with st.popover("Views", icon=":material/bookmarks:", type="tertiary", key=f"views-{page}", help="Your saved filters of this page"):
        try:
            saved = _saved(token, page)
        except HiringUnavailable:
            st.caption("Views can't be read right now.")
            return
        for view in saved:
            with st.container(horizontal=True, vertical_alignment="center", key=f"view-{view['id']}"):
                st.page_link(link, label=view["name"], query_params=view["filters"], icon=":material/bookmark:")
                st.button(
                    "Delete",
                    key=f"delete-view-{view['id']}",
                    icon=":material/delete:",
                    type="tertiary",
                    help=f"Delete the view {view['name']}",
                    on_click=_delete,
                    args=(token, page, view["id"]),
                )
        if not saved:
            st.caption("Nothing saved yet. A view keeps the filters as they are set now, for you alone.")
        with st.form(f"save-view-{page}", border=False, clear_on_submit=True):
            name = st.text_input("Name of the view", max_chars=200, placeholder="Science, last year")
            if st.form_submit_button("Save these filters", icon=":material/bookmark_add:"):
                _save(token, page, name.strip())
        fault = st.session_state.pop(f"views-fault-{page}", None)
        if fault:
            st.caption(fault)


def shown_filters() -> dict[str, str]:
    """Return the filters of the page as it is shown: what the URL says and what was just chosen."""
    in_url = {key: value for key, value in st.query_params.to_dict().items() if _KEY.match(key) and "@" not in value and len(value) <= 200}
    return dict(list((in_url | filters.carried()).items())[:_LIMIT])


def _saved(token: str, page: str) -> list[dict[str, Any]]:
    """Return the views of a page; read once a session, and again after each change of them."""
    known = f"views-of-{page}"
    if known not in st.session_state:
        st.session_state[known] = client().read(token, "saved-views", page=page)
    views: list[dict[str, Any]] = st.session_state[known]
    return views


def _save(token: str, page: str, name: str) -> None:
    if not name:
        st.caption("Give the view a name.")
        return
    _change(page, lambda: client().write(token, "POST", "saved-views", {"name": name, "page": page, "filters": shown_filters()}))
    st.rerun()


def _delete(token: str, page: str, view_id: str) -> None:
    _change(page, lambda: client().write(token, "DELETE", f"saved-views/{view_id}"))


def _change(page: str, act: Callable[[], None]) -> None:
    st.session_state.pop(f"views-of-{page}", None)
    try:
        act()
    except NotKept:
        st.session_state[f"views-fault-{page}"] = "Not saved: a view of this name exists already, or the name can't be kept."
    except HiringUnavailable:
        st.session_state[f"views-fault-{page}"] = "Not saved: the hiring service does not answer. Try again in a moment."
