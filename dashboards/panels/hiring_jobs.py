"""The list of jobs: where each stands by stage, how long it is open, what is left."""

from typing import Any, Final

import streamlit as st

from dashboards import figures, hiring_rows
from dashboards.filters import ALL, select
from dashboards.panels.hiring_frame import Visit, heading, link, listed

_PAGE: Final = "Hiring"
_STATES: Final = {
    "open": "Open",
    "draft": "Draft",
    "approved": "Approved",
    "on_hold": "On hold",
    "closed": "Closed",
    "cancelled": "Cancelled",
}
_NEXT: Final = {"draft": "Drafts wait for approval.", "approved": "Approved jobs take applications once they are opened."}
_STEP: Final = 50
_MOST: Final = 200


def show(visit: Visit) -> None:
    """Draw the list, a school, a status and a part of the title at a time."""
    with st.container(key="filters"):
        title, *places = st.columns([3.2, 1.4, 1.2, 1.4], vertical_alignment="bottom")
    with title:
        heading("Jobs")
    names = {key: school.name for key, school in visit.schools.items()}
    school = select(places[0], _PAGE, "School", "school", names if len(names) == 1 else {ALL: "All schools"} | names)
    status = select(places[1], _PAGE, "Status", "status", _STATES)
    search = places[2].text_input("Title", key="hiring-search", placeholder="Any", max_chars=100)
    limit = int(st.session_state.get("hiring-limit", _STEP))
    tenant_id = None if school == ALL else school
    page = visit.desk.read("pipeline/jobs", status=status, tenant_id=tenant_id, search=search.strip() or None, limit=limit)
    jobs = page["items"]
    with st.container(horizontal=True, vertical_alignment="center"):
        more = " or more" if page["next_cursor"] else ""
        st.caption(f"{figures.count(len(jobs))}{more} {_STATES[status].lower()}, oldest first. {_NEXT.get(status, '')}")
        st.space("stretch")
        if visit.where("jobs:write"):
            link(visit, ":material/add: Draft a job", view="draft")
    if not jobs:
        st.info("No job here. Choose another status or school, or search for less.", icon=":material/inbox:")
    for job in jobs:
        _line(visit, job)
    if page["next_cursor"] and limit < _MOST:
        st.button("Show more", on_click=lambda: st.session_state.update({"hiring-limit": limit + _STEP}))
    elif page["next_cursor"]:
        st.caption("More jobs match: narrow the list by school or title.")


def _line(visit: Visit, job: dict[str, Any]) -> None:
    school = visit.school(job["tenant_id"])
    with st.container(border=True, key=f"job-{job['id']}"):
        about, counts = st.columns([5, 6], vertical_alignment="center")
    with about.container(gap=None):
        link(visit, f"**{figures.plain(job['title'])}**", job=job["id"])
        facts = [*([school.name] if len(visit.schools) > 1 else []), *hiring_rows.job_facts(job, visit.now, school.zone)]
        st.caption(figures.plain(" · ".join(facts)))
    with counts:
        listed("stage-counts", [(figures.count(number), stage) for stage, number in hiring_rows.stage_counts(job["stages"])])
