"""The frame every panel shares, and the foot of every page: screen-reader text, receipts and files come with it."""

from collections.abc import Sequence
from typing import Any

import polars as pl
import streamlit as st

from dashboards import figures, receipts
from dashboards.drawing import Spec
from dashboards.scope import Answer, Insights

NOTHING = "Nothing to show in this selection yet."


def panel(
    key: str,
    question: str,
    finding: str,
    chart: Spec | Sequence[tuple[str, Spec]] | None,
    answers: Sequence[Answer],
    table: pl.DataFrame,
    *,
    grid: pl.DataFrame | None = None,
    opens: str = "",
    note: str = "",
    stacked: bool = False,
    nothing: str = NOTHING,
    of_people: bool = False,
) -> None:
    """Draw a panel. Without a chart and grid it says that there is nothing to show.

    Args:
        key: names the panel in downloads and tests.
        question: title.
        finding: one sentence made from the figures.
        chart: the figure, or several with a title each; None when there are no rows.
        answers: what the panel shows, one receipt each.
        table: the chart's table, for the CSV; the chart itself can be taken along as PNG.
        grid: a table to show below or instead of the chart.
        opens: its column that holds addresses of the Hiring tab.
        note: a sentence below the chart.
        stacked: several charts go below one another.
        nothing: what to say when there is nothing to show.
        of_people: the table has a row for each application: its file needs a reason.
    """
    with st.container(border=True, key=f"panel-{key}", height="stretch"):
        st.subheader(question, anchor=False)
        st.caption(finding)
        parts: list[tuple[str, Spec]] = [("", chart)] if isinstance(chart, dict) else list(chart or ())
        if isinstance(chart, Sequence):
            places = [st.container() for _ in chart] if stacked else st.columns(len(chart), gap="large")
            for position, (place, (title, part)) in enumerate(zip(places, chart, strict=True)):
                place.markdown(f"**{title}**")
                place.vega_lite_chart(spec=part, key=f"chart-{key}-{position}", alt=f"{title}. {finding}")
        elif chart is not None:
            st.vega_lite_chart(spec=chart, key=f"chart-{key}", alt=f"{question} {finding}")
        if note:
            st.caption(note)
        if grid is not None and grid.height:
            links = {opens: st.column_config.LinkColumn(display_text="Open in Hiring")} if opens else None
            shown = receipts.with_moments(grid)
            st.dataframe(shown, hide_index=True, height="content" if grid.height <= 14 else 460, key=f"grid-{key}", column_config=links)
        elif chart is None:
            st.info(nothing, icon=":material/inbox:")
        receipts.footer(key, question, answers, table, parts, finding, of_people=of_people)


def in_hiring(application_id: str) -> str:
    """Return the address of an application in the Hiring tab."""
    return f"/hiring?application={application_id}"


def one(answer: Answer) -> dict[str, Any]:
    """Return the only row of an answer without groups; nothing known when the version was published before its mart was."""
    return answer.frame.row(0, named=True) if answer.frame.height else {"value": None, "n": 0, "n_open": None, "reason": None}


def ranked_first(known: pl.DataFrame, *, best: str = "high") -> pl.DataFrame:
    """Return an answer's rows in the order they are drawn: ranked ones best first, then the others by n, which says nothing of rank."""
    place = pl.when(pl.col("is_rankable")).then(pl.col("value") * (-1 if best == "high" else 1))
    return known.sort([~pl.col("is_rankable"), place, -pl.col("n")], nulls_last=True)


def dot_rows(frame: pl.DataFrame, dimension: str, unit: str = "rate") -> pl.DataFrame:
    """Return an answer's rows as ``charts.dots`` draws them; the frame has values only."""
    rows = [
        {
            "name": figures.words(row[dimension]),
            "value": row["value"],
            "lower": row["lower"] if row["lower"] is not None else row["value"],
            "upper": row["upper"] if row["upper"] is not None else row["value"],
            "label": f"{figures.figure(row['value'], unit)} · n {figures.count(row['n'])}",
            "is_ranked": bool(row["is_rankable"]),
        }
        for row in frame.iter_rows(named=True)
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def page_foot(insights: Insights) -> None:
    """Draw the foot of a page: publish version, freshness, reconciliation, world."""
    ties = None if insights.scope.agency_id is not None else insights.metric("Q1")  # it counts whole schools
    info = insights.rows("publish_info")
    row = info.frame.row(0, named=True) if info.frame.height else {}
    parts = [
        f"Published {figures.moment(insights.pointer.published_at)}",
        f"data as of {figures.moment(insights.pointer.as_of)}",
        *([f"reconciliation: {_reconciled(ties)}"] if ties else []),
        f"world: {row.get('world') or 'live'}",
        f"version {insights.pointer.publish_version}",
    ]
    st.divider()
    with st.container(horizontal=True, vertical_alignment="center", key="page-foot"):
        st.caption(" · ".join(parts))
        receipts.opener("page", [*([ties] if ties else []), info], "Where these statements come from")


def _reconciled(ties: Answer) -> str:
    differences = ties.frame["value"][0] if ties.frame.height else None
    return "no rows to reconcile" if differences is None else "counts tie out" if not differences else f"{differences:,.0f} rows differ"
