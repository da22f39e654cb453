"""Frames to figures: Vega-Lite specifications made with Altair, in one style.

What belongs here: marks, axes and labels. What doesn't: reading or computing.

Rules kept by every chart: text is the page's own colour and marks show on light and dark alike; each axis spans at least a
stated width, so that small differences stay small; labels have their room beside the scale, in pixels, and are never cut off,
on a phone they break into lines; layers share one scale; nothing reaches a chart that the reader may not see (Vega sends its
whole frame to the browser).
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import wraps
from typing import Any, Final, ParamSpec, TypeAlias

import altair as alt
import polars as pl

from dashboards.theme import ALERT, INK, MUTED, PRIMARY, SERIES

Spec: TypeAlias = dict[str, Any]
Parameters = ParamSpec("Parameters")
_KEPT: Final = 1_000
ROW: Final = 38
_SIZE: Final = 12.5
_LINE: Final = 11  # three lines fit into a row
_PHONE: Final = "(windowSize()[0] < 640)"  # false where there is no window, as in a downloaded picture
_NARROW: Final = "split(replace(datum.label, regexp('(.{10,}?) ', 'g'), '$1\\n'), '\\n')"
_SVG: Final = {"embedOptions": {"renderer": "svg"}}


_drawn: OrderedDict[tuple[Any, ...], Spec] = OrderedDict()


def _drawn_once(draw: Callable[Parameters, Spec]) -> Callable[Parameters, Spec]:
    """Keep the last thousand specifications by the rows they show: the same figures need not be drawn again on each rerun."""

    @wraps(draw)
    def drawn(*given: Parameters.args, **options: Parameters.kwargs) -> Spec:
        parts = [(tuple(part.columns), tuple(part.rows())) if isinstance(part, pl.DataFrame) else repr(part) for part in given]
        key = (draw.__name__, *parts, repr(options))
        found = _drawn.get(key)
        if found is None:
            found = _drawn[key] = draw(*given, **options)
            while len(_drawn) > _KEPT:
                _drawn.popitem(last=False)
        return deepcopy(found)  # Streamlit writes into what it is given

    return drawn


def span(values: Sequence[float | None], least: float, *, floor: float | None = 0.0, ceiling: float | None = None) -> tuple[float, float]:
    """Return an axis that holds the values and is at least ``least`` wide, within ``floor`` and ``ceiling``."""
    found = [value for value in values if value is not None]
    low, high = (min(found), max(found)) if found else (0.0, least)
    missing = max(0.0, least - (high - low))
    low, high = low - missing / 2 - 0.04 * (high - low), high + missing / 2 + 0.04 * (high - low)
    if floor is not None and low < floor:
        low, high = floor, max(high, floor + least)
    if ceiling is not None and high > ceiling:
        low, high = min(low, ceiling - least), ceiling
    return (max(low, floor) if floor is not None else low), high


def _finish(chart: alt.LayerChart | alt.Chart, height: int) -> Spec:
    padding = {"left": 4, "right": 8, "top": 6, "bottom": 4}
    axis = {"labelColor": INK, "titleColor": INK, "labelOpacity": 0.85}
    sized = chart.properties(height=height, width="container", usermeta=_SVG, padding=padding)
    styled = sized.configure_view(strokeWidth=0).configure_axis(**axis).configure_legend(labelColor=INK)
    spec: Spec = styled.to_dict(validate=False)  # its schema is checked by a test, not on every run
    return spec


def _ticks(low: float, high: float) -> list[float]:
    """Return three to six round positions within an axis."""
    width = high - low
    power = math.floor(math.log10(width)) - 1  # from shares to salaries in won
    step = next(unit * 10.0**each for each in (power, power + 1) for unit in (1, 2, 5) if width / (unit * 10.0**each) <= 5)
    first = math.ceil(low / step - 1e-9)
    return [round(position * step, 6) for position in range(first, math.floor(high / step + 1e-9) + 1)]


def _text(**options: Any) -> dict[str, Any]:
    return {"fontSize": _SIZE, "fill": INK, "baseline": "middle"} | options


def _lined() -> dict[str, Any]:
    """Style of the label column at the right: lines on a phone, around the row's middle."""
    middle = alt.ExprRef(f"isArray(datum.lines) ? -{_LINE / 2} * (length(datum.lines) - 1) : 0")
    return _text(align="right", opacity=0.9, lineHeight=_LINE, fontSize=_on_phone("11", str(_SIZE)), dy=middle)


