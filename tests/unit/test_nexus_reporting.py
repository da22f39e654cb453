"""``nexus report``: which school is meant, where the file goes, what it says when it can't."""

from pathlib import Path

import pypdf

from tests.support.published_file import RIVER
from tests.unit.test_nexus_cli import Nexus, made, nexus, published

__all__ = ["made", "nexus", "published"]


def test_report_of_a_school_named_is_written_where_told(nexus: Nexus, published: Path, tmp_path: Path) -> None:
    file = tmp_path / "q1.pdf"
    code, out, _ = nexus("report", "--school", "riverside academy", "--period", "2026-Q1", "--out", str(file), "--for", "recruiter")
    assert code == 0
    assert "Riverside Academy, Jan 2026 to Mar 2026" in out
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(file).pages)
    assert "quarter 1 of 2026" in text
    assert "Who applies to us?" not in text
    code, _, _ = nexus("report", "--school", RIVER, "--period", "2026-Q1", "--out", str(file))
    assert code == 0
    assert "Who applies to us?" in " ".join(page.extract_text() for page in pypdf.PdfReader(file).pages)


def test_unknown_school_or_period_is_one_line_that_helps(nexus: Nexus, published: Path) -> None:
    code, _, error = nexus("report", "--school", "river", "--period", "2026-Q1")
    assert (code, error) == (1, "error: there is no school 'river'; did you mean Riverside Academy?\n")
    code, _, error = nexus("report", "--school", RIVER, "--period", "spring")
    assert code == 1
    assert error.startswith("error: period 'spring' is not understood: write 2025-2026, ")
