"""The people who apply, and what they say of themselves in the equity survey.

What belongs here: new candidates with credentials and consents, survey invitations and answers. What doesn't: applications.
"""

from random import Random

from foundation.pseudonyms import dei_key, email_hash
from simulator.market import Candidate, Market, School
from simulator.organisations import FAMILY, GIVEN
from simulator.world import SUBJECTS

QUALIFICATIONS = ("none", "bachelor", "postgraduate_certificate", "master", "doctorate")
_LICENCES = ("teaching_licence", "qualified_teacher_status", "subject_certificate")
_ETHNICITIES = ("white", "asian", "black", "hispanic", "multiple", "middle_eastern", "other")
_ETHNICITY_WEIGHTS = (5, 2, 2, 1, 1, 1, 1)
_AGE_BANDS = ("under_25", "25_34", "35_44", "45_54", "55_plus")
_AGE_WEIGHTS = (1, 3, 2, 1, 1)
QUESTION_SET = "2023-1"


def create_candidate(market: Market, t: float, subject: str) -> Candidate:
    """Record a new person with credentials and consents."""
    rng, ledger = market.rng, market.ledger

    def lost(value: str | float, share: float) -> str | float | None:
        return None if rng.random() < share else value

    ability = rng.gauss(0.0, 1.0)
    experience = round(min(45.0, max(0.0, rng.gammavariate(1.6, 4.5) + 0.8 * ability)), 1)
    country = market.country.code if rng.random() < 0.87 else rng.choice(("GB", "US", "IE", "ZA", "IN", "PH", "CA"))
    qualification = QUALIFICATIONS[min(4, max(0, round(rng.gauss(1.9 + 0.35 * ability, 0.9))))]
    gender = "female" if rng.random() < 0.64 else "male" if rng.random() < 0.96 else "non_binary"
    has_break = rng.random() < (0.35 if gender == "female" else 0.08)
    number = len(ledger.births["candidates.candidates"])
    hashed = email_hash(market.candidate_key, f"person{market.number}-{number}@mail.example")
    index = ledger.born(
        "candidates.candidates", t, rng.choice(GIVEN), rng.choice(FAMILY), hashed, lost(country, 0.03), lost(experience, 0.06),
        lost(qualification, 0.08), _subjects(rng, subject), int(t) + 730,
    )  # fmt: skip
    ledger.became("candidates.candidates", index, t, -1)
    if rng.random() < 0.72:
        credential = ledger.born(
            "candidates.credentials",
            t,
            index,
            rng.choice(_LICENCES),
            f"Board of {country}",
            subject,
            int(t - 365 * experience),
            int(t) + 1500,
        )
        ledger.became("candidates.credentials", credential, t, None)
        if rng.random() < 0.7 + 0.1 * (ability > 0):
            checked = t + rng.uniform(0.5, 12)
            ledger.became("candidates.credentials", credential, checked, checked)
    for purpose, share in (("talent_pool", 0.45), ("automated_scoring", 0.8)):
        if rng.random() < share:
            consent = ledger.born("candidates.consents", t, index, purpose, t, "2023-1")
            ledger.became("candidates.consents", consent, t, None)
            if rng.random() < 0.02:
                left = t + rng.uniform(5, 300)
                ledger.became("candidates.consents", consent, left, left)
    return Candidate(index, subject, ability, country, experience, gender, has_break, t)


def _subjects(rng: Random, subject: str) -> str:
    if rng.random() < 0.04:
        return "{}"
    if rng.random() < 0.12:
        return f"{{{rng.choice(SUBJECTS)}}}"
    other = rng.choice(SUBJECTS)
    return f"{{{subject},{other}}}" if other != subject and rng.random() < 0.3 else f"{{{subject}}}"


def invite(market: Market, t: float, school: School, candidate: Candidate) -> None:
    """Ask once per school and person; the answer is drawn now and submitted within days, or never."""
    key = (school.organisation, candidate.index)
    if key in market.answers:
        return
    rng = market.rng
    locale = "ko" if market.country.code == "KR" else "en"
    answer: tuple[str, ...] | None = None
    if rng.random() < 0.66:
        values = (
            candidate.gender,
            rng.choices(_ETHNICITIES, _ETHNICITY_WEIGHTS)[0],
            rng.choices(_AGE_BANDS, _AGE_WEIGHTS)[0],
            "yes" if rng.random() < 0.09 else "no",
            "yes" if rng.random() < 0.04 else "no",
        )
        declines = 1.0 if rng.random() < 0.06 else 0.05
        answer = tuple("declined" if rng.random() < declines else value for value in values)
    market.answers[key] = (t, (t + rng.expovariate(1 / 2.0), locale, answer))


def record_equity(market: Market, equity_key: str) -> None:
    """Turn the answers into rows keyed by the keyed hash of school and person: nothing else links them."""
    ledger = market.ledger
    schools, people = ledger.ids("identity.organisations").to_list(), ledger.ids("candidates.candidates").to_list()
    for (school, person), (invited, (answered, locale, answer)) in market.answers.items():
        key = dei_key(equity_key, schools[school], people[person])
        ledger.born("equity.invitations", invited, key, school, int(invited), QUESTION_SET, locale)
        if answer is not None:
            ledger.born("equity.responses", answered, key, school, int(answered), QUESTION_SET, *answer, locale)