def _on_phone(then: str, otherwise: str) -> alt.ExprRef:
    return alt.ExprRef(f"{_PHONE} ? {then} : {otherwise}")


def _room(labels: Sequence[str], *, lines: bool = False) -> tuple[int, int]:
    """Return the pixels that the widest label needs on a desk and on a phone, where ``lines`` break at the middle dot."""
    wide = max((len(label) for label in labels), default=0)
    narrow = max((len(part) for label in labels for part in (label.split(" · ") if lines else [label])), default=0)
    return round(6.7 * wide) + 14, round(6.7 * narrow) + 12


def _beside(room: tuple[int, int]) -> list[int | alt.ExprRef]:
    """Return the range of a scale that leaves room for a column of labels at its right."""
    return [0, alt.ExprRef(f"max(20, width - ({_PHONE} ? {room[1]} : {room[0]}))")]


def _in_lines(chart: alt.Chart, field: str) -> alt.Chart:
    """Add ``lines``: the label, broken at the middle dot on a phone."""
    return chart.transform_calculate(lines=f"{_PHONE} ? split(datum.{field}, ' · ') : datum.{field}")


def _names(field: str, order: Sequence[str], **axis: Any) -> alt.Y:
    broken = f"{_PHONE} ? {_NARROW} : datum.label"
    limits: dict[str, Any] = {"labelLimit": _on_phone("130", "420"), "labelFontSize": _on_phone("11", str(_SIZE)), "labelLineHeight": _LINE}
    style = alt.Axis(
        title=None, domain=False, ticks=False, labelExpr=broken, labelPadding=8, labelOverlap=False, grid=False, **limits, **axis
    )
    return alt.Y(f"{field}:N", sort=list(order), axis=style, scale=alt.Scale(paddingInner=0.35, paddingOuter=0.2))


def _legend(names: Sequence[str], **options: Any) -> alt.Legend:
    columns = _on_phone("2" if max(map(len, names)) < 16 else "1", "0")  # 0: as many as there are
    return alt.Legend(title=None, orient="top", labelFontSize=_SIZE, labelLimit=290, columns=columns, padding=0, offset=10, **options)


@_drawn_once
def funnel(frame: pl.DataFrame) -> Spec:
    """Bars of a funnel. Columns: name, reached, label, drop_label, is_worst."""
    order = frame["name"].to_list()
    top = float(frame["reached"].max() or 1)  # type: ignore[arg-type]  # polars types max() as any literal
    beside, below = _room(frame["label"].to_list()), _room(frame["drop_label"].to_list())
    scale = alt.Scale(domain=[0, top], nice=False, range=_beside((beside[0] + below[0], max(beside[1], below[1]))))
    base = alt.Chart(frame).encode(y=_names("name", order))
    bars = base.mark_bar(cornerRadiusEnd=3).encode(
        x=alt.X("reached:Q", scale=scale, axis=None),
        color=alt.condition("datum.is_worst", alt.value(ALERT), alt.value(PRIMARY)),
        tooltip=[
            alt.Tooltip("name:N", title="Stage"),
            alt.Tooltip("label:N", title="Reached"),
            alt.Tooltip("drop_label:N", title="Left here"),
        ],
    )
    has_drop = f"{_PHONE} && datum.drop_label"
    labels = base.mark_text(**_text(align="left", dx=6, dy=alt.ExprRef(f"{has_drop} ? -7 : 0")))
    labels = labels.encode(x=alt.X("reached:Q", scale=scale, axis=None), text="label:N")
    place = alt.value(_on_phone("scale('x', datum.reached) + 6", "width"))  # below the label on a phone, else a column of its own
    drops = base.mark_text(**_text(align=_on_phone("'left'", "'right'"), dy=_on_phone("7.5", "0"), opacity=0.85))
    return _finish(bars + labels + drops.encode(x=place, text="drop_label:N"), ROW * len(order) + 16)


