"""What the identity routes take and give."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, ConfigDict, Field, SecretStr, StringConstraints

from foundation.access import Role
from hiring.schemas import Country, Instant, Name, Reply, RequestBody, example

Email = Annotated[str, StringConstraints(pattern=r"^[^@\s\x00]{1,64}@[^@\s\x00]{1,190}$", to_lower=True)]


def _known_timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("use a name of the IANA time zone database, for example Europe/Vienna")
    return name


class SignIn(RequestBody):
    """An address and a password."""

    model_config = example(email="director@school.example", password="a long passphrase")  # noqa: S106  an example

    email: Email
    password: SecretStr = Field(max_length=200)


class Session(Reply):
    """A fresh session: the token is shown this once."""

    token: str
    expires_at: Instant
    principal: dict[str, Any]


class CredentialQuestion(RequestBody):
    """A session token or API key to be verified for another service."""

    credential: SecretStr = Field(max_length=500)


class NewOrganisation(RequestBody):
    """A school, a school group or an agency."""

    model_config = example(name="Riverside School", kind="school", timezone="Europe/Vienna", country="AT", academic_year_start_month=9)

    name: Name
    kind: Literal["school", "school_group", "agency"]
    parent_id: UUID | None = None
    timezone: Annotated[str, AfterValidator(_known_timezone)] = "UTC"
    country: Country
    academic_year_start_month: int = Field(default=9, ge=1, le=12)
    equity_survey_enabled: bool = Field(default=False, description="only in countries whose law allows the survey")


class OrganisationChange(RequestBody):
    """What may change of an organisation; fields left out stay."""

    name: Name | None = None
    timezone: Annotated[str, AfterValidator(_known_timezone)] | None = None
    equity_survey_enabled: bool | None = None


class Organisation(Reply):
    """An organisation as it is."""

    id: UUID
    name: str
    kind: str
    parent_id: UUID | None
    timezone: str
    country: str
    academic_year_start_month: int
    equity_survey_enabled: bool
    version: int


class CalendarDay(RequestBody):
    """One day of a school's calendar."""

    model_config = ConfigDict(from_attributes=True, extra="ignore", frozen=True)

    date: date
    is_open: bool
    term_code: str | None = Field(default=None, max_length=40)
    is_term_start: bool = False


class NewUser(RequestBody):
    """A person who signs in."""

    model_config = example(email="recruiter@school.example", display_name="Sam Recruiter", password="a long passphrase")  # noqa: S106  an example

    email: Email
    display_name: Name
    password: SecretStr | None = Field(default=None, min_length=12, max_length=200)
    organisation_id: UUID | None = None
    role: Role | None = Field(default=None, description="granted at the organisation with the account")


class UserChange(RequestBody):
    """What may change of a user."""

    display_name: Name | None = None
    is_active: bool | None = None


class UserReference(Reply):
    """Which user was made."""

    id: UUID
    version: int


class NewMembership(RequestBody):
    """A role at an organisation; without one, platform-wide."""

    organisation_id: UUID | None = None
    role: Role


class Membership(Reply):
    """A role where it was granted."""

    id: UUID
    user_id: UUID
    organisation_id: UUID | None
    role: Role


class User(Reply):
    """A user as others may see them."""

    id: UUID
    display_name: str
    email: str
    is_active: bool
    version: int


class NewApiKey(RequestBody):
    """A key of a service."""

    model_config = example(name="prediction API", scopes=["credentials:introspect"], tenant_ids=[], days=365)

    name: Name
    scopes: list[Annotated[str, StringConstraints(pattern=r"^[a-z_]+:[a-z_]+$")]] = Field(min_length=1, max_length=50)
    tenant_ids: list[UUID] | Literal["*"] = Field(default=[], description="schools it reaches; '*' is every school")
    days: int = Field(default=365, ge=1, le=730)


class ApiKey(Reply):
    """A key without its secret."""

    id: UUID
    name: str
    scopes: list[str]
    tenant_ids: list[str]
    expires_at: Instant
    revoked_at: Instant | None


class IssuedApiKey(ApiKey):
    """A fresh key: the credential is shown this once."""

    credential: str = Field(description="id.secret: send it as Authorization: Bearer")


class NewFeedback(RequestBody):
    """How likely a school or agency is to recommend the platform."""

    organisation_id: UUID
    respondent_kind: Literal["school", "agency"]
    score: int = Field(ge=0, le=10)


class Feedback(Reply):
    """An answered question."""

    id: UUID
    organisation_id: UUID
    score: int


class HeldPermission(Reply):
    """What the caller may do, and at which schools."""

    permission: str
    tenant_ids: list[UUID] | None = Field(description="null: at every school")
