"""Goals that a school has set for its figures, kept by the hiring core: how a figure stands against its goal, and setting one."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

import streamlit as st

from dashboards import figures
from dashboards.filters import Choice
from dashboards.hiring_client import HiringUnavailable, NotKept
from dashboards.scope import Answer
from dashboards.sessions import client, current_token
from foundation import clock
from foundation.access import Role
from metrics.catalogue import definition
from metrics.targets import against_goal

Goal = tuple[str, str, dict[str, str], Literal["more", "less"]]
"""What may have a goal: label, metric id, switches, which direction is better."""

_WORDS: Final = {"met": "met", "missed": "missed", "near": "within noise of it"}
_ICONS: Final = {"met": ":material/check_circle:", "missed": ":material/flag:", "near": ":material/adjust:"}
_KEPT_FOR: Final = timedelta(seconds=60)
_SETTERS: Final = frozenset({Role.HR_DIRECTOR, Role.PLATFORM_ADMIN})


def line(choice: Choice, answer: Answer) -> str | None:
    """Return the sentence that sets a figure (an answer of one row) against its goal; None when none is set for what is shown."""
    if answer.evaluation is None or not answer.frame.height:
        return None
    entry, unit, row = answer.evaluation.definition, answer.evaluation.unit, answer.frame.row(0, named=True)
    fitting = [target for target in _of_this(choice, entry.id, answer.evaluation.switches) if target["unit"] == unit]
    target = min(fitting, key=lambda each: each["season"] is None, default=None)
    if target is None:
        return None
    verdict = against_goal(row["value"], row["lower"], row["upper"], target["goal"], target["direction"])
    return f"{_ICONS[verdict]} {_said(target)}: {_WORDS[verdict]}" if verdict else _said(target)


def editor(choice: Choice, offered: Sequence[Goal]) -> None:
    """Draw the form that sets and removes goals of the school shown, for those who may set them."""
    school_id, token = _school(choice), current_token()
    if not choice.insights.principal.roles & _SETTERS or school_id is None or not token:
        return
    with st.popover("Goals", icon=":material/flag:", type="tertiary", help="Set goals for the figures above"):
        named = {label: (metric_id, switches, better) for label, metric_id, switches, better in offered}
        mine = {label: _of_this(choice, metric_id, _resolved(metric_id, switches)) for label, (metric_id, switches, _) in named.items()}
        for label, targets in mine.items():
            for target in targets:
                with st.container(horizontal=True, vertical_alignment="center", key=f"goal-{target['id']}"):
                    st.markdown(f"{label}: {_said(target)}")
                    remove = ("DELETE", f"targets/{target['id']}")
                    st.button("Remove", key=f"remove-{target['id']}", type="tertiary", on_click=_write, args=(token, *remove))
        with st.form("set-goal", border=False):
            label = st.selectbox("Figure", list(named))
            goal = st.number_input("Goal, as the card writes it (percent, days or a count)", min_value=0.0, value=None)
            is_seasonal = st.checkbox(f"For the school year {_season(choice).replace('-', '/')} alone")
            if st.form_submit_button("Set the goal") and label and goal is not None:
                metric_id, switches, better = named[label]
                unit = definition(metric_id).unit
                _write(
                    token,
                    "POST",
                    "targets",
                    {
                        "tenant_id": school_id,
                        "metric_id": metric_id,
                        "season": _season(choice) if is_seasonal else None,
                        "filters": _conditions(choice),
                        "switches": switches,
                        "goal": goal / 100 if unit == "rate" else goal,
                        "unit": unit,
                        "direction": "at_least" if better == "more" else "at_most",
                    },
                )
                st.rerun()
        if fault := st.session_state.pop("goals-fault", None):
            st.caption(fault)


def season_of(day: date, year_start_month: int) -> str:
    """Return the school year a day lies in, such as ``2026-2027``."""
    start = day.year if day.month >= year_start_month else day.year - 1
    return f"{start}-{start + 1}"


def _said(target: dict[str, Any]) -> str:
    bound = "at least" if target["direction"] == "at_least" else "at most"
    whose = f" in {target['season'].replace('-', '/')}" if target["season"] else ""
    return f"goal {bound} {figures.figure(target['goal'], target['unit'])}{whose}"


def _of_this(choice: Choice, metric_id: str, switches: dict[str, str]) -> list[dict[str, Any]]:
    """Return the goals meant for exactly what is shown: school, subject, switches, and the school year the period ends in."""
    return [
        target
        for target in _targets()
        if target["metric_id"] == metric_id
        and target["tenant_id"] == _school(choice)
        and target["season"] in (None, _season(choice))
        and target["filters"] == _conditions(choice)
        and _resolved(metric_id, target["switches"]) == switches
    ]


def _resolved(metric_id: str, switches: dict[str, str]) -> dict[str, str]:
    return {name: switches.get(name, switch.default) for name, switch in definition(metric_id).switches.items()}


def _conditions(choice: Choice) -> dict[str, list[str]]:
    return {name: [value] for name, value in choice.conditions.items()}


def _school(choice: Choice) -> str | None:
    schools = choice.insights.rows("schools").frame
    return choice.school_id or (str(schools["organisation_id"][0]) if schools.height == 1 else None)


def _season(choice: Choice) -> str:
    schools = choice.insights.rows("schools").frame
    return season_of(choice.period.end, int(schools["academic_year_start_month"][0] or 9) if schools.height else 9)


def _targets() -> list[dict[str, Any]]:
    """Return the goals of the signed-in person's schools; none while the hiring service does not answer: figures stand without them."""
    token = current_token()
    if not token:
        return []
    known: tuple[datetime, list[dict[str, Any]]] | None = st.session_state.get("targets")
    if known is None or clock.now() - known[0] > _KEPT_FOR:
        try:
            known = (clock.now(), client().read(token, "targets"))
        except HiringUnavailable:
            known = (clock.now(), [])
        st.session_state["targets"] = known
    return known[1]


def _write(token: str, method: str, path: str, body: dict[str, Any] | None = None) -> None:
    st.session_state.pop("targets", None)
    try:
        client().write(token, method, path, body)
    except NotKept as refusal:
        st.session_state["goals-fault"] = (
            f"Not set: {refusal or 'the hiring service refuses it'}. A goal of these figures may exist already."
        )
    except HiringUnavailable:
        st.session_state["goals-fault"] = "Not set: the hiring service does not answer. Try again in a moment."
