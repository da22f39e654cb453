"""What a job says of itself: the form that drafts one, and the dialogs that change one and how many openings it has."""

from datetime import date
from typing import Any, Final

import streamlit as st

from dashboards import figures
from dashboards.panels.hiring_frame import Visit, announce, attempt, heading, link, opens, said, settle

_CLASSES: Final = {"teacher": "Teacher", "leadership": "Leadership", "support": "Support"}
_REQUIRED: Final = {"title": "Title", "subject": "Subject", "grade_range": "Grades"}


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
        school = left.selectbox("School", list(schools), format_func=schools.__getitem__)
        kind = right.selectbox("Kind of post", list(_CLASSES), format_func=_CLASSES.__getitem__)
        body = {"tenant_id": school, "staff_class": kind, **_described({})}
        left, right = st.columns(2)
        body["headcount"] = int(left.number_input("Openings", 1, 200, 1))
        body["fte"] = float(right.number_input("Full-time equivalent", 0.05, 2.0, 1.0, 0.05))
        if not st.form_submit_button("Draft the job", type="primary") or _lacks(body):
            return
    done = attempt(lambda: visit.desk.send("jobs", body), "The job is drafted: somebody who may approve jobs has to look at it next.")
    if done is not None:
        if done.is_repeated:
            announce("refused", "You drafted this very job before: here it is. For another opening of it, raise its number of openings.")
        st.query_params.from_dict({"job": done.body["id"]})
    st.rerun()


def edit(visit: Visit, job: dict[str, Any]) -> None:
    """Draw the button that opens a job's text for change."""
    leads = {row["id"]: row["display_name"] for row in visit.team(job["tenant_id"]) if row["may_lead"]}
    opens("Edit…", lambda: _editing(visit, job, leads), key=f"edit-{job['version']}", title="Edit the job", icon=":material/edit:")


def openings(visit: Visit, job: dict[str, Any]) -> None:
    """Draw the button that changes how many openings an approved job has."""
    opens("Openings…", lambda: _resizing(visit, job), key=f"openings-{job['version']}", title="How many openings?")


def _editing(visit: Visit, job: dict[str, Any], leads: dict[str, str]) -> None:
    with st.form(f"edit-{job['id']}-{job['version']}", border=False):
        body = _described(job)
        if job["status"] == "draft":
            body["headcount"] = int(st.number_input("Openings", 1, 200, job["headcount"]))
        owners = [job["owner_id"], *(key for key in leads if key != job["owner_id"])]
        body["owner_id"] = st.selectbox("In charge", owners, format_func=lambda key: leads.get(key, "Somebody else" if key else "Nobody"))
        if not st.form_submit_button("Save", type="primary") or _lacks(body):
            return
    changed = {name: value for name, value in body.items() if value != job[name]}
    if not changed:
        st.caption("Nothing is different yet.")
        return
    settle(lambda: visit.desk.change(f"jobs/{job['id']}", changed, job["version"]), "The job is changed.")


def _resizing(visit: Visit, job: dict[str, Any]) -> None:
    with st.form(f"openings-{job['id']}-{job['version']}", border=False):
        headcount = int(st.number_input("Openings, filled ones among them", 1, 200, job["headcount"]))
        left = job["openings_left"]
        st.caption(f"{figures.count(left)} of {figures.counted(job['headcount'], 'opening')} left to fill. One on offer stays.")
        if not st.form_submit_button("Save", type="primary"):
            return
    if headcount == job["headcount"]:
        st.caption("Nothing is different yet.")
        return
    done = f"The job has {figures.counted(headcount, 'opening')} now."
    settle(lambda: visit.desk.send(f"jobs/{job['id']}/headcount", {"headcount": headcount}, version=job["version"]), done)


def _described(job: dict[str, Any]) -> dict[str, Any]:
    """Draw the fields of a job's text, filled with what it says now; return what they hold."""
    left, right = st.columns(2)
    title = left.text_input("Title", job.get("title", ""), max_chars=200, placeholder="Mathematics teacher")
    subject = right.text_input("Subject", figures.words(job["subject"]) if job else "", max_chars=60, placeholder="Mathematics")
    left, right = st.columns(2)  # by rows: on a phone the fields come in this order
    grades = left.text_input("Grades", job.get("grade_range", ""), max_chars=200, placeholder="9-12")
    known = job.get("target_start_date")
    start = right.date_input("Wanted from", date.fromisoformat(known) if known else None, format="DD/MM/YYYY")
    return {
        "title": title.strip(),
        "subject": "_".join(subject.lower().split()),
        "grade_range": grades.strip(),
        "target_start_date": start.isoformat() if isinstance(start, date) else None,
    }


def _lacks(body: dict[str, Any]) -> bool:
    """Say what has to be filled in, if anything."""
    missing = [label for name, label in _REQUIRED.items() if not body[name]]
    if missing:
        st.warning(f"Fill in: {', '.join(missing)}.", icon=":material/edit:")
    return bool(missing)
