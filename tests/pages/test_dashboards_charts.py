"""Every chart is a valid Vega-Lite specification, its layers share one scale, and its labels stay inside it."""

import re
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from typing import Any

import altair as alt
import polars as pl
import pytest
import streamlit as st
import vl_convert

from dashboards import charts, model_charts, pictures

_RATES = {"value": [0.3, 0.1], "lower": [0.2, 0.05], "upper": [0.4, 0.2]}
_NUMBERS = dict.fromkeys(("value", "lower", "upper", "naive"), pl.Float64)
_NAMED = {"name": ["Referral", "Job board"], "label": ["30% · n 90", "10% · n 300"]}


def _funnel(rows: int) -> charts.Spec:
    frame = pl.DataFrame(
        _NAMED | {"reached": [900.0, 90.0], "drop_label": ["41% left", ""], "is_worst": [True, False]},
    )
    return charts.funnel(frame.head(rows))


def _dots(rows: int) -> charts.Spec:
    return charts.dots(pl.DataFrame(_NAMED | _RATES | {"is_ranked": [True, False]}).head(rows), unit_format=".0%", least=0.2)


def _bars(rows: int) -> charts.Spec:
    return charts.bars(pl.DataFrame(_NAMED | {"value": [3.0, 0.0]}).head(rows))


def _heat_map(rows: int) -> charts.Spec:
    cells = {
        "row": ["Sep 2026", "Oct 2026"],
        "column": ["Hired", "Hired"],
        "value": [0.2, None],
        "label": ["20%", ""],
        "is_mature": [True, False],
    }
    frame = pl.DataFrame(cells).head(rows)
    return charts.heat_map(frame, ["Hired"], frame["row"].to_list())


def _sparkline(rows: int) -> charts.Spec:
    months = {"month": [date(2026, 1, 1), date(2026, 2, 1)], "value": [41.0, 42.0], "label": ["", ""], "is_last": [False, True]}
    return charts.sparkline(pl.DataFrame(months).head(rows), 20)


def _lines(rows: int) -> charts.Spec:
    months = {"month": [date(2026, 1, 1), date(2026, 1, 1)], "value": [41.0, 42.0], "label": ["", ""], "series": ["Applied", "Hired"]}
    return charts.lines(pl.DataFrame(months).head(rows), unit_format="d", least=10)


def _accuracy(rows: int) -> charts.Spec:
    frame = {
        "stage": ["At opening"] * 2,
        "stage_rank": [0, 0],
        "series": ["Model", "Baseline"],
        "label": ["", ""],
        "is_baseline": [False, True],
    }
    return charts.accuracy(pl.DataFrame(frame | _RATES).head(rows), 0.7)


def _forecast(rows: int) -> charts.Spec:
    days = {"elapsed": [-40.0, -3.0], "low": [10.0, None], "median": [20.0, None], "high": [40.0, 200.0], "target": [51.0, None]}
    words = {"chance": ["48% in time", ""], "open_label": ["40 days", "3 days"], "is_late": [True, False]}
    return charts.forecast(pl.DataFrame(_NAMED | days | words).head(rows))


def _trend(rows: int) -> charts.Spec:
    months = {"month": [date(2026, 1, 1), date(2026, 2, 1)], "value": [41.0, None], "lower": [30.0, None], "upper": [None, None]}
    frame = pl.DataFrame(months | {"label": ["41 days", "too few"], "is_firm": [True, False]}, schema_overrides={"upper": pl.Float64})
    return charts.trend(frame.head(rows), unit_format=".0f", least=30)


def _outlook(rows: int) -> charts.Spec:
    cohorts = {"name": ["Sep 2026", "Oct 2026"], "n_label": ["n 90", "n 80"], "naive": [0.1, 0.02], "is_mature": [True, False]}
    return charts.outlook(
        pl.DataFrame(cohorts | {"value": [0.1, 0.09], "lower": [0.05, 0.04], "upper": [0.2, 0.15], "label": ["", ""]}).head(rows)
    )


def _stacked(rows: int) -> charts.Spec:
    parts = {"name": ["Screen"] * 2, "part": ["by the school", "by the candidate"], "value": [0.3, 0.1], "label": ["", ""]}
    return charts.stacked(pl.DataFrame(parts | {"total": 0.4, "total_label": "40% of 90"}).head(rows), ["Screen"], parts["part"])


def _dots_with_marks(rows: int) -> charts.Spec:
    frame = pl.DataFrame(_NAMED | _RATES | {"is_ranked": [True, False], "beside": [0.25, None]})
    return charts.dots(frame.head(rows), unit_format=".0%", least=0.2)


def _reliability(rows: int) -> charts.Spec:
    bins = {"predicted": [0.1, 0.4], "actual": [0.15, None], "lower": [0.1, None], "upper": [0.2, None], "label": ["", ""]}
    return model_charts.reliability(pl.DataFrame(bins).head(rows), unit_format=".0%", least=0.2, ceiling=1.0, title="share")


