"""The board report's button: one click in a real browser downloads the PDF of the school and months in view."""

import io
from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest
from playwright.sync_api import Page

from foundation.access import Role
from tests.pages.test_dashboards_browser import page, settled, sign_in
from tests.pages.test_dashboards_pages import made, run
from tests.support.dashboard_stack import NORTH, RIVER, Stack
from tests.support.published_file import SCHOOLS, Made, Variant
from tests.support.signed_in import person

__all__ = ["made", "page"]
Published = Callable[[Variant], Made]


def test_several_schools_in_view_ask_for_one(made: Published) -> None:
    head = person(Role.HR_DIRECTOR, tenants={NORTH, RIVER})
    several = run("overview", made("full").home, head)
    assert "Board report (PDF): choose one school and a period with a beginning." in [caption.value for caption in several.caption]
    one = run("overview", made("full").home, head, school=RIVER)
    assert "board-report" in str(one._tree)
    assert "choose one school" not in str([caption.value for caption in one.caption])


@pytest.mark.timeout(300)
def test_one_click_downloads_the_report_of_the_school_in_view(dashboard_stack: Stack, page: Page, tmp_path: Path) -> None:
    sign_in(page, dashboard_stack, "recruiter", "/?period=last-6")
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Board report (PDF)").click()
    file = tmp_path / "report.pdf"
    download.value.save_as(file)
    assert download.value.suggested_filename == "board-report-2026-05-to-2026-10.pdf"
    text = " ".join(part.extract_text() for part in pypdf.PdfReader(io.BytesIO(file.read_bytes())).pages)
    assert SCHOOLS[NORTH] in text
    assert SCHOOLS[RIVER] not in text
    assert "May 2026 to Oct 2026" in text
    assert "Who applies to us?" not in text  # a recruiter may not open Equity
