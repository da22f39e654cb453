"""What the audit routes take and give."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from hiring.schemas import Reply, RequestBody, example


class NewEquityPack(RequestBody):
    """Ask to make an audit pack: exact figures of one model and year, pooled over all schools."""

    model_config = example(model="candidate_success", year=2025, reason="Yearly bias audit under Local Law 144", expires_on="2026-12-31")

    model: Literal["candidate_success"] = Field(description="the one model that scores people")
    year: int = Field(ge=2000, le=2100, description="academic years that began in it")
    reason: str = Field(default="", max_length=500, description="why; mandatory, kept in the audit log and in the pack")
    expires_on: date = Field(description="last day of the pack; answers it needs are kept until then")


class EquityPack(Reply):
    """The row of the audit log under which the pack may be made."""

    seq: int
    at: datetime
    model: str
    year: int
    reason: str
    expires_on: date
    auditor: str
