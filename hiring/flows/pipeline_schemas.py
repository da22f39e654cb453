"""What the pipeline routes give."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from hiring.applications.schemas import Hire, Offer, OfferStatus, Origin, Status
from hiring.jobs.schemas import Job
from hiring.schemas import Instant, Reply, RequestBody, example


class JobStanding(Job):
    """A job with how its hiring stands."""

    openings_left: int = Field(description="openings neither filled nor closed")
    stages: dict[str, int] = Field(description="active applications by canonical stage (`other`: none is known), `hired` and `ended` ones")


class ApplicationStanding(Reply):
    """An application as a list shows it: who, where, since when, through which channel."""

    id: UUID
    tenant_id: UUID
    job_id: UUID
    candidate_id: UUID
    given_name: str
    family_name: str
    status: Status
    current_stage: str
    canonical_stage: str
    since: Instant = Field(description="when it came to where it stands; for an ended one: when it ended")
    applied_at: Instant
    origin: Origin
    is_internal: bool
    channel: str | None = Field(description="name of the last touch's channel")
    offer_status: OfferStatus | None = Field(description="of its live offer")
    version: int


class CandidateFilter(RequestBody):
    """Which of a job's candidates to show."""

    model_config = example(search="ada ex", place="applied", limit=25, page=1)

    ended: bool = Field(default=False, description="those whose application ended, instead of the active ones")
    search: str = Field(default="", max_length=100, pattern=r"^[^\x00]*$", description="words of which each is a part of the name")
    place: Annotated[str, Field(max_length=60)] | None = Field(default=None, description="one place of `matching`; default: each")
    limit: int = Field(default=20, ge=1, le=200, description="candidates of a place on a page")
    page: int = Field(default=1, ge=1, le=10_000)


class JobPipeline(JobStanding):
    """A job and its candidates."""

    matching: dict[str, int] = Field(description="how many match, by place: canonical stage (or `other`), or how they ended")
    applications: list[ApplicationStanding] = Field(description="a page of each place; those first that have stood longest")


class TitledApplication(ApplicationStanding):
    """An application as a list across jobs shows it."""

    job_title: str


class _Person(Reply):
    given_name: str
    family_name: str
    job_id: UUID
    job_title: str


class WaitingOffer(_Person, Offer):
    """An offer that waits for approval, sending or an answer."""

    created_at: Instant


class WaitingHire(_Person, Hire):
    """A hire whose person has not started."""

    start_date: date | None


class Waiting(Reply):
    """What waits for somebody, oldest offers and earliest starts first."""

    offers: list[WaitingOffer]
    hires: list[WaitingHire]
