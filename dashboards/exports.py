"""Files that leave a page: each is told to the hiring core first, whose audit log names who took which figures.

What doesn't belong here: what a file holds.
"""

from collections.abc import Callable

import streamlit as st

from dashboards.sessions import COOKIE, client

_SHOWN = "list-shown"


def logged(
    make: Callable[[], str | bytes], name: str, form: str, *, rows: int | None = None, school_id: str | None = None, reason: str = ""
) -> Callable[[], str | bytes]:
    """Return a maker that logs the file and then makes it; where it can't be logged there is no file.

    Args:
        make: makes the file's content, when it is asked for.
        name: the file's, without its ending.
        form: csv, png or pdf.
        rows: of a table.
        school_id: the school, where the file is about one alone.
        reason: why, of a file that holds a row for each person or application; there is none without.
    """
    token = st.context.cookies.get(COOKIE) or ""  # there is no page any more when the file is made

    about = {"name": name[:200], "format": form, "rows": rows, "tenant_id": school_id}
    people = {"holds": "people", "reason": reason} if reason else {}

    def made() -> str | bytes:
        client().write(token, "POST", "audit/exports", about | people)
        return make()

    return made


def log_shown(name: str, rows: int) -> None:
    """Log that a list of applications is shown, once while it stays the same on the page.

    Raises:
        HiringUnavailable, NotKept: it could not be logged; the list must not be shown.
    """
    if st.session_state.get(_SHOWN) == (name, rows):
        return
    token = st.context.cookies.get(COOKIE) or ""
    client().write(token, "POST", "audit/exports", {"name": name[:200], "format": "page", "rows": rows, "holds": "people"})
    st.session_state[_SHOWN] = (name, rows)
