"""What the candidate routes take and give."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from hiring.schemas import Code, Country, EventTime, Instant, Language, Name, Reply, RequestBody, example

Email = Annotated[str, StringConstraints(pattern=r"^[^@\s\x00]{1,64}@[^@\s\x00]{1,190}$")]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9 ()/.-]{5,30}$")]
Purpose = Literal["talent_pool", "equity_survey", "automated_scoring"]
Qualification = Literal["none", "bachelor", "postgraduate_certificate", "master", "doctorate"]


class NewConsent(EventTime):
    """What the person agreed to, and to which wording."""

    purpose: Purpose
    text_version: str = Field(pattern=r"^[A-Za-z0-9._-]{1,40}$", examples=["2026-09"])


class NewCandidate(RequestBody):
    """A person who looks for a post. An address that is known finds the same person again."""

    model_config = example(
        given_name="Ada",
        family_name="Example",
        email="ada@mail.example",
        country="AT",
        years_experience=4,
        qualification_level="master",
        subjects=["mathematics"],
        consents=[{"purpose": "talent_pool", "text_version": "2026-09"}],
    )

    given_name: Name
    family_name: Name
    email: Email | None = None
    phone: Phone | None = None
    country: Country | None = None
    preferred_language: Language | None = Field(default=None, description="of letters; without it the school's")
    years_experience: float | None = Field(default=None, ge=0, le=60)
    qualification_level: Qualification | None = None
    subjects: list[Code] = Field(default=[], max_length=20)
    consents: list[NewConsent] = Field(default=[], max_length=3)


class CandidateChange(RequestBody):
    """What may change of a person; fields left out stay."""

    given_name: Name | None = None
    family_name: Name | None = None
    email: Email | None = None
    phone: Phone | None = None
    country: Country | None = None
    preferred_language: Language | None = Field(default=None, description="of letters; without it the school's")
    years_experience: float | None = Field(default=None, ge=0, le=60)
    qualification_level: Qualification | None = None
    subjects: list[Code] | None = Field(default=None, max_length=20)


class CandidateSearch(RequestBody):
    """The address of the person looked for."""

    email: Email


class CandidateReference(Reply):
    """Which person it is; nothing about them."""

    id: UUID
    version: int
    is_existing: bool = Field(description="the address was known: no second record was made")


class Candidate(Reply):
    """A person, for whoever may know of them."""

    id: UUID
    given_name: str
    family_name: str
    email: str | None
    phone: str | None
    country: str | None
    preferred_language: str | None
    years_experience: float | None
    qualification_level: str | None
    subjects: list[str]
    merged_into_id: UUID | None
    version: int


class NewCredential(RequestBody):
    """A teaching licence or certificate."""

    kind: Literal["teaching_licence", "qualified_teacher_status", "subject_certificate"]
    issuer: Name
    subject: Code | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    is_verified: bool = False


class Credential(Reply):
    """A licence or certificate as it is."""

    id: UUID
    kind: str
    issuer: str
    subject: str | None
    valid_from: date | None
    valid_to: date | None
    verified_at: Instant | None


class Consent(Reply):
    """What was agreed to."""

    id: UUID
    purpose: Purpose
    granted_at: Instant
    withdrawn_at: Instant | None
    text_version: str


class MergeInto(EventTime):
    """The record that stays."""

    into_id: UUID
