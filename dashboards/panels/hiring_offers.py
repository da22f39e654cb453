"""The offer and the hire of one application: draft, approval, sending, the answer, and how far the hire has come.

Where the core runs a hire as a saga its state is shown; a core without sagas hires at once when an offer is accepted.
"""

from datetime import date
from functools import partial
from typing import Any, Final

import streamlit as st

from dashboards import figures, hiring_rows
from dashboards.hiring_desk import NotThere
from dashboards.panels.hiring_frame import Visit, confirmed, opens, press, reason_choice, settle

_CONTRACTS: Final = {"permanent": "Permanent", "fixed_term": "Fixed term", "supply": "Supply"}


def sagas(visit: Visit, **query: str) -> list[dict[str, Any]] | None:
    """Return hires in progress as the core tells them; None where it has none of the kind."""
    try:
        told = visit.desk.read("hire-sagas", **query)
    except NotThere:
        return None
    rows: list[dict[str, Any]] = told["items"] if isinstance(told, dict) else told
    return rows


def show(visit: Visit, application: dict[str, Any], reasons: dict[str, Any]) -> None:
    """Draw offers, the hire in progress and the hire of an application; nothing for those who may not read offers."""
    if not visit.may("offers:read", application["tenant_id"]):
        return
    offers = visit.desk.read_all("offers", application_id=application["id"])
    hires = visit.desk.read_all("hires", application_id=application["id"])
    runs = sagas(visit, application_id=application["id"])
    live = next((offer for offer in offers if offer["status"] in hiring_rows.LIVE), None)
    may_write = visit.may("offers:write", application["tenant_id"])
    if not (offers or hires or runs) and (application["status"] != "active" or not may_write):
        return
    with st.container(border=True, key="offer"):
        st.subheader("Offer and hire", anchor=False)
        for saga in runs or ():
            show_saga(visit, saga, may_write=may_write)
        for hire in hires:
            _hire(visit, hire)
        for offer in offers:
            if offer is not live:
                st.caption(figures.plain(f"{figures.words(offer['status'])}: {hiring_rows.terms(offer)}"))
        if live is not None:
            _live(visit, live, reasons, is_by_saga=any(run["offer_id"] == live["id"] for run in runs or ()))
        elif application["status"] == "active" and may_write:
            _make(visit, application, runs_sagas=runs is not None)


def show_saga(visit: Visit, saga: dict[str, Any], *, may_write: bool) -> None:
    """Draw how a hire in progress stands, with what can be done about it."""
    zone, path = visit.school(saga["tenant_id"]).zone, f"hire-sagas/{saga['id']}"
    has_ended = saga["state"] in {"completed", "compensated"}
    st.markdown(f"**{'Hire' if has_ended else 'Hire in progress'}** · {figures.plain(hiring_rows.saga_line(saga, zone))}")
    if has_ended or not may_write:
        return
    seen = f"{saga['state']} {saga['step']} {saga.get('attempts')}"
    with st.container(horizontal=True, gap="small"):
        if saga["state"] == "stuck" or saga.get("error"):
            press(visit, "Try again now", f"{path}/retry", said="It is tried again.", seen=seen)
        warning = "The offer is taken back and the opening is free again. This can't be undone."
        confirmed(visit, "Stop the hire…", warning, "Stop the hire", f"{path}/cancel", said="The hire is being taken back.", seen=seen)


def _live(visit: Visit, offer: dict[str, Any], reasons: dict[str, Any], *, is_by_saga: bool) -> None:
    """Draw the live offer with the steps its status allows."""
    path, status, tenant = f"offers/{offer['id']}", offer["status"], offer["tenant_id"]
    st.markdown(f"**{hiring_rows.OFFER_STATES[status]}** · {figures.plain(hiring_rows.terms(offer))}")
    if not visit.may("offers:write", tenant):
        return
    with st.container(horizontal=True, gap="small", key="answer"):
        if status == "draft" and not visit.may("offers:approve", tenant):
            press(visit, "Ask for approval", f"{path}/submit", said="A director has to approve it next.", seen=status, primary=True)
        if status in {"draft", "pending_approval"} and visit.may("offers:approve", tenant):
            press(visit, "Approve", f"{path}/approve", said="The offer is approved: send it next.", seen=status, primary=True)
        if status == "approved":
            press(visit, "Mark as sent", f"{path}/send", said="The offer is out: record the answer here.", seen=status, primary=True)
        if status == "sent":
            _answer(visit, offer, reasons)
        draw = partial(_revising, visit, offer, is_by_saga=is_by_saga)
        opens("Revise…", draw, key=f"revise-{offer['id']}-{status}", title="Revise the offer", icon=":material/edit:")
        lost = "The offer ends for good; the application stays. To change its terms, revise it instead."
        confirmed(visit, "Take back…", lost, "Take the offer back", f"{path}/rescind", said="The offer is taken back.", seen=status)


