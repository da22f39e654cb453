"""Panels of the sources: what each channel brings, and what becomes of it."""

import polars as pl

from dashboards import charts, figures
from dashboards.filters import Choice
from dashboards.panels.panel import dot_rows, panel
from dashboards.scope import Answer


def ranking(choice: Choice) -> None:
    """Draw channels by the share of their applicants hired (S2, decided months only); ranked from n = 30."""
    answer = ask(choice, "S2", {"cohorts": "mature_only"})
    frame, ranked = _ordered(answer)
    chart = charts.dots(frame, unit_format=".0%", least=0.12) if frame.height else None
    panel(
        "sources",
        "Which channels bring hires?",
        _finding(ranked, "rate", "applicants are hired most often"),
        chart,
        (answer,),
        answer.frame,
    )


def quality(choice: Choice) -> None:
    """Draw how far each channel's screened applicants get (S3)."""
    answer = ask(choice, "S3", {"cohorts": "mature_only"})
    frame, ranked = _ordered(answer)
    chart = charts.dots(frame, unit_format=".2f", least=0.3) if frame.height else None
    finding = _finding(ranked, "score", "applicants get furthest once screened (0 = applied, 1 = hired)")
    panel("source-quality", "Whose applicants get furthest?", finding, chart, (answer,), answer.frame)


def volume(choice: Choice) -> None:
    """Draw applications by channel (S1)."""
    answer = ask(choice, "S1", {"measure": "share_of_applications"})
    counts = ask(choice, "S1", {"measure": "applications"})
    shares = dict(answer.frame.select("channel_type", "value").iter_rows()) if answer.frame.height else {}
    rows = counts.frame.sort("value", descending=True)
    frame = pl.DataFrame(
        [
            {
                "name": figures.words(row["channel_type"]),
                "value": row["value"],
                "label": f"{figures.count(row['value'])} ({figures.percent(shares.get(row['channel_type']))})",
            }
            for row in rows.iter_rows(named=True)
        ],
        infer_schema_length=None,
    )
    finding = "Applications by first touch."
    if frame.height:
        finding = f"{frame['name'][0]} brings most applications: {frame['label'][0]}."
    chart = charts.bars(frame) if frame.height and counts.frame["value"].sum() else None
    panel("source-volume", "Where do applications come from?", finding, chart, (counts, answer), counts.frame)


def attribution(choice: Choice) -> None:
    """List hires by channel, by first and by last touch (S1)."""
    first, last = (ask(choice, "S1", {"measure": "hires", "attribution": touch}) for touch in ("first_touch", "last_touch"))
    table = first.frame.select("channel_type", pl.col("value").alias("first_touch_hires")).join(
        last.frame.select("channel_type", pl.col("value").alias("last_touch_hires")), on="channel_type", how="full", coalesce=True
    )
    table = table.sort("first_touch_hires", "channel_type", descending=[True, False], nulls_last=True)
    grid = pl.DataFrame(
        [
            {
                "Channel": figures.words(row["channel_type"]),
                "Hires, first touch": figures.count(row["first_touch_hires"]),
                "Hires, last touch": figures.count(row["last_touch_hires"]),
            }
            for row in table.iter_rows(named=True)
        ],
        infer_schema_length=None,
    )
    moved = table.filter(pl.col("first_touch_hires") != pl.col("last_touch_hires"))
    finding = (
        "First and last touch agree for every channel."
        if moved.is_empty()
        else "Channels that find people are not always those that close."
    )
    panel(
        "attribution",
        "Who earns the credit?",
        finding if table.height else "",
        None,
        (first, last),
        table,
        grid=grid if grid.height else None,
    )


def ask(choice: Choice, metric_id: str, switches: dict[str, str]) -> Answer:
    """Ask a source metric by channel."""
    return choice.insights.metric(
        metric_id,
        period_from=choice.period.start,
        period_to=choice.period.end,
        group_by=("channel_type",),
        filters=choice.conditions,
        switches=switches,
    )


def _ordered(answer: Answer) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return dot-plot rows, ranked channels first and best first, then the ones too small to rank; and the ranked ones alone."""
    unit = answer.evaluation.unit if answer.evaluation else "rate"
    known = answer.frame.filter(pl.col("value").is_not_null()).sort(["is_rankable", "value"], descending=[True, True])
    return dot_rows(known, "channel_type", unit), known.filter("is_rankable")


def _finding(ranked: pl.DataFrame, unit: str, praise: str) -> str:
    if ranked.height < 2:
        return "Too few decided applications to rank channels (30 each are needed)."
    best, second = ranked.row(0, named=True), ranked.row(1, named=True)
    verdict = "ahead of the rest" if best["lower"] > second["upper"] else f"not clearly ahead of {figures.words(second['channel_type'])}"
    return f"{figures.words(best['channel_type'])} {praise}: {figures.record(best, unit)}, {verdict}."
