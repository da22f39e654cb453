"""The figures of the pages, as Vega-Lite specifications.

What belongs here: which marks show what. What doesn't: style and rules that all share (drawing), reading or computing.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from dashboards.drawing import (
    LINE,
    PHONE,
    ROW,
    TEXT_SIZE,
    Spec,
    at,
    beside_labels,
    breaking_labels,
    drawn_once,
    either,
    finish,
    in_lines,
    label_room,
    label_style,
    layer,
    linear,
    mark,
    name_axis,
    nominal,
    number_axis,
    on_phone,
    only,
    over,
    quantitative,
    round_ticks,
    span,
    temporal,
    text_style,
    top_legend,
)
from dashboards.theme import ALERT, INK, MUTED, PRIMARY, SERIES

_MONTHS: Final = temporal(
    "month", axis={"format": "%b %y", "title": None, "labelFontSize": TEXT_SIZE, "tickCount": 8, "grid": False, "labelOverlap": True}
)
_MONTH: Final = temporal("month", title="Month", format="%b %Y")
_NAME: Final = nominal("name", title=" ")
_VALUE: Final = nominal("label", title="Value")


@drawn_once
def funnel(frame: pl.DataFrame) -> Spec:
    """Bars of a funnel. Columns: name, reached, label, drop_label, is_worst."""
    order = frame["name"].to_list()
    top = float(frame["reached"].max() or 1)  # type: ignore[arg-type]  # polars types max() as any literal
    beside, below = label_room(frame["label"].to_list()), label_room(frame["drop_label"].to_list())
    room = beside[0] + below[0], max(beside[1], below[1])
    y, x = name_axis("name", order), quantitative("reached", scale=linear(0, top, range=beside_labels(room)), axis=None)
    tip = [nominal("name", title="Stage"), nominal("label", title="Reached"), nominal("drop_label", title="Left here")]
    bars = layer(mark("bar", cornerRadiusEnd=3), y=y, x=x, color=either("datum.is_worst", ALERT, PRIMARY), tooltip=tip)
    lifted = {"expr": f"{PHONE} && datum.drop_label ? -7 : 0"}
    labels = layer(mark("text", **text_style(align="left", dx=6, dy=lifted)), y=y, x=x, text=nominal("label"))
    place = at(on_phone("scale('x', datum.reached) + 6", "width"))  # below the label on a phone, else a column of its own
    look = text_style(align=on_phone("'left'", "'right'"), dy=on_phone("7.5", "0"), opacity=0.85)
    drops = layer(mark("text", **look), y=y, x=place, text=nominal("drop_label"))
    return finish(ROW * len(order) + 16, over(frame, bars, labels, drops))


@drawn_once
def dots(frame: pl.DataFrame, *, unit_format: str, least: float) -> Spec:
    """Dot plot with intervals. Columns: name, value, lower, upper, label, is_ranked; optional beside (hollow). Rows keep their order."""
    order = frame["name"].to_list()
    shown = [name for name in ("value", "lower", "upper", "beside") if name in frame.columns]
    low, high = span([value for column in shown for value in frame[column].to_list()], least)
    scale = linear(low, high, range=beside_labels(label_room(frame["label"].to_list(), lines=True)))
    axis = number_axis(format=unit_format, values=round_ticks(low, high), ticks=False)
    y, color = name_axis("name", order), either("datum.is_ranked", PRIMARY, MUTED)
    value, lower, beside = (quantitative(name, scale=scale, axis=axis) for name in ("value", "lower", "beside"))
    layers = [
        layer(mark("rule", strokeWidth=3, opacity=0.45), y=y, x=lower, x2={"field": "upper"}, color=color),
        layer(mark("point", filled=True, size=110, opacity=1), y=y, x=value, color=color, tooltip=[_NAME, _VALUE]),
        layer(mark("text", **label_style()), in_lines("label"), y=y, x=at("width"), text=nominal("lines")),
    ]
    if "beside" in frame.columns:
        layers.append(layer(mark("point", size=70, filled=False, strokeWidth=1.8, color=MUTED), y=y, x=beside))
    return finish(ROW * len(order) + 34, over(frame, *layers))


@drawn_once
def bars(frame: pl.DataFrame, *, least: float = 0.0) -> Spec:
    """Plain bars with a label. Columns: name, value, label; optional is_marked. Rows keep the frame's order."""
    order = frame["name"].to_list()
    if "is_marked" not in frame.columns:
        frame = frame.with_columns(is_marked=pl.lit(False))
    top = max(float(frame["value"].max() or 0), least, 1e-9)  # type: ignore[arg-type]  # polars types max() as any literal
    scale = linear(0, top, range=beside_labels(label_room(frame["label"].to_list(), lines=True)))
    y, x = name_axis("name", order), quantitative("value", scale=scale, axis=None)
    color = either("datum.is_marked", ALERT, PRIMARY)
    marks = layer(mark("bar", cornerRadiusEnd=3), y=y, x=x, color=color, tooltip=[_NAME, _VALUE])
    labels = layer(mark("text", **label_style() | {"align": "left", "dx": 6}), in_lines("label"), y=y, x=x, text=nominal("lines"))
    return finish(ROW * len(order) + 16, over(frame, marks, labels))


