"""Bases of request and reply schemas, and the page every list is returned in."""

import re
from datetime import UTC, date, datetime
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Generic, TypeVar, Union, get_args, get_origin

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]


def _as_registered(tag: str) -> str:
    """Return a language tag in the case its parts are registered in: zh-Hant-TW."""
    language, *parts = tag.split("-")
    cased = (part.title() if len(part) == 4 and part.isalpha() else part.upper() if len(part) <= 3 else part.lower() for part in parts)
    return "-".join((language.lower(), *cased))


Language = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3})){0,3}$"),
    Field(description="a language tag (BCP 47): language, then script, region, variants as needed", examples=["de", "pt-BR", "zh-Hant-TW"]),
    AfterValidator(_as_registered),
]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
MinorUnits = Annotated[int, Field(ge=0, le=10**12, description="money in minor units (cents)")]
Fte = Annotated[float, Field(gt=0, le=2)]


Item = TypeVar("Item")


_NUMBER = re.compile(r"\s*[-+]?\d+(\.\d*)?\s*")


@cache
def _kinds(annotation: Any) -> frozenset[Any]:
    """Return the types an annotation allows at its top, without the contents of lists."""
    if get_origin(annotation) in {Union, UnionType, Annotated}:
        parts = get_args(annotation)
        parts = parts[:1] if get_origin(annotation) is Annotated else parts
        return frozenset().union(*(_kinds(part) for part in parts))
    return frozenset({annotation})


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _spelled_out(sent: Any) -> Any:
    """Refuse a number: it would be read as seconds since 1970."""
    if isinstance(sent, int | float) or (isinstance(sent, str) and _NUMBER.fullmatch(sent)):
        raise ValueError("write an instant as 2027-09-01T08:00:00Z")
    return sent


Instant = Annotated[AwareDatetime, BeforeValidator(_spelled_out), AfterValidator(_utc)]


class RequestBody(BaseModel):
    """What a client sends: unknown fields are refused, so that a misspelt one is not lost in silence.

    Nor is a value taken for what it is not: 0 for a date would be the year 1970, ``false`` for an amount nothing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
    is_query: ClassVar[bool] = False  # in a query every value is text

    @model_validator(mode="before")
    @classmethod
    def _is_what_it_says(cls, sent: Any) -> Any:
        for name, field in cls.model_fields.items() if isinstance(sent, dict) else ():
            annotation: Any = field.annotation
            if name in sent and (fault := _fault(sent[name], _kinds(annotation), cls.is_query)):
                raise ValueError(f"{name}: {fault}")
        return sent


def _fault(value: Any, kinds: frozenset[Any], is_query: bool) -> str:
    """Return what is wrong with a value's JSON type, empty when it is right."""
    is_text, is_number = isinstance(value, str), isinstance(value, int | float) and not isinstance(value, bool)
    if kinds & {date, datetime, AwareDatetime} and (is_number or (is_text and _NUMBER.fullmatch(value))):
        return "write a date as 2027-09-01, an instant as 2027-09-01T08:00:00Z"
    if isinstance(value, bool) and kinds & {int, float} and bool not in kinds:
        return "must be a number"
    if is_number and kinds <= {bool, NoneType}:
        return "must be true or false"
    return "must not be text" if is_text and not is_query and kinds <= {int, float, bool, NoneType} else ""


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
