"""One candidate's application: who, where it stands, what may be done next, and what happened so far."""

from functools import partial
from typing import Any, Final

import streamlit as st

from dashboards import figures, hiring_rows
from dashboards.hiring_desk import NotThere
from dashboards.panels import hiring_interviews, hiring_offers
from dashboards.panels.hiring_frame import Back, Visit, heading, link, listed, opens, press, reason_choice, said, settle

_SIDES: Final = {"reject": {"employer", "neutral"}, "withdraw": {"candidate", "neutral"}}
_ENDINGS: Final = {  # button, title of its dialog, what it means, what is said afterwards
    "reject": ("Reject", "Reject the application", "The school ends the application.", "Rejected."),
    "withdraw": (
        "Candidate withdrew",
        "The candidate withdrew",
        "The candidate ends the application.",
        "It is kept that the candidate withdrew.",
    ),
}


def show(visit: Visit, application_id: str) -> None:
    """Draw the card: steps on the left, what is known on the right. Raises what reading raises."""
    application = visit.desk.read(f"applications/{application_id}")
    standings = visit.desk.read("pipeline/applications", application_id=application_id)
    if not standings:
        raise NotThere(application_id)
    standing = standings[0]
    school = visit.school(application["tenant_id"])
    came_from = st.session_state.get("hiring-came-from", {})
    back = came_from if came_from.get("job") == application["job_id"] else {"job": application["job_id"]}
    link(visit, f"← {figures.plain(standing['job_title'])}", **back)
    since = hiring_rows.stood(standing["since"], visit.now, school.zone)
    is_active = application["status"] == "active"
    if is_active:
        place = f"{_stage(standing)} {'since' if since == 'today' else 'for'} {since}"
    else:
        place = f"{figures.words(application['status'])} {since if since == 'today' else f'{since} ago'}"
    heading(hiring_rows.name(standing), [school.name, place, hiring_rows.source(standing)])
    said(visit)
    reasons = {row["id"]: row for row in visit.reasons() if row["tenant_id"] in (None, application["tenant_id"])}
    steps, known = st.columns([3, 2], gap="large")
    with steps:
        if visit.may("applications:write", application["tenant_id"]):
            _moves(visit, application, standing)
        hiring_offers.show(visit, application, reasons)
        hiring_interviews.show(visit, application)
        if visit.may("applications:write", application["tenant_id"]) and is_active:
            _ending(visit, application, standing, reasons)
    with known:
        _person(visit, application["candidate_id"])
        _history(visit, application, reasons)


def _stage(standing: dict[str, Any]) -> str:
    own, canonical = figures.words(standing["current_stage"]), standing["canonical_stage"]
    return own if hiring_rows.is_usual(standing) or canonical == "other" else f"{own} ({figures.words(canonical)})"


def _moves(visit: Visit, application: dict[str, Any], standing: dict[str, Any]) -> None:
    """Draw the stages that the workflow allows next; a move can be taken back by the opposite one."""
    path, version, here = f"applications/{application['id']}", application["version"], application["current_stage"]
    with st.container(border=True, key="moves"):
        st.subheader("What next?", anchor=False)
        if application["status"] in hiring_rows.REOPENABLE:
            st.caption("The application has ended. It can be taken up again where it stood.")
            press(visit, "Take up again", f"{path}/reopen", said="The application is active again.", seen=f"reopen {version}", primary=True)
            return
        if application["status"] != "active":
            st.caption(f"The application has ended: {figures.words(application['status']).lower()}. Nothing moves it any more.")
            return
        moves = visit.desk.read(f"{path}/moves")
        onward = next((move for move in moves if not move["is_back"]), None)
        if onward is None:
            st.caption("This is the last stage: a hire comes from an offer that is accepted.")
        with st.container(horizontal=True, gap="small"):
            for move in [*(move for move in moves if not move["is_back"]), *(move for move in moves[::-1] if move["is_back"])]:
                name = move["to_stage"]
                press(
                    visit,
                    f"{'Back to' if move['is_back'] else 'Move to'} {figures.plain(figures.words(name))}",
                    f"{path}/move",
                    {"to_stage": name},
                    said=f"{hiring_rows.name(standing)} is in {figures.words(name)} now.",
                    version=version,
                    primary=move is onward,
                    back=Back(f"Undo: back to {figures.plain(figures.words(here))}", f"{path}/move", {"to_stage": here}),
                )


def _ending(visit: Visit, application: dict[str, Any], standing: dict[str, Any], reasons: dict[str, Any]) -> None:
    with st.container(border=True, key="ending"):
        st.subheader("End the application", anchor=False)
        with st.container(horizontal=True, gap="small"):
            for step, (label, title, *_) in _ENDINGS.items():
                draw = partial(_ending_form, visit, application, standing, reasons, step)
                opens(f"{label}…", draw, key=f"{step}-{application['version']}", title=title)


def _ending_form(visit: Visit, application: dict[str, Any], standing: dict[str, Any], reasons: dict[str, Any], step: str) -> None:
    label, _, meaning, done = _ENDINGS[step]
    path, version = f"applications/{application['id']}", application["version"]
    offered = {key: str(row["name"]) for key, row in reasons.items() if row["side"] in _SIDES[step]}
    with st.form(f"{step}-{application['id']}-{version}", border=False):
        reason = reason_choice("Why?", offered)
        lost = " **The live offer ends with it for good.**" if standing["offer_status"] else ""
        st.markdown(f"{meaning} The application can be taken up again.{lost}")
        if not st.form_submit_button(label, type="primary"):
            return
    back = None if standing["offer_status"] else Back("Undo: take up again", f"{path}/reopen")  # an offer would not come back
    settle(lambda: visit.desk.send(f"{path}/{step}", {"reason_id": reason}, version=version), done, back)


def _person(visit: Visit, candidate_id: str) -> None:
    person = visit.desk.read(f"candidates/{candidate_id}")
    years = person["years_experience"]
    facts = [
        ("E-mail", person["email"]),
        ("Phone", person["phone"]),
        ("Country", person["country"]),
        ("Experience", figures.counted(years, "year") if years is not None else None),
        ("Qualification", figures.words(person["qualification_level"]) if person["qualification_level"] else None),
        ("Subjects", ", ".join(figures.words(subject) for subject in person["subjects"])),
    ]
    with st.container(border=True, key="person"):
        st.subheader("Who is it?", anchor=False)
        known = [(label, str(value)) for label, value in facts if value]
        if known:
            listed("facts", known)
        else:
            st.caption("Nothing but the name is known.")


def _history(visit: Visit, application: dict[str, Any], reasons: dict[str, Any]) -> None:
    events = visit.desk.read(f"applications/{application['id']}/stage-events")
    zone = visit.school(application["tenant_id"]).zone
    with st.container(border=True, key="history"):
        st.subheader("What happened so far?", anchor=False)
        lines = hiring_rows.history(events, {key: row["name"] for key, row in reasons.items()})
        listed("facts", [(said, hiring_rows.moment(at, zone)) for at, said in lines])