def _answer(visit: Visit, offer: dict[str, Any], reasons: dict[str, Any]) -> None:
    path = f"offers/{offer['id']}"
    with st.popover("Accepted…", key=f"accepted-{offer['id']}"):
        st.markdown("The opening is filled; with the last one the job closes and its other applications end. **This can't be undone.**")
        contract = st.selectbox("Contract", list(_CONTRACTS), format_func=_CONTRACTS.__getitem__)
        press(visit, "Hire", f"{path}/accept", {"contract_kind": contract}, said="Hired.", seen="sent", primary=True)
    with st.popover("Declined…", key=f"declined-{offer['id']}"):
        st.markdown("The application ends; it can be taken up again, the offer can't.")
        named = {key: row["name"] for key, row in reasons.items() if row["side"] in {"candidate", "neutral"}}
        reason = reason_choice("Why?", named)
        press(visit, "Record that they declined", f"{path}/decline", {"reason_id": reason}, said="Declined.", seen="sent", primary=True)
    confirmed(
        visit, "No answer…", "The offer lapses; the application stays.", "Let it lapse", f"{path}/expire", said="Lapsed.", seen="sent"
    )


def _make(visit: Visit, application: dict[str, Any], *, runs_sagas: bool) -> None:
    """Draw the way to a first or another offer, where the job has an opening for it."""
    openings = visit.desk.read(f"jobs/{application['job_id']}/openings")
    if all(row["closed_at"] or row["filled_by_application_id"] for row in openings):
        st.caption("Every opening of the job is filled or closed: no offer can be made.")
        return
    sends = runs_sagas and visit.may("offers:approve", application["tenant_id"])
    opens(
        "Make an offer…", partial(_offering, visit, application, sends=sends), key=f"offer-{application['version']}", icon=":material/mail:"
    )


def _offering(visit: Visit, application: dict[str, Any], *, sends: bool) -> None:
    """Draw a new offer: as a draft for approval, or sent at once by those who may approve."""
    path, seen = f"applications/{application['id']}", f"{application['version']}"
    with st.form(f"offer-{application['id']}-{seen}", border=False):
        terms = _terms({})
        with st.container(horizontal=True, gap="small"):
            drafted = st.form_submit_button("Draft the offer", type="primary")
            sent = sends and st.form_submit_button("Approve and send now")
    if terms is None or not (drafted or sent):
        return
    if sent:
        settle(lambda: visit.desk.send(f"{path}/hire", terms, seen=seen), "The hire is under way: the offer goes out.")
    else:
        settle(lambda: visit.desk.send(f"{path}/offers", terms, seen=seen), "The offer is drafted.")


def _revising(visit: Visit, offer: dict[str, Any], *, is_by_saga: bool) -> None:
    """Draw other terms for a live offer."""
    known = "the candidate has to be told that the earlier one no longer counts" if offer["status"] == "sent" else "this version ends"
    st.markdown(f"The new version is a draft: it has to be approved and sent; {known}.")
    if is_by_saga:
        st.markdown("The hire that is under way ends with the earlier version; record the answer to the new one by hand.")
    with st.form(f"revise-{offer['id']}", border=False):
        terms = _terms(offer)
        if not st.form_submit_button("Revise the offer", type="primary") or terms is None:
            return
    if all(terms.get(name) == offer[name] for name in ("start_date", "fte", "salary_minor", "salary_currency")):
        st.caption("Nothing is different yet.")
        return
    done = "The offer is revised: the new version needs approval."
    settle(lambda: visit.desk.send(f"offers/{offer['id']}/revise", terms, seen=offer["status"]), done)


def _terms(offer: dict[str, Any]) -> dict[str, Any] | None:
    """Draw an offer's terms, filled with what it says now; return what they hold, None (and say why) where they can't be sent."""
    began, minor, known = (offer.get(name) for name in ("start_date", "salary_minor", "salary_currency"))
    left, right = st.columns(2)
    start = left.date_input("Start", date.fromisoformat(began) if began else None, format="DD/MM/YYYY")
    fte = float(right.number_input("Full-time equivalent", 0.05, 2.0, float(offer.get("fte", 1)), 0.05))
    left, right = st.columns(2)  # by rows: on a phone the fields come in this order
    paid = figures.major(minor, known) if minor is not None and known else None
    salary = left.number_input("Salary a year", min_value=0.0, value=paid, step=100.0)
    currency = right.text_input("Currency", known or "", max_chars=3, placeholder="GBP").strip().upper()
    if salary is not None and not currency:
        st.warning("Currency: give its three-letter code with the salary, for example GBP.", icon=":material/edit:")
        return None
    terms: dict[str, Any] = {"start_date": start.isoformat() if isinstance(start, date) else None, "fte": fte}
    if salary is not None:
        terms |= {"salary_minor": round(salary / figures.major(1, currency)), "salary_currency": currency}
    return terms


def _hire(visit: Visit, hire: dict[str, Any]) -> None:
    zone, path = visit.school(hire["tenant_id"]).zone, f"hires/{hire['id']}"
    start = f" {hiring_rows.day(hire['start_date'])}" if hire["status"] == "pending_start" and hire["start_date"] else ""
    st.markdown(f"**Hired** · {hiring_rows.moment(hire['hired_at'], zone)} · {hiring_rows.HIRE_STATES[hire['status']]}{start}")
    if hire["status"] != "pending_start" or not visit.may("outcomes:write", hire["tenant_id"]):
        return
    with st.container(horizontal=True, gap="small"):
        started = "It is kept that they started."
        confirmed(visit, "Has started…", "This can't be undone.", "They have started", f"{path}/start", said=started, seen="pending_start")
        warning = "The opening is free again and the job opens if the hire had closed it. This can't be undone."
        confirmed(visit, "Did not start…", warning, "Record that they did not start", f"{path}/renege", said="Kept.", seen="pending_start")
