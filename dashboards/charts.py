"""The figures of the pages: Vega-Lite specifications made with Altair.

What belongs here: which marks show what. What doesn't: style and rules that all share (drawing), reading or computing.
"""

from collections.abc import Sequence

import altair as alt
import polars as pl

from dashboards.drawing import (
    NARROW,
    PHONE,
    ROW,
    TEXT_SIZE,
    Spec,
    at,
    beside_labels,
    drawn_once,
    either,
    finish,
    in_lines,
    label_room,
    label_style,
    name_axis,
    on_phone,
    over,
    round_ticks,
    span,
    text_style,
    top_legend,
)
from dashboards.theme import ALERT, INK, MUTED, PRIMARY, SERIES


@drawn_once
def funnel(frame: pl.DataFrame) -> Spec:
    """Bars of a funnel. Columns: name, reached, label, drop_label, is_worst."""
    order = frame["name"].to_list()
    top = float(frame["reached"].max() or 1)  # type: ignore[arg-type]  # polars types max() as any literal
    beside, below = label_room(frame["label"].to_list()), label_room(frame["drop_label"].to_list())
    scale = alt.Scale(domain=[0, top], nice=False, range=beside_labels((beside[0] + below[0], max(beside[1], below[1]))))
    base = over(frame).encode(y=name_axis("name", order))
    bars = base.mark_bar(cornerRadiusEnd=3).encode(
        x=alt.X("reached:Q", scale=scale, axis=None),
        color=either("datum.is_worst", ALERT, PRIMARY),
        tooltip=[
            alt.Tooltip("name:N", title="Stage"),
            alt.Tooltip("label:N", title="Reached"),
            alt.Tooltip("drop_label:N", title="Left here"),
        ],
    )
    has_drop = f"{PHONE} && datum.drop_label"
    labels = base.mark_text(**text_style(align="left", dx=6, dy=alt.ExprRef(f"{has_drop} ? -7 : 0")))
    labels = labels.encode(x=alt.X("reached:Q", scale=scale, axis=None), text="label:N")
    place = at(on_phone("scale('x', datum.reached) + 6", "width"))  # below the label on a phone, else a column of its own
    drops = base.mark_text(**text_style(align=on_phone("'left'", "'right'"), dy=on_phone("7.5", "0"), opacity=0.85))
    return finish(bars + labels + drops.encode(x=place, text="drop_label:N"), ROW * len(order) + 16, frame)


@drawn_once
def dots(frame: pl.DataFrame, *, unit_format: str, least: float) -> Spec:
    """Dot plot with intervals. Columns: name, value, lower, upper, label, is_ranked; optional beside (hollow). Rows keep their order."""
    order = frame["name"].to_list()
    shown = [name for name in ("value", "lower", "upper", "beside") if name in frame.columns]
    values = [value for column in shown for value in frame[column].to_list()]
    low, high = span(values, least)
    scale = alt.Scale(domain=[low, high], nice=False, range=beside_labels(label_room(frame["label"].to_list(), lines=True)))
    ticks = round_ticks(low, high)
    axis = alt.Axis(format=unit_format, title=None, values=ticks, labelFontSize=TEXT_SIZE, gridOpacity=0.5, domain=False, ticks=False)
    colour = either("datum.is_ranked", PRIMARY, MUTED)
    base = over(frame).encode(y=name_axis("name", order))
    rules = base.mark_rule(strokeWidth=3, opacity=0.45).encode(x=alt.X("lower:Q", scale=scale, axis=axis), x2="upper:Q", color=colour)
    points = base.mark_point(filled=True, size=110, opacity=1).encode(
        x=alt.X("value:Q", scale=scale, axis=axis),
        color=colour,
        tooltip=[alt.Tooltip("name:N", title=" "), alt.Tooltip("label:N", title="Value")],
    )
    labels = in_lines(base, "label").mark_text(**label_style()).encode(x=at("width"), text="lines:N")
    layers = rules + points + labels
    if "beside" in frame.columns:
        layers += base.mark_point(size=70, filled=False, strokeWidth=1.8, color=MUTED).encode(x=alt.X("beside:Q", scale=scale, axis=axis))
    return finish(layers, ROW * len(order) + 34, frame)


