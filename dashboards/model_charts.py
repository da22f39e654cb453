"""Figures of the models: predicted beside actual. The rules of ``dashboards.drawing`` hold here too."""

from typing import Any

import altair as alt
import polars as pl

from dashboards.drawing import TEXT_SIZE, Spec, drawn_once, finish, over, span
from dashboards.theme import MUTED, PRIMARY


@drawn_once
def reliability(frame: pl.DataFrame, *, unit_format: str, least: float, ceiling: float | None = None, title: str) -> Spec:
    """Bins of predicted against actual, one scale on both axes. Columns: predicted, actual, lower, upper, label.

    On the dashed line a prediction means what it says; a bar is the 95 % interval of what happened.
    """
    values = [value for column in ("predicted", "actual", "lower", "upper") for value in frame[column].to_list()]
    low, high = span(values, least, ceiling=ceiling)
    scale = alt.Scale(domain=[low, high], nice=False)
    look: dict[str, Any] = {
        "labelFontSize": TEXT_SIZE,
        "titleFontSize": TEXT_SIZE,
        "titleFontWeight": "normal",
        "gridOpacity": 0.5,
        "domain": False,
    }
    told, happened = (alt.Axis(title=f"{word} {title}", format=unit_format, tickCount=5, **look) for word in ("predicted", "actual"))
    x, y = alt.X("predicted:Q", scale=scale, axis=told), alt.Y("actual:Q", scale=scale, axis=happened)
    ends = pl.DataFrame({"predicted": [low, high], "actual": [low, high]})
    line = over(ends).mark_line(color=MUTED, strokeDash=[5, 4], strokeWidth=1.5).encode(x=x, y=y)
    base = over(frame).encode(x=x)
    tip = [alt.Tooltip("label:N", title=" ")]
    bars = base.mark_rule(strokeWidth=3, opacity=0.4, color=PRIMARY).encode(y=alt.Y("lower:Q", scale=scale, axis=happened), y2="upper:Q")
    points = base.mark_point(filled=True, size=80, opacity=1, color=PRIMARY).encode(y=y, tooltip=tip)
    return finish(line + bars + points, 260, frame, ends)
