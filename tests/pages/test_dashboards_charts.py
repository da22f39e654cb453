"""Every chart is a valid Vega-Lite specification, its layers share one scale, and its labels stay inside it."""

from collections.abc import Callable
from datetime import date
from typing import Any

import altair as alt
import polars as pl
import pytest

from dashboards import charts

_RATES = {"value": [0.3, 0.1], "lower": [0.2, 0.05], "upper": [0.4, 0.2]}
_NAMED = {"name": ["Referral", "Job board"], "label": ["30% · n 90", "10% · n 300"]}


def _funnel(rows: int) -> charts.Spec:
    frame = pl.DataFrame(
        _NAMED | {"reached": [900.0, 90.0], "drop_label": ["41% left", ""], "is_worst": [True, False]},
    )
    return charts.funnel(frame.head(rows))


def _dots(rows: int) -> charts.Spec:
    return charts.dots(pl.DataFrame(_NAMED | _RATES | {"is_ranked": [True, False]}).head(rows), unit_format=".0%", least=0.2)


def _dots_with_chances(rows: int) -> charts.Spec:
    frame = pl.DataFrame(_NAMED | _RATES | {"is_ranked": [True, False], "second_label": ["better 91%", ""]})
    return charts.dots(frame.head(rows), unit_format=".0%", least=0.2)


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


ALL = [_funnel, _dots, _dots_with_chances, _bars, _heat_map, _sparkline, _lines, _accuracy, _forecast]


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("make", ALL)
def test_chart_is_valid(make: Callable[[int], charts.Spec], rows: int) -> None:
    spec = make(rows)
    (alt.LayerChart if "layer" in spec else alt.Chart).from_dict(spec, validate=True)


@pytest.mark.parametrize("make", ALL)
def test_layers_share_one_scale(make: Callable[[int], charts.Spec]) -> None:
    layers = _layers(make(2))
    for channel in ("x", "y"):
        domains = {str(layer["encoding"][channel]["scale"]["domain"]) for layer in layers if "domain" in _scale(layer, channel)}
        assert len(domains) <= 1


@pytest.mark.parametrize("make", [_funnel, _dots, _dots_with_chances, _forecast])
def test_label_column_stands_at_the_end_of_the_scale_and_grows_inwards(make: Callable[[int], charts.Spec]) -> None:
    layers = _layers(make(2))
    high = next(_scale(layer, "x")["domain"][1] for layer in layers if "domain" in _scale(layer, "x"))
    column = next(layer for layer in layers if layer["encoding"].get("x", {}).get("datum") == high)
    assert column["mark"]["align"] == "right"


def test_text_takes_the_colour_of_the_page() -> None:
    for make in ALL:
        for layer in _layers(make(2)):
            if layer["mark"]["type"] == "text" and "goal" not in str(layer["encoding"]):
                assert layer["mark"]["fill"] == "currentColor"


def _layers(spec: charts.Spec) -> list[dict[str, Any]]:
    layers: list[dict[str, Any]] = spec.get("layer", [spec])
    return layers


def _scale(layer: dict[str, Any], channel: str) -> dict[str, Any]:
    scale: dict[str, Any] = layer["encoding"].get(channel, {}).get("scale") or {}
    return scale
