"""What the Hiring tab writes: names, days, moments in the school's zone, and lists in the order of the pipeline. Free of Streamlit."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from dashboards import figures

STAGES: Final = tuple(stage for stage in figures.STAGE_NAMES if stage != "hired")
ENDINGS: Final = ("hired", "offer_declined", "withdrawn", "rejected", "job_closed", "duplicate")
REOPENABLE: Final = frozenset({"rejected", "withdrawn", "offer_declined"})
LIVE: Final = ("draft", "pending_approval", "approved", "sent")
OFFER_STATES: Final = {
    "draft": "Draft: needs approval",
    "pending_approval": "Waits for approval",
    "approved": "Approved: not sent yet",
    "sent": "Sent: waits for the answer",
}
HIRE_STATES: Final = {"pending_start": "starts", "started": "started", "reneged": "did not start", "ended": "employment ended"}
SAGA_STEPS: Final = {
    "reserve_opening": "reserving an opening",
    "send_offer": "sending the offer",
    "await_answer": "waiting for the answer",
    "fill_opening": "filling the opening",
    "notify_agency": "telling the agency",
}
INTERVIEW_STATES: Final = {"scheduled": "scheduled", "held": "took place", "cancelled": "cancelled", "no_show": "did not come"}
INTERVIEWS: Final = {"phone": "Phone", "video": "Video", "in_person": "In person", "panel": "Panel", "demo_lesson": "Demo lesson"}

Row = Mapping[str, Any]


def name(person: Row) -> str:
    """Return a person's name; one that was erased has none."""
    return f"{person['given_name']} {person['family_name']}".strip() or "Name erased"


def instant(text: str) -> datetime:
    """Return an instant of the API."""
    return datetime.fromisoformat(text)


def moment(text: str | None, zone: str) -> str:
    """Return an instant of the API as a clock at the school shows it, e.g. ``24 Nov 2026, 09:30 CET``."""
    return f"{instant(text).astimezone(ZoneInfo(zone)):%d %b %Y, %H:%M %Z}" if text else figures.DASH


def span(interview: Row, zone: str) -> str:
    """Return when an interview is, e.g. ``Tue 24 Nov 2026, 09:30–10:15 CET``."""
    start, end = (instant(interview[name]).astimezone(ZoneInfo(zone)) for name in ("scheduled_start", "scheduled_end"))
    return f"{start:%a} {start.day} {start:%b %Y, %H:%M}–{end:%H:%M %Z}"


def next_weekday(today: date) -> date:
    """Return the first day after ``today`` that is neither Saturday nor Sunday."""
    return next(found for found in (today + timedelta(days=number) for number in (1, 2, 3)) if found.weekday() < 5)


def day(text: str | None) -> str:
    """Return a calendar day of the API, e.g. ``1 Sep 2027``."""
    if not text:
        return figures.DASH
    found = date.fromisoformat(text[:10])
    return f"{found.day} {found:%b %Y}"


def stood(text: str, now: datetime, zone: str) -> str:
    """Return how long ago an instant was, in days by the school's calendar: ``today``, ``1 day``, ``12 days``."""
    days = (now.astimezone(ZoneInfo(zone)).date() - instant(text).astimezone(ZoneInfo(zone)).date()).days
    return "today" if days <= 0 else figures.counted(days, "day")


def grouped(applications: Iterable[Row], *, ended: bool) -> list[tuple[str, list[Row]]]:
    """Return a job's candidates by canonical stage, or ended ones by how they ended; stages stay, even empty ones."""
    found: dict[str, list[Row]] = {} if ended else {stage: [] for stage in STAGES}
    for row in applications:
        found.setdefault(row["status"] if ended else row["canonical_stage"], []).append(row)
    order = [*(ENDINGS if ended else STAGES), *found]
    return sorted(found.items(), key=lambda group: order.index(group[0]))


def source(application: Row) -> str:
    """Return where a candidate came from: the last channel, else how the application came in."""
    return application["channel"] or figures.words("direct" if application["origin"] == "inbound" else application["origin"])


def is_usual(application: Row) -> bool:
    """Say whether the school calls the stage as everybody does."""
    return figures.words(application["current_stage"]).lower() == figures.words(application["canonical_stage"]).lower()


def job_facts(job: Row, now: datetime, zone: str) -> list[str]:
    """Return what a line says of a job: subject, how long open, openings left, start."""
    facts = [figures.words(job["subject"]), figures.words(job["grade_range"])]
    if job["status"] == "open" and job["opened_at"]:
        days = stood(job["opened_at"], now, zone)
        facts.append("opened today" if days == "today" else f"open {days}")
    else:
        facts.append(figures.words(job["status"]).lower())
    facts.append(f"{job['openings_left']} of {figures.counted(job['headcount'], 'opening')} left")
    return [*facts, *([f"wanted from {day(job['target_start_date'])}"] if job["target_start_date"] else [])]


def stage_counts(stages: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return counts of a job in the order of the pipeline, with ``Hired``; other stages only where somebody stands."""
    shown = [(figures.STAGE_NAMES[stage], stages.get(stage, 0)) for stage in STAGES]
    other = [("Other stage", stages["other"])] if stages.get("other") else []
    return [*shown, *other, ("Hired", stages.get("hired", 0))]


def history(events: Iterable[Row], reasons: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return an application's steps as (instant, sentence), the newest first."""
    lines, last_spell = [], 1
    for event in sorted(events, key=lambda each: each["sequence"]):
        to, origin = figures.words(event["to_stage"]), event["from_stage"]
        if event["spell_number"] > last_spell:
            said = f"Taken up again in {to}"
        elif origin is None:
            said = "Applied"
        elif event["to_stage"] in ENDINGS:
            said = to + (f": {reasons[event['reason_id']]}" if event["reason_id"] in reasons else "")
        else:
            said = f"{figures.words(origin)} → {to}"
        last_spell = event["spell_number"]
        lines.append((event["event_at"], said))
    return lines[::-1]


def terms(offer: Row) -> str:
    """Return an offer's terms in words, e.g. ``Full-time from 1 Sep 2027, GBP 42,000``."""
    time = "Full-time" if float(offer["fte"]) == 1 else f"{float(offer['fte']):.2f} of full-time"
    start = f" from {day(offer['start_date'])}" if offer["start_date"] else ", start open"
    pay = f", {figures.money(offer['salary_minor'], offer['salary_currency'])}" if offer["salary_minor"] is not None else ""
    return time + start + pay


def saga_line(saga: Row, zone: str) -> str:
    """Return how a hire in progress stands: its state, its step, its last fault and the next try."""
    step = SAGA_STEPS.get(saga["step"], figures.words(saga["step"]).lower())
    if saga["state"] in {"completed", "compensated"}:
        return "Completed." if saga["state"] == "completed" else f"Taken back{_because(saga)}."
    said = f"Taking back: {step}" if saga.get("direction") == "back" else f"{figures.words(saga['state'])}: {step}"
    tries = f", {figures.counted(saga['attempts'], 'failed attempt')}" if saga.get("attempts") else ""
    next_try = saga.get("next_try_at") or saga.get("due_at")
    ahead = f"; {'open until' if saga['state'] == 'waiting' else 'next try'} {moment(next_try, zone)}" if next_try else ""
    return f"{said}{tries}{_because(saga)}{ahead}."


def _because(saga: Row) -> str:
    """Return the code of a saga's last fault as words: ``JobAlreadyFilled`` → ``job already filled``."""
    code = saga.get("error")
    return f" ({re.sub(r'(?<=[a-z])(?=[A-Z])|_', ' ', code).lower()})" if code else ""
