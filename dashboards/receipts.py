"""Every number's receipt, and the files of every panel, CSV and PNG: where a figure comes from, said beside it."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

import polars as pl
import streamlit as st

from dashboards import figures, pictures
from dashboards.drawing import Spec
from dashboards.exports import logged
from dashboards.scope import Answer
from dashboards.sessions import receipt_book
from foundation.receipt_book import ReceiptsUnavailable
from metrics import formats
from metrics.readings import Statement
from metrics.receipts import receipt_body


@st.fragment
def footer(
    key: str,
    question: str,
    answers: Sequence[Answer],
    table: pl.DataFrame,
    charts: Sequence[tuple[str, Spec]] = (),
    finding: str = "",
    *,
    of_people: bool = False,
) -> None:
    """Draw the foot of a panel: a receipt for each answer it shows, its table as CSV, its charts as one PNG.

    Receipts and files are made when they are asked for. The files' names say page, question and period. A table with a row for each
    application (``of_people``) is given for a reason, which the audit log keeps.
    """
    stem = _stem(question, answers)
    with st.container(horizontal=True, gap="small", key=f"foot-{key}"):
        _opener(key, answers, "Where these numbers come from")
        reason = _reason(key) if of_people and table.height else ""
        _download(
            "CSV",
            f"csv-{key}",
            logged(lambda: formats.csv(table), stem, "csv", rows=table.height, reason=reason),
            f"{stem}.csv",
            "text/csv",
            f"Table of “{question}”",
            disabled=table.is_empty() or (of_people and not reason),
        )
        if charts:
            is_dark, origin = st.context.theme.type == "dark", _origin(answers)
            help_text = f"Picture of “{question}”"
            _download(
                "PNG",
                f"png-{key}",
                logged(lambda: pictures.png(charts, question, finding, origin, dark=is_dark), stem, "png"),
                f"{stem}.png",
                "image/png",
                help_text,
            )


@st.fragment
def opener(key: str, answers: Sequence[Answer], help_text: str) -> None:
    """Draw a button that opens the receipts of some answers; they are made when it is opened."""
    _opener(key, answers, help_text)


def _opener(key: str, answers: Sequence[Answer], help_text: str) -> None:
    opened = st.popover(
        "Receipt", icon=":material/receipt_long:", type="tertiary", help=help_text, key=f"receipts-{key}", on_change="rerun"
    )
    if opened.open:
        with opened:
            for position, answer in enumerate(answers):
                receipt(answer)
                _keep(f"{key}-{position}", answer)


def _reason(key: str) -> str:
    """Ask why a list of people is taken; empty until it is said."""
    said = st.text_input(
        "Reason for taking this list",
        key=f"reason-{key}",
        max_chars=300,
        placeholder="Why do you need this list as a file?",
        help="Needed for the file, and kept in the audit log. Name nobody and write nothing personal.",
        label_visibility="collapsed",
    )
    return said.strip()


def _download(
    label: str, key: str, make: Callable[[], str | bytes], file_name: str, mime: str, help_text: str, *, disabled: bool = False
) -> None:
    icon = ":material/download:" if label == "CSV" else ":material/image:"
    st.download_button(
        label,
        make,
        file_name=file_name,
        mime=mime,
        icon=icon,
        type="tertiary",
        on_click="ignore",
        disabled=disabled,
        key=key,
        help=help_text,
    )


def _stem(question: str, answers: Sequence[Answer]) -> str:
    """Return a file's name without its ending: page, question, period (else the day of the data)."""
    page = urlsplit(st.context.url or "").path.strip("/").rsplit("/", 1)[-1] or "overview"
    parts = [page, question, *_period(answers).split()]
    return "-".join(word for word in (re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") for part in parts) if word)


def _period(answers: Sequence[Answer]) -> str:
    asked = next((answer.query for answer in answers if answer.query is not None and answer.query.period_to is not None), None)
    if asked is None or asked.period_to is None:
        return f"{answers[0].pointer.as_of:%Y-%m-%d}" if answers else ""
    return f"{asked.period_from:%Y-%m} to {asked.period_to:%Y-%m}" if asked.period_from else f"to {asked.period_to:%Y-%m}"


def _origin(answers: Sequence[Answer]) -> str:
    if not answers:
        return "Educator Nexus"
    pointer = answers[0].pointer
    return f"Educator Nexus · {_period(answers)} · published version {pointer.publish_version} · as of {figures.moment(pointer.as_of)}"


def receipt(answer: Answer) -> None:
    """Draw one receipt: definition, value with n and interval, policy, the SQL of the rows read, version and as-of."""
    evaluation = answer.evaluation
    if evaluation is not None:
        entry = evaluation.definition
        st.markdown(f"**{entry.id} · version {entry.version} · {entry.name}**")
        st.markdown(f"{entry.question}\n\n**Formula.** {entry.formula}\n\n**Policy.** {entry.policy}")
        chosen = ", ".join(f"{name} = {value}" for name, value in evaluation.switches.items())
        if chosen:
            st.caption(f"Switches: {chosen}")
        st.caption(f"Shown from n = {entry.shown_from}, ranked from n = {entry.ranked_from}. Owner: {entry.owner}.")
    if evaluation is None or answer.query is None:
        _grid(with_moments(answer.frame))
    else:
        table(answer.frame, answer.query.group_by, evaluation.definition.id, evaluation.unit)
    sql(answer.statements)
    st.caption(f"Published version {answer.pointer.publish_version} · as of {figures.moment(answer.pointer.as_of)}")


def _keep(key: str, answer: Answer) -> None:
    """Offer a short address under which this figure can be opened later; a receipt is made when it is asked for, never before."""
    if answer.evaluation is None or answer.query is None:
        return
    kept = f"receipt-{key}"
    question = (answer.pointer.publish_version, repr(answer.query))
    if st.button("Get a link", key=f"keep-{key}", icon=":material/link:", help="Keeps this figure as it is, whatever is published later"):
        body = receipt_body(answer.evaluation, answer.query, answer.pointer.publish_version, answer.pointer.as_of)
        try:
            st.session_state[kept] = (question, receipt_book().keep(body))
        except ReceiptsUnavailable:
            st.caption("The link could not be made: the hiring service does not answer. Try again in a moment.")
    known = st.session_state.get(kept)
    if known and known[0] == question:
        st.code(address(known[1]), language=None)


def address(receipt_id: str) -> str:
    """Return the short address of a receipt on the site it is looked at."""
    site = urlsplit(st.context.url or "")
    return f"{site.scheme}://{site.netloc}/r/{receipt_id}" if site.netloc else f"/r/{receipt_id}"


def table(frame: pl.DataFrame, group_by: Sequence[str], metric_id: str, unit: str) -> None:
    """Draw an answer's rows with value and interval in their unit; figures of an equity release as they may be shown."""
    is_released = metric_id.startswith("D") and unit == "rate"

    def value(row: dict[str, Any]) -> str:
        if unit == "money":
            return figures.money(row["value"], row["currency"])
        return figures.released_share(row["value"]) if is_released else figures.figure(row["value"], unit)

    def interval(row: dict[str, Any]) -> str:
        if unit == "money":
            return " to ".join(figures.money(row[end], row["currency"]) for end in ("lower", "upper") if row[end] is not None)
        return figures.interval(row["lower"], row["upper"], unit)

    rows = [
        {figures.words(name).removesuffix(" id"): _cell(row[name]) for name in group_by}
        | {
            "Value": value(row),
            "95 % interval": interval(row),
            "n": row["n"],
            "Still open": row["n_open"],
            "Note": row["reason"] or ("cohort not mature" if row["is_mature"] is False else ""),
        }
        for row in frame.iter_rows(named=True)
    ]
    _grid(pl.DataFrame(rows, infer_schema_length=None))


def sql(statements: Sequence[Statement]) -> None:
    """Draw the SQL that read the rows, with its parameters."""
    for statement in statements:
        st.code(f"{statement.sql};{_parameters(statement.parameters)}", language="sql", wrap_lines=True)


def _grid(rows: pl.DataFrame) -> None:
    if rows.height:
        st.dataframe(rows, hide_index=True, height="content" if rows.height <= 8 else 290)
    else:
        st.caption("No rows in this selection.")


def with_moments(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame whose instants are written out, UTC."""
    return frame.with_columns(
        pl.col(name).dt.convert_time_zone("UTC").dt.strftime("%d %b %Y %H:%M UTC")
        for name, kind in frame.schema.items()
        if isinstance(kind, pl.Datetime)
    )


def _cell(value: object) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return figures.words(value) if isinstance(value, str) or value is None else str(value)


def _parameters(values: Sequence[object]) -> str:
    return "".join(f"\n-- parameter {position}: {value}" for position, value in enumerate(values, 1))
