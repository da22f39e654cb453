"""A chart's specification as an SVG drawing: the same chart as on the page, in the colours of paper."""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import vl_convert

from dashboards.drawing import Spec
from dashboards.theme import INK, LIGHT

FONTS: Final = ("HK Grotesk", "DejaVu Sans")
"""Families in order of preference; both come with libraries of the lock, so that a report looks the same on every machine."""
_FOLDERS: Final = {"great_expectations": "render/view/static/fonts/HKGrotesk", "matplotlib": "mpl-data/fonts/ttf"}


@cache
def font_folders() -> tuple[Path, ...]:
    """Return the folders that hold :data:`FONTS`; a library that is not installed is left out."""
    found = []
    for library, below in _FOLDERS.items():
        spec = find_spec(library)  # looks for the library without importing it
        if spec is not None and spec.origin and (folder := Path(spec.origin).parent / below).is_dir():
            vl_convert.register_font_directory(str(folder))
            found.append(folder)
    return tuple(found)


def svg(spec: Spec, width: int) -> str:
    """Return a chart as SVG, ``width`` pixels wide with its axes. Text stays text. Reaches no network."""
    font_folders()
    on_paper: Spec = json.loads(json.dumps(spec, default=str).replace(json.dumps(INK), json.dumps(LIGHT["text"])))
    on_paper |= {"width": width, "autosize": {"type": "fit-x", "contains": "padding"}, "background": None}
    drawing: str = vl_convert.vegalite_to_svg(on_paper, config={"font": ", ".join(FONTS)}, allowed_base_urls=[])
    return drawing
