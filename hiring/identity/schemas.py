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


class RefreshToken(RequestBody):
    """The refresh token of a session; it is spent by being sent."""

    refresh_token: SecretStr = Field(max_length=200)


class Session(Reply):
    """A fresh pair of tokens: they are shown this once."""

    token: str = Field(description="access token: send it as Authorization: Bearer")
    expires_at: Instant = Field(description="until when the access token is valid")
    refresh_token: str = Field(description="POST it to /v1/sessions/refresh for the next pair; valid once")
    refresh_expires_at: Instant = Field(description="the session ends then unless it is refreshed before")
    ends_at: Instant = Field(description="the session ends then in any case")
    principal: dict[str, Any]


class OpenSession(Reply):
    """Where somebody is signed in."""

    id: UUID
    created_at: Instant
    refreshed_at: Instant
    expires_at: Instant = Field(description="ends then unless it is refreshed before")
    ends_at: Instant = Field(description="ends then in any case")
    is_current: bool


class Provider(Reply):
    """Where else one can sign in."""

    name: str


class StartedSignIn(Reply):
    """A sign-in under way at a provider."""

    authorization_url: str
    attempt: str = Field(description="sealed; bring it back with the provider's answer within ten minutes")


class ProviderAnswer(RequestBody):
    """What the provider sent back, and the attempt it belongs to."""

    attempt: SecretStr = Field(max_length=2000)
    state: str = Field(max_length=200)
    code: SecretStr = Field(max_length=2000)


class CredentialQuestion(RequestBody):
    """An access token or API key to be verified for another service."""

    credential: SecretStr = Field(max_length=2000)


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


class Colleague(Reply):
    """Somebody of a school's hiring team."""

    id: UUID
    display_name: str
    may_lead: bool = Field(description="may be in charge of a job; everybody of the team may interview")


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
    successor_id: UUID | None = Field(description="the key that follows this one; move to it before expires_at")
    state: Literal["live", "expiring", "expired", "revoked"] = Field(description="expiring: within 30 days; rotate it")


class KeyRotation(RequestBody):
    """How long the old key lives beside its successor, and how long the successor lives."""

    model_config = example(grace_hours=24, days=365)

    grace_hours: int = Field(default=24, ge=0, le=30 * 24)
    days: int = Field(default=365, ge=1, le=730)


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
