"""The words by which a résumé shows qualifications, licences, subjects and languages. English terms only.

Codes are those of the seeds (``qualification_level``, ``credential_kind``), the subjects the network hires for, and ISO 639-1.
A pattern is written so that what it matches supports its code by itself. What doesn't belong here: where a term counts (resume_facts).
"""

import re
from dataclasses import dataclass

QUALIFICATION_RANK = {"none": 1, "bachelor": 2, "postgraduate_certificate": 3, "master": 4, "doctorate": 5}


@dataclass(frozen=True)
class Term:
    """A way to name something: ``is_plain`` where the words mean nothing else wherever they stand."""

    code: str
    pattern: re.Pattern[str]
    is_plain: bool


def _term(code: str, pattern: str, *, plain: bool = True, case: bool = False) -> Term:
    return Term(code, re.compile(rf"(?<![\w.])(?:{pattern})(?!\w)", 0 if case else re.IGNORECASE), plain)


QUALIFICATIONS = (
    _term("doctorate", r"doctorate|doctor of (?:philosophy|education)"),
    _term("doctorate", r"Ph\.?D\.?|Ed\.?D\.?|D\.?Phil\.?", case=True),
    _term("master", r"master(?:['’]?s)? degree|master(?:['’]?s)? of (?:arts|science|education|teaching|philosophy|research|music)"),
    _term("master", r"master['’]?s in(?= [a-z])"),
    _term("master", r"M\.?Sc\.?|M\.?Ed\.?|M\.?Phil\.?|M\.A\.|MRes", case=True),
    _term("master", r"(?<!, )MA|(?<!, )MS", plain=False, case=True),
    _term("postgraduate_certificate", r"postgraduate (?:certificate|diploma) (?:in|of) education"),
    _term("postgraduate_certificate", r"P\.?G\.?C\.?E\.?|PGDE|PGCert", case=True),
    _term("bachelor", r"bachelor(?:['’]?s)? degree|bachelor(?:['’]?s)? of (?:arts|science|education|music|engineering|laws)"),
    _term("bachelor", r"bachelor['’]?s in(?= [a-z])"),
    _term("bachelor", r"B\.?Sc\.?|B\.?Ed\.?|B\.A\.", case=True),
    _term("bachelor", r"(?<!, )BA|B\.S\.", plain=False, case=True),
)
LICENCES = (
    _term("qualified_teacher_status", r"qualified teacher status"),
    _term("qualified_teacher_status", r"QTS", case=True),
    _term("teaching_licence", r"teach(?:ing|er(?:['’]?s)?) (?:licen[cs]e|certificate|certification)|(?:licensed|certified) teacher"),
    _term("subject_certificate", r"subject (?:certificate|endorsement)|certificate in teaching [a-z]+"),
)
SUBJECTS = (
    _term("mathematics", r"mathematics|maths|algebra|calculus"),
    _term("english", r"english (?:literature|language)|english(?= (?:teacher|department|lessons|and))"),
    _term("english", r"english", plain=False),
    _term("science", r"physics|chemistry|biology|(?<!computer )(?<!of )science", plain=False),
    _term("languages", r"(?:modern|foreign|modern foreign) languages"),
    _term("languages", r"french|german|spanish|italian|latin", plain=False),
    _term("humanities", r"humanities|religious studies|social studies"),
    _term("humanities", r"(?<!employment )(?<!work )(?<!medical )history(?! of)|geography|philosophy", plain=False),
    _term("primary", r"primary (?:education|teaching|teacher)|elementary (?:education|teacher)|key stage [12]"),
    _term("special_education", r"special (?:education|educational needs)"),
    _term("special_education", r"SEND|SENCO|SEN", case=True),
    _term("computing", r"computing|computer science|informatics"),
    _term("arts", r"(?:fine|visual) arts?|art (?:and|&) design|art teacher"),
    _term("arts", r"(?<!of )(?<!of the )arts?|music|drama", plain=False),
    _term("physical_education", r"physical education|sports? science"),
    _term("physical_education", r"PE", plain=False, case=True),
)
LANGUAGES = {
    "afrikaans": "af", "arabic": "ar", "chinese": "zh", "czech": "cs", "danish": "da", "dutch": "nl", "english": "en", "finnish": "fi",
    "french": "fr", "german": "de", "greek": "el", "hindi": "hi", "hungarian": "hu", "irish": "ga", "italian": "it", "japanese": "ja",
    "korean": "ko", "mandarin": "zh", "māori": "mi", "norwegian": "no", "polish": "pl", "portuguese": "pt", "romanian": "ro",
    "russian": "ru", "spanish": "es", "swedish": "sv", "turkish": "tr", "ukrainian": "uk", "urdu": "ur", "vietnamese": "vi",
    "welsh": "cy", "zulu": "zu",
}  # fmt: skip
