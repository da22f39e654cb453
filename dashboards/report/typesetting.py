"""A report set in type: tagged PDF (PDF/UA-1), fonts embedded, drawings as vectors, the same bytes for the same figures."""

import json
import shutil
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, Final

import typst

from dashboards.report.content import Figure, Report, Section, Sentence
from dashboards.report.vectors import FONTS, font_folders

_TEMPLATE: Final = Path(__file__).with_name("board.typ")


class ReportNotSet(RuntimeError):
    """The report could not be set in type. The message says why."""


def pdf(report: Report) -> bytes:
    """Return a report as PDF.

    Raises:
        ReportNotSet: the typesetter refused it.
    """
    with tempfile.TemporaryDirectory(prefix="nexus-report-") as folder:
        template = Path(shutil.copy(_TEMPLATE, folder))
        (Path(folder) / "report.json").write_text(json.dumps(_fields(report)))
        compiler = typst.Compiler(template, root=folder, font_paths=list(font_folders()))
        dated = datetime.combine(report.published_on, time(), UTC)
        try:
            written = compiler.compile(format="pdf", pdf_standards="ua-1", timestamp=dated)
        except typst.TypstError as error:
            raise ReportNotSet(f"the report could not be set in type: {error.message}") from error
    if not isinstance(written, bytes):
        raise ReportNotSet("the typesetter gave no PDF")
    return written


def _fields(report: Report) -> dict[str, object]:
    """Return what ``board.typ`` sets; a receipt that was told before is referred to by its number."""
    seen: dict[str, str] = {}

    def numbered(part: Sentence | Figure | Section) -> dict[str, Any]:
        fields = asdict(part)
        holder = fields["finding"] if isinstance(part, Section) else fields
        marked = []
        for text in holder["receipts"]:
            marked.append({"text": text, "id": seen.get(text, f"receipt-{len(seen)}"), "is_new": text not in seen})
            seen.setdefault(text, marked[-1]["id"])
        holder["receipts"] = marked
        return fields

    day = report.published_on
    cut = " Months that are not over yet are left out." if report.period.is_cut else ""
    return {
        "title": report.title,
        "school": report.school,
        "period": report.period.label or report.period.months,
        "months": report.period.months,
        "scope": f"Figures of this school alone, as of {report.as_of}.{cut}",
        "version": report.publish_version,
        "date": {"year": day.year, "month": day.month, "day": day.day},
        "fonts": FONTS,
        "has_goals": any(figure.goal for figure in report.figures),
        "brief": [numbered(sentence) for sentence in report.brief],
        "figures": [numbered(figure) for figure in report.figures],
        "sections": [numbered(section) for section in report.sections],
        "closing": [numbered(sentence) for sentence in report.closing],
        "definitions": [{"head": f"{entry.id} {entry.name}", "text": entry.formula} for entry in report.definitions],
    }