@drawn_once
def heat_map(frame: pl.DataFrame, columns: Sequence[str], rows: Sequence[str]) -> Spec:
    """Cohorts × stages. Columns: row, column, value, label, is_mature. Cells of immature cohorts stay blank, their border dashed."""
    axis = breaking_labels(
        orient="top",
        labelAngle=on_phone("-50", "0"),
        labelAlign=on_phone("'left'", "'center'"),
        labelFontSize=on_phone("11", str(TEXT_SIZE)),
        labelLineHeight=LINE,
        labelFlush=False,
        domain=False,
    )
    x = nominal("column", sort=list(columns), axis=axis)
    y = name_axis("row", rows) | {"scale": {"paddingInner": 0.08, "paddingOuter": 0.05}}
    tip = [nominal("row", title="Applied in"), nominal("column", title="Reached"), nominal("label", title="Share")]
    is_decided = "datum.is_mature && isValid(datum.value)"
    decided, undecided = only(is_decided), only(f"!({is_decided})")
    strength = quantitative("value", scale={"domain": [0, 0.7], "range": [0.06, 0.72], "clamp": True}, legend=None)
    cells = layer(mark("rect", cornerRadius=3, color=PRIMARY), decided, x=x, y=y, opacity=strength, tooltip=tip)
    dashed = mark("rect", cornerRadius=3, fillOpacity=0, stroke=MUTED, strokeDash=[3, 3], strokeWidth=1, opacity=0.8)
    pending = layer(dashed, undecided, x=x, y=y, tooltip=tip)
    text = layer(mark("text", **text_style(fontSize=12)), decided, x=x, y=y, text=nominal("label"), tooltip=tip)
    return finish(27 * len(rows) + 30, over(frame, cells, pending, text))


@drawn_once
def sparkline(frame: pl.DataFrame, least: float) -> Spec:
    """A line of months without axes. Columns: month (date), value, label, is_last. Its span is at least ``least``."""
    low, high = span(frame["value"].to_list(), least)
    x, y = temporal("month", axis=None), quantitative("value", axis=None, scale=linear(low, high))
    line = layer(mark("line", color=PRIMARY, strokeWidth=2, interpolate="monotone"), x=x, y=y)
    points = layer(mark("point", filled=True, size=60, opacity=0, color=PRIMARY), x=x, y=y, tooltip=[_MONTH, _VALUE])
    last = layer(mark("point", filled=True, size=42, opacity=1, color=PRIMARY), only("datum.is_last"), x=x, y=y)
    return finish(56, over(frame, line, last, points))


@drawn_once
def lines(frame: pl.DataFrame, *, unit_format: str, least: float, ceiling: float | None = None, height: int = 220) -> Spec:
    """Lines over months, each named at its end. Columns: month (date), value, series, label."""
    low, high = span(frame["value"].to_list(), least, ceiling=ceiling)
    y = quantitative("value", scale=linear(low, high), axis=number_axis(format=unit_format, tickCount=4))
    series = frame["series"].unique(maintain_order=True).to_list()
    legend = top_legend(series) if len(series) > 1 else None
    color = nominal("series", scale={"domain": series, "range": [*SERIES[: len(series)]]}, legend=legend)
    tip = [nominal("series", title=" "), _MONTH, _VALUE]
    return finish(height, over(frame, layer(mark("line", strokeWidth=2, point={"size": 26}), x=_MONTHS, y=y, color=color, tooltip=tip)))


