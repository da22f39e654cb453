"""Panels of data health: checks, reconciliation, cleaning, freshness. Counts over all schools stay with the platform's people."""

import polars as pl
import streamlit as st

from dashboards import figures
from dashboards.panels.panel import panel
from dashboards.scope import Insights
from foundation import clock


def freshness(insights: Insights) -> None:
    """Draw three figures: age of the data, age of the publish, checks passed."""
    checks = insights.rows("checks").frame
    now = clock.now()
    passed = int(checks["passed"].sum()) if checks.height else 0
    for column, (label, value, note) in zip(
        st.columns(3),
        (
            ("Newest recorded change", _age(now - insights.pointer.as_of), figures.moment(insights.pointer.as_of)),
            ("Published", _age(now - insights.pointer.published_at), figures.moment(insights.pointer.published_at)),
            ("Checks passed", f"{passed} of {checks.height}" if checks.height else figures.DASH, "of the build that was published"),
        ),
        strict=True,
    ):
        with column, st.container(border=True):
            st.metric(label, value)
            st.caption(note)


def checks(insights: Insights) -> None:
    """List the checks of the published build, the failing ones first."""
    answer = insights.rows("checks")
    names = {
        "passed": "Passed",
        "check_name": "Check",
        "layer": "Layer",
        "table_name": "Table",
        "failing_count": "Rows failing",
        "message": "Says",
        "checked_at": "Checked",
    }
    grid = answer.frame.select(pl.col(name).alias(shown) for name, shown in names.items() if name in answer.frame.columns)
    failing = answer.frame.filter(~pl.col("passed")).height if answer.frame.height else 0
    finding = (
        "No check has run yet."
        if grid.is_empty()
        else "Every check passed."
        if not failing
        else f"{failing} did not pass; none of them blocks."
    )
    panel("checks", "Did the data pass its checks?", finding, None, (answer,), answer.frame, grid=grid if grid.height else None)


def reconciliation(insights: Insights) -> None:
    """List the truths that two counts must agree on (Q1)."""
    total, answer = insights.metric("Q1", group_by=("truth",)), insights.rows("reconciliation")
    grid = answer.frame
    if grid.height:
        grid = grid.select(
            pl.col("truth").map_elements(figures.words, return_dtype=pl.String).alias("Truth"),
            pl.col("school").alias("School"),
            pl.col("source_system").alias("Source"),
            pl.col("left_count").alias("One count"),
            pl.col("right_count").alias("The other"),
            pl.col("difference_count").alias("Difference"),
        )
    differing = total.frame.filter(pl.col("value") > 0).height if total.frame.height else 0
    finding = (
        "Nothing to reconcile yet." if grid.is_empty() else f"{differing} truths differ." if differing else "Every pair of counts agrees."
    )
    panel("reconciliation", "Do the counts tie out?", finding, None, (total, answer), answer.frame, grid=grid if grid.height else None)


def cleaning(insights: Insights) -> None:
    """List what each cleaning step did."""
    answer = insights.rows("cleaning_counts")
    grid = answer.frame
    if grid.height:
        grid = grid.select(
            pl.col("cleaning_step").map_elements(figures.words, return_dtype=pl.String).alias("Step"),
            pl.col("school").alias("School"),
            pl.col("source_system").alias("Source"),
            pl.col("rows_count").alias("Rows"),
        )
    touched = int(grid["Rows"].sum()) if grid.height else 0
    finding = (
        "Nothing had to be cleaned."
        if not touched
        else f"Cleaning touched {touched:,} rows; each step is counted, nothing is dropped silently."
    )
    panel("cleaning", "What was cleaned?", finding, None, (answer,), answer.frame, grid=grid if grid.height else None)


def quarantine(insights: Insights) -> None:
    """List why rows of imported hiring logs were held back, and how many; the rows themselves are never published."""
    answer = insights.rows("quarantine")
    grid = answer.frame
    if grid.height:
        grid = grid.select(
            pl.col("reason").map_elements(figures.words, return_dtype=pl.String).alias("Reason"),
            pl.col("rows_count").alias("Rows"),
            pl.col("table_name").map_elements(figures.words, return_dtype=pl.String).alias("Table"),
            pl.col("school").alias("School"),
            pl.col("source").alias("Import"),
            pl.col("quarantined_at").alias("Held back"),
        )
    held = int(grid["Rows"].sum()) if grid.height else 0
    finding = (
        "No row of an import is held back."
        if not held
        else f"{held:,} rows wait in quarantine: they are in no figure until they are mended and imported again."
    )
    nothing = "Every row that was imported could be used."
    panel("quarantine", "Which rows were held back?", finding, None, (answer,), answer.frame, grid=grid if held else None, nothing=nothing)


def _age(age: object) -> str:
    seconds = age.total_seconds() if hasattr(age, "total_seconds") else 0.0
    hours = max(0.0, seconds / 3600)
    return f"{hours * 60:.0f} min ago" if hours < 1 else f"{hours:.0f} h ago" if hours < 48 else f"{hours / 24:.0f} days ago"
