"""What the pipeline routes give."""

from datetime import date
from uuid import UUID

from pydantic import Field

from hiring.applications.schemas import Hire, Offer, OfferStatus, Origin, Status
from hiring.jobs.schemas import Job
from hiring.schemas import Instant, Reply


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


class JobPipeline(JobStanding):
    """A job and its candidates."""

    applications: list[ApplicationStanding] = Field(description="at most 1,000, those first that have stood longest")


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
