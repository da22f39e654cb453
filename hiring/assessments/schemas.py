"""What the routes of interviews, scorecards and screening checks take and give. Uploads and jobs: ``job_schemas.py``."""

from datetime import timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from hiring.schemas import Code, EventTime, Instant, Reply, RequestBody, example

InterviewKind = Literal["phone", "video", "in_person", "panel", "demo_lesson"]
InterviewStatus = Literal["scheduled", "held", "cancelled", "no_show"]
Recommendation = Literal["definitely_not", "no", "mixed", "yes", "strong_yes"]
CheckKind = Literal["reference", "criminal_record", "licence", "identity", "right_to_work"]
CheckResult = Literal["clear", "consider", "failed"]
Place = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
_PLACE = "where it is: address and room, link, or telephone number; the candidate is told"
LONGEST_INTERVIEW = timedelta(hours=12)


class Times(EventTime):
    """When an interview is to be."""

    scheduled_start: Instant
    scheduled_end: Instant

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if not timedelta() < self.scheduled_end - self.scheduled_start <= LONGEST_INTERVIEW:
            raise ValueError("scheduled_end: must lie after scheduled_start, by 12 hours at most")
        return self


class NewTimes(Times):
    """Another time, or another place, of an interview."""

    place: Place | None = Field(default=None, description=f"{_PLACE}; left out: as before")


class NewInterview(Times):
    """An interview to be held."""

    model_config = example(
        application_id="01890000-0000-7000-8000-000000000000",
        kind="video",
        scheduled_start="2027-03-01T09:00:00Z",
        scheduled_end="2027-03-01T10:00:00Z",
        participant_ids=["01890000-0000-7000-8000-000000000001"],
    )

    application_id: UUID
    kind: InterviewKind
    place: Place | None = Field(default=None, description=_PLACE)
    participant_ids: list[UUID] = Field(default=[], max_length=20, description="users who interview")


class Interview(Reply):
    """An interview as it is."""

    id: UUID
    tenant_id: UUID
    application_id: UUID
    kind: InterviewKind
    scheduled_start: Instant
    scheduled_end: Instant
    place: str | None
    status: InterviewStatus
    version: int


class InterviewQuestion(RequestBody):
    """Interviews that somebody is to be told about."""

    model_config = example(ids=["01890000-0000-7000-8000-000000000000"])

    ids: list[UUID] = Field(max_length=1000)


class Appointment(Reply):
    """When and where an interview is, as it is now. Not to be kept or logged."""

    id: UUID
    kind: InterviewKind
    scheduled_start: Instant
    scheduled_end: Instant
    place: str | None
    status: InterviewStatus


class NewParticipant(RequestBody):
    """A user who interviews."""

    user_id: UUID


class Participant(Reply):
    """A user who interviews."""

    id: UUID
    interview_id: UUID
    user_id: UUID


class NewScorecard(EventTime):
    """What an interviewer thinks, once and for all: a scorecard is final when it is submitted."""

    model_config = example(recommendation="yes", ratings={"subject_knowledge": 4, "classroom_management": 3})

    recommendation: Recommendation
    ratings: dict[Code, Annotated[int, Field(ge=1, le=5)]] = Field(default={}, max_length=30, description="criterion: 1 (poor) to 5")
    user_id: UUID | None = Field(default=None, description="whose; only an API key names it, a person submits their own")


class Scorecard(Reply):
    """A submitted scorecard."""

    id: UUID
    interview_id: UUID
    user_id: UUID
    recommendation: Recommendation
    ratings: dict[str, int]
    submitted_at: Instant


class NewCheck(EventTime):
    """A check to be made before a hire."""

    application_id: UUID
    kind: CheckKind


class CheckCompletion(EventTime):
    """What a check found; its papers stay with whoever made it."""

    result: CheckResult


class Check(Reply):
    """A screening check as it is."""

    id: UUID
    tenant_id: UUID
    application_id: UUID
    kind: CheckKind
    requested_at: Instant
    completed_at: Instant | None
    result: CheckResult | None
    version: int
