"""Interviews of one application, kept by the assessments service: scheduled, moved, cancelled, and what came of each."""

from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from dashboards import figures, hiring_rows
from dashboards.hiring_client import HiringUnavailable
from dashboards.hiring_desk import NotThere, Refused
from dashboards.panels.hiring_frame import Back, Visit, confirmed, opens, settle

ABSENT = "Interviews can't be read or scheduled right now: the assessments service does not answer."


def known(visit: Visit, **query: str) -> list[dict[str, Any]] | None:
    """Return interviews as the assessments service tells them; None where it does not."""
    try:
        told = visit.desk.read("interviews", limit="200", **query)
    except (HiringUnavailable, NotThere, Refused):
        return None
    rows: list[dict[str, Any]] = told["items"] if isinstance(told, dict) else told
    return sorted(rows, key=lambda row: str(row["scheduled_start"]))


def show(visit: Visit, application: dict[str, Any]) -> None:
    """Draw the interviews of an application, with what may be done about each, and the way to another."""
    rows = known(visit, application_id=application["id"])
    with st.container(border=True, key="interviews"):
        st.subheader("Interviews", anchor=False)
        if rows is None:
            st.caption(ABSENT)
            return
        if application["status"] != "active" and any(row["status"] == "scheduled" for row in rows):
            st.caption("The application has ended, but not what is scheduled here: cancel it, so that nobody waits.")
        for row in rows:
            _line(visit, row)
        if not rows:
            st.caption("None yet.")
        if application["status"] == "active" and visit.may("assessments:write", application["tenant_id"]):
            team = {row["id"]: row["display_name"] for row in visit.team(application["tenant_id"])}
            seen = " ".join(f"{row['id']}@{row['version']}" for row in rows)  # so that one that was cancelled can be scheduled again
            draw = partial(_scheduling, visit, application, team, seen)
            opens("Schedule an interview…", draw, key=f"schedule-{len(rows)}", icon=":material/event:")


def _line(visit: Visit, row: dict[str, Any]) -> None:
    """Draw one interview; a scheduled one can be moved or cancelled, and settled once it has begun."""
    zone, path = visit.school(row["tenant_id"]).zone, f"interviews/{row['id']}"
    kind, at = hiring_rows.INTERVIEWS.get(row["kind"], figures.words(row["kind"])), hiring_rows.span(row, zone)
    with st.container(key=f"interview-{row['id']}", gap="small"):
        st.markdown(f"**{kind}** · {at} · {hiring_rows.INTERVIEW_STATES[row['status']]}")
        if row["status"] != "scheduled":
            return
        who = [person["display_name"] for person in _interviewers(visit, row)]
        st.caption(figures.plain(f"With {', '.join(who)}") if who else "Nobody of the school is named yet.")
        if row["place"]:
            st.caption(figures.plain(row["place"]))
        if not visit.may("assessments:write", row["tenant_id"]):
            return
        with st.container(horizontal=True, gap="small"):
            if hiring_rows.instant(row["scheduled_start"]) <= visit.now:
                for label, step, done in (
                    ("It took place", "held", "Kept: it took place."),
                    ("They did not come", "no-show", "Kept: nobody came."),
                ):
                    warning = "This can't be undone."
                    confirmed(visit, f"{label}…", warning, label, f"{path}/{step}", said=done, version=row["version"])
            opens(
                "Move…", partial(_moving, visit, row, zone), key=f"move-{row['id']}-{row['version']}", title=f"Move the interview: {kind}"
            )
            warning = f"{kind}, {at}. A cancelled interview does not come back: schedule another instead."
            cancelled = "The interview is cancelled."
            confirmed(visit, "Cancel…", warning, "Cancel the interview", f"{path}/cancel", said=cancelled, version=row["version"])


def _interviewers(visit: Visit, row: dict[str, Any]) -> list[dict[str, Any]]:
    taking_part = {each["user_id"] for each in visit.desk.read(f"interviews/{row['id']}/participants")}
    return [person for person in visit.team(row["tenant_id"]) if person["id"] in taking_part]


def _scheduling(visit: Visit, application: dict[str, Any], team: dict[str, str], seen: str) -> None:
    zone = visit.school(application["tenant_id"]).zone
    with st.form(f"interview-{application['id']}", border=False):
        kind = st.selectbox("Kind", list(hiring_rows.INTERVIEWS), format_func=hiring_rows.INTERVIEWS.__getitem__)
        day = hiring_rows.next_weekday(visit.now.astimezone(ZoneInfo(zone)).date())
        times = _times(datetime.combine(day, time(10, 0), ZoneInfo(zone)), 45, zone)
        place = _place()
        people = st.multiselect("Interviewers", list(team), format_func=team.__getitem__, placeholder="Who interviews?", max_selections=20)
        if not st.form_submit_button("Schedule the interview", type="primary"):
            return
    body = {"application_id": application["id"], "kind": kind, **times, **place, "participant_ids": people}
    settle(lambda: visit.desk.send("interviews", body, seen=seen), "The interview is scheduled.")


def _moving(visit: Visit, row: dict[str, Any], zone: str) -> None:
    began, ends = (hiring_rows.instant(row[name]).astimezone(ZoneInfo(zone)) for name in ("scheduled_start", "scheduled_end"))
    with st.form(f"move-{row['id']}-{row['version']}", border=False):
        st.caption(f"Now: {hiring_rows.span(row, zone)}")
        times = _times(began, int((ends - began).total_seconds() // 60), zone)
        place = _place(row.get("place") or "")
        if not st.form_submit_button("Move the interview", type="primary"):
            return
    path, before = f"interviews/{row['id']}/reschedule", {name: row[name] for name in ("scheduled_start", "scheduled_end", "place")}
    done = f"The interview is moved to {hiring_rows.moment(times['scheduled_start'], zone)}."
    settle(lambda: visit.desk.send(path, times | place, version=row["version"]), done, Back("Undo: the earlier time", path, before))


def _times(start: datetime, minutes: int, zone: str) -> dict[str, str]:
    """Draw day, start and length at the school; return them as the service takes them."""
    places = st.columns(3)
    day: date = places[0].date_input("Day", start.date(), format="DD/MM/YYYY")
    clock = places[1].time_input("Start", start.time(), step=timedelta(minutes=5))
    length = int(places[2].number_input("Minutes", 5, 720, minutes, 5))
    st.caption(f"Times are those of the school: {zone}. The candidate is told time and place.")
    began = datetime.combine(day, clock or start.time(), ZoneInfo(zone))
    return {"scheduled_start": began.isoformat(), "scheduled_end": (began + timedelta(minutes=length)).isoformat()}


def _place(known: str = "") -> dict[str, str]:
    """Draw the place; return it as the service takes it, nothing where none is written."""
    place = st.text_input("Place", known, max_chars=500, placeholder="Address and room, link, or telephone number").strip()
    return {"place": place} if place else {}
