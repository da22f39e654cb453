"""What the routes of views, targets and receipts take and give. Alerts and schedules: ``alert_schemas.py``."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, JsonValue, StringConstraints, model_validator

from hiring.schemas import Code, Instant, Name, Reply, RequestBody, example

MetricId = Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]{1,2}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Season = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-20[0-9]{2}$")]
PublishVersion = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,60}$")]
Unit = Literal["count", "rate", "days", "score"]
Switches = Annotated[dict[Code, Code], Field(max_length=20)]
Filters = Annotated[dict[Code, list[Text]], Field(max_length=20, description="dimension → values; dimensions all hold")]
ViewFilters = Annotated[
    dict[
        Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")],
        Annotated[str, StringConstraints(max_length=200, pattern=r"^[^@\x00]*$")],
    ],
    Field(max_length=20, description="the filters of a page as its URL holds them: codes, never an address or a name"),
]


class NewView(RequestBody):
    """A page's filters under a name of one's own."""

    model_config = example(name="Science, last year", page="funnel", filters={"subject": "science", "period": "last-12"})

    name: Name
    page: Code
    filters: ViewFilters


class ViewChange(RequestBody):
    """What may change of a view."""

    name: Name | None = None
    filters: ViewFilters | None = None


class SavedView(Reply):
    """A view as saved."""

    id: UUID
    name: str
    page: str
    filters: dict[str, str]
    version: int
    created_at: Instant
    updated_at: Instant


class NewTarget(RequestBody):
    """What a school wants a metric to be."""

    model_config = example(
        tenant_id="01890000-0000-7000-8000-000000000000",
        metric_id="T4",
        season="2026-2027",
        goal=45,
        unit="days",
        direction="at_most",
    )

    tenant_id: UUID | None = Field(description="the school; null: every school, by whoever acts for the platform")
    metric_id: MetricId
    season: Season | None = Field(default=None, description="the school year it is meant for; null: every year")
    filters: Filters = Field(default_factory=dict)
    switches: Switches = Field(default_factory=dict)
    goal: float = Field(ge=-1e9, le=1e9)
    unit: Unit
    direction: Literal["at_least", "at_most"]


class TargetChange(RequestBody):
    """What may change of a target."""

    goal: float | None = Field(default=None, ge=-1e9, le=1e9)
    direction: Literal["at_least", "at_most"] | None = None


class Target(Reply):
    """A target as set."""

    id: UUID
    tenant_id: UUID | None
    owner_id: UUID
    metric_id: str
    season: str | None
    filters: dict[str, list[str]]
    switches: dict[str, str]
    goal: float
    unit: Unit
    direction: Literal["at_least", "at_most"]
    version: int
    created_at: Instant
    updated_at: Instant


class ReceiptQuery(RequestBody):
    """The question that a figure answers."""

    period_from: date | None = None
    period_to: date | None = None
    group_by: list[Code] = Field(default_factory=list, max_length=10)
    filters: dict[Code, JsonValue] = Field(default_factory=dict, max_length=20)


class ReceiptStatement(RequestBody):
    """SQL as it was run."""

    sql: str = Field(max_length=20_000)
    parameters: list[JsonValue] = Field(default_factory=list, max_length=200)


class ReceiptContent(RequestBody):
    """A figure with everything that explains it; kept as it is."""

    metric_id: MetricId
    definition_version: int = Field(ge=1)
    name: Name
    question: str = Field(max_length=2_000)
    formula: str = Field(max_length=4_000)
    policy: str = Field(max_length=4_000)
    unit: Unit
    interval: Code
    switches: dict[Code, Code] = Field(default_factory=dict, max_length=20)
    query: ReceiptQuery = Field(default_factory=ReceiptQuery)
    rows: list[dict[str, JsonValue]] = Field(max_length=500, description="the answer: group columns, value, n, lower, upper, …")
    statements: list[ReceiptStatement] = Field(max_length=20)
    publish_version: PublishVersion
    as_of: Instant


class NewReceipt(ReceiptContent):
    """A receipt and the scope its figure was computed under."""

    tenant_ids: list[UUID] | None = Field(description="schools the figure may have been read from; null: every school")
    agency_id: UUID | None = None

    @model_validator(mode="after")
    def _schools_are_a_set(self) -> Self:
        if self.tenant_ids is not None and len(set(self.tenant_ids)) != len(self.tenant_ids):
            raise ValueError("tenant_ids: names a school twice")
        return self


class Receipt(Reply):
    """A receipt as it was made, whatever has been published since."""

    id: str
    tenant_ids: list[UUID] | None
    agency_id: UUID | None
    scope_digest: str
    content: ReceiptContent
    created_at: Instant
