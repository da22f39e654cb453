"""The one style of every chart: axes, labels, colours, and how a frame becomes a Vega-Lite specification.

What belongs here: parts that several charts share. What doesn't: the charts themselves (charts, model_charts).

Rules kept by every chart: text is the page's own colour and marks show on light and dark alike; each axis spans at least a
stated width, so that small differences stay small; labels have their room beside the scale, in pixels, and are never cut off,
on a phone they break into lines; layers share one scale; nothing reaches a chart that the reader may not see (Vega sends its
whole frame to the browser).

Helpers return parts of Vega-Lite's JSON grammar as plain dictionaries, and options are named as the grammar names them: a page
draws up to 17 charts while somebody waits. Specifications are shared by everybody who looks: nobody may write into one.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final, ParamSpec, TypeAlias

import polars as pl
import polars.selectors as cs

from dashboards.theme import INK

Spec: TypeAlias = dict[str, Any]
"""A specification or a part of one."""
Parameters = ParamSpec("Parameters")
_KEPT: Final = 1_000
ROW: Final = 38
TEXT_SIZE: Final = 12.5
LINE: Final = 11  # three lines fit into a row
PHONE: Final = "(windowSize()[0] < 640)"  # false where there is no window, as in a downloaded picture
NARROW: Final = "split(replace(datum.label, regexp('(.{10,}?) ', 'g'), '$1\\n'), '\\n')"
_EVERY_CHART: Final = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "width": "container",
    "padding": {"left": 4, "right": 8, "top": 6, "bottom": 4},
    "usermeta": {"embedOptions": {"renderer": "svg"}},
    "config": {
        "view": {"strokeWidth": 0},
        "axis": {"labelColor": INK, "titleColor": INK, "labelOpacity": 0.85},
        "legend": {"labelColor": INK},
    },
}

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
        return found

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


def mark(kind: str, **style: Any) -> Spec:
    """Return a mark: its kind and its look."""
    return {"type": kind} | style


def quantitative(field: str, **options: Any) -> Spec:
    """Return a channel that shows a number."""
    return {"field": field, "type": "quantitative"} | options


def nominal(field: str, **options: Any) -> Spec:
    """Return a channel that shows a name or a text."""
    return {"field": field, "type": "nominal"} | options


def temporal(field: str, **options: Any) -> Spec:
    """Return a channel that shows a date."""
    return {"field": field, "type": "temporal"} | options


def linear(low: float, high: float, **options: Any) -> Spec:
    """Return a scale of numbers that ends where it is said, not at the next round number."""
    return {"domain": [low, high], "nice": False} | options


def number_axis(**options: Any) -> Spec:
    """Return an axis of numbers without a title, its grid faint."""
    return {"title": None, "labelFontSize": TEXT_SIZE, "gridOpacity": 0.5, "domain": False} | options


def only(test: str) -> Spec:
    """Return the transform that leaves the rows of which the test holds."""
    return {"filter": test}


def layer(drawn: Spec, *transforms: Spec, **encoding: Spec | list[Spec]) -> Spec:
    """Return a layer: a mark, what is done to the rows before, and what the mark's channels show."""
    return {"mark": drawn, "encoding": encoding} | ({"transform": list(transforms)} if transforms else {})


def over(frame: pl.DataFrame, *layers: Spec) -> Spec:
    """Return layers over the rows of a frame; the rows stand in a specification once."""
    return {"data": {"values": _rows(frame)}, "layer": list(layers)}


def _rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Return rows as Vega reads them: a day is midnight where it is looked at, what is not a number is null."""
    return frame.with_columns(cs.date().dt.strftime("%Y-%m-%dT00:00:00"), cs.float().fill_nan(None)).to_dicts()


def finish(height: int, *drawn: Spec) -> Spec:
    """Return the specification of a chart: parts of ``over`` one above another, the first at the bottom.

    The rows stay inside the layers. Beside them Streamlit would take them out and make Arrow tables of them, by way of pandas, and
    the browser would draw twice: a few dozen rows are not worth that.
    """
    return _EVERY_CHART | {"height": height, "layer": list(drawn)}


def either(test: str, then: str, otherwise: str) -> Spec:
    """Return one colour where the test holds of a row, else another."""
    return {"condition": {"test": test, "value": then}, "value": otherwise}


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
    middle = {"expr": f"isArray(datum.lines) ? -{LINE / 2} * (length(datum.lines) - 1) : 0"}
    return text_style(align="right", opacity=0.9, lineHeight=LINE, fontSize=on_phone("11", str(TEXT_SIZE)), dy=middle)


def on_phone(then: str, otherwise: str) -> Spec:
    """Return one of two expressions by the width of the window."""
    return {"expr": f"{PHONE} ? {then} : {otherwise}"}


def label_room(labels: Sequence[str], *, lines: bool = False) -> tuple[int, int]:
    """Return the pixels that the widest label needs on a desk and on a phone, where ``lines`` break at the middle dot."""
    wide = max((len(label) for label in labels), default=0)
    narrow = max((len(part) for label in labels for part in (label.split(" · ") if lines else [label])), default=0)
    return round(6.7 * wide) + 14, round(6.7 * narrow) + 12


def beside_labels(room: tuple[int, int]) -> list[int | Spec]:
    """Return the range of a scale that leaves room for a column of labels at its right."""
    return [0, {"expr": f"max(20, width - ({PHONE} ? {room[1]} : {room[0]}))"}]


def in_lines(field: str) -> Spec:
    """Return the transform that adds ``lines``: the label, broken at the middle dot on a phone."""
    return {"calculate": f"{PHONE} ? split(datum.{field}, ' · ') : datum.{field}", "as": "lines"}


def breaking_labels(**options: Any) -> Spec:
    """Return an axis of names without a title; long ones break into lines on a phone."""
    broken = f"{PHONE} ? {NARROW} : datum.label"
    return {"title": None, "ticks": False, "labelExpr": broken, "labelOverlap": False} | options


def name_axis(field: str, order: Sequence[str], **options: Any) -> Spec:
    """Return the axis of names at the left, in the given order."""
    limits = {"labelLimit": on_phone("130", "420"), "labelFontSize": on_phone("11", str(TEXT_SIZE)), "labelLineHeight": LINE}
    axis = breaking_labels(domain=False, labelPadding=8, grid=False, **limits, **options)
    return nominal(field, sort=list(order), axis=axis, scale={"paddingInner": 0.35, "paddingOuter": 0.2})


def top_legend(names: Sequence[str], **options: Any) -> Spec:
    """Return a legend above the chart."""
    columns = on_phone("2" if max(map(len, names)) < 16 else "1", "0")  # 0: as many as there are
    look = {"title": None, "orient": "top", "labelFontSize": TEXT_SIZE, "labelLimit": 290, "padding": 0, "offset": 10}
    return look | {"columns": columns} | options


def at(place: int | str | Spec) -> Spec:
    """Return a place on the x axis in pixels: a number, ``width``, or an expression."""
    return {"value": place}
