"""The one style of every chart: axes, labels, colours, and how a frame becomes a Vega-Lite specification.

What belongs here: parts that several charts share. What doesn't: the charts themselves (charts, model_charts).

Rules kept by every chart: text is the page's own colour and marks show on light and dark alike; each axis spans at least a
stated width, so that small differences stay small; labels have their room beside the scale, in pixels, and are never cut off,
on a phone they break into lines; layers share one scale; nothing reaches a chart that the reader may not see (Vega sends its
whole frame to the browser).
"""

import hashlib
import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import wraps
from typing import Any, Final, ParamSpec, TypeAlias

import altair as alt
import polars as pl
import polars.selectors as cs
from altair.utils.schemapi import disable_debug_mode

from dashboards.theme import INK

Spec: TypeAlias = dict[str, Any]
Parameters = ParamSpec("Parameters")
_KEPT: Final = 1_000
ROW: Final = 38
TEXT_SIZE: Final = 12.5
LINE: Final = 11  # three lines fit into a row
PHONE: Final = "(windowSize()[0] < 640)"  # false where there is no window, as in a downloaded picture
NARROW: Final = "split(replace(datum.label, regexp('(.{10,}?) ', 'g'), '$1\\n'), '\\n')"
_SVG: Final = {"embedOptions": {"renderer": "svg"}}
disable_debug_mode()  # it would check each part of a specification as it is made: a test checks whole ones, and a page waits half as long

_drawn: OrderedDict[tuple[Any, ...], Spec] = OrderedDict()


def drawn_once(draw: Callable[Parameters, Spec]) -> Callable[Parameters, Spec]:
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


def over(frame: pl.DataFrame) -> alt.Chart:
    """Return a chart of rows that it knows by name alone: Altair copies a chart at each step, and rows in it every time."""
    return alt.Chart(alt.NamedData(_name(_rows(frame))))


def _rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Return rows as Vega reads them: a day is midnight where it is looked at, what is not a number is null."""
    return frame.with_columns(cs.date().dt.strftime("%Y-%m-%dT00:00:00"), cs.float().fill_nan(None)).to_dicts()


def _name(rows: list[dict[str, Any]]) -> str:
    return f"data-{hashlib.sha256(repr(rows).encode()).hexdigest()[:16]}"


def either(test: str, then: str, otherwise: str) -> alt.ColorValue:
    """Return one colour where the test holds of a row, else another."""
    return alt.ColorValue(otherwise, condition={"test": test, "value": then})


def finish(chart: alt.LayerChart | alt.Chart, height: int, *frames: pl.DataFrame) -> Spec:
    """Return the specification of a chart over these frames (see ``over``)."""
    padding = {"left": 4, "right": 8, "top": 6, "bottom": 4}
    axis = {"labelColor": INK, "titleColor": INK, "labelOpacity": 0.85}
    sized = chart.properties(height=height, width="container", usermeta=_SVG, padding=padding)
    styled = sized.configure_view(strokeWidth=0).configure_axis(**axis).configure_legend(labelColor=INK)
    spec: Spec = styled.to_dict(validate=False)  # its schema is checked by a test, not on every run
    return spec | {"datasets": {_name(rows): rows for rows in map(_rows, frames)}}


def round_ticks(low: float, high: float) -> list[float]:
    """Return three to six round positions within an axis."""
    width = high - low
    power = math.floor(math.log10(width)) - 1  # from shares to salaries in won
    step = next(unit * 10.0**each for each in (power, power + 1) for unit in (1, 2, 5) if width / (unit * 10.0**each) <= 5)
    first = math.ceil(low / step - 1e-9)
    return [round(position * step, 6) for position in range(first, math.floor(high / step + 1e-9) + 1)]


def text_style(**options: Any) -> dict[str, Any]:
    """Style of text within a chart."""
    return {"fontSize": TEXT_SIZE, "fill": INK, "baseline": "middle"} | options


def label_style() -> dict[str, Any]:
    """Style of the label column at the right: lines on a phone, around the row's middle."""
    middle = alt.ExprRef(f"isArray(datum.lines) ? -{LINE / 2} * (length(datum.lines) - 1) : 0")
    return text_style(align="right", opacity=0.9, lineHeight=LINE, fontSize=on_phone("11", str(TEXT_SIZE)), dy=middle)


def on_phone(then: str, otherwise: str) -> alt.ExprRef:
    """Return one of two expressions by the width of the window."""
    return alt.ExprRef(f"{PHONE} ? {then} : {otherwise}")


def label_room(labels: Sequence[str], *, lines: bool = False) -> tuple[int, int]:
    """Return the pixels that the widest label needs on a desk and on a phone, where ``lines`` break at the middle dot."""
    wide = max((len(label) for label in labels), default=0)
    narrow = max((len(part) for label in labels for part in (label.split(" · ") if lines else [label])), default=0)
    return round(6.7 * wide) + 14, round(6.7 * narrow) + 12


def beside_labels(room: tuple[int, int]) -> list[int | alt.ExprRef]:
    """Return the range of a scale that leaves room for a column of labels at its right."""
    return [0, alt.ExprRef(f"max(20, width - ({PHONE} ? {room[1]} : {room[0]}))")]


def in_lines(chart: alt.Chart, field: str) -> alt.Chart:
    """Add ``lines``: the label, broken at the middle dot on a phone."""
    return chart.transform_calculate(lines=f"{PHONE} ? split(datum.{field}, ' · ') : datum.{field}")


def name_axis(field: str, order: Sequence[str], **axis: Any) -> alt.Y:
    """Return the axis of names at the left, in the given order; long ones break into lines on a phone."""
    broken = f"{PHONE} ? {NARROW} : datum.label"
    limits: dict[str, Any] = {
        "labelLimit": on_phone("130", "420"),
        "labelFontSize": on_phone("11", str(TEXT_SIZE)),
        "labelLineHeight": LINE,
    }
    style = alt.Axis(
        title=None, domain=False, ticks=False, labelExpr=broken, labelPadding=8, labelOverlap=False, grid=False, **limits, **axis
    )
    return alt.Y(f"{field}:N", sort=list(order), axis=style, scale=alt.Scale(paddingInner=0.35, paddingOuter=0.2))


def top_legend(names: Sequence[str], **options: Any) -> alt.Legend:
    """Return a legend above the chart."""
    columns = on_phone("2" if max(map(len, names)) < 16 else "1", "0")  # 0: as many as there are
    return alt.Legend(title=None, orient="top", labelFontSize=TEXT_SIZE, labelLimit=290, columns=columns, padding=0, offset=10, **options)


def at(place: int | str | alt.ExprRef) -> alt.XValue:
    """Return a place on the x axis in pixels: a number, ``width``, or an expression."""
    return alt.XValue(place)  # type: ignore[no-untyped-call]  # Altair leaves it untyped