@_drawn_once
def dots(frame: pl.DataFrame, *, unit_format: str, least: float) -> Spec:
    """Dot plot with intervals. Columns: name, value, lower, upper, label, is_ranked; optional beside (hollow). Rows keep their order."""
    order = frame["name"].to_list()
    shown = [name for name in ("value", "lower", "upper", "beside") if name in frame.columns]
    values = [value for column in shown for value in frame[column].to_list()]
    low, high = span(values, least)
    scale = alt.Scale(domain=[low, high], nice=False, range=_beside(_room(frame["label"].to_list(), lines=True)))
    ticks = _ticks(low, high)
    axis = alt.Axis(format=unit_format, title=None, values=ticks, labelFontSize=_SIZE, gridOpacity=0.5, domain=False, ticks=False)
    colour = alt.condition("datum.is_ranked", alt.value(PRIMARY), alt.value(MUTED))
    base = alt.Chart(frame).encode(y=_names("name", order))
    rules = base.mark_rule(strokeWidth=3, opacity=0.45).encode(x=alt.X("lower:Q", scale=scale, axis=axis), x2="upper:Q", color=colour)
    points = base.mark_point(filled=True, size=110, opacity=1).encode(
        x=alt.X("value:Q", scale=scale, axis=axis),
        color=colour,
        tooltip=[alt.Tooltip("name:N", title=" "), alt.Tooltip("label:N", title="Value")],
    )
    labels = _in_lines(base, "label").mark_text(**_lined()).encode(x=alt.value("width"), text="lines:N")
    layers = rules + points + labels
    if "beside" in frame.columns:
        layers += base.mark_point(size=70, filled=False, strokeWidth=1.8, color=MUTED).encode(x=alt.X("beside:Q", scale=scale, axis=axis))
    return _finish(layers, ROW * len(order) + 34)


@_drawn_once
def bars(frame: pl.DataFrame, *, least: float = 0.0) -> Spec:
    """Plain bars with a label. Columns: name, value, label; optional is_marked. Rows keep the frame's order."""
    order = frame["name"].to_list()
    if "is_marked" not in frame.columns:
        frame = frame.with_columns(is_marked=pl.lit(False))
    top = max(float(frame["value"].max() or 0), least, 1e-9)  # type: ignore[arg-type]  # polars types max() as any literal
    scale = alt.Scale(domain=[0, top], nice=False, range=_beside(_room(frame["label"].to_list(), lines=True)))
    base = alt.Chart(frame).encode(y=_names("name", order), x=alt.X("value:Q", scale=scale, axis=None))
    marks = base.mark_bar(cornerRadiusEnd=3).encode(
        color=alt.condition("datum.is_marked", alt.value(ALERT), alt.value(PRIMARY)),
        tooltip=[alt.Tooltip("name:N", title=" "), alt.Tooltip("label:N", title="Value")],
    )
    labels = _in_lines(base, "label").mark_text(**(_lined() | {"align": "left", "dx": 6})).encode(text="lines:N")
    return _finish(marks + labels, ROW * len(order) + 16)


@_drawn_once
def heat_map(frame: pl.DataFrame, columns: Sequence[str], rows: Sequence[str]) -> Spec:
    """Cohorts × stages. Columns: row, column, value, label, is_mature. Cells of immature cohorts stay blank, their border dashed."""
    tip = [alt.Tooltip("row:N", title="Applied in"), alt.Tooltip("column:N", title="Reached"), alt.Tooltip("label:N", title="Share")]
    x = alt.X(
        "column:N",
        sort=list(columns),
        axis=alt.Axis(
            orient="top",
            title=None,
            labelExpr=f"{_PHONE} ? {_NARROW} : datum.label",
            labelAngle=_on_phone("-50", "0"),
            labelAlign=_on_phone("'left'", "'center'"),
            labelFontSize=_on_phone("11", str(_SIZE)),
            labelLineHeight=11,
            labelOverlap=False,
            labelFlush=False,
            domain=False,
            ticks=False,
        ),
    )
    base = alt.Chart(frame).encode(x=x, y=_names("row", rows).scale(paddingInner=0.08, paddingOuter=0.05), tooltip=tip)
    decided = base.transform_filter("datum.is_mature && isValid(datum.value)")
    cells = decided.mark_rect(cornerRadius=3, color=PRIMARY).encode(
        opacity=alt.Opacity("value:Q", scale=alt.Scale(domain=[0, 0.7], range=[0.06, 0.72], clamp=True), legend=None)
    )
    pending = base.transform_filter("!(datum.is_mature && isValid(datum.value))").mark_rect(
        cornerRadius=3, fillOpacity=0, stroke=MUTED, strokeDash=[3, 3], strokeWidth=1, opacity=0.8
    )
    text = decided.mark_text(**_text(fontSize=12)).encode(text="label:N")
    return _finish(cells + pending + text, 27 * len(rows) + 30)


