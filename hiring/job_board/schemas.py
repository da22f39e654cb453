"""What the public may ask of the board, and every field it may see: no person, no id of one, nothing internal."""

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from hiring.jobs.schemas import StaffClass
from hiring.schemas import Code, Country, Instant, Reply, RequestBody

Words = Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")]


class Criteria(RequestBody):
    """Which jobs; every given condition must hold."""

    is_query: ClassVar[bool] = True

    q: Words | None = Field(default=None, description='words of title, subject and level; "exact phrase", -without')
    subject: Code | None = Field(default=None, description="for instance mathematics")
    country: Country | None = Field(default=None, description="ISO 3166 code of the school's country")
    level: Words | None = Field(default=None, description="grades taught, as the job names them: 9-12")
    starts_from: date | None = Field(default=None, description="first day of work on or after")
    starts_to: date | None = Field(default=None, description="first day of work on or before")
    cursor: Annotated[str, Field(max_length=120)] | None = Field(default=None, description="next_cursor of the previous page")
    limit: int = Field(default=20, ge=1, le=100, description="jobs on a page")


class School(Reply):
    """Who hires."""

    name: str
    country: str


class PublicJob(Reply):
    """An open job as the public sees it; money in minor units."""

    id: UUID
    title: str
    subject: str
    grade_range: str
    staff_class: StaffClass
    fte: float
    openings_count: int = Field(description="places still free")
    target_start_date: date | None
    has_visa_sponsorship: bool
    salary_min_minor: int | None
    salary_max_minor: int | None
    salary_currency: str | None
    opened_at: Instant
    school: School


class Board(Reply):
    """One page of open jobs, newest first."""

    items: list[PublicJob]
    next_cursor: str | None
