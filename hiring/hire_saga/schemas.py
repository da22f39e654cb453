"""What the routes of the hire saga take and give."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import Field

from hiring.schemas import Currency, Fte, Instant, MinorUnits, Reply, RequestBody, example

Step = Literal["reserve_opening", "send_offer", "await_answer", "fill_opening", "notify_agency"]
State = Literal["processing", "waiting", "stuck", "completed", "compensated"]


class NewHire(RequestBody):
    """The terms on which a person is to be hired."""

    model_config = example(start_date="2027-09-01", salary_minor=4200000, salary_currency="EUR", answer_days=14)

    opening_id: UUID | None = Field(default=None, description="default: the job's first free opening")
    start_date: date | None = None
    fte: Fte = 1
    salary_minor: MinorUnits | None = None
    salary_currency: Currency | None = None
    answer_days: int = Field(default=14, ge=1, le=90, description="days the person has to answer; then the offer expires")


class HireSaga(Reply):
    """A hire as it stands."""

    id: UUID
    tenant_id: UUID
    application_id: UUID
    job_id: UUID
    opening_id: UUID | None
    offer_id: UUID
    agency_id: UUID | None
    step: Step = Field(description="the step to be taken or undone next; of an ended saga: the last one")
    direction: Literal["forward", "back"]
    state: State = Field(description="stuck: undoing keeps failing; it is tried on, and needs somebody to look")
    attempts: int = Field(description="failures of the present step")
    due_at: Instant = Field(description="when it is tried next; while waiting: when the offer expires")
    expires_at: Instant | None
    error: str | None = Field(description="code of the last failure; of a saga that went back: why")
    signal: str | None = Field(description="accepted, or why it goes back: declined, expired, cancelled, …")
    started_at: Instant
    ended_at: Instant | None
    version: int
