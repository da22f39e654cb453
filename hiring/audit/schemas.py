"""What the audit routes take and give."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from hiring.schemas import Reply, RequestBody, example


class NewEquityPack(RequestBody):
    """Ask to make an audit pack: exact figures of one model and year, pooled over all schools."""

    model_config = example(model="candidate_success", year=2025, reason="Yearly bias audit under Local Law 144", expires_on="2026-12-31")

    model: Literal["candidate_success"] = Field(description="the one model that scores people")
    year: int = Field(ge=2000, le=2100, description="academic years that began in it")
    reason: str = Field(default="", max_length=500, description="why; mandatory, kept in the audit log and in the pack")
    expires_on: date = Field(description="last day of the pack; answers it needs are kept until then")


class NewExport(RequestBody):
    """A file that is about to leave: figures as shown on a page, never people."""

    model_config = example(name="sources-which-channels-bring-hires-2025-11-to-2026-10", format="csv", rows=7)

    name: str = Field(pattern=r"^[a-z0-9-]{1,200}$", description="its name without the ending: page, question, period")
    format: Literal["csv", "png", "pdf"]
    rows: int | None = Field(default=None, ge=0, description="of a table")
    tenant_id: UUID | None = Field(default=None, description="the school, where it is about one alone")


class EquityPack(Reply):
    """The row of the audit log under which the pack may be made."""

    seq: int
    at: datetime
    model: str
    year: int
    reason: str
    expires_on: date
    auditor: str
