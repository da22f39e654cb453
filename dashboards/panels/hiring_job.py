"""One job: its facts, the steps of its life, and its candidates in columns by stage (on a phone: one below another)."""

from typing import Any, Final, Literal

import streamlit as st

from dashboards import figures, hiring_rows
from dashboards.panels.hiring_frame import Visit, choices, confirmed, heading, link, press, said

_SHOWN: Final = 20  # candidates of a stage at first; the longest there are shown


def show(visit: Visit, job_id: str, *, ended: bool) -> None:
    """Draw a job and its active or ended applications. Raises what reading raises."""
    job = visit.desk.read(f"pipeline/jobs/{job_id}", ended=str(ended).lower())
    school = visit.school(job["tenant_id"])
    link(visit, "← All jobs")
    heading(job["title"], [school.name, *hiring_rows.job_facts(job, visit.now, school.zone)])
    said(visit)
    _steps(visit, job)
    _tabs(visit, job, ended=ended)
    if ended:
        _ended(visit, job)
    else:
        _stages(visit, job)


def _steps(visit: Visit, job: dict[str, Any]) -> None:
    """Draw the steps that the job's status allows and the person may take."""
    path, version, status = f"jobs/{job['id']}", job["version"], job["status"]
    writes, approves = (visit.may(permission, job["tenant_id"]) for permission in ("jobs:write", "jobs:approve"))
    active = sum(number for stage, number in job["stages"].items() if stage not in {"hired", "ended"})
    ending = f"{figures.counted(active, 'active application')} of it and every live offer end with it."
    with st.container(horizontal=True, vertical_alignment="center", key="job-steps", gap="small"):
        if status == "draft" and approves:
            press(visit, "Approve", f"{path}/approve", said="The job is approved: open it next.", version=version, primary=True)
        elif status == "draft":
            st.caption("Waits for approval by a director of the school.")
        if status == "approved" and writes:
            press(visit, "Open", f"{path}/open", said="The job is open: it takes applications now.", version=version, primary=True)
        if status == "open" and visit.may("applications:write", job["tenant_id"]):
            link(visit, ":material/person_add: Add a candidate", view="add", job=job["id"])
        if status == "open" and writes:
            press(visit, "Put on hold", f"{path}/hold", said="The job is on hold: it takes no applications.", version=version)
        if status in {"on_hold", "closed", "cancelled"} and writes:
            press(visit, "Open again", f"{path}/reopen", said="The job is open again.", version=version)
        if status in {"open", "on_hold"} and writes:
            warning = f"Close a job that will not be filled. {ending} Opening it again does not bring them back."
            done = "The job is closed."
            confirmed(visit, "Close…", warning, "Close the job", f"{path}/close", said=done, version=version)
        if status in {"draft", "approved"} and writes:
            confirmed(visit, "Cancel…", f"Cancel the job. {ending}", "Cancel the job", f"{path}/cancel", said="Cancelled.", version=version)


def _tabs(visit: Visit, job: dict[str, Any], *, ended: bool) -> None:
    over = sum(job["stages"].get(place, 0) for place in ("hired", "ended"))
    active = sum(job["stages"].values()) - over
    labels = [f"In progress ({figures.count(active)})", f"Ended ({figures.count(over)})"]
    choices(visit, "part", {labels[0]: {"job": job["id"]}, labels[1]: {"job": job["id"], "ended": "1"}}, labels[ended])


def _stages(visit: Visit, job: dict[str, Any]) -> None:
    groups = hiring_rows.grouped(job["applications"], ended=False)
    for place, (stage, rows) in zip(st.columns(len(groups), gap="small"), groups, strict=True):
        title = "Other stage" if stage == "other" else figures.STAGE_NAMES[stage]
        with place.container(key=f"stage-{stage}", gap="small"):
            st.subheader(f"{title} · {figures.count(len(rows))}", anchor=False)
            _candidates(visit, job, stage, rows)


def _ended(visit: Visit, job: dict[str, Any]) -> None:
    if not job["applications"]:
        st.info("No application has ended yet.", icon=":material/inbox:")
    for status, rows in hiring_rows.grouped(job["applications"], ended=True):
        st.subheader(f"{figures.words(status)} · {figures.count(len(rows))}", anchor=False)
        with st.container(horizontal=True, key=f"ended-{status}", gap="small"):
            _candidates(visit, job, status, rows, width=300)


def _candidates(
    visit: Visit, job: dict[str, Any], place: str, rows: list[hiring_rows.Row], *, width: int | Literal["stretch"] = "stretch"
) -> None:
    zone, whole = visit.school(job["tenant_id"]).zone, f"hiring-whole-{job['id']}-{place}"
    shown = rows if st.session_state.get(whole) else rows[:_SHOWN]
    for row in shown:
        with st.container(border=True, key=f"candidate-{row['id']}", gap=None, width=width):
            link(visit, figures.plain(hiring_rows.name(row)), application=row["id"])
            own = [row["current_stage"]] if row["status"] == "active" and not hiring_rows.is_usual(row) else []
            since = hiring_rows.stood(row["since"], visit.now, zone)
            facts = [*own, since if row["status"] == "active" or since == "today" else f"{since} ago", hiring_rows.source(row)]
            st.caption(figures.plain(" · ".join(facts)))
            if row["offer_status"]:
                st.caption(f":material/mail: Offer {figures.words(row['offer_status']).lower()}")
    if len(rows) > len(shown):
        st.button(f"Show the other {len(rows) - len(shown)}", key=f"more-{whole}", on_click=lambda: st.session_state.update({whole: True}))
    if not rows:
        st.caption("Nobody")
