"""What the application routes take and give."""

from datetime import date
from typing import Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from hiring.schemas import Currency, EventTime, Fte, Instant, MinorUnits, Name, Reply, RequestBody, example

Origin = Literal["inbound", "sourced", "referred", "agency", "internal", "import"]
Status = Literal["active", "hired", "rejected", "withdrawn", "offer_declined", "job_closed", "duplicate"]
CanonicalStage = Literal["applied", "screen", "interview", "demo_lesson", "references_checks", "offer", "hired"]
OfferStatus = Literal[
    "draft", "pending_approval", "approved", "sent", "accepted", "declined", "expired", "withdrawn", "rescinded", "superseded"
]
EndReason = Literal["resigned", "dismissed", "probation_failed", "fixed_term_end", "transfer_in_group", "gap_year", "redundancy"]


class Application(Reply):
    """An application as it is."""

    id: UUID
    tenant_id: UUID
    candidate_id: UUID
    job_id: UUID
    attempt_number: int
    applied_at: Instant
    origin: Origin
    is_internal: bool
    status: Status
    current_stage: str
    terminal_at: Instant | None
    terminal_reason_id: UUID | None
    version: int


class StageEvent(Reply):
    """One step of an application."""

    id: UUID
    application_id: UUID
    sequence: int
    from_stage: str | None
    to_stage: str
    event_at: Instant
    actor_id: UUID | None
    reason_id: UUID | None
    provenance: str
    spell_number: int


class Move(EventTime):
    """To which stage, by the school's own name of it."""

    model_config = example(to_stage="interview")

    to_stage: str = Field(min_length=1, max_length=100)


class PossibleMove(Reply):
    """A stage an application may be moved to."""

    to_stage: str
    canonical_stage: CanonicalStage
    is_back: bool = Field(description="it lies before the stage the application is in")


class Ending(EventTime):
    """Why it ended."""

    reason_id: UUID | None = Field(default=None, description="a terminal reason of the fitting side")


class NewMessage(EventTime):
    """That a message was exchanged; its text is not kept."""

    direction: Literal["to_candidate", "from_candidate"]
    is_automatic: bool = False


class Message(Reply):
    """That a message was exchanged."""

    id: UUID
    application_id: UUID
    sent_at: Instant
    direction: str
    is_automatic: bool


class NewTouch(RequestBody):
    """A contact before the application."""

    channel_id: UUID | None = None
    touched_at: Instant
    referrer_user_id: UUID | None = None
    utm: dict[str, str] | None = Field(default=None, max_length=10)


class Touch(Reply):
    """A contact that counts for attribution."""

    id: UUID
    position: int
    channel_id: UUID | None
    touched_at: Instant
    referrer_user_id: UUID | None
    agency_id: UUID | None


class NewStage(RequestBody):
    """A stage of a school's process, mapped to one canonical stage."""

    model_config = example(organisation_id="01890000-0000-7000-8000-000000000000", name="Phone call", rank=2, canonical_stage="screen")

    organisation_id: UUID
    job_id: UUID | None = None
    name: Name
    rank: int = Field(ge=1, le=100)
    canonical_stage: CanonicalStage
    sla_hours: int | None = Field(default=None, ge=1, le=10_000)


class Stage(NewStage, Reply):
    """A stage as it is."""

    id: UUID
    active_from: Instant
    active_to: Instant | None


class NewReason(RequestBody):
    """Why applications end; without a school it is shared by the network."""

    tenant_id: UUID | None = None
    name: Name
    side: Literal["employer", "candidate", "neutral"]


class Reason(NewReason, Reply):
    """A reason as it is."""

    id: UUID


class NewExperienceSurvey(EventTime):
    """How a candidate rated the process; without a score: that they were asked."""

    score: int | None = Field(default=None, ge=0, le=10)


class ExperienceSurvey(Reply):
    """A rating of the process."""

    id: UUID
    application_id: UUID
    score: int | None
    asked_at: Instant
    answered_at: Instant | None


class AgencySubmission(Reply):
    """What an agency submitted."""

    id: UUID
    tenant_id: UUID
    application_id: UUID
    agency_id: UUID
    submitted_at: Instant
    fee_basis: str
    fee_minor: int | None
    fee_currency: str | None
    status: str


class OfferTerms(EventTime):
    """What is offered."""

    start_date: date | None = None
    fte: Fte = 1
    salary_minor: MinorUnits | None = None
    salary_currency: Currency | None = None


class NewOffer(OfferTerms):
    """An offer for one opening of the job."""

    model_config = example(start_date="2027-09-01", fte=1, salary_minor=4200000, salary_currency="EUR")

    opening_id: UUID | None = Field(default=None, description="default: the job's first free opening")


class Offer(Reply):
    """An offer as it is; ``version`` counts the revisions of its chain."""

    id: UUID
    tenant_id: UUID
    application_id: UUID
    opening_id: UUID
    chain_id: UUID
    version: int
    status: OfferStatus
    approved_at: Instant | None
    sent_at: Instant | None
    resolved_at: Instant | None
    start_date: date | None
    fte: float
    salary_minor: int | None
    salary_currency: str | None


class Acceptance(EventTime):
    """The candidate accepts."""

    contract_kind: Literal["permanent", "fixed_term", "supply"] = "permanent"


class Hire(Reply):
    """A hire as it is."""

    id: UUID
    tenant_id: UUID
    application_id: UUID
    opening_id: UUID
    offer_id: UUID | None
    accepted_at: Instant | None
    hired_at: Instant
    start_date: date | None
    status: Literal["pending_start", "started", "reneged", "ended"]
    contract_kind: str


class NewOutcome(RequestBody):
    """How the employment stands on a day."""

    model_config = example(as_of="2027-12-01", still_employed=True, probation_passed=True, performance_scale="1-5", performance_value=4)

    as_of: date
    still_employed: bool
    end_date: date | None = None
    end_reason: EndReason | None = None
    probation_passed: bool | None = None
    performance_scale: Literal["1-5", "1-4"] | None = None
    performance_value: float | None = Field(default=None, ge=1, le=5)
    manager_satisfaction: float | None = Field(default=None, ge=0, le=10)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.still_employed and (self.end_date is not None or self.end_reason is not None):
            raise ValueError("end_date, end_reason: leave them out while still_employed is true")
        if not self.still_employed and self.end_date is None:
            raise ValueError("end_date: needed when still_employed is false")
        if (self.performance_value is None) != (self.performance_scale is None):
            raise ValueError("performance_value, performance_scale: give both or neither")
        if self.performance_scale == "1-4" and self.performance_value is not None and self.performance_value > 4:
            raise ValueError("performance_value: at most 4 on scale 1-4")
        return self


class Outcome(Reply):
    """An outcome as it was recorded."""

    id: UUID
    hire_id: UUID
    as_of: date
    still_employed: bool
    end_date: date | None
    end_reason: str | None
    probation_passed: bool | None
    performance_scale: str | None
    performance_value: float | None
    manager_satisfaction: float | None
