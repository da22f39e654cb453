"""Numbers and names as people read them. Formats what metrics computed; computes nothing itself."""

import math
from datetime import date, datetime
from typing import Any, Final

DASH: Final = "–"

STAGE_NAMES: Final = {
    "applied": "Applied",
    "screen": "Screen",
    "interview": "Interview",
    "demo_lesson": "Demo lesson",
    "references_checks": "References & checks",
    "offer": "Offer",
    "hired": "Hired",
}
_SPELT: Final = {
    "linkedin": "LinkedIn",
    "job_board": "Job board",
    "resume_score": "Résumé score",
    "no_answer": "No answer",
    "self_id": "Answered",
    "non_binary": "Non-binary",
    "25_34": "25–34",
    "35_44": "35–44",
    "45_54": "45–54",
    "55_plus": "55 and over",
}
_NO_MINOR: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_DIGITS: Final = "BHD IQD JOD KWD LYD OMR TND"
_MINOR_DIGITS: Final = dict.fromkeys(_NO_MINOR.split(), 0) | dict.fromkeys(_THREE_DIGITS.split(), 3)


def known(value: object) -> bool:
    """Say whether a figure is there: neither null nor NaN."""
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def count(value: float | None) -> str:
    """Return a whole number, e.g. ``1,204``."""
    return f"{value:,.0f}" if known(value) else DASH


def counted(value: float | None, noun: str) -> str:
    """Return a number and what it counts, e.g. ``1 placement``, ``12 placements``."""
    return f"{count(value)} {noun}{'' if value == 1 else 's'}"


def percent(value: float | None, digits: int = 0) -> str:
    """Return a share of 0–1 as percent, e.g. ``62%``; small ones get a digit more."""
    if value is None or not known(value):
        return DASH
    return f"{value:.{1 if digits == 0 and 0 < abs(value) < 0.1 else digits}%}"


def days(value: float | None) -> str:
    """Return days, e.g. ``41 days``; ``6.5 days`` below ten."""
    if value is None or not known(value):
        return DASH
    return f"{value:.1f} days" if value < 10 else f"{value:.0f} days"


def chance(value: float | None) -> str:
    """Return a probability in whole percent, never 0 or 100: nothing here is certain."""
    if value is None or not known(value):
        return DASH
    return "< 1%" if value < 0.01 else "> 99%" if value > 0.99 else f"{value:.0%}"


def major(value: float, currency: str) -> float:
    """Return an amount of minor units in the currency's major unit (ISO 4217)."""
    return value / 10.0 ** _MINOR_DIGITS.get(currency, 2)


def money(value: float | None, currency: str | None) -> str:
    """Return an amount of minor units as people read it, e.g. ``GBP 4,888``."""
    if value is None or not known(value) or not currency:
        return DASH
    return f"{currency} {major(value, currency):,.0f}"


def figure(value: float | None, unit: str) -> str:
    """Return a value in its metric's unit: ``count``, ``rate``, ``days``, ``per_week``, ``ratio`` or ``score``."""
    if value is None or not known(value):
        return DASH
    if unit == "rate":
        return percent(value)
    if unit == "per_week":
        return f"{value:.2f}× a week" if value < 1 else f"{value:.1f}× a week"
    return count(value) if unit == "count" else days(value) if unit == "days" else f"{value:.1f}" if unit == "ratio" else f"{value:.2f}"


def move(moved: float, unit: str) -> str:
    """Return a difference with its sign, e.g. ``+1.5 points``, ``-2.0 days``; a plain hyphen, which Streamlit reads as down."""
    sign, size = "+" if moved >= 0 else "-", abs(moved)
    if unit == "score":
        return f"{sign}{size:.2f}"
    return f"{sign}{size * 100:.1f} points" if unit == "rate" else f"{sign}{size:.1f} days" if unit == "days" else f"{sign}{size:,.0f}"


def interval(lower: float | None, upper: float | None, unit: str) -> str:
    """Return an interval, e.g. ``38–44 days``; empty when there is none. An open upper end reads ``38 days or more``."""
    if lower is None or not known(lower):
        return ""
    if upper is None or not known(upper):
        return f"{figure(lower, unit)} or more"
    low, high = figure(lower, unit), figure(upper, unit)
    suffix = {"rate": "%", "days": " days", "per_week": "× a week"}.get(unit, "")
    return f"{low.removesuffix(suffix)}–{high}"


def words(code: str | None) -> str:
    """Return a vocabulary code as words: ``job_board`` → ``Job board``, a stage by its name."""
    if not code:
        return "Unknown"
    return STAGE_NAMES.get(code) or _SPELT.get(code) or code[:1].upper() + code[1:].replace("_", " ")


def month(value: date | None) -> str:
    """Return a month, e.g. ``Sep 2026``."""
    return value.strftime("%b %Y") if value else DASH


def moment(value: datetime | None) -> str:
    """Return an instant to the minute, UTC."""
    return value.strftime("%d %b %Y %H:%M UTC") if value else DASH


def released_share(value: float | None) -> str:
    """Return a share of an equity release: whole percent, capped below 5 % and above 95 %."""
    if value is None or not known(value):
        return DASH
    return "under 5%" if value < 0.05 else "over 95%" if value > 0.95 else f"{value:.0%}"


def plain(text: str) -> str:
    """Return text that Markdown leaves as it is: names are written by people."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]<>#|~$:" else sign for sign in text)


VERDICTS = ("no indication", "below four fifths, within noise and chance", "indication: ask for an audit")


def verdict(value: float | None) -> str:
    """Return a verdict of adverse impact (D4) in words."""
    return VERDICTS[int(value)] if value is not None and known(value) else "too few to say"


def released_count(value: float | None) -> str:
    """Return a count of an equity release; small ones read ``fewer than 5``."""
    if value is None or not known(value):
        return DASH
    return "fewer than 5" if value < 5 else f"{value:,.0f}"


def record(frame_row: dict[str, Any], unit: str) -> str:
    """Return one row of an answer as a phrase: value, interval and n."""
    if not known(frame_row.get("value")):
        return frame_row.get("reason") or "not known"
    within = interval(frame_row.get("lower"), frame_row.get("upper"), unit)
    n = f"n = {count(frame_row.get('n'))}"
    return f"{figure(frame_row['value'], unit)} ({within + ', ' if within else ''}{n})"