@drawn_once
def trend(frame: pl.DataFrame, *, unit_format: str, least: float, height: int = 210) -> Spec:
    """One figure by month with its interval. Columns: month (date), value, lower, upper, label, is_firm; hollow where few speak.

    A month without a value is a gap; an interval without an upper end reaches the top.
    """
    low, high = span([value for column in ("value", "lower", "upper") for value in frame[column].to_list()], least)
    axis = number_axis(format=unit_format, tickCount=4)
    value, lower = (quantitative(name, scale=linear(low, high), axis=axis) for name in ("value", "lower"))
    has_value = pl.col("value").is_not_null()
    closed = frame.with_columns(lower=pl.when(has_value).then("lower"), upper=pl.when(has_value).then(pl.col("upper").fill_null(high)))
    band = layer(mark("area", opacity=0.16, color=PRIMARY), x=_MONTHS, y=lower, y2={"field": "upper"})
    path = layer(mark("line", strokeWidth=2, color=PRIMARY), x=_MONTHS, y=value)
    fill = either("datum.is_firm", PRIMARY, "transparent")
    dot = mark("point", size=44, opacity=1, strokeWidth=1.6, stroke=PRIMARY)
    return finish(height, over(closed, band, path, layer(dot, x=_MONTHS, y=value, fill=fill, tooltip=[_MONTH, _VALUE])))


@drawn_once
def outlook(frame: pl.DataFrame) -> Spec:
    """Cohorts as they stand and as they are projected. Columns: name, n_label, naive, value, lower, upper, label, is_mature.

    A mature cohort is a bar with its interval; one that is not is a dashed outline of what is seen so far, with its projection.
    """
    top = max([0.1, *(1.08 * value for column in ("naive", "value", "upper") for value in frame[column].to_list() if value is not None)])
    axis = number_axis(format=".0%", tickCount=4, ticks=False)
    naive, lower, value = (quantitative(name, scale=linear(0, top), axis=axis) for name in ("naive", "lower", "value"))
    names = frame.select(pl.format("{}|{}", "name", "n_label")).to_series().to_list()
    labels = {"title": None, "labelAngle": 0, "labelFontSize": 11.5, "labelExpr": "split(datum.label, '|')"}
    x = nominal("cohort", sort=names, axis=labels | {"ticks": False, "labelOverlap": True})
    tip = [nominal("name", title="Applied in"), nominal("label", title="Hired")]
    mature, young = only("datum.is_mature"), only("!datum.is_mature")
    outline = mark("bar", fillOpacity=0, stroke=MUTED, strokeDash=[3, 3], strokeWidth=1.2)
    color = either("datum.is_mature", MUTED, ALERT)
    layers = [
        layer(mark("bar", color=PRIMARY, cornerRadiusEnd=3, opacity=0.85), mature, x=x, y=naive, tooltip=tip),
        layer(outline, young, x=x, y=naive, tooltip=tip),
        layer(mark("rule", strokeWidth=3, opacity=0.5), x=x, y=lower, y2={"field": "upper"}, color=color, tooltip=tip),
        layer(mark("point", filled=True, size=90, opacity=1, color=ALERT), young, x=x, y=value, tooltip=tip),
    ]
    return finish(250, over(frame.with_columns(cohort=pl.Series(names, dtype=pl.String)), *layers))


@drawn_once
def stacked(frame: pl.DataFrame, order: Sequence[str], series: Sequence[str]) -> Spec:
    """Bars made of parts. Columns: name, part, value, label, total, total_label; parts in the order of ``series``."""
    top = max(float(frame["total"].max() or 0), 1e-9)  # type: ignore[arg-type]  # polars types max() as any literal
    y = name_axis("name", order)
    value, total = (quantitative(name, scale=linear(0, top * 1.35), axis=None) for name in ("value", "total"))
    color = nominal("part", scale={"domain": list(series), "range": [*SERIES[: len(series)]]}, legend=top_legend(series))
    tip = [_NAME, nominal("part", title="Ended by"), nominal("label", title="Share")]
    parts = layer(mark("bar"), y=y, x=value | {"stack": "zero"}, color=color, order=quantitative("place"), tooltip=tip)
    totals = layer(mark("text", **text_style(align="left", dx=6)), y=y, x=total, text=nominal("total_label"))
    ranked = frame.with_columns(place=pl.col("part").replace_strict(list(series), list(range(len(series)))))
    return finish(ROW * len(order) + 46, over(ranked, parts), over(frame.unique("name", maintain_order=True), totals))


