"""What the audit routes take and give."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from hiring.schemas import Reply, RequestBody, example

MetricId = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9]{0,15}$")]


class NewEquityPack(RequestBody):
    """Ask to make an audit pack: exact figures of one model and year, pooled over all schools."""

    model_config = example(model="candidate_success", year=2025, reason="Yearly bias audit under Local Law 144", expires_on="2026-12-31")

    model: Literal["candidate_success"] = Field(description="the one model that scores people")
    year: int = Field(ge=2000, le=2100, description="academic years that began in it")
    reason: str = Field(default="", max_length=500, description="why; mandatory, kept in the audit log and in the pack")
    expires_on: date = Field(description="last day of the pack; answers it needs are kept until then")


class NewExport(RequestBody):
    """A file that is about to leave, or a list of people that is about to be shown: what is on a page."""

    model_config = example(name="sources-which-channels-bring-hires-2025-11-to-2026-10", format="csv", rows=7)

    name: str = Field(pattern=r"^[a-z0-9-]{1,200}$", description="its name without the ending: page, question, period")
    format: Literal["csv", "png", "pdf", "page"] = Field(description="page: it is shown, no file leaves")
    holds: Literal["figures", "people"] = Field(default="figures", description="people: a row for each application or person")
    reason: str | None = Field(
        default=None,
        max_length=300,
        description="why a file about people is taken: needed for one, kept in the audit log; must hold no name and nothing else personal",
    )
    rows: int | None = Field(default=None, ge=0, description="of a table")
    tenant_id: UUID | None = Field(default=None, description="the school, where it is about one alone")


class Served(RequestBody):
    """What one caller was given of metrics in one form."""

    actor: str = Field(pattern=r"^[A-Za-z0-9._:-]{1,100}$", description="the caller's id")
    actor_type: Literal["person", "service"]
    format: Literal["json", "csv", "arrow"]
    metrics: list[MetricId] = Field(min_length=1, max_length=500)
    answers: int = Field(ge=1, description="how many there were")
    rows: int = Field(ge=0, description="in all of them")
    is_equity: bool = Field(default=False, description="released equity figures; each answer is told by itself, before it leaves")


class ServedBatch(RequestBody):
    """What several callers were given."""

    model_config = example(
        items=[{"actor": "01890000-0000-7000-8000-000000000000", "actor_type": "service", "format": "csv", "metrics": ["F2"],
                "answers": 3, "rows": 96}],
    )  # fmt: skip

    items: list[Served] = Field(min_length=1, max_length=200)


class EquityPack(Reply):
    """The row of the audit log under which the pack may be made."""

    seq: int
    at: datetime
    model: str
    year: int
    reason: str
    expires_on: date
    auditor: str
