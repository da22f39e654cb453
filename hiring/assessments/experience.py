"""Years of experience: the union of dated posts, and what a résumé states in words. Two facts, never added up.

A post is a range of dates in a part headed as work, or in a line about working in a school before any heading; ranges in a part headed
as education are studies. A range of years alone (2015–2019) counts from January to January: 4 years, the least it can mean. "Present"
ends on the day of reading. Overlaps count once.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from datetime import date

Place = tuple[int, int]
Post = tuple[tuple[int, int], re.Match[str]]  # months as ``months_of`` counts them, and where it says so

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_RANGE = re.compile(
    rf"(?<![\w/.-])(?:(?P<month1>{_MONTH})\.? |(?P<number1>0?[1-9]|1[0-2])[/.])?(?P<year1>(?:19|20)\d\d) ?(?:-|–|—|to|until) ?"
    rf"(?:(?:(?P<month2>{_MONTH})\.? |(?P<number2>0?[1-9]|1[0-2])[/.])?(?P<year2>(?:19|20)\d\d)"
    r"|(?P<present>present|now|today|current|date))"
    r"(?![\w/.-]\d|\w)",
    re.IGNORECASE,
)
_STATED = re.compile(
    r"(?<![\w.,-])(?P<years>\d{1,2})\+? years?['’]?(?: of)?(?: [a-z-]+){0,3} experience\b|"
    r"\bexperience(?: of)? (?P<after>\d{1,2})\+? years?\b",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"^\W*(?:(?P<work>(?:work|professional|teaching|employment|relevant|career)?\s*(?:experience|history|employment|career|positions?))"
    r"|(?P<other>education|qualifications?|academic.{0,20}|studies|training|publications?|references?|volunteering|interests|hobbies|skills"
    r"|languages?|certifications?|personal.{0,20}))\W*$",
    re.IGNORECASE | re.MULTILINE,
)
_WORKED = re.compile(r"teach|tutor|lecturer|school|assistant|head of|instructor|coordinator|principal", re.IGNORECASE)
_STUDIED = re.compile(r"universit|degree|bachelor|master|student|studied|\bB\.?Sc|\bM\.?Sc|\bB\.?A\b|\bPGCE\b|\bB\.?Ed\b", re.IGNORECASE)
_LONGEST_MONTHS = 60 * 12


def read_experience(text: str, today: date) -> Iterator[tuple[float, float, tuple[Place, ...]]]:
    """Yield (years, confidence, where it stands): of dated posts together, and of each statement in words."""
    posts = list(_posts(text, today))
    if posts:
        years = round(_union([months for months, _ in posts]) / 12, 1)
        yield years, 0.8 if all(map(_is_dated_by_months, posts)) else 0.6, tuple(match.span() for _, match in posts)
    for match in _STATED.finditer(text):
        years = float(match["years"] or match["after"])
        if 0 < years <= 60:
            yield years, 0.7, (match.span(),)


def years_of(texts: list[str], today: date) -> float:
    """Return the years that ranges of dates cover together; how evidence is checked."""
    found = [months for text in texts if (match := _RANGE.fullmatch(text)) and (months := months_of(match, today))]
    return round(_union(found) / 12, 1)


def months_of(match: "re.Match[str]", today: date) -> tuple[int, int] | None:
    """Return (first month, month after the last), counted from year 0; None where the range runs backwards, ahead or too long."""
    month1 = _month(match["month1"], match["number1"])
    start = int(match["year1"]) * 12 + (month1 or 1) - 1
    last = today.year * 12 + today.month
    end = last if match["present"] else int(match["year2"]) * 12 + (_month(match["month2"], match["number2"]) or 0)
    end = min(end, last)
    return (start, end) if 0 < end - start <= _LONGEST_MONTHS else None


def _month(name: str | None, number: str | None) -> int | None:
    if name:
        return _MONTHS.index(name[:3].casefold()) + 1
    return int(number) if number else None


def _posts(text: str, today: date) -> Iterator[Post]:
    """Yield the ranges of dates that stand for work."""
    headings = list(_HEADING.finditer(text))
    starts = [heading.start() for heading in headings]
    for match in _RANGE.finditer(text):
        above = bisect_left(starts, match.start())
        is_work = headings[above - 1]["work"] is not None if above else _is_about_work(text, match.start())
        months = months_of(match, today)
        if is_work and months:
            yield months, match


def _is_dated_by_months(post: Post) -> bool:
    match = post[1]
    return bool((match["month1"] or match["number1"]) and (match["month2"] or match["number2"] or match["present"]))


def _is_about_work(text: str, at: int) -> bool:
    end = text.find("\n", at)
    line = text[text.rfind("\n", 0, at) + 1 : end if end >= 0 else len(text)]
    return bool(_WORKED.search(line)) and not _STUDIED.search(line)


def _union(ranges: list[tuple[int, int]]) -> int:
    months, covered_to = 0, 0
    for start, end in sorted(ranges):
        months += max(0, end - max(start, covered_to))
        covered_to = max(covered_to, end)
    return months