@drawn_once
def bars(frame: pl.DataFrame, *, least: float = 0.0) -> Spec:
    """Plain bars with a label. Columns: name, value, label; optional is_marked. Rows keep the frame's order."""
    order = frame["name"].to_list()
    if "is_marked" not in frame.columns:
        frame = frame.with_columns(is_marked=pl.lit(False))
    top = max(float(frame["value"].max() or 0), least, 1e-9)  # type: ignore[arg-type]  # polars types max() as any literal
    scale = alt.Scale(domain=[0, top], nice=False, range=beside_labels(label_room(frame["label"].to_list(), lines=True)))
    base = over(frame).encode(y=name_axis("name", order), x=alt.X("value:Q", scale=scale, axis=None))
    marks = base.mark_bar(cornerRadiusEnd=3).encode(
        color=either("datum.is_marked", ALERT, PRIMARY),
        tooltip=[alt.Tooltip("name:N", title=" "), alt.Tooltip("label:N", title="Value")],
    )
    labels = in_lines(base, "label").mark_text(**(label_style() | {"align": "left", "dx": 6})).encode(text="lines:N")
    return finish(marks + labels, ROW * len(order) + 16, frame)


@drawn_once
def heat_map(frame: pl.DataFrame, columns: Sequence[str], rows: Sequence[str]) -> Spec:
    """Cohorts × stages. Columns: row, column, value, label, is_mature. Cells of immature cohorts stay blank, their border dashed."""
    tip = [alt.Tooltip("row:N", title="Applied in"), alt.Tooltip("column:N", title="Reached"), alt.Tooltip("label:N", title="Share")]
    x = alt.X(
        "column:N",
        sort=list(columns),
        axis=alt.Axis(
            orient="top",
            title=None,
            labelExpr=f"{PHONE} ? {NARROW} : datum.label",
            labelAngle=on_phone("-50", "0"),
            labelAlign=on_phone("'left'", "'center'"),
            labelFontSize=on_phone("11", str(TEXT_SIZE)),
            labelLineHeight=11,
            labelOverlap=False,
            labelFlush=False,
            domain=False,
            ticks=False,
        ),
    )
    base = over(frame).encode(x=x, y=name_axis("row", rows).scale(paddingInner=0.08, paddingOuter=0.05), tooltip=tip)
    decided = base.transform_filter("datum.is_mature && isValid(datum.value)")
    cells = decided.mark_rect(cornerRadius=3, color=PRIMARY).encode(
        opacity=alt.Opacity("value:Q", scale=alt.Scale(domain=[0, 0.7], range=[0.06, 0.72], clamp=True), legend=None)
    )
    pending = base.transform_filter("!(datum.is_mature && isValid(datum.value))").mark_rect(
        cornerRadius=3, fillOpacity=0, stroke=MUTED, strokeDash=[3, 3], strokeWidth=1, opacity=0.8
    )
    text = decided.mark_text(**text_style(fontSize=12)).encode(text="label:N")
    return finish(cells + pending + text, 27 * len(rows) + 30, frame)


@drawn_once
def sparkline(frame: pl.DataFrame, least: float) -> Spec:
    """A line of months without axes. Columns: month (date), value, label. Its span is at least ``least``."""
    low, high = span(frame["value"].to_list(), least)
    x = alt.X("month:T", axis=None)
    y = alt.Y("value:Q", axis=None, scale=alt.Scale(domain=[low, high], nice=False))
    tip = [alt.Tooltip("month:T", title="Month", format="%b %Y"), alt.Tooltip("label:N", title="Value")]
    base = over(frame).encode(x=x, y=y)
    line = base.mark_line(color=PRIMARY, strokeWidth=2, interpolate="monotone")
    points = base.mark_point(filled=True, size=60, opacity=0, color=PRIMARY).encode(tooltip=tip)
    last = base.transform_filter("datum.is_last").mark_point(filled=True, size=42, opacity=1, color=PRIMARY)
    return finish(line + last + points, 56, frame)


