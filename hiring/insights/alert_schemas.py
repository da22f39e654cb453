"""What the routes of alert rules, alert events and report schedules take and give. People are named by id, webhooks by name."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from hiring.insights.schemas import Filters, PublishVersion, Switches
from hiring.schemas import Code, Instant, Name, Reply, RequestBody, example

AlertMetricId = Annotated[str, StringConstraints(pattern=r"^[A-CE-Z][0-9]{1,2}$")]  # equity figures are released, never watched


class Threshold(RequestBody):
    """The metric's value lies above or below a limit."""

    kind: Literal["threshold"]
    direction: Literal["above", "below"]
    limit: float = Field(ge=-1e9, le=1e9)


class ChangeBeyondNoise(RequestBody):
    """The metric moved by more than chance alone makes."""

    kind: Literal["change_beyond_noise"]
    direction: Literal["up", "down", "either"] = "either"
    against: Literal["prior_period", "prior_year"] = "prior_year"


class Stale(RequestBody):
    """What is published is older than so many days."""

    kind: Literal["stale"]
    max_age_days: int = Field(ge=1, le=365)


class ToPerson(RequestBody):
    """Tell a person by e-mail; where to is looked up when it is sent."""

    kind: Literal["email"] = "email"
    user_id: UUID | None = Field(default=None, description="default: whoever makes the rule")


class ToWebhook(RequestBody):
    """Call a webhook that the operator has configured under this name."""

    kind: Literal["webhook"]
    name: Code


Condition = Annotated[Threshold | ChangeBeyondNoise | Stale, Field(discriminator="kind")]
Channel = Annotated[ToPerson | ToWebhook, Field(discriminator="kind")]


class NewRule(RequestBody):
    """Whom to tell when a figure meets a condition."""

    model_config = example(
        tenant_id="01890000-0000-7000-8000-000000000000",
        name="Slow hiring in science",
        metric_id="T4",
        filters={"subject": ["science"]},
        period_months=3,
        condition={"kind": "threshold", "direction": "above", "limit": 60},
        cool_down_hours=168,
        channel={"kind": "email"},
    )

    tenant_id: UUID | None = Field(description="the school; null: every school together, by whoever acts for the platform")
    name: Name
    metric_id: AlertMetricId | None = Field(default=None, description="null exactly for condition stale")
    switches: Switches = Field(default_factory=dict)
    filters: Filters = Field(default_factory=dict)
    period_months: int = Field(default=3, ge=1, le=36, description="whole months, up to the last full one before the data's as-of")
    condition: Condition
    cool_down_hours: int = Field(default=24, ge=1, le=8_760)
    channel: Channel = Field(default_factory=ToPerson)
    is_active: bool = True

    @model_validator(mode="after")
    def _condition_fits(self) -> Self:
        if (self.condition.kind == "stale") != (self.metric_id is None):
            raise ValueError("metric_id: leave it out for condition stale, name it for any other")
        return self


class RuleChange(RequestBody):
    """What may change of a rule: everything but whose figures it watches."""

    name: Name | None = None
    metric_id: AlertMetricId | None = None
    switches: Switches | None = None
    filters: Filters | None = None
    period_months: int | None = Field(default=None, ge=1, le=36)
    condition: Condition | None = None
    cool_down_hours: int | None = Field(default=None, ge=1, le=8_760)
    channel: Channel | None = None
    is_active: bool | None = None


class Figure(RequestBody):
    """A value with its interval and n."""

    value: float | None = None
    n: int | None = None
    lower: float | None = None
    upper: float | None = None


class Evaluation(Figure):
    """What a rule saw in one published version."""

    publish_version: PublishVersion
    as_of: Instant
    is_met: bool
    compared_with: Figure | None = None
    sentence: str = Field(max_length=500, description="the finding in words; names no person")


class Rule(Reply):
    """A rule, what it saw last and when it last told somebody."""

    id: UUID
    tenant_id: UUID | None
    owner_id: UUID
    name: str
    metric_id: str | None
    switches: dict[str, str]
    filters: dict[str, list[str]]
    period_months: int
    condition: Condition
    cool_down_hours: int
    channel: Channel
    is_active: bool
    last_evaluation: Evaluation | None
    last_event_at: Instant | None
    version: int
    created_at: Instant
    updated_at: Instant


class Event(Reply):
    """A condition that was met, and whether somebody was told."""

    id: UUID
    tenant_id: UUID | None
    rule_id: UUID
    rule_name: str
    metric_id: str | None
    evaluation: Evaluation
    delivery: Literal["pending", "sent", "failed"]
    error: str | None
    delivered_at: Instant | None
    created_at: Instant


class Verdict(Reply):
    """The event to deliver now, if there is one, and until when the rule stays silent."""

    event: Event | None
    cools_down_until: Instant | None


class EventOutcome(RequestBody):
    """How the delivery of an event went."""

    delivery: Literal["sent", "failed"]
    error: Code | None = None


class Recipient(Reply):
    """Where an alert goes. For the service that delivers; not to be logged."""

    kind: Literal["email", "webhook"]
    email: str | None = None
    name: str | None = None


class NewSchedule(RequestBody):
    """A board report sent again and again."""

    model_config = example(
        tenant_id="01890000-0000-7000-8000-000000000000", name="Board, each month", period="last-3", cadence="monthly", recipient_ids=None
    )

    tenant_id: UUID
    name: Name
    period: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="code of the period reported on, such as last-3 or season")
    cadence: Literal["weekly", "monthly", "quarterly"]
    recipient_ids: list[UUID] | None = Field(default=None, min_length=1, max_length=20, description="users; default: whoever makes it")
    is_active: bool = True


class ScheduleChange(RequestBody):
    """What may change of a schedule."""

    name: Name | None = None
    period: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    cadence: Literal["weekly", "monthly", "quarterly"] | None = None
    recipient_ids: list[UUID] | None = Field(default=None, min_length=1, max_length=20)
    is_active: bool | None = None


class ReportOutcome(RequestBody):
    """How sending one report went."""

    publish_version: PublishVersion
    outcome: Literal["sent", "failed", "skipped"]
    error: Code | None = None


class Schedule(Reply):
    """A schedule and how its last report went."""

    id: UUID
    tenant_id: UUID
    owner_id: UUID
    name: str
    period: str
    cadence: str
    recipient_ids: list[UUID]
    is_active: bool
    last_sent_at: Instant | None
    last_outcome: ReportOutcome | None
    version: int
    created_at: Instant
    updated_at: Instant


class Addresses(Reply):
    """Addresses of a schedule's recipients that may still read the school's figures. Not to be logged."""

    emails: list[str]
