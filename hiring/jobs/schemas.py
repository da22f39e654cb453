"""What the job routes take and give."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from hiring.schemas import Code, Currency, EventTime, Fte, Instant, MinorUnits, Name, Reply, RequestBody, example

StaffClass = Literal["teacher", "leadership", "support"]
JobStatus = Literal["draft", "approved", "open", "on_hold", "closed", "cancelled"]
CloseReason = Literal["filled", "cancelled", "budget", "not_filling"]
Headcount = Annotated[int, Field(ge=1, le=200)]
ChannelType = Literal[
    "linkedin", "indeed", "direct", "agency", "referral", "job_board", "event", "social", "internal", "sourced", "unknown"
]


class _SalaryBand(RequestBody):
    salary_min_minor: MinorUnits | None = None
    salary_max_minor: MinorUnits | None = None
    salary_currency: Currency | None = None

    @model_validator(mode="after")
    def _band_is_whole(self) -> Self:
        low, high = self.salary_min_minor, self.salary_max_minor
        if low is not None and high is not None and low > high:
            raise ValueError("salary_min_minor: must not exceed salary_max_minor")
        return self


class NewJob(_SalaryBand):
    """A requisition: a school asks to fill one or more openings."""

    model_config = example(
        tenant_id="01890000-0000-7000-8000-000000000000",
        title="Mathematics teacher",
        subject="mathematics",
        grade_range="9-12",
        staff_class="teacher",
        headcount=1,
        fte=1,
        target_start_date="2027-09-01",
    )

    tenant_id: UUID = Field(description="the school that hires")
    title: Name
    subject: Code
    grade_range: Name
    staff_class: StaffClass = "teacher"
    target_start_date: date | None = None
    owner_id: UUID | None = Field(default=None, description="the recruiter in charge; default: whoever drafts it")
    headcount: Headcount = 1
    fte: Fte = 1
    has_visa_sponsorship: bool = False
    event_at: Instant | None = None


class JobChange(_SalaryBand):
    """What may change of a job that is not closed; null clears the start date and the salary, fields left out stay."""

    title: Name | None = None
    subject: Code | None = None
    grade_range: Name | None = None
    target_start_date: date | None = None
    owner_id: UUID | None = None
    has_visa_sponsorship: bool | None = None
    headcount: Headcount | None = Field(default=None, description="while the job is a draft; later: POST /v1/jobs/{job_id}/headcount")


class NewHeadcount(RequestBody):
    """How many people the job is to be filled with, those hired already among them."""

    headcount: Headcount


class Job(Reply):
    """A job as it is."""

    id: UUID
    tenant_id: UUID
    organisation_id: UUID
    title: str
    subject: str
    grade_range: str
    staff_class: str
    status: JobStatus
    approved_at: Instant | None
    opened_at: Instant | None
    target_start_date: date | None
    closed_at: Instant | None
    close_reason: str | None
    owner_id: UUID | None
    headcount: int
    fte: float
    salary_min_minor: int | None
    salary_max_minor: int | None
    salary_currency: str | None
    has_visa_sponsorship: bool
    version: int


class StatusEvent(Reply):
    """One step of a job's life."""

    id: UUID
    job_id: UUID
    from_status: str | None
    to_status: str
    reason: str | None
    event_at: Instant
    actor_id: UUID | None


class StatusStep(EventTime):
    """Put on hold or reopen, with a reason code."""

    reason: Code | None = None


class Closing(EventTime):
    """Close a job that will not be filled."""

    reason: Literal["budget", "not_filling"] = "not_filling"


class Opening(Reply):
    """One seat of a job."""

    id: UUID
    tenant_id: UUID
    job_id: UUID
    fte: float
    opened_at: Instant | None
    closed_at: Instant | None
    close_reason: str | None
    filled_by_application_id: UUID | None


class NewPosting(EventTime):
    """Advertise a job on a channel."""

    channel_id: UUID
    url: str | None = Field(default=None, max_length=500, pattern=r"^https?://[^\s\x00]+$", description="kept, never fetched")
    is_internal: bool = False


class Posting(Reply):
    """An advertisement."""

    id: UUID
    tenant_id: UUID
    job_id: UUID
    channel_id: UUID
    url: str | None
    live_from: Instant
    live_to: Instant | None
    is_internal: bool


class NewChannel(RequestBody):
    """A place where candidates come from; without a school it is shared by the network."""

    tenant_id: UUID | None = None
    name: Name
    type: ChannelType


class Channel(Reply):
    """A place where candidates come from."""

    id: UUID
    tenant_id: UUID | None
    name: str
    type: ChannelType


class NewChannelCost(RequestBody):
    """What a channel cost a school in a month."""

    organisation_id: UUID
    channel_id: UUID
    period: date = Field(description="first day of the month")
    amount_minor: MinorUnits
    currency: Currency
    kind: Literal["advertising", "subscription", "event", "bonus"]

    @model_validator(mode="after")
    def _period_is_a_month(self) -> Self:
        if self.period.day != 1:
            raise ValueError("period: name the first day of the month")
        return self


class ChannelCost(Reply):
    """What a channel cost."""

    id: UUID
    organisation_id: UUID
    channel_id: UUID
    period: date
    amount_minor: int
    currency: str
    kind: str


class NewHiringPlan(RequestBody):
    """How many people a school wants to hire for a subject in a season."""

    organisation_id: UUID
    season: str = Field(pattern=r"^[0-9]{4}(-[0-9]{2,4})?$", examples=["2026-27"])
    subject: Code
    target_hires: int = Field(ge=0, le=10_000)
    due_date: date


class HiringPlan(NewHiringPlan, Reply):
    """A plan as it is."""

    id: UUID
