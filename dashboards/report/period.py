"""The period of a report: an academic year, a quarter or a span of months, as typed on the command line or chosen on a page."""

import re
from dataclasses import dataclass
from datetime import date

from dashboards import figures


class UnknownPeriod(ValueError):
    """A period can't be read, or none of its months is over. The message names the forms that can be."""


@dataclass(frozen=True)
class ReportPeriod:
    """Whole months, both ends inclusive; ``end`` is the first day of the last month.

    Attributes:
        label: how a reader says it, such as ``school year 2025/26``.
        is_cut: whether months still to come were left out.
        season: the academic year it is, such as ``2025-2026``; empty when it is another span.
    """

    label: str
    start: date
    end: date
    is_cut: bool = False
    season: str = ""

    @property
    def months(self) -> str:
        """The months it spans, such as ``Sep 2025 to Aug 2026``."""
        return figures.month(self.start) if self.start == self.end else f"{figures.month(self.start)} to {figures.month(self.end)}"

    def year_before(self) -> "ReportPeriod | None":
        """Return the same months of the prior year; None for a period longer than a year."""
        if _number(self.end) - _number(self.start) >= 12:
            return None
        return ReportPeriod("the same months a year before", _month(_number(self.start) - 12), _month(_number(self.end) - 12))


def parse_period(text: str, as_of: date, year_start_month: int = 9) -> ReportPeriod:
    """Read a period as typed.

    ``2025-2026`` is an academic year, ``2026-Q1`` a calendar quarter, ``2025-09..2026-02`` a span of months (days are allowed and
    rounded out), ``last-12`` the last months that are over, ``season`` the academic year that the newest of them belongs to.

    Only months that are over at ``as_of`` count, so that whole months are compared with whole months.

    Raises:
        UnknownPeriod: it is none of these, it ends before it begins, or no month of it is over.
    """
    newest = _number(as_of) - 1
    label, first, last = _named(text.strip(), newest, year_start_month)
    if last < first:
        raise UnknownPeriod(f"period {text!r} ends before it begins")
    if newest < first:
        raise UnknownPeriod(f"no month of {text!r} is over yet: the figures reach to {figures.month(_month(newest))}")
    season = f"{first // 12}-{first // 12 + 1}" if label.startswith("academic year") else ""
    return ReportPeriod(label, _month(first), _month(min(last, newest)), is_cut=newest < last, season=season)


def _named(text: str, newest: int, year_start_month: int) -> tuple[str, int, int]:
    if text == "season":
        start = newest - (newest - (year_start_month - 1)) % 12
        text = f"{start // 12}-{start // 12 + 1}"
    if found := re.fullmatch(r"last-([1-9]\d?)", text):
        return f"the last {found[1]} months", newest - int(found[1]) + 1, newest
    if (found := re.fullmatch(r"(\d{4})-(\d{4})", text)) and int(found[2]) == int(found[1]) + 1:
        first = int(found[1]) * 12 + year_start_month - 1
        return f"academic year {found[1]}/{found[2][2:]}", first, first + 11
    if found := re.fullmatch(r"(\d{4})-[Qq]([1-4])", text):
        first = int(found[1]) * 12 + 3 * (int(found[2]) - 1)
        return f"quarter {found[2]} of {found[1]}", first, first + 2
    if found := re.fullmatch(r"(\d{4}-\d{2})(?:-\d{2})?\.\.(\d{4}-\d{2})(?:-\d{2})?", text):
        try:
            first, last = (_number(date.fromisoformat(f"{month}-01")) for month in found.groups())
        except ValueError as error:
            raise UnknownPeriod(f"period {text!r} names a month that does not exist") from error
        return "", first, last
    raise UnknownPeriod(f"period {text!r} is not understood: write 2025-2026, 2026-Q1, 2025-09..2026-02, last-12 or season")


def _number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)