@drawn_once
def accuracy(frame: pl.DataFrame, goal: float) -> Spec:
    """Accuracy by as-of stage beside its baseline. Columns: stage, stage_rank, series, value, lower, upper, label, is_baseline."""
    order = frame.sort("stage_rank")["stage"].unique(maintain_order=True).to_list()
    stages = breaking_labels(labelAngle=0, labelFontSize=TEXT_SIZE, labelLimit=120)
    x = nominal("stage", sort=order, scale={"type": "point", "padding": 0.5}, axis=stages)
    low = min([0.0, *(value for value in frame["lower"].to_list() if value is not None)])
    axis = number_axis(format=".0%", tickCount=5, ticks=False)
    value, lower = (quantitative(name, scale=linear(low, 1.0), axis=axis) for name in ("value", "lower"))
    series = frame["series"].unique(maintain_order=True).to_list()
    baselines = set(frame.filter("is_baseline")["series"])
    colours = [MUTED if name in baselines else PRIMARY for name in series]
    color = nominal("series", scale={"domain": series, "range": colours}, legend=top_legend(series, symbolOpacity=1))
    beside = nominal("series", scale={"domain": series, "range": [-7, 7]})
    tip = [nominal("series", title=" "), nominal("stage", title="Predicted"), nominal("label", title="Accuracy")]
    layers = [
        layer(mark("rule", strokeWidth=3, opacity=0.4), x=x, xOffset=beside, y=lower, y2={"field": "upper"}, color=color),
        layer(mark("line", strokeWidth=2), x=x, xOffset=beside, y=value, color=color),
        layer(mark("point", filled=True, size=80, opacity=1), x=x, xOffset=beside, y=value, color=color, tooltip=tip),
    ]
    wanted = pl.DataFrame({"goal": [goal], "text": [f"goal {goal:.0%}"]})
    rule = layer(mark("rule", color=ALERT, strokeDash=[5, 4], strokeWidth=1.5), y=quantitative("goal"))
    look = text_style(align="left", dx=4, dy=-8, fill=ALERT, fontSize=11.5)
    name = layer(mark("text", **look), x=at(0), y=quantitative("goal"), text=nominal("text"))
    return finish(250, over(wanted, rule, name), over(frame, *layers))


@drawn_once
def forecast(frame: pl.DataFrame) -> Spec:
    """Open jobs from today. Columns: name, elapsed (≤ 0), low, median, high, target, label, open_label, chance, is_late.

    Days; 0 is today.
    """
    order = frame["name"].to_list()
    values = [value for column in ("elapsed", "low", "high", "median", "target") for value in frame[column].to_list()]
    start, end = span([*values, 0.0], 60, floor=None)
    title = {"title": "days from today", "titleFontWeight": "normal", "titleFontSize": TEXT_SIZE}
    shared = {
        "scale": linear(start, end, range=beside_labels(label_room(frame["chance"].to_list()))),
        "axis": number_axis(**title, tickCount=on_phone("3", "8")),
    }
    zero, elapsed, low, median, target = (quantitative(name, **shared) for name in ("x", "elapsed", "low", "median", "target"))
    y, color = name_axis("name", order, offset=0), either("datum.is_late", ALERT, PRIMARY)
    tip = [_NAME, nominal("label", title="Forecast"), nominal("open_label", title="Open so far")]
    diamond = mark("point", shape="diamond", size=80, filled=False, strokeWidth=2, stroke=INK, opacity=0.9)
    today = layer(mark("rule", color=INK, opacity=0.5), x=zero)
    layers = [
        layer(mark("rule", strokeWidth=2, color=MUTED, opacity=0.8), y=y, x=elapsed, x2={"datum": 0}),
        layer(mark("tick", thickness=2, color=MUTED, size=12), y=y, x=elapsed),
        layer(mark("rule", strokeWidth=7, opacity=0.35), y=y, x=low, x2={"field": "high"}, color=color),
        layer(mark("point", filled=True, size=95, opacity=1), y=y, x=median, color=color, tooltip=tip),
        layer(diamond, y=y, x=target),
        layer(mark("text", **text_style(align="right", opacity=0.9)), y=y, x=at("width"), text=nominal("chance")),
    ]
    return finish(ROW * len(order) + 50, over(pl.DataFrame({"x": [0.0]}), today), over(frame, *layers))