@drawn_once
def lines(frame: pl.DataFrame, *, unit_format: str, least: float, ceiling: float | None = None, height: int = 220) -> Spec:
    """Lines over months, each named at its end. Columns: month (date), value, series, label."""
    low, high = span(frame["value"].to_list(), least, ceiling=ceiling)
    x = alt.X("month:T", axis=alt.Axis(format="%b %y", title=None, labelFontSize=TEXT_SIZE, tickCount=8, grid=False, labelOverlap=True))
    y = alt.Y(
        "value:Q",
        scale=alt.Scale(domain=[low, high], nice=False),
        axis=alt.Axis(format=unit_format, title=None, tickCount=4, labelFontSize=TEXT_SIZE, gridOpacity=0.5, domain=False),
    )
    tip = [alt.Tooltip("series:N", title=" "), alt.Tooltip("month:T", title="Month", format="%b %Y"), alt.Tooltip("label:N", title="Value")]
    series = frame["series"].unique(maintain_order=True).to_list()
    legend = top_legend(series) if len(series) > 1 else None
    colour = alt.Color("series:N", scale=alt.Scale(domain=series, range=[*SERIES[: len(series)]]), legend=legend)
    base = over(frame).encode(x=x, y=y, color=colour)
    return finish(base.mark_line(strokeWidth=2, point={"size": 26}).encode(tooltip=tip), height, frame)


@drawn_once
def trend(frame: pl.DataFrame, *, unit_format: str, least: float, height: int = 210) -> Spec:
    """One figure by month with its interval. Columns: month (date), value, lower, upper, label, is_firm; hollow where few speak.

    A month without a value is a gap; an interval without an upper end reaches the top.
    """
    low, high = span([value for column in ("value", "lower", "upper") for value in frame[column].to_list()], least)
    x = alt.X("month:T", axis=alt.Axis(format="%b %y", title=None, labelFontSize=TEXT_SIZE, tickCount=8, grid=False, labelOverlap=True))
    scale = alt.Scale(domain=[low, high], nice=False)
    y_axis = alt.Axis(format=unit_format, title=None, tickCount=4, labelFontSize=TEXT_SIZE, gridOpacity=0.5, domain=False)
    has_value = pl.col("value").is_not_null()
    closed = frame.with_columns(lower=pl.when(has_value).then("lower"), upper=pl.when(has_value).then(pl.col("upper").fill_null(high)))
    base = over(closed).encode(x=x)
    tip = [alt.Tooltip("month:T", title="Month", format="%b %Y"), alt.Tooltip("label:N", title="Value")]
    band = base.mark_area(opacity=0.16, color=PRIMARY).encode(y=alt.Y("lower:Q", scale=scale, axis=y_axis), y2="upper:Q")
    path = base.mark_line(strokeWidth=2, color=PRIMARY).encode(y=alt.Y("value:Q", scale=scale, axis=y_axis))
    points = base.mark_point(size=44, opacity=1, strokeWidth=1.6, stroke=PRIMARY).encode(
        y=alt.Y("value:Q", scale=scale, axis=y_axis),
        fill=alt.FillValue("transparent", condition={"test": "datum.is_firm", "value": PRIMARY}),
        tooltip=tip,
    )
    return finish(band + path + points, height, closed)


