"""The files of a panel in a real browser: named by page, question and period; the picture stands alone on the ground shown."""

import io
from typing import Literal

import psycopg
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from dashboards import pictures
from dashboards.theme import DARK, LIGHT
from tests.pages.browsing import DESK, drawn, open_tab, sign_in
from tests.support.dashboard_stack import Stack


def colours(picture: bytes) -> tuple[tuple[int, int], str, set[str]]:
    """Return size, ground and every colour of a PNG."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    counts = image.getcolors(image.width * image.height) or []
    return image.size, _hex(image.getpixel((2, 2))), {_hex(colour) for _, colour in counts}


def _hex(colour: object) -> str:
    return "#" + bytes(colour).hex()  # type: ignore[call-overload, no-any-return]  # three bands after convert


def test_a_list_of_applications_leaves_for_a_reason_which_is_logged(chromium: Browser, dashboard_stack: Stack) -> None:
    tab = open_tab(chromium, DESK, "light")
    sign_in(tab, dashboard_stack, "hr_director", "/forecast")
    drawn(tab)
    foot = tab.locator(".st-key-foot-attention")
    csv, reason = foot.get_by_role("button", name="CSV"), foot.get_by_role("textbox")
    expect(csv).to_be_disabled()
    reason.fill("Meeting of the council")
    reason.press("Enter")
    expect(csv).to_be_enabled(timeout=30_000)
    with tab.expect_download() as download:
        csv.click()
    rows = len(download.value.path().read_text().splitlines()) - 1
    tab.context.close()
    with psycopg.connect(dashboard_stack.owner_url) as connection:
        told = "select object_type, reason, rows_affected from audit.events where action = 'export.file' order by seq desc limit 1"
        assert connection.execute(told).fetchone() == ("people", "Meeting of the council", rows)


@pytest.mark.parametrize(("scheme", "theme"), [("light", LIGHT), ("dark", DARK)])
def test_chart_downloads_as_a_picture_of_the_ground_shown(
    scheme: Literal["light", "dark"], theme: dict[str, str], chromium: Browser, dashboard_stack: Stack
) -> None:
    tab = open_tab(chromium, DESK, scheme)
    sign_in(tab, dashboard_stack, "hr_director", "/sources")
    drawn(tab)
    with tab.expect_download() as download:
        tab.locator(".st-key-foot-sources").get_by_role("button", name="PNG").click()
    name, picture = download.value.suggested_filename, download.value.path().read_bytes()
    tab.context.close()
    assert name == "sources-which-channels-bring-hires-2025-11-to-2026-10.png"
    size, ground, every = colours(picture)
    assert size[0] >= 2 * pictures.WIDTH
    assert ground == theme["ground"]
    assert theme["text"] in every
