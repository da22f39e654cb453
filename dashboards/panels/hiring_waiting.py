"""What waits for somebody: jobs to approve, offers to approve, send or answer, interviews to come, hires in progress and to start."""

from typing import Any

import streamlit as st

from dashboards import figures, hiring_rows
from dashboards.panels import hiring_interviews, hiring_offers
from dashboards.panels.hiring_frame import Visit, heading, link, said


def show(visit: Visit) -> None:
    """Draw the four lists. Raises what reading raises."""
    heading("Waiting", ["What needs somebody at your schools, the oldest first"])
    said(visit)
    waiting = visit.desk.read("pipeline/waiting")
    told = [saga for state in ("stuck", "processing", "waiting") for saga in hiring_offers.sagas(visit, state=state, limit="200") or ()]
    runs = list({saga["id"]: saga for saga in told}.values())  # an overdue one is told as stuck too
    left, right = st.columns(2, gap="large")
    with left:
        _jobs(visit)
        _offers(visit, waiting["offers"])
        _hires(visit, waiting["hires"], runs)
    with right:
        _interviews(visit)


def _jobs(visit: Visit) -> None:
    if not visit.where("jobs:approve"):
        return
    drafts = visit.desk.read("pipeline/jobs", status="draft", limit=50)["items"]
    with st.container(border=True, key="waiting-jobs"):
        st.subheader(f"Jobs to approve · {figures.count(len(drafts))}", anchor=False)
        for job in drafts:
            _line(visit, job["title"], [visit.school(job["tenant_id"]).name, figures.words(job["subject"])], job=job["id"])
        _nothing(drafts)


def _offers(visit: Visit, offers: list[dict[str, Any]]) -> None:
    with st.container(border=True, key="waiting-offers"):
        st.subheader(f"Offers · {figures.count(len(offers))}", anchor=False)
        for offer in offers:
            zone = visit.school(offer["tenant_id"]).zone
            since = hiring_rows.stood(offer["sent_at"] or offer["approved_at"] or offer["created_at"], visit.now, zone)
            facts = [hiring_rows.OFFER_STATES[offer["status"]], since, offer["job_title"]]
            _line(visit, hiring_rows.name(offer), facts, application=offer["application_id"])
        _nothing(offers)


def _interviews(visit: Visit) -> None:
    rows = hiring_interviews.known(visit, status="scheduled")
    with st.container(border=True, key="waiting-interviews"):
        ahead = [row for row in rows or () if row["status"] == "scheduled" and hiring_rows.instant(row["scheduled_end"]) > visit.now][:50]
        st.subheader("Interviews to come" + (f" · {figures.count(len(ahead))}" if rows is not None else ""), anchor=False)
        if rows is None:
            st.caption(hiring_interviews.ABSENT)
            return
        ids = [row["application_id"] for row in ahead]
        people = {row["id"]: row for row in visit.desk.read("pipeline/applications", application_id=ids)} if ids else {}
        for row in ahead:
            person = people.get(row["application_id"])
            if person is not None:
                at = hiring_rows.span(row, visit.school(person["tenant_id"]).zone)
                facts = [at, hiring_rows.INTERVIEWS.get(row["kind"], row["kind"]), person["job_title"]]
                _line(visit, hiring_rows.name(person), facts, application=person["id"])
        _nothing(ahead)


def _hires(visit: Visit, hires: list[dict[str, Any]], runs: list[dict[str, Any]]) -> None:
    with st.container(border=True, key="waiting-hires"):
        st.subheader(f"Hires · {figures.count(len(hires) + len(runs))}", anchor=False)
        ids = [saga["application_id"] for saga in runs][:200]
        people = {row["id"]: row for row in visit.desk.read("pipeline/applications", application_id=ids)} if ids else {}
        for saga in runs:
            person = people.get(saga["application_id"])
            if person is not None:
                line = hiring_rows.saga_line(saga, visit.school(saga["tenant_id"]).zone)
                _line(visit, hiring_rows.name(person), [line, person["job_title"]], application=person["id"])
        for hire in hires:
            start = f"starts {hiring_rows.day(hire['start_date'])}" if hire["start_date"] else "start open"
            _line(visit, hiring_rows.name(hire), [start, hire["job_title"]], application=hire["application_id"])
        _nothing([*hires, *runs])


def _line(visit: Visit, label: str, facts: list[str], **place: str) -> None:
    with st.container(gap=None):
        link(visit, figures.plain(label), **place)
        st.caption(figures.plain(" · ".join(facts)))


def _nothing(rows: list[dict[str, Any]]) -> None:
    if not rows:
        st.caption("Nothing waits.")
