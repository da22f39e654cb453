"""Every number's receipt, and the CSV of every chart and table: where a figure comes from, said beside it."""

from collections.abc import Sequence
from datetime import date, datetime

import polars as pl
import streamlit as st

from dashboards import figures
from dashboards.scope import Answer
from metrics import formats


def footer(key: str, answers: Sequence[Answer], table: pl.DataFrame) -> None:
    """Draw the foot of a panel: a receipt for each answer it shows, and its table as CSV."""
    with st.container(horizontal=True, gap="small", key=f"foot-{key}"):
        with st.popover("Receipt", icon=":material/receipt_long:", type="tertiary", help="Where these numbers come from"):
            for answer in answers:
                receipt(answer)
        st.download_button(
            "CSV",
            formats.csv(table),
            file_name=f"{key}.csv",
            mime="text/csv",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
            disabled=table.is_empty(),
            key=f"csv-{key}",
            help="Download this table",
        )


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
    if answer.frame.height:
        st.dataframe(_readable(answer), hide_index=True, height="content" if answer.frame.height <= 8 else 290)
    else:
        st.caption("No rows in this selection.")
    for statement in answer.statements:
        st.code(f"{statement.sql};{_parameters(statement.parameters)}", language="sql", wrap_lines=True)
    st.caption(f"Published version {answer.pointer.publish_version} · as of {figures.moment(answer.pointer.as_of)}")


def _readable(answer: Answer) -> pl.DataFrame:
    """Return the answer's rows with value and interval in their unit."""
    frame, evaluation = answer.frame, answer.evaluation
    if evaluation is None or answer.query is None:
        return with_moments(frame)
    is_released = evaluation.definition.id.startswith("D")
    shown = figures.released_share if is_released else lambda value: figures.figure(value, evaluation.unit)
    rows = [
        {figures.words(name).removesuffix(" id"): _cell(row[name]) for name in answer.query.group_by}
        | {
            "Value": shown(row["value"]),
            "95 % interval": figures.interval(row["lower"], row["upper"], evaluation.unit),
            "n": row["n"],
            "Still open": row["n_open"],
            "Note": row["reason"] or ("cohort not mature" if row["is_mature"] is False else ""),
        }
        for row in frame.iter_rows(named=True)
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


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
