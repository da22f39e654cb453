"""What the survey routes take and give. ``declined`` is an answer; leaving the survey alone is no answer."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import Field, SecretStr

from hiring.schemas import Reply, RequestBody, example

LOCALE = r"^[a-z]{2}(-[A-Z]{2})?$"


class NewInvitation(RequestBody):
    """Ask the person behind an application."""

    application_id: UUID
    locale: str = Field(default="en", pattern=LOCALE)
    question_set_version: str = Field(default="1", pattern=r"^[A-Za-z0-9._-]{1,20}$")


class Invitation(Reply):
    """The link's secret part, for the message to the person: it names nobody and is nowhere stored."""

    token: str
    valid_until: date


class Answers(RequestBody):
    """A person's own answers. Nothing but these and the day is kept."""

    model_config = example(token="…", gender="female", ethnicity="declined", age_band="25_34", disability="no", veteran="no")  # noqa: S106  an example

    token: SecretStr = Field(max_length=1000)
    gender: Literal["female", "male", "non_binary", "declined"]
    ethnicity: Literal["asian", "black", "hispanic", "middle_eastern", "white", "multiple", "other", "declined"]
    age_band: Literal["under_25", "25_34", "35_44", "45_54", "55_plus", "declined"]
    disability: Literal["yes", "no", "declined"]
    veteran: Literal["yes", "no", "declined"]
