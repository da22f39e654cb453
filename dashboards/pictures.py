"""A panel as a picture to take along: its question, finding, charts and origin on one ground, light or dark.

What belongs here: turning the specifications that a page shows into one that stands alone. What doesn't: drawing them (charts).
Free of Streamlit, so that a report may use it.
"""

import textwrap
from collections.abc import Sequence
from copy import deepcopy
from typing import Any, Final

import vl_convert

from dashboards.drawing import Spec
from dashboards.theme import DARK, FONT, INK, LIGHT

WIDTH: Final = 760
SCALE: Final = 2
_LINE: Final = 104


def standalone(parts: Sequence[tuple[str, Spec]], question: str, finding: str, origin: str, *, dark: bool = False) -> Spec:
    """Return one specification that needs no page around it.

    Args:
        parts: the charts, one below another, each with its own title or an empty one.
        question: title.
        finding: the sentence with n, below the title.
        origin: the last line: period, publish version, as-of.
        dark: the ground it stands on.
    """
    theme = DARK if dark else LIGHT
    style: dict[str, Any] = {"anchor": "start", "frame": "group", "color": theme["text"], "subtitleColor": theme["text"]}
    charts = [_fixed(spec, title, style) for title, spec in parts]
    foot: Spec = {
        "data": {"values": [{}]},
        "mark": {"type": "text", "align": "left", "x": 0, "text": textwrap.wrap(origin, _LINE + 20), "fontSize": 11, "opacity": 0.85},
        "width": WIDTH,
        "height": 18,
    }
    title = {"text": question, "subtitle": textwrap.wrap(finding, _LINE), "fontSize": 17, "subtitleFontSize": 13, "offset": 14} | style
    config = deepcopy(parts[0][1].get("config", {})) | {"font": FONT, "text": {"color": theme["text"]}}
    whole: Spec = {
        "vconcat": [*charts, foot],
        "title": title,
        "resolve": {"scale": dict.fromkeys(("x", "y", "color", "opacity", "xOffset"), "independent")},
        "background": theme["ground"],
        "padding": 20,
        "config": config,
    }
    inked: Spec = _inked(whole, theme["text"])
    return inked


def png(parts: Sequence[tuple[str, Spec]], question: str, finding: str, origin: str, *, dark: bool = False) -> bytes:
    """Return the picture as PNG, at twice its size in pixels."""
    spec = standalone(parts, question, finding, origin, dark=dark)
    picture: bytes = vl_convert.vegalite_to_png(spec, scale=SCALE, allowed_base_urls=[])
    return picture


def _fixed(spec: Spec, title: str, style: dict[str, Any]) -> Spec:
    """Return a chart of a fixed width, without what only a whole specification may have."""
    kept = {name: value for name, value in spec.items() if name not in {"$schema", "config", "usermeta", "padding"}}
    named = {"title": {"text": title, "fontSize": 13.5} | style} if title else {}
    return deepcopy(kept) | {"width": WIDTH} | named


def _inked(part: Any, ink: str) -> Any:
    """Return the specification with the page's colour written out: there is no page."""
    if isinstance(part, dict):
        return {name: _inked(value, ink) for name, value in part.items()}
    if isinstance(part, list):
        return [_inked(value, ink) for value in part]
    return ink if part == INK else part
