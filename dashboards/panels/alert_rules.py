"""Panels of the alert rules, kept by the hiring core: the list with its state, the test, and the form that makes a rule.

What belongs here: drawing and asking. What doesn't: the conditions (metrics.alerting) or whom a rule may watch (the hiring core).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import streamlit as st

from dashboards import figures
from dashboards.filters import Choice
from dashboards.hiring_client import HiringUnavailable, NotKept
from dashboards.scope import Insights
from dashboards.sessions import COOKIE, client
from foundation import clock
from metrics.alerting import Finding, RuleNotUnderstood, judge
from metrics.catalogue import Definition, product_catalogue
from metrics.evaluate import Evaluation
from metrics.query import MetricQueryError

_FAMILIES: Final = frozenset("FTOSRVWI")
_KINDS: Final = {
    "threshold": "The figure passes a limit",
    "change_beyond_noise": "The figure moves by more than chance alone makes",
    "stale": "The published figures are too old",
}
_AGAINST: Final = {"prior_year": "the same months a year before", "prior_period": "the months before"}
_SILENT: Final = {24: "a day", 168: "a week", 720: "30 days"}
_SAID: Final = "alert-said"


def listed(choice: Choice) -> None:
    """List the rules in view: what each watches, its state, a test and its deletion."""
    token = st.context.cookies.get(COOKIE) or ""
    try:
        rules = [rule for rule in client().read(token, "alert-rules") if choice.school_id in (None, rule["tenant_id"])]
    except HiringUnavailable:
        st.warning("The rules can't be read right now: the hiring service does not answer.", icon=":material/cloud_off:")
        return
    names = dict(choice.insights.rows("schools").frame.select("organisation_id", "name").iter_rows())
    st.subheader("Which figures are watched?", anchor=False)
    if said := st.session_state.pop(_SAID, None):
        st.info(said, icon=":material/campaign:")
    if not rules:
        st.info("No rule watches a figure yet. Make one below.", icon=":material/inbox:")
    for rule in rules:
        with st.container(border=True, key=f"rule-{rule['id']}"):
            left, right = st.columns([5, 2], vertical_alignment="center")
            school = figures.plain(names.get(rule["tenant_id"], "every school"))
            left.markdown(f"**{figures.plain(rule['name'])}** · {school}  \n{figures.plain(watched(rule))}")
            left.caption(figures.plain(state(rule)))
            with right.container(horizontal=True, horizontal_alignment="right"):
                st.button("Test", key=f"test-{rule['id']}", icon=":material/play_arrow:", on_click=_test, args=(choice.insights, rule))
                st.button(
                    "Delete", key=f"delete-{rule['id']}", icon=":material/delete:", on_click=_write, args=(token, "DELETE", rule["id"])
                )


def form(choice: Choice) -> None:
    """Draw the form that makes a rule for the school in view, or for the only school in scope."""
    schools = choice.insights.rows("schools").frame
    school_id = choice.school_id or (str(schools["organisation_id"][0]) if schools.height == 1 else None)
    st.subheader("Make a rule", anchor=False)
    if school_id is None:
        st.info("A rule watches one school: choose a school above.", icon=":material/school:")
        return
    token = st.context.cookies.get(COOKIE) or ""
    kind = st.radio("Tell when", list(_KINDS), format_func=_KINDS.__getitem__, key="alert-kind", horizontal=True)
    body: dict[str, Any] = {"tenant_id": school_id}
    with st.form("make-alert", border=True):
        body["name"] = st.text_input("Name", max_chars=100, placeholder="Slow hiring")
        condition: dict[str, Any] = {"kind": kind}
        if kind == "stale":
            condition["max_age_days"] = int(st.number_input("Older than, in days", 1, 365, 3))
        else:
            offered = {entry.id: entry for entry in watchable()}
            entry = offered[st.selectbox("Figure", list(offered), format_func=lambda code: f"{code} {offered[code].name}")]
            body |= {"metric_id": entry.id, "period_months": int(st.number_input("Over the last whole months", 1, 36, 3))}
            left, right = st.columns(2)
            if kind == "threshold":
                condition["direction"] = left.selectbox("Direction", ["above", "below"])
                written = right.number_input("Limit, as the page writes it (days, a count, or percent)", value=None)
                condition["limit"] = None if written is None else as_stored(written, entry.unit)
            else:
                condition["direction"] = left.selectbox("Direction", ["either", "up", "down"])
                condition["against"] = right.selectbox("Against", list(_AGAINST), format_func=_AGAINST.__getitem__)
        body["condition"] = condition
        left, right = st.columns(2)
        body["cool_down_hours"] = left.selectbox("Then stay silent for", list(_SILENT), index=1, format_func=_SILENT.__getitem__)
        hook = right.text_input("Webhook (its name; empty: e-mail to me)", max_chars=40)
        body["channel"] = {"kind": "webhook", "name": hook.strip()} if hook.strip() else {"kind": "email"}
        if st.form_submit_button("Make the rule", icon=":material/add_alert:"):
            if not body["name"].strip() or condition.get("limit", 0) is None:
                st.error("Give the rule a name and a limit.")
            else:
                _write(token, "POST", None, body)
                st.rerun()


def watchable() -> list[Definition]:
    """Return the metrics that a rule may watch: those of applications and hires that have a period."""
    return [entry for entry in product_catalogue() if entry.id[0] in _FAMILIES and entry.period_column is not None]


def watched(rule: Mapping[str, Any]) -> str:
    """Say what a rule watches, in words."""
    condition = rule["condition"]
    if condition["kind"] == "stale":
        return f"Tells when the published figures are older than {condition['max_age_days']} days."
    entry = product_catalogue().definitions.get(rule["metric_id"])
    figure = f"{rule['metric_id']} {entry.name}" if entry else str(rule["metric_id"])
    months = f"over {rule['period_months']} whole months"
    if condition["kind"] == "threshold":
        limit = figures.figure(condition["limit"], entry.unit if entry else "score")
        return f"Tells when {figure} {months} is {condition['direction']} {limit}."
    way = {"up": "rises", "down": "falls", "either": "moves"}[condition["direction"]]
    return f"Tells when {figure} {months} {way} against {_AGAINST[condition['against']]} by more than chance alone makes."


def state(rule: Mapping[str, Any]) -> str:
    """Say how a rule stands: off, not judged yet, quiet or met, with what it saw last."""
    seen = rule["last_evaluation"]
    if not rule["is_active"]:
        return "Off"
    if seen is None:
        return "Not judged yet: the next publish will."
    told = f" Last told {rule['last_event_at'][:10]}." if rule["last_event_at"] else ""
    return f"{'Met' if seen['is_met'] else 'Quiet'}: {seen['sentence']}{told}"


def as_stored(written: float, unit: str) -> float:
    """Return a limit as metrics hold it: a percent as a share."""
    return written / 100 if unit == "rate" else written


def look(insights: Insights, rule: Mapping[str, Any]) -> Finding:
    """Judge a rule now, on what this person may read. Errors are those of ``metrics.alerting.judge``."""
    narrowed = insights.narrowed(rule["tenant_id"])

    def ask(metric_id: str, start: date, end: date, conditions: Mapping[str, Any], switches: Mapping[str, str]) -> Evaluation:
        answer = narrowed.metric(metric_id, period_from=start, period_to=end, filters=conditions, switches=switches)
        assert answer.evaluation is not None  # a metric's answer always has one
        return answer.evaluation

    return judge(rule, ask, insights.pointer.as_of, clock.now())


def _test(insights: Insights, rule: Mapping[str, Any]) -> None:
    try:
        finding = look(insights, rule)
    except (MetricQueryError, RuleNotUnderstood, LookupError) as error:
        st.session_state[_SAID] = f"“{figures.plain(rule['name'])}” can't be judged: {figures.plain(str(error))}"
        return
    verdict = "would tell now" if finding.is_met else "would stay quiet"
    st.session_state[_SAID] = f"“{figures.plain(rule['name'])}” {verdict}. {figures.plain(finding.sentence)}"


def _write(token: str, method: str, rule_id: str | None, body: dict[str, Any] | None = None) -> None:
    try:
        client().write(token, method, f"alert-rules/{rule_id}" if rule_id else "alert-rules", body)
        st.session_state[_SAID] = "The rule is gone." if method == "DELETE" else "The rule is made; the next publish judges it."
    except NotKept as refusal:
        st.session_state[_SAID] = f"The rule was not kept: {figures.plain(str(refusal))}"
    except HiringUnavailable:
        st.session_state[_SAID] = "The hiring service does not answer: try again in a moment."