@drawn_once
def outlook(frame: pl.DataFrame) -> Spec:
    """Cohorts as they stand and as they are projected. Columns: name, n_label, naive, value, lower, upper, label, is_mature.

    A mature cohort is a bar with its interval; one that is not is a dashed outline of what is seen so far, with its projection.
    """
    top = max(0.1, *(1.08 * value for column in ("naive", "value", "upper") for value in frame[column].to_list() if value is not None))
    scale = alt.Scale(domain=[0, top], nice=False)
    axis = alt.Axis(format=".0%", title=None, tickCount=4, labelFontSize=TEXT_SIZE, gridOpacity=0.5, domain=False, ticks=False)
    names = frame.select(pl.format("{}|{}", "name", "n_label")).to_series().to_list()
    x = alt.X(
        "cohort:N",
        sort=names,
        axis=alt.Axis(title=None, labelAngle=0, labelFontSize=11.5, labelExpr="split(datum.label, '|')", ticks=False, labelOverlap=True),
    )
    tip = [alt.Tooltip("name:N", title="Applied in"), alt.Tooltip("label:N", title="Hired")]
    named = frame.with_columns(cohort=pl.Series(names, dtype=pl.String))
    base = over(named).encode(x=x, tooltip=tip)
    naive = alt.Y("naive:Q", scale=scale, axis=axis)
    bars = base.transform_filter("datum.is_mature").mark_bar(color=PRIMARY, cornerRadiusEnd=3, opacity=0.85).encode(y=naive)
    young = base.transform_filter("!datum.is_mature")
    so_far = young.mark_bar(fillOpacity=0, stroke=MUTED, strokeDash=[3, 3], strokeWidth=1.2).encode(y=naive)
    whiskers = base.mark_rule(strokeWidth=3, opacity=0.5).encode(
        y=alt.Y("lower:Q", scale=scale, axis=axis),
        y2="upper:Q",
        color=either("datum.is_mature", MUTED, ALERT),
    )
    dot = young.mark_point(filled=True, size=90, opacity=1, color=ALERT).encode(y=alt.Y("value:Q", scale=scale, axis=axis))
    return finish(bars + so_far + whiskers + dot, 250, named)


@drawn_once
def stacked(frame: pl.DataFrame, order: Sequence[str], series: Sequence[str]) -> Spec:
    """Bars made of parts. Columns: name, part, value, label, total, total_label; parts in the order of ``series``."""
    top = max(float(frame["total"].max() or 0), 1e-9)  # type: ignore[arg-type]  # polars types max() as any literal
    scale = alt.Scale(domain=[0, top * 1.35], nice=False)
    legend = top_legend(series)
    colour = alt.Color("part:N", scale=alt.Scale(domain=list(series), range=[*SERIES[: len(series)]]), legend=legend)
    ranked = frame.with_columns(place=pl.col("part").replace_strict(list(series), list(range(len(series)))))
    base = over(ranked).encode(y=name_axis("name", order))
    parts = base.mark_bar().encode(
        x=alt.X("value:Q", scale=scale, axis=None, stack="zero"),
        color=colour,
        order=alt.Order("place:Q"),
        tooltip=[alt.Tooltip("name:N", title=" "), alt.Tooltip("part:N", title="Ended by"), alt.Tooltip("label:N", title="Share")],
    )
    ends = frame.unique("name", maintain_order=True)
    totals = over(ends).mark_text(**text_style(align="left", dx=6))
    totals = totals.encode(y=name_axis("name", order), x=alt.X("total:Q", scale=scale, axis=None), text="total_label:N")
    return finish(parts + totals, ROW * len(order) + 46, ranked, ends)


