"""Bases of request and reply schemas, and the page every list is returned in."""

from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
MinorUnits = Annotated[int, Field(ge=0, le=10**12, description="money in minor units (cents)")]
Fte = Annotated[float, Field(gt=0, le=2)]


Item = TypeVar("Item")


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_utc)]


class RequestBody(BaseModel):
    """What a client sends: unknown fields are refused, so that a misspelt one is not lost in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Reply(BaseModel):
    """What a client gets: exactly the declared fields of a row."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Page(Reply, Generic[Item]):
    """One page of a list, in the order of ids."""

    items: list[Item]
    next_cursor: str | None = Field(description="pass it as `cursor` for the next page; null on the last one")


class EventTime(RequestBody):
    """The body of an action that needs nothing but, for imports and simulations, its instant."""

    event_at: Instant | None = Field(default=None, description="when it happened; only with scope events:backdate, never in the future")


def example(**fields: Any) -> ConfigDict:
    """Return the schema settings that show one example in the OpenAPI document."""
    return ConfigDict(json_schema_extra={"examples": [fields]})
