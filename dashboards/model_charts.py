"""Figures of the models: predicted beside actual. The rules of ``dashboards.drawing`` hold here too."""

import polars as pl

from dashboards.drawing import TEXT_SIZE, Spec, drawn_once, finish, layer, linear, mark, nominal, number_axis, over, quantitative, span
from dashboards.theme import MUTED, PRIMARY


@drawn_once
def reliability(frame: pl.DataFrame, *, unit_format: str, least: float, ceiling: float | None = None, title: str) -> Spec:
    """Bins of predicted against actual, one scale on both axes. Columns: predicted, actual, lower, upper, label.

    On the dashed line a prediction means what it says; a bar is the 95 % interval of what happened.
    """
    values = [value for column in ("predicted", "actual", "lower", "upper") for value in frame[column].to_list()]
    low, high = span(values, least, ceiling=ceiling)
    told, happened = (
        number_axis(title=f"{word} {title}", titleFontSize=TEXT_SIZE, titleFontWeight="normal", format=unit_format, tickCount=5)
        for word in ("predicted", "actual")
    )
    x = quantitative("predicted", scale=linear(low, high), axis=told)
    y, lower = (quantitative(name, scale=linear(low, high), axis=happened) for name in ("actual", "lower"))
    line = layer(mark("line", color=MUTED, strokeDash=[5, 4], strokeWidth=1.5), x=x, y=y)
    bars = layer(mark("rule", strokeWidth=3, opacity=0.4, color=PRIMARY), x=x, y=lower, y2={"field": "upper"})
    points = layer(mark("point", filled=True, size=80, opacity=1, color=PRIMARY), x=x, y=y, tooltip=[nominal("label", title=" ")])
    ends = pl.DataFrame({"predicted": [low, high], "actual": [low, high]})
    return finish(260, over(ends, line), over(frame, bars, points))
