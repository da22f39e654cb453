"""What is read in a résumé is there: every fact's evidence supports its value, and what a résumé says plainly is found."""

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hiring.assessments.experience import years_of
from hiring.assessments.resume_facts import EVIDENCE_MAX, Fact, match_score, read_facts
from hiring.assessments.vocabulary import LANGUAGES, LICENCES, QUALIFICATIONS, SUBJECTS

TODAY = date(2026, 11, 26)
TERMS = {"qualification": QUALIFICATIONS, "licence": LICENCES, "subject": SUBJECTS}
PLAIN = {  # line: what it must be found to say
    "PGCE, University of Somewhere": ("qualification", "postgraduate_certificate"),
    "PhD in Education": ("qualification", "doctorate"),
    "Master of Science, University of Somewhere": ("qualification", "master"),
    "B.Sc. (Hons) Physics": ("qualification", "bachelor"),
    "Qualified Teacher Status since 2015": ("licence", "qualified_teacher_status"),
    "State teaching license, Ohio": ("licence", "teaching_licence"),
    "Teacher of maths and physics": ("subject", "mathematics"),
    "Head of the history department": ("subject", "humanities"),
    "Special educational needs coordinator": ("subject", "special_education"),
    "Fluent in Spanish": ("language", "es"),
    "Languages: Korean, German": ("language", "ko"),
    "ada.example+jobs@mail.example": ("email", "ada.example+jobs@mail.example"),
    "Tel. 01632 960 123": ("phone", "01632960123"),
    "Teacher, Ashside School, 09/2018 – 08/2020": ("years_experience", 2.0),
    "More than 12 years of teaching experience": ("years_experience", 12.0),
}
NOISE = (
    "State of the art", "a history of service", "Boston, MA", "References on request", "not yet PGCE", "no PhD", "Headmaster",
    "SENT by post", "2015-2019", "2019-06-01", "Room 1234", "PE-backed company", "2030 - 2020", "Ada", "Mr. Msc", "@", "1-2-3",
)  # fmt: skip
texts = st.lists(st.one_of(st.sampled_from([*PLAIN, *NOISE]), st.text(max_size=60)), max_size=12).map("\n".join)


def supports(fact: Fact, text: str) -> bool:
    """Say whether the words at a fact's evidence say its value by themselves."""
    words = [text[span.start : span.end] for span in fact.evidence]
    if fact.kind in TERMS:
        patterns = [term.pattern for term in TERMS[fact.kind] if term.code == fact.value]
        return all(any(match.span() == (span.start, span.end) for pattern in patterns for match in pattern.finditer(text))
                   for span in fact.evidence)  # fmt: skip
    if fact.kind == "email":
        return all(word.casefold() == fact.value for word in words)
    if fact.kind == "phone":
        return all(re.sub(r"\D", "", word) == str(fact.value).lstrip("+") for word in words)
    if fact.kind == "language":
        return all(any(name in word.casefold() for name, code in LANGUAGES.items() if code == fact.value) for word in words)
    assert isinstance(fact.value, float)
    stated = [int(number) for word in words for number in re.findall(r"\d+", word)]
    return fact.value in stated or fact.value == years_of(words, TODAY)


@settings(max_examples=150, deadline=None)
@given(texts)
def test_every_fact_is_supported_by_its_evidence(text):
    facts = read_facts(text, TODAY)
    for fact in facts:
        assert fact.evidence
        assert fact.kind == "years_experience" or len(fact.evidence) <= EVIDENCE_MAX
        assert 0 < fact.confidence <= 1
        assert supports(fact, text), fact
    assert len({(fact.kind, fact.value) for fact in facts}) == len(facts)


@pytest.mark.parametrize("line", PLAIN)
def test_what_is_said_plainly_is_found(line):
    kind, value = PLAIN[line]
    assert value in {fact.value for fact in read_facts(f"Ada Example\n{line}\n", TODAY) if fact.kind == kind}


@pytest.mark.parametrize("line", NOISE)
def test_what_only_looks_like_a_fact_is_none(line):
    assert read_facts(line, TODAY) == []


def test_unfinished_denied_and_overlapping_things():
    text = "Working towards an MA in Education at the university\nwithout QTS\n"
    (fact,) = [fact for fact in read_facts(text, TODAY) if fact.kind == "qualification"]
    assert fact.confidence < 0.5
    assert match_score([fact], {"qualification": "master"}) == 0.0
    posts = "Work experience\nTeacher Jan 2015 - Dec 2018\nTutor 06/2018 to present\nEducation\nSomewhere 2001 - 2010\n"
    (years,) = read_facts(posts, TODAY)
    assert (years.value, years.confidence, len(years.evidence)) == (11.9, 0.8, 2)


def test_score_counts_higher_qualifications_any_licence_and_nothing_asked():
    facts = read_facts("PhD\nQTS\nTeacher of chemistry", TODAY)
    assert match_score(facts, {"qualification": "bachelor", "licences": ["any"], "subjects": ["science", "arts"]}) == 0.75
    assert match_score(facts, {"qualification": None, "licences": [], "subjects": [], "languages": []}) is None
    assert match_score(facts, None) is None
