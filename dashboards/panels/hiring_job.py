"""One job: its facts, the steps of its life, and its candidates."""

from typing import Any, Final

import streamlit as st

from dashboards import figures, hiring_rows
from dashboards.panels import hiring_candidates, hiring_editing
from dashboards.panels.hiring_candidates import Look
from dashboards.panels.hiring_frame import Visit, confirmed, heading, link, opens, press, said, settle

_REASONS: Final = {"not_filling": "It will not be filled", "budget": "There is no budget for it any more"}


def show(visit: Visit, job_id: str, look: Look) -> None:
    """Draw a job and those of its candidates that are looked at. Raises what reading raises."""
    job = hiring_candidates.read(visit, job_id, look)
    school = visit.school(job["tenant_id"])
    link(visit, "← All jobs")
    leads = [f"{row['display_name']} is in charge" for row in visit.team(job["tenant_id"]) if row["id"] == job["owner_id"]]
    heading(job["title"], [school.name, *hiring_rows.job_facts(job, visit.now, school.zone), *leads])
    said(visit)
    _steps(visit, job)
    hiring_candidates.draw(visit, job, look)


def _steps(visit: Visit, job: dict[str, Any]) -> None:
    """Draw the steps that the job's status allows and the person may take."""
    path, version, status = f"jobs/{job['id']}", job["version"], job["status"]
    writes, approves = (visit.may(permission, job["tenant_id"]) for permission in ("jobs:write", "jobs:approve"))
    with st.container(horizontal=True, vertical_alignment="center", key="job-steps", gap="small"):
        if status == "draft" and approves:
            press(visit, "Approve", f"{path}/approve", said="The job is approved: open it next.", version=version, primary=True)
        elif status == "draft":
            st.caption("Waits for approval by a director of the school.")
        if status == "approved" and writes:
            press(visit, "Open", f"{path}/open", said="The job is open: it takes applications now.", version=version, primary=True)
        if status == "open" and visit.may("applications:write", job["tenant_id"]):
            link(visit, ":material/person_add: Add a candidate", view="add", job=job["id"])
        if status not in {"closed", "cancelled"} and writes:
            hiring_editing.edit(visit, job)
        if status in {"approved", "open", "on_hold"} and approves:
            hiring_editing.openings(visit, job)
        if status == "open" and writes:
            press(visit, "Put on hold", f"{path}/hold", said="The job is on hold: it takes no applications.", version=version)
        if writes and (status in {"on_hold", "closed"} or (status == "cancelled" and job["approved_at"])):
            press(visit, "Open again", f"{path}/reopen", said="The job is open again.", version=version, primary=True)
        if status in {"open", "on_hold"} and writes:
            opens("Close…", lambda: _closing(visit, job), key=f"close-{version}", title="Close the job")
        if status in {"draft", "approved"} and writes:
            warning = f"Cancel the job. {_ending(job)}"
            confirmed(visit, "Cancel…", warning, "Cancel the job", f"{path}/cancel", said="Cancelled.", version=version)


def _closing(visit: Visit, job: dict[str, Any]) -> None:
    """Draw why a job ends, and what ends with it."""
    with st.form(f"close-{job['id']}-{job['version']}", border=False):
        reason = st.radio("Why?", list(_REASONS), format_func=_REASONS.__getitem__)
        st.markdown(f"{_ending(job)} The job can be opened again, but that brings none of them back.")
        if not st.form_submit_button("Close the job", type="primary"):
            return
    settle(lambda: visit.desk.send(f"jobs/{job['id']}/close", {"reason": reason}, version=job["version"]), "The job is closed.")


def _ending(job: dict[str, Any]) -> str:
    active = sum(number for stage, number in job["stages"].items() if stage not in {"hired", "ended"})
    if not active:
        return "Nobody is in progress."
    one = active == 1
    return f"{figures.counted(active, 'active application')} {'ends' if one else 'end'} with it, and every live offer."