ALL = [
    _trend,
    _outlook,
    _stacked,
    _dots_with_marks,
    _funnel,
    _dots,
    _bars,
    _heat_map,
    _sparkline,
    _lines,
    _accuracy,
    _forecast,
    _reliability,
]


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("make", ALL)
def test_chart_is_valid(make: Callable[[int], charts.Spec], rows: int) -> None:
    spec = make(rows)
    (alt.LayerChart if "layer" in spec else alt.Chart).from_dict(spec, validate=True)


def test_figures_that_nobody_knows_yet_are_drawn_as_none() -> None:
    unknown = pl.DataFrame(
        {"value": [None], "lower": [None], "upper": [None], "naive": [None], "label": ["too few"]}, schema_overrides=_NUMBERS
    )
    stage = unknown.with_columns(stage=pl.lit("At opening"), stage_rank=0, series=pl.lit("Model"), is_baseline=False)
    cohort = unknown.with_columns(name=pl.lit("Oct 2026"), n_label=pl.lit("n 8"), is_mature=False)
    for spec in (charts.accuracy(stage, 0.7), charts.outlook(cohort)):
        alt.LayerChart.from_dict(spec, validate=True)


@pytest.mark.parametrize("make", ALL)
def test_layers_share_one_scale(make: Callable[[int], charts.Spec]) -> None:
    layers = _layers(make(2))
    for channel in ("x", "y"):
        domains = {str(layer["encoding"][channel]["scale"]["domain"]) for layer in layers if "domain" in _scale(layer, channel)}
        assert len(domains) <= 1


@pytest.mark.parametrize("make", [_funnel, _dots, _forecast])
def test_label_column_stands_at_the_end_of_the_scale_and_grows_inwards(make: Callable[[int], charts.Spec]) -> None:
    layers = _layers(make(2))
    ends = {str(_scale(layer, "x")["range"][1]) for layer in layers if "range" in _scale(layer, "x")}
    assert len(ends) == 1
    assert "width - " in ends.pop(), "marks end where the column begins"
    column = next(layer for layer in layers if "width" in str(layer["encoding"].get("x", {}).get("value")))
    assert "right" in str(column["mark"]["align"])


@pytest.mark.parametrize("scale", [1e-3, 1.0, 4e3, 3e6, 5e9])
def test_an_axis_has_a_few_round_ticks_from_shares_to_salaries_in_won(scale: float) -> None:
    rates = {name: [value * scale for value in values] for name, values in _RATES.items()}
    spec = charts.dots(pl.DataFrame(_NAMED | rates | {"is_ranked": [True, True]}), unit_format="~s", least=0.2 * scale)
    ticks = [values for values in _found(spec, "values") if values and all(isinstance(each, float) for each in values)]
    assert ticks
    assert all(2 <= len(values) <= 6 and values == sorted(values) for values in ticks)


def _found(node: Any, key: str) -> list[Any]:
    if isinstance(node, dict):
        return [value for name, value in node.items() if name == key and isinstance(value, list)] + [
            each for value in node.values() for each in _found(value, key)
        ]
    return [each for value in node for each in _found(value, key)] if isinstance(node, list) else []


def test_text_takes_the_colour_of_the_page() -> None:
    for make in ALL:
        for layer in _layers(make(2)):
            if layer["mark"]["type"] == "text" and "goal" not in str(layer["encoding"]):
                assert layer["mark"]["fill"] == "currentColor"


@pytest.mark.parametrize("make", ALL)
def test_every_kind_of_chart_becomes_a_picture_with_its_words(make: Callable[[int], charts.Spec]) -> None:
    spec = pictures.standalone([("", make(2)), ("Again", make(1))], "Why?", "Because 12 of 40 did. " * 9, "Nov 2026 · version 7")
    drawn = vl_convert.vegalite_to_svg(spec)
    for words in ("Why?", "Because 12 of 40 did.", "Again", "version 7"):
        assert words in drawn
    rows = [row for rows in _found(spec, "values") for row in rows if isinstance(row, dict)]
    own = {label for row in rows for label in (row.get("name"), row.get("stage"), row.get("row")) if label}
    assert own <= set(re.findall(r">([^<>]+)</(?:text|tspan)>", drawn))
    assert "currentColor" not in drawn
    assert "NaN" not in drawn


@pytest.mark.parametrize("make", ALL)
def test_nobody_who_shows_a_chart_writes_into_it(make: Callable[[int], charts.Spec]) -> None:
    spec = make(2)
    before = deepcopy(spec)
    st.vega_lite_chart(spec=spec, alt="What it shows")
    pictures.standalone([("", spec)], "Why?", "Because.", "Nov 2026")
    assert spec == before
    assert make(2) is spec, "the same figures are drawn once"


def _layers(spec: charts.Spec) -> list[dict[str, Any]]:
    return [layer for part in spec["layer"] for layer in part["layer"]]


def _scale(layer: dict[str, Any], channel: str) -> dict[str, Any]:
    scale: dict[str, Any] = layer["encoding"].get(channel, {}).get("scale") or {}
    return scale