@_drawn_once
def sparkline(frame: pl.DataFrame, least: float) -> Spec:
    """A line of months without axes. Columns: month (date), value, label. Its span is at least ``least``."""
    low, high = span(frame["value"].to_list(), least)
    x = alt.X("month:T", axis=None)
    y = alt.Y("value:Q", axis=None, scale=alt.Scale(domain=[low, high], nice=False))
    tip = [alt.Tooltip("month:T", title="Month", format="%b %Y"), alt.Tooltip("label:N", title="Value")]
    base = alt.Chart(frame).encode(x=x, y=y)
    line = base.mark_line(color=PRIMARY, strokeWidth=2, interpolate="monotone")
    points = base.mark_point(filled=True, size=60, opacity=0, color=PRIMARY).encode(tooltip=tip)
    last = base.transform_filter("datum.is_last").mark_point(filled=True, size=42, opacity=1, color=PRIMARY)
    return _finish(line + last + points, 56)


@_drawn_once
def lines(frame: pl.DataFrame, *, unit_format: str, least: float, ceiling: float | None = None, height: int = 220) -> Spec:
    """Lines over months, each named at its end. Columns: month (date), value, series, label."""
    low, high = span(frame["value"].to_list(), least, ceiling=ceiling)
    x = alt.X("month:T", axis=alt.Axis(format="%b %y", title=None, labelFontSize=_SIZE, tickCount=8, grid=False, labelOverlap=True))
    y = alt.Y(
        "value:Q",
        scale=alt.Scale(domain=[low, high], nice=False),
        axis=alt.Axis(format=unit_format, title=None, tickCount=4, labelFontSize=_SIZE, gridOpacity=0.5, domain=False),
    )
    tip = [alt.Tooltip("series:N", title=" "), alt.Tooltip("month:T", title="Month", format="%b %Y"), alt.Tooltip("label:N", title="Value")]
    series = frame["series"].unique(maintain_order=True).to_list()
    legend = _legend(series) if len(series) > 1 else None
    colour = alt.Color("series:N", scale=alt.Scale(domain=series, range=[*SERIES[: len(series)]]), legend=legend)
    base = alt.Chart(frame).encode(x=x, y=y, color=colour)
    return _finish(base.mark_line(strokeWidth=2, point={"size": 26}).encode(tooltip=tip), height)


@_drawn_once
def trend(frame: pl.DataFrame, *, unit_format: str, least: float, height: int = 210) -> Spec:
    """One figure by month with its interval. Columns: month (date), value, lower, upper, label, is_firm; hollow where few speak.

    A month without a value is a gap; an interval without an upper end reaches the top.
    """
    low, high = span([value for column in ("value", "lower", "upper") for value in frame[column].to_list()], least)
    x = alt.X("month:T", axis=alt.Axis(format="%b %y", title=None, labelFontSize=_SIZE, tickCount=8, grid=False, labelOverlap=True))
    scale = alt.Scale(domain=[low, high], nice=False)
    y_axis = alt.Axis(format=unit_format, title=None, tickCount=4, labelFontSize=_SIZE, gridOpacity=0.5, domain=False)
    has_value = pl.col("value").is_not_null()
    closed = frame.with_columns(lower=pl.when(has_value).then("lower"), upper=pl.when(has_value).then(pl.col("upper").fill_null(high)))
    base = alt.Chart(closed).encode(x=x)
    tip = [alt.Tooltip("month:T", title="Month", format="%b %Y"), alt.Tooltip("label:N", title="Value")]
    band = base.mark_area(opacity=0.16, color=PRIMARY).encode(y=alt.Y("lower:Q", scale=scale, axis=y_axis), y2="upper:Q")
    path = base.mark_line(strokeWidth=2, color=PRIMARY).encode(y=alt.Y("value:Q", scale=scale, axis=y_axis))
    points = base.mark_point(size=44, opacity=1, strokeWidth=1.6, stroke=PRIMARY).encode(
        y=alt.Y("value:Q", scale=scale, axis=y_axis),
        fill=alt.condition("datum.is_firm", alt.value(PRIMARY), alt.value("transparent")),
        tooltip=tip,
    )
    return _finish(band + path + points, height)


