"""What a résumé says: contact data, qualifications, licences, subjects, years of experience, languages. Each with where it says so.

Nothing is inferred about a person: a fact is there because words in the text say it, and its evidence is where they stand.

Confidence, by rule:
    0.95  an e-mail address; an international telephone number
    0.9   a term that means nothing else (PGCE, "master's degree", "special education"); a language with its level
    0.8   a telephone number labelled as one; a language in a list of languages; experience dated by months
    0.7   an ambiguous term (MA, history) in a line about teaching or studies; a stated number of years; a national telephone number
    0.6   experience dated by years
    × 0.5 where the line says it is not finished ("working towards"). Where the line says "no" or "without", there is no fact.
An ambiguous term in any other line is no fact either. A fact of 0.5 or more counts as shown.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from hiring.assessments.experience import read_experience
from hiring.assessments.vocabulary import LANGUAGES, LICENCES, QUALIFICATION_RANK, QUALIFICATIONS, SUBJECTS, Term

SHOWN_FROM = 0.5
EVIDENCE_MAX = 5  # places kept of one fact

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24}(?![\w@])")
_PHONE = re.compile(r"(?<![\w/.-])[+(]?\d[\d ()./-]{5,22}\d(?!\w)")
_NO_PHONE = re.compile(r"\D?(?:19|20)\d\d\W{1,5}(?:19|20)\d\d|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:\W.*)?")
_PHONE_LABEL = re.compile(r"\b(?:tel|telephone|phone|mobile|cell)\b", re.IGNORECASE)
_TEACHING = re.compile(
    r"teach|taught|tutor|lectur|lesson|subject|department|faculty|curriculum|classroom|\bhead of\b|degree|diploma|universit|college"
    r"|bachelor|master|\bB\.?Sc|\bM\.?Sc|\bB\.?A\b|\bM\.?A\b|\bB\.?Ed|\bM\.?Ed|PGCE|hons",
    re.IGNORECASE,
)
_UNFINISHED = re.compile(
    r"working towards|studying (?:for|towards)|in progress|expected|incomplete|candidate for|not completed", re.IGNORECASE
)
_DENIED = re.compile(r"\b(?:no|not|without|lacks?|lacking|never|nor|neither)\b[^.;,\n]{0,30}$", re.IGNORECASE)
_LEVEL = r"native|fluent|mother tongue|bilingual|proficient|proficiency|advanced|intermediate|conversational|basic|beginner|[ABC][12]"
_LANGUAGE = "|".join(sorted(LANGUAGES, key=len, reverse=True))
_LANGUAGE_WITH_LEVEL = re.compile(
    rf"\b(?P<before>{_LANGUAGE})\W{{1,4}}(?:{_LEVEL})\b|\b(?:{_LEVEL})(?: speaker)?(?: in| of|:)? (?P<after>{_LANGUAGE})\b", re.IGNORECASE
)
_LANGUAGE_LIST = re.compile(r"^\W*languages?(?: skills)?\s*:\s*(?P<list>[^\n]+)", re.IGNORECASE | re.MULTILINE)
_LANGUAGE_NAME = re.compile(rf"\b(?:{_LANGUAGE})\b", re.IGNORECASE)


@dataclass(frozen=True)
class Span:
    """Where something stands in the text: ``text[start:end]``."""

    start: int
    end: int


@dataclass(frozen=True)
class Fact:
    """One thing a résumé says, how sure the words are, and where they stand."""

    kind: str
    value: str | float
    confidence: float
    evidence: tuple[Span, ...]


def read_resume(text: str, today: str, asked: dict[str, Any] | None) -> dict[str, Any]:
    """Return ``{"text", "facts", "match_score"}`` of a résumé.

    Args:
        text: of the document.
        today: ISO date at which "present" ends.
        asked: see ``match_score``.
    """
    facts = read_facts(text, date.fromisoformat(today))
    return {"text": text, "facts": [asdict(fact) for fact in facts], "match_score": match_score(facts, asked)}


def read_facts(text: str, today: date) -> list[Fact]:
    """Return everything a résumé says, each value once, in the order of kinds and confidence."""
    found = [
        *_contacts(text), *_terms(text, "qualification", QUALIFICATIONS), *_terms(text, "licence", LICENCES),
        *_terms(text, "subject", SUBJECTS, without=_language_spans(text)), *_languages(text),
        *(Fact("years_experience", years, confidence, tuple(Span(*place) for place in places))
          for years, confidence, places in read_experience(text, today)),
    ]  # fmt: skip
    return _merged(found)


def match_score(facts: Iterable[Fact], asked: dict[str, Any] | None) -> float | None:
    """Return the share of what a job asks for that the facts show, 0 to 1; None where it asks for nothing.

    Args:
        facts: of a résumé.
        asked: ``{"qualification": code | None, "licences": [code], "subjects": [code], "languages": [code]}``. A higher qualification
            shows a lower one; the licence ``any`` is shown by every licence.
    """
    wanted = asked or {}
    shown: dict[str, set[str]] = {}
    for fact in facts:
        if fact.confidence >= SHOWN_FROM:
            shown.setdefault(fact.kind, set()).add(str(fact.value))
    marks = []
    if wanted.get("qualification"):
        ranks = [QUALIFICATION_RANK[code] for code in shown.get("qualification", ())]
        marks.append(max(ranks, default=0) >= QUALIFICATION_RANK[wanted["qualification"]])
    licences = shown.get("licence", set())
    marks += [bool(licences) if code == "any" else code in licences for code in wanted.get("licences", ())]
    marks += [code in shown.get("subject", set()) for code in wanted.get("subjects", ())]
    marks += [code in shown.get("language", set()) for code in wanted.get("languages", ())]
    return round(sum(marks) / len(marks), 4) if marks else None


def _contacts(text: str) -> Iterator[Fact]:
    for match in _EMAIL.finditer(text):
        yield Fact("email", match[0].casefold(), 0.95, (Span(*match.span()),))
    for match in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if not 8 <= len(digits) <= 15 or _NO_PHONE.fullmatch(match[0]):
            continue
        confidence = 0.95 if match[0][0] == "+" else 0.8 if _PHONE_LABEL.search(_line(text, match.start())) else 0.7
        if confidence > 0.7 or match[0][0] in "0(":
            yield Fact("phone", ("+" if match[0][0] == "+" else "") + digits, confidence, (Span(*match.span()),))


def _terms(text: str, kind: str, terms: Iterable[Term], without: frozenset[int] = frozenset()) -> Iterator[Fact]:
    for term in terms:
        for match in term.pattern.finditer(text):
            line, before = _line(text, match.start()), text[max(0, match.start() - 40) : match.start()]
            if match.start() in without or _DENIED.search(before) or not (term.is_plain or _TEACHING.search(line)):
                continue
            confidence = (0.9 if term.is_plain else 0.7) * (0.5 if _UNFINISHED.search(line) else 1)
            yield Fact(kind, term.code, round(confidence, 2), (Span(*match.span()),))


def _languages(text: str) -> Iterator[Fact]:
    for match in _LANGUAGE_WITH_LEVEL.finditer(text):
        name = match["before"] or match["after"]
        if not _DENIED.search(text[max(0, match.start() - 40) : match.start()]):
            yield Fact("language", LANGUAGES[name.casefold()], 0.9, (Span(*match.span()),))
    for listed in _LANGUAGE_LIST.finditer(text):
        for match in _LANGUAGE_NAME.finditer(text, *listed.span("list")):
            yield Fact("language", LANGUAGES[match[0].casefold()], 0.8, (Span(*match.span()),))


def _language_spans(text: str) -> frozenset[int]:
    """Return where names of languages stand that say what somebody speaks: those are no subjects."""
    lists = [match.start() for listed in _LANGUAGE_LIST.finditer(text) for match in _LANGUAGE_NAME.finditer(text, *listed.span("list"))]
    levels = [match.start("before" if match["before"] else "after") for match in _LANGUAGE_WITH_LEVEL.finditer(text)]
    return frozenset(lists + levels)


def _line(text: str, at: int) -> str:
    end = text.find("\n", at)
    return text[text.rfind("\n", 0, at) + 1 : end if end >= 0 else len(text)]


def _merged(found: list[Fact]) -> list[Fact]:
    """Return each value once, with the best confidence and where it stands, best place first."""
    grouped: dict[tuple[str, str | float], list[Fact]] = {}
    for fact in found:
        grouped.setdefault((fact.kind, fact.value), []).append(fact)
    merged = []
    for (kind, value), facts in grouped.items():
        facts.sort(key=lambda fact: -fact.confidence)
        places = dict.fromkeys(span for fact in facts for span in fact.evidence)
        merged.append(Fact(kind, value, facts[0].confidence, tuple(places)[: None if kind == "years_experience" else EVIDENCE_MAX]))
    return merged
