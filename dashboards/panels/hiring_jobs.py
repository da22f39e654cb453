"""The list of jobs: where each stands by stage, how long it is open, what is left; and the form that drafts one."""

from datetime import date
from typing import Any, Final

import streamlit as st

from dashboards import figures, hiring_rows
from dashboards.filters import ALL, select
from dashboards.panels.hiring_frame import Visit, announce, attempt, heading, link, listed, said

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
_CLASSES: Final = {"teacher": "Teacher", "leadership": "Leadership", "support": "Support"}


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


def draft(visit: Visit) -> None:
    """Draw the form that drafts a job."""
    link(visit, "← All jobs")
    heading("Draft a job")
    said(visit)
    schools = visit.where("jobs:write")
    if not schools:
        st.info("Your roles draft no job at any school.", icon=":material/lock:")
        return
    with st.form("hiring-draft", border=True):
        left, right = st.columns(2)
        body: dict[str, Any] = {
            "tenant_id": left.selectbox("School", list(schools), format_func=schools.__getitem__),
            "title": right.text_input("Title", max_chars=200, placeholder="Mathematics teacher").strip(),
            "subject": left.text_input("Subject", max_chars=60, placeholder="mathematics").strip().lower().replace(" ", "_"),
            "grade_range": right.text_input("Grades", max_chars=200, placeholder="9-12").strip(),
            "staff_class": left.selectbox("Kind of post", list(_CLASSES), format_func=_CLASSES.__getitem__),
            "headcount": int(right.number_input("Openings", 1, 200, 1)),
        }
        start = left.date_input("Wanted from", value=None, format="DD/MM/YYYY")
        body["fte"] = float(right.number_input("Full-time equivalent", 0.05, 2.0, 1.0, 0.05))
        body["target_start_date"] = start.isoformat() if isinstance(start, date) else None
        if not st.form_submit_button("Draft the job", type="primary"):
            return
    missing = [label for name, label in {"title": "Title", "subject": "Subject", "grade_range": "Grades"}.items() if not body[name]]
    if missing:
        st.warning(f"Fill in: {', '.join(missing)}.", icon=":material/edit:")
        return
    done = attempt(lambda: visit.desk.send("jobs", body), "The job is drafted: somebody who may approve jobs has to look at it next.")
    if done is not None:
        if done.is_repeated:
            announce("refused", "You drafted this very job before: here it is. For another opening of it, raise its number of openings.")
        st.query_params.from_dict({"job": done.body["id"]})
    st.rerun()