@_drawn_once
def outlook(frame: pl.DataFrame) -> Spec:
    """Cohorts as they stand and as they are projected. Columns: name, n_label, naive, value, lower, upper, label, is_mature.

    A mature cohort is a bar with its interval; one that is not is a dashed outline of what is seen so far, with its projection.
    """
    top = max(0.1, *(1.08 * value for column in ("naive", "value", "upper") for value in frame[column].to_list() if value is not None))
    scale = alt.Scale(domain=[0, top], nice=False)
    axis = alt.Axis(format=".0%", title=None, tickCount=4, labelFontSize=_SIZE, gridOpacity=0.5, domain=False, ticks=False)
    names = frame.select(pl.format("{}|{}", "name", "n_label")).to_series().to_list()
    x = alt.X(
        "cohort:N",
        sort=names,
        axis=alt.Axis(title=None, labelAngle=0, labelFontSize=11.5, labelExpr="split(datum.label, '|')", ticks=False, labelOverlap=True),
    )
    tip = [alt.Tooltip("name:N", title="Applied in"), alt.Tooltip("label:N", title="Hired")]
    base = alt.Chart(frame.with_columns(cohort=pl.Series(names, dtype=pl.String))).encode(x=x, tooltip=tip)
    naive = alt.Y("naive:Q", scale=scale, axis=axis)
    bars = base.transform_filter("datum.is_mature").mark_bar(color=PRIMARY, cornerRadiusEnd=3, opacity=0.85).encode(y=naive)
    young = base.transform_filter("!datum.is_mature")
    so_far = young.mark_bar(fillOpacity=0, stroke=MUTED, strokeDash=[3, 3], strokeWidth=1.2).encode(y=naive)
    whiskers = base.mark_rule(strokeWidth=3, opacity=0.5).encode(
        y=alt.Y("lower:Q", scale=scale, axis=axis),
        y2="upper:Q",
        color=alt.condition("datum.is_mature", alt.value(MUTED), alt.value(ALERT)),
    )
    dot = young.mark_point(filled=True, size=90, opacity=1, color=ALERT).encode(y=alt.Y("value:Q", scale=scale, axis=axis))
    return _finish(bars + so_far + whiskers + dot, 250)


@_drawn_once
def stacked(frame: pl.DataFrame, order: Sequence[str], series: Sequence[str]) -> Spec:
    """Bars made of parts. Columns: name, part, value, label, total, total_label; parts in the order of ``series``."""
    top = max(float(frame["total"].max() or 0), 1e-9)  # type: ignore[arg-type]  # polars types max() as any literal
    scale = alt.Scale(domain=[0, top * 1.35], nice=False)
    legend = _legend(series)
    colour = alt.Color("part:N", scale=alt.Scale(domain=list(series), range=[*SERIES[: len(series)]]), legend=legend)
    ranked = frame.with_columns(place=pl.col("part").replace_strict(list(series), list(range(len(series)))))
    base = alt.Chart(ranked).encode(y=_names("name", order))
    parts = base.mark_bar().encode(
        x=alt.X("value:Q", scale=scale, axis=None, stack="zero"),
        color=colour,
        order=alt.Order("place:Q"),
        tooltip=[alt.Tooltip("name:N", title=" "), alt.Tooltip("part:N", title="Ended by"), alt.Tooltip("label:N", title="Share")],
    )
    totals = (
        alt.Chart(frame.unique("name", maintain_order=True))
        .mark_text(**_text(align="left", dx=6))
        .encode(y=_names("name", order), x=alt.X("total:Q", scale=scale, axis=None), text="total_label:N")
    )
    return _finish(parts + totals, ROW * len(order) + 46)


