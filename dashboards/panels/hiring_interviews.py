"""Interviews of one application, kept by the assessments service: those that are known, and the form that schedules one."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from dashboards import figures, hiring_rows
from dashboards.hiring_client import HiringUnavailable
from dashboards.hiring_desk import NotThere, Refused
from dashboards.panels.hiring_frame import Visit, attempt

ABSENT = "Interviews can't be read or scheduled right now: the assessments service does not answer."


def known(visit: Visit, **query: str) -> list[dict[str, Any]] | None:
    """Return interviews as the assessments service tells them; None where it does not."""
    try:
        told = visit.desk.read_assessments("interviews", limit="200", **query)
    except (HiringUnavailable, NotThere, Refused):
        return None
    rows: list[dict[str, Any]] = told["items"] if isinstance(told, dict) else told
    return sorted(rows, key=lambda row: str(row["scheduled_start"]))


def show(visit: Visit, application: dict[str, Any]) -> None:
    """Draw the interviews of an application and, while it is active, the form for another."""
    rows = known(visit, application_id=application["id"])
    zone = visit.school(application["tenant_id"]).zone
    with st.container(border=True, key="interviews"):
        st.subheader("Interviews", anchor=False)
        if rows is None:
            st.caption(ABSENT)
            return
        for row in rows:
            kind = hiring_rows.INTERVIEWS.get(row["kind"], figures.words(row["kind"]))
            st.markdown(f"**{kind}** · {hiring_rows.moment(row['scheduled_start'], zone)} · {figures.words(row['status']).lower()}")
        if not rows:
            st.caption("None yet.")
        if application["status"] == "active" and visit.may("applications:write", application["tenant_id"]):
            _form(visit, application, zone)


def _form(visit: Visit, application: dict[str, Any], zone: str) -> None:
    tomorrow = visit.now.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    with st.form(f"interview-{application['id']}", border=False):
        places = st.columns(4)
        kind = places[0].selectbox("Kind", list(hiring_rows.INTERVIEWS), format_func=hiring_rows.INTERVIEWS.__getitem__)
        day = places[1].date_input("Day", value=tomorrow, format="DD/MM/YYYY")
        start = places[2].time_input("Start", value=time(10, 0), step=timedelta(minutes=5))
        minutes = int(places[3].number_input("Minutes", 5, 480, 45, 5))
        place = st.text_input("Place", max_chars=500, placeholder="Address and room, link, or telephone number")
        st.caption(f"Times are those of the school: {zone}. The candidate is told time and place.")
        if not st.form_submit_button("Schedule the interview"):
            return
    began = datetime.combine(day, start, ZoneInfo(zone))
    body = {"application_id": application["id"], "kind": kind, "scheduled_start": began.isoformat()}
    body["scheduled_end"] = (began + timedelta(minutes=minutes)).isoformat()
    if place.strip():
        body["place"] = place.strip()
    attempt(lambda: visit.desk.send_assessments("interviews", body), "The interview is scheduled.")
    st.rerun()