@drawn_once
def accuracy(frame: pl.DataFrame, goal: float) -> Spec:
    """Accuracy by as-of stage beside its baseline. Columns: stage, stage_rank, series, value, lower, upper, label, is_baseline."""
    order = frame.sort("stage_rank")["stage"].unique(maintain_order=True).to_list()
    x = alt.X(
        "stage:N",
        sort=order,
        scale=alt.Scale(type="point", padding=0.5),
        axis=alt.Axis(
            title=None,
            labelExpr=f"{PHONE} ? {NARROW} : datum.label",
            labelAngle=0,
            labelFontSize=TEXT_SIZE,
            ticks=False,
            labelLimit=120,
            labelOverlap=False,
        ),
    )
    low = min(0.0, *(value for value in frame["lower"].to_list() if value is not None))
    axis = alt.Axis(format=".0%", title=None, tickCount=5, labelFontSize=TEXT_SIZE, gridOpacity=0.5, domain=False, ticks=False)
    y = alt.Y("value:Q", scale=alt.Scale(domain=[low, 1.0], nice=False), axis=axis)
    series = frame["series"].unique(maintain_order=True).to_list()
    baselines = set(frame.filter("is_baseline")["series"])
    colour = alt.Color(
        "series:N",
        scale=alt.Scale(domain=series, range=[MUTED if name in baselines else PRIMARY for name in series]),
        legend=top_legend(series, symbolOpacity=1),
    )
    offset = alt.XOffset("series:N", scale=alt.Scale(domain=series, range=[-7, 7]))
    base = over(frame).encode(x=x, color=colour)
    whiskers = (
        base.mark_rule(strokeWidth=3, opacity=0.4)
        .encode(y=y.title(None), y2="upper:Q", xOffset=offset)
        .encode(y=alt.Y("lower:Q", scale=alt.Scale(domain=[low, 1.0], nice=False), axis=axis))
    )
    tip = [alt.Tooltip("series:N", title=" "), alt.Tooltip("stage:N", title="Predicted"), alt.Tooltip("label:N", title="Accuracy")]
    path = base.mark_line(strokeWidth=2).encode(y=y, xOffset=offset)
    points = base.mark_point(filled=True, size=80, opacity=1).encode(y=y, xOffset=offset, tooltip=tip)
    wanted = pl.DataFrame({"goal": [goal], "text": [f"goal {goal:.0%}"]})
    target = over(wanted)
    rule = target.mark_rule(color=ALERT, strokeDash=[5, 4], strokeWidth=1.5).encode(y=alt.Y("goal:Q"))
    name = target.mark_text(**text_style(align="left", dx=4, dy=-8, fill=ALERT, fontSize=11.5)).encode(y="goal:Q", x=at(0), text="text:N")
    return finish(rule + name + whiskers + path + points, 250, frame, wanted)


@drawn_once
def forecast(frame: pl.DataFrame) -> Spec:
    """Open jobs from today. Columns: name, elapsed (≤ 0), low, median, high, target, label, is_late. Days; 0 is today."""
    order = frame["name"].to_list()
    values = [value for column in ("elapsed", "low", "high", "median", "target") for value in frame[column].to_list()]
    low, high = span([*values, 0.0], 60, floor=None)
    scale = alt.Scale(domain=[low, high], nice=False, range=beside_labels(label_room(frame["chance"].to_list())))
    axis = alt.Axis(
        title="days from today",
        titleFontWeight="normal",
        titleFontSize=TEXT_SIZE,
        labelFontSize=TEXT_SIZE,
        tickCount=on_phone("3", "8"),
        gridOpacity=0.5,
        domain=False,
    )
    colour = either("datum.is_late", ALERT, PRIMARY)
    base = over(frame).encode(y=name_axis("name", order, offset=0))
    tip = [alt.Tooltip("name:N", title=" "), alt.Tooltip("label:N", title="Forecast"), alt.Tooltip("open_label:N", title="Open so far")]
    so_far = base.mark_rule(strokeWidth=2, color=MUTED, opacity=0.8).encode(x=alt.X("elapsed:Q", scale=scale, axis=axis), x2=alt.X2Datum(0))
    start = base.mark_tick(thickness=2, color=MUTED, size=12).encode(x=alt.X("elapsed:Q", scale=scale, axis=axis))
    band = base.mark_rule(strokeWidth=7, opacity=0.35).encode(x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q", color=colour)
    dot = base.mark_point(filled=True, size=95, opacity=1).encode(x=alt.X("median:Q", scale=scale, axis=axis), color=colour, tooltip=tip)
    target = base.mark_point(shape="diamond", size=80, filled=False, strokeWidth=2, stroke=INK, opacity=0.9).encode(
        x=alt.X("target:Q", scale=scale, axis=axis)
    )
    zero = pl.DataFrame({"x": [0.0]})
    today = over(zero).mark_rule(color=INK, opacity=0.5).encode(x=alt.X("x:Q", scale=scale, axis=axis))
    text = base.mark_text(**text_style(align="right", opacity=0.9)).encode(x=at("width"), text="chance:N")
    return finish(today + so_far + start + band + dot + target + text, ROW * len(order) + 50, frame, zero)