@_drawn_once
def accuracy(frame: pl.DataFrame, goal: float) -> Spec:
    """Accuracy by as-of stage beside its baseline. Columns: stage, stage_rank, series, value, lower, upper, label, is_baseline."""
    order = frame.sort("stage_rank")["stage"].unique(maintain_order=True).to_list()
    x = alt.X(
        "stage:N",
        sort=order,
        scale=alt.Scale(type="point", padding=0.5),
        axis=alt.Axis(
            title=None,
            labelExpr=f"{_PHONE} ? {_NARROW} : datum.label",
            labelAngle=0,
            labelFontSize=_SIZE,
            ticks=False,
            labelLimit=120,
            labelOverlap=False,
        ),
    )
    low = min(0.0, *(value for value in frame["lower"].to_list() if value is not None))
    axis = alt.Axis(format=".0%", title=None, tickCount=5, labelFontSize=_SIZE, gridOpacity=0.5, domain=False, ticks=False)
    y = alt.Y("value:Q", scale=alt.Scale(domain=[low, 1.0], nice=False), axis=axis)
    series = frame["series"].unique(maintain_order=True).to_list()
    baselines = set(frame.filter("is_baseline")["series"])
    colour = alt.Color(
        "series:N",
        scale=alt.Scale(domain=series, range=[MUTED if name in baselines else PRIMARY for name in series]),
        legend=_legend(series, symbolOpacity=1),
    )
    offset = alt.XOffset("series:N", scale=alt.Scale(domain=series, range=[-7, 7]))
    base = alt.Chart(frame).encode(x=x, color=colour)
    whiskers = (
        base.mark_rule(strokeWidth=3, opacity=0.4)
        .encode(y=y.title(None), y2="upper:Q", xOffset=offset)
        .encode(y=alt.Y("lower:Q", scale=alt.Scale(domain=[low, 1.0], nice=False), axis=axis))
    )
    tip = [alt.Tooltip("series:N", title=" "), alt.Tooltip("stage:N", title="Predicted"), alt.Tooltip("label:N", title="Accuracy")]
    path = base.mark_line(strokeWidth=2).encode(y=y, xOffset=offset)
    points = base.mark_point(filled=True, size=80, opacity=1).encode(y=y, xOffset=offset, tooltip=tip)
    target = alt.Chart(pl.DataFrame({"goal": [goal], "text": [f"goal {goal:.0%}"]}))
    rule = target.mark_rule(color=ALERT, strokeDash=[5, 4], strokeWidth=1.5).encode(y=alt.Y("goal:Q"))
    name = target.mark_text(**_text(align="left", dx=4, dy=-8, fill=ALERT, fontSize=11.5)).encode(y="goal:Q", x=alt.value(0), text="text:N")
    return _finish(rule + name + whiskers + path + points, 250)


@_drawn_once
def forecast(frame: pl.DataFrame) -> Spec:
    """Open jobs from today. Columns: name, elapsed (≤ 0), low, median, high, target, label, is_late. Days; 0 is today."""
    order = frame["name"].to_list()
    values = [value for column in ("elapsed", "low", "high", "median", "target") for value in frame[column].to_list()]
    low, high = span([*values, 0.0], 60, floor=None)
    scale = alt.Scale(domain=[low, high], nice=False, range=_beside(_room(frame["chance"].to_list())))
    axis = alt.Axis(
        title="days from today",
        titleFontWeight="normal",
        titleFontSize=_SIZE,
        labelFontSize=_SIZE,
        tickCount=_on_phone("3", "8"),
        gridOpacity=0.5,
        domain=False,
    )
    colour = alt.condition("datum.is_late", alt.value(ALERT), alt.value(PRIMARY))
    base = alt.Chart(frame).encode(y=_names("name", order, offset=0))
    tip = [alt.Tooltip("name:N", title=" "), alt.Tooltip("label:N", title="Forecast"), alt.Tooltip("open_label:N", title="Open so far")]
    so_far = base.mark_rule(strokeWidth=2, color=MUTED, opacity=0.8).encode(x=alt.X("elapsed:Q", scale=scale, axis=axis), x2=alt.datum(0))
    start = base.mark_tick(thickness=2, color=MUTED, size=12).encode(x=alt.X("elapsed:Q", scale=scale, axis=axis))
    band = base.mark_rule(strokeWidth=7, opacity=0.35).encode(x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q", color=colour)
    dot = base.mark_point(filled=True, size=95, opacity=1).encode(x=alt.X("median:Q", scale=scale, axis=axis), color=colour, tooltip=tip)
    target = base.mark_point(shape="diamond", size=80, filled=False, strokeWidth=2, stroke=INK, opacity=0.9).encode(
        x=alt.X("target:Q", scale=scale, axis=axis)
    )
    today = alt.Chart(pl.DataFrame({"x": [0.0]})).mark_rule(color=INK, opacity=0.5).encode(x=alt.X("x:Q", scale=scale, axis=axis))
    text = base.mark_text(**_text(align="right", opacity=0.9)).encode(x=alt.value("width"), text="chance:N")
    return _finish(today + so_far + start + band + dot + target + text, ROW * len(order) + 50)
