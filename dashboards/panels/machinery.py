"""Panel of the machinery behind the figures, for platform administrators: events, deliveries, hires in progress, jobs, dead letters."""

from typing import Any

import polars as pl
import streamlit as st

from dashboards import figures
from dashboards.hiring_client import HiringUnavailable
from dashboards.sessions import client, current_token
from foundation.access import Principal, Role

_TROUBLE = ("dead", "stuck", "refused")


def machinery(principal: Principal) -> None:
    """Draw the panel; nothing for anybody who is not a platform administrator or engineer."""
    token = current_token()
    if not principal.roles & {Role.PLATFORM_ADMIN, Role.ENGINEER} or not token:
        return
    with st.container(border=True, key="panel-machinery"):
        st.subheader("Does the machinery keep up?", anchor=False)
        try:
            items = client().read_one(token, "operations")["items"]
        except HiringUnavailable:
            st.caption("The hiring service does not answer: how its queues stand can't be told.")
            return
        st.caption(finding(items))
        st.dataframe(table(items), hide_index=True, height="content", key="grid-machinery")


def finding(items: list[dict[str, Any]]) -> str:
    """Return one sentence: what needs a person, or that nothing does."""
    wrong = [item for item in items if item["value"] and any(word in _words(item) for word in _TROUBLE)]
    if not wrong:
        return "Nothing needs an operator: no dead letter, no stuck hire, no refused event."
    return "Needs an operator: " + ", ".join(f"{item['value']:,.0f} {_shown(item).lower()}" for item in wrong) + "."


def table(items: list[dict[str, Any]]) -> pl.DataFrame:
    """Return the figures as a table: what, of which, how much, and what it means."""
    return pl.DataFrame(
        {
            "Figure": [figures.words(item["name"]) for item in items],
            "Of": [", ".join(item["labels"].values()) for item in items],
            "Now": [item["value"] for item in items],
            "Means": [item["help"] for item in items],
        },
        schema={"Figure": pl.String, "Of": pl.String, "Now": pl.Float64, "Means": pl.String},
    )


def _words(item: dict[str, Any]) -> str:
    return f"{item['name']} {' '.join(item['labels'].values())}"


def _shown(item: dict[str, Any]) -> str:
    labels = ", ".join(item["labels"].values())
    return figures.words(item["name"]) + (f" ({labels})" if labels else "")
