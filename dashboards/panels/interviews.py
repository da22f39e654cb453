"""Panels of interviews: what they cost, and how well they and other signals tell who is hired and who does well."""

import polars as pl

from dashboards import charts, figures
from dashboards.filters import Choice
from dashboards.panels.panel import panel


def signals(choice: Choice) -> None:
    """Draw how well each screening signal tells who is hired and who succeeds: two areas with interval and n a signal."""
    asked = {
        "Who is hired": choice.insights.metric("I4", group_by=("signal",), filters=choice.conditions),
        "Who succeeds once hired": choice.insights.metric(
            "I4", group_by=("signal",), filters=choice.conditions, switches={"outcome": "success"}
        ),
    }
    effort = choice.insights.metric("I1", filters=choice.conditions)
    latency = choice.insights.metric("I2", filters=choice.conditions)
    rows = [
        {
            "name": f"{figures.words(row['signal'])}: {title.lower()}",
            "value": row["value"],
            "lower": row["lower"] if row["lower"] is not None else row["value"],
            "upper": row["upper"] if row["upper"] is not None else row["value"],
            "label": f"{row['value']:.2f} ({figures.interval(row['lower'], row['upper'], 'score')}) · n {figures.count(row['n'])}",
            "is_ranked": row["lower"] is not None and (row["lower"] > 0.5 or row["upper"] < 0.5),
        }
        for title, answer in asked.items()
        for row in answer.frame.filter(pl.col("value").is_not_null()).iter_rows(named=True)
    ]
    chart = charts.dots(pl.DataFrame(rows).sort("name"), unit_format=".2f", least=0.5) if rows else None
    table = pl.concat([answer.frame.with_columns(predicts=pl.lit(title)) for title, answer in asked.items()])
    panel(
        "signals",
        "What do interviews, demo lessons, checks and résumés tell us?",
        f"{_signals_finding(asked['Who succeeds once hired'].frame)} {_effort(effort.frame, latency.frame)}".strip(),
        chart,
        (*asked.values(), effort, latency),
        table,
        note="0.50 is a coin toss, 1.00 always right; grey: no better than a coin within its 95% interval. Only marks recorded before the "
        "decision count. Success is known for hires alone, which hides part of what a signal could tell."
        if rows
        else "",
    )


def _signals_finding(success: pl.DataFrame) -> str:
    known = success.filter(pl.col("value").is_not_null() & pl.col("lower").is_not_null())
    if known.is_empty():
        return "Too few decided applications with marks, or too few hires whose first year is known, to judge a signal."
    telling = known.filter(pl.col("lower") > 0.5).sort("value", descending=True)["signal"].to_list()
    silent = [name for name in known.sort("signal")["signal"] if name not in telling]
    said = f"{_listed(telling)} marks tell who will do well" if telling else "No mark tells who will do well"
    return f"{said[:1].upper()}{said[1:]}" + (f"; {_listed(silent)} marks do not, within noise." if silent and telling else ".")


def _effort(effort: pl.DataFrame, latency: pl.DataFrame) -> str:
    said = [f"A hire takes {figures.record(row, 'ratio')} interviews." for row in effort.to_dicts() if row["value"] is not None]
    said += [f"Half the scorecards are in within {figures.record(row, 'days')}." for row in latency.to_dicts() if row["value"] is not None]
    return " ".join(said)


def _listed(names: list[str]) -> str:
    spoken = [figures.words(name).lower() for name in names]
    return spoken[0] if len(spoken) == 1 else f"{', '.join(spoken[:-1])} and {spoken[-1]}"
