"""Drill-down: the applications behind a stage of the funnel, one by one, for those who work with applications.

No name: the warehouse has none. Who it is, the Hiring tab tells, to those who may know: each row leads there.
"""

from typing import Any, Final

import polars as pl
import streamlit as st

from dashboards import exports, figures
from dashboards.figures import STAGE_NAMES
from dashboards.filters import Choice, select
from dashboards.hiring_client import HiringUnavailable, NotKept
from dashboards.panels.panel import in_hiring, panel
from foundation.access import Page

PAGE_ROWS: Final = 50
_FATES: Final = {"all": "All who reached it", "ended": "Ended there", "open": "Still there"}


def drill_down(choice: Choice) -> None:
    """Draw the list of a chosen stage, a page at a time; nothing for roles that don't work with applications."""
    if not choice.insights.may_open(Page.HIRING):
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="drill-down"):
        place = st.columns(3)
    stage = select(place[0], "Funnel", "List the applications that reached", "reached", {"none": "Choose a stage"} | STAGE_NAMES)
    if stage == "none":
        return
    fate = select(place[1], "Funnel", "And", "fate", _FATES)
    total = _total(choice, stage, fate)
    pages = {str(number): f"{number} of {last}" for last in [max(1, -(-total // PAGE_ROWS))] for number in range(1, last + 1)}
    number = int(select(place[2], "Funnel", "Page", "part", pages))
    answer = choice.insights.rows("applications", where=_where(choice, stage, fate), limit=PAGE_ROWS, offset=PAGE_ROWS * (number - 1))
    table = answer.frame.drop("total_count") if answer.frame.height else answer.frame
    grid = pl.DataFrame([_line(row) for row in table.iter_rows(named=True)], infer_schema_length=None)
    finding = f"{figures.count(total)} applications, newest first; {PAGE_ROWS} a page."
    try:
        exports.log_shown(f"funnel-who-reached-{stage.replace('_', '-')}-{fate}-{number}", table.height)
    except (HiringUnavailable, NotKept):
        st.warning("The list can't be shown right now: showing it could not be logged. Try again in a moment.")
        return
    shown, question = grid if grid.height else None, f"Who reached {STAGE_NAMES[stage]}?"
    panel("applications", question, finding, None, (answer,), table, grid=shown, opens="Application", of_people=True)


def _where(choice: Choice, stage: str, fate: str) -> dict[str, Any]:
    where: dict[str, Any] = {"applied_from": choice.period.start, "applied_to": choice.period.end, "subject": choice.subject}
    where["reached"] = list(STAGE_NAMES).index(stage) + 1
    if fate != "all":
        where["last_stage"] = stage
        where |= {"outcome": "open"} if fate == "open" else {"not_outcome": "open"}
    return where


def _total(choice: Choice, stage: str, fate: str) -> int:
    first = choice.insights.rows("applications", where=_where(choice, stage, fate), limit=PAGE_ROWS).frame
    return int(first["total_count"][0]) if first.height else 0


def _line(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "Application": in_hiring(row["application_id"]),
        "School": row["school"],
        "Job": row["job"] or row["subject"],
        "Got to": figures.words(row["furthest_stage"]),
        "Outcome": figures.words(row["outcome"]),
        "Applied": figures.moment(row["applied_at"]),
        "Ended": figures.moment(row["terminal_at"]),
        "First touch": figures.words(row["channel_type"]),
        "Last touch": figures.words(row["last_channel_type"]),
    }
