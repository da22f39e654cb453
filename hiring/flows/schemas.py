"""What the flow routes take and give."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from hiring.applications.schemas import AgencySubmission, Application, NewTouch, Origin
from hiring.candidates.schemas import NewCandidate
from hiring.schemas import Currency, EventTime, MinorUnits, Reply, RequestBody, example

Recipient = Annotated[str, StringConstraints(pattern=r"^(candidate|user):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


class _ForSomebody(EventTime):
    job_id: UUID
    candidate_id: UUID | None = Field(default=None, description="a person you may know of")
    candidate: NewCandidate | None = Field(default=None, description="or a new one; a known address finds the same person")

    @model_validator(mode="after")
    def _names_one_person(self) -> Self:
        if (self.candidate_id is None) == (self.candidate is None):
            raise ValueError("candidate_id, candidate: give one of the two")
        return self


class NewApplication(_ForSomebody):
    """A person applies to an open job."""

    model_config = example(
        job_id="01890000-0000-7000-8000-000000000000",
        candidate={"given_name": "Ada", "family_name": "Example", "email": "ada@mail.example"},
        origin="inbound",
    )

    origin: Origin = "inbound"
    is_internal: bool = False
    touches: list[NewTouch] = Field(default=[], max_length=20)


class NewAgencySubmission(_ForSomebody):
    """An agency proposes a person for an open job."""

    agency_id: UUID | None = Field(default=None, description="default: your agency")
    fee_basis: Literal["percent_of_salary", "flat", "none"] = "none"
    fee_minor: MinorUnits | None = None
    fee_currency: Currency | None = None


class SubmittedForAgency(Reply):
    """The submission and the application it made."""

    submission: AgencySubmission
    application: Application


class Merged(Reply):
    """The record that stayed, and applications that turned out to be duplicates."""

    id: UUID
    version: int
    duplicate_application_ids: list[UUID]


class ContactQuestion(RequestBody):
    """Whom to write to, and about which applications."""

    model_config = example(
        recipients=["candidate:01890000-0000-7000-8000-000000000000"], application_ids=["01890000-0000-7000-8000-000000000001"]
    )

    recipients: list[Recipient] = Field(max_length=1000)
    application_ids: list[UUID] = Field(default=[], max_length=1000)


class Contact(Reply):
    """Where to write to a person. Not to be kept or logged. ``person`` is the id that remains after merges."""

    recipient: str
    person: str
    email: str | None
    phone: str | None
    display_name: str
    locale: str | None = Field(description="the language the person asked for, or a colleague's school's; null: the school's")


class SpokenOf(Reply):
    """What an application is about, in the words people know it by."""

    id: UUID
    job_title: str
    school_name: str
    locale: str = Field(description="the school's")
    timezone: str = Field(description="the school's, IANA")


class ContactAnswer(Reply):
    """The contacts that are known, and the applications."""

    contacts: list[Contact]
    applications: list[SpokenOf]
