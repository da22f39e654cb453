"""The Hiring tab: which of its places the URL names. A URL holds ids and codes; names come from the core each time they are drawn."""

from typing import Any
from uuid import UUID

import streamlit as st

from dashboards.hiring_client import HiringUnavailable
from dashboards.hiring_desk import Desk, NotThere, Refused
from dashboards.panels import hiring_add, hiring_candidate, hiring_editing, hiring_job, hiring_jobs, hiring_waiting
from dashboards.panels.hiring_candidates import Look
from dashboards.panels.hiring_frame import SILENT, Visit, choices, said
from dashboards.sessions import assessments, client


def render(token: str, page: Any) -> None:
    """Draw the place of the tab that the URL names; ``page`` is the tab itself, for links within it."""
    try:
        with st.container(key="hiring"):
            _place(Visit.begin(Desk(token, client(), assessments()), page))
    except HiringUnavailable:
        st.title("Hiring", anchor=False)
        st.warning(SILENT, icon=":material/cloud_off:")
    except NotThere:
        st.title("Not found", anchor=False)
        st.info("There is no such job or candidate at your schools.", icon=":material/search_off:")
        st.page_link(page, label="All jobs")
    except Refused as refusal:
        st.title("Hiring", anchor=False)
        st.info(str(refusal), icon=":material/lock:")


def closed() -> None:
    """Draw the plain page of someone whose roles don't open the tab."""
    st.title("Hiring", anchor=False)
    st.info(
        "Your roles don't open the Hiring tab. Directors, recruiters and hiring managers of a school work here; ask an administrator of "
        "your school if you should.",
        icon=":material/lock:",
    )


def _place(visit: Visit) -> None:
    query = st.query_params.to_dict()
    if query:  # a link within the tab runs it with a new query but leaves the address bar as it was
        st.query_params.from_dict(query)
    else:
        st.query_params.clear()
    if "application" in query:
        hiring_candidate.show(visit, _id(query["application"]))
    elif query.get("view") == "add":
        hiring_add.show(visit, _id(query.get("job", "")))
    elif "job" in query:
        hiring_job.show(visit, _id(query["job"]), Look.at(query))
    elif query.get("view") == "draft":
        hiring_editing.draft(visit)
    else:
        is_waiting = query.get("view") == "waiting"
        choices(visit, "place", {"Jobs": {}, "Waiting": {"view": "waiting"}}, "Waiting" if is_waiting else "Jobs")
        if is_waiting:
            hiring_waiting.show(visit)
        else:
            said(visit)
            hiring_jobs.show(visit)


def _id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise NotThere("not an id") from None
