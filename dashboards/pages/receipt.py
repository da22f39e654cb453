"""A kept receipt: the figure as it was published, and beside it what is published today. Who may open it is the hiring core's to say."""

from datetime import datetime
from typing import Any

import polars as pl
import streamlit as st

from dashboards import figures, receipts
from dashboards.scope import Answer, Insights
from dashboards.sessions import receipt_book, sessions
from foundation.access import Principal, Scope
from foundation.principals import IntrospectionUnavailable
from metrics.catalogue import UnknownMetric
from metrics.opening import OutdatedVersion
from metrics.query import MetricQueryError
from metrics.receipts import asked_again, changed_since, kept_statements
from warehouse.connection import NothingPublished

_MISSING = "There is no receipt at this address, or it is not yours to read."


def render(principal: Principal, token: str) -> None:
    """Draw the page for the receipt that the URL names."""
    st.title("Receipt", anchor=False)
    try:
        receipt = receipt_book().open(st.query_params.get("id", ""), sessions().access_token(token) or "")
    except IntrospectionUnavailable:
        st.warning("Receipts can't be read right now: the hiring service does not answer. Try again in a moment.")
        return
    if receipt is None:
        st.info(_MISSING, icon=":material/receipt_long:")
        return
    content = receipt["content"]
    scope = Scope(None if receipt["tenant_ids"] is None else frozenset(receipt["tenant_ids"]), receipt["agency_id"])
    today = _today(principal, content, scope)
    is_current = today is not None and today.pointer.publish_version == content["publish_version"]
    made = figures.moment(datetime.fromisoformat(receipt["created_at"]))
    st.caption(f"Made {made} · address {receipts.address(receipt['id'])}")
    if is_current:
        st.success("This is what is published now.", icon=":material/verified:")
        _draw_kept(content)
        return
    st.info(
        "Newer figures have been published since: the number on the receipt stays as it was; today's stands beside it.",
        icon=":material/history:",
    )
    left, right = st.columns(2)
    with left.container(border=True, key="receipt-kept"):
        st.subheader("As it was published", anchor=False)
        _draw_kept(content)
    with right.container(border=True, key="receipt-today"):
        st.subheader("Published today", anchor=False)
        if today is None:
            st.caption("What is published now can't answer this question any more.")
            return
        if today.evaluation is not None and changed_since(content, today.evaluation.definition):
            st.warning(f"The metric's definition has changed since, to version {today.evaluation.definition.version}.")
        receipts.receipt(today)


def _draw_kept(content: dict[str, Any]) -> None:
    """Draw a receipt from what it keeps; nothing that is defined or published now goes into it."""
    st.markdown(f"**{content['metric_id']} · version {content['definition_version']} · {content['name']}**")
    st.markdown(f"{content['question']}\n\n**Formula.** {content['formula']}\n\n**Policy.** {content['policy']}")
    if content["switches"]:
        st.caption("Switches: " + ", ".join(f"{name} = {value}" for name, value in content["switches"].items()))
    frame = pl.DataFrame(content["rows"], infer_schema_length=None)
    receipts.table(frame, content["query"]["group_by"], content["metric_id"], content["unit"])
    receipts.sql(kept_statements(content))
    as_of = figures.moment(datetime.fromisoformat(content["as_of"]))
    st.caption(f"Published version {content['publish_version']} · as of {as_of}")


def _today(principal: Principal, content: dict[str, Any], scope: Scope) -> Answer | None:
    query = asked_again(content, scope)
    try:
        return (
            Insights.open(principal)
            .under(scope)
            .metric(
                query.metric_id,
                period_from=query.period_from,
                period_to=query.period_to,
                group_by=query.group_by,
                filters=query.filters,
                switches=query.switches,
            )
        )
    except (NothingPublished, OutdatedVersion, MetricQueryError, UnknownMetric):
        return None
