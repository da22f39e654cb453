"""Settings of the hiring API (``NEXUS_HIRING_<FIELD>``), of the provider people sign in at (``NEXUS_OIDC_<FIELD>``) and of the bus
(``NEXUS_BUS_<FIELD>``), read when an app or a worker is made."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from foundation.settings import Home


class HiringSettings(BaseSettings):
    """What an operator may set of the hiring API; addresses and keys are in ``foundation.settings``."""

    model_config = SettingsConfigDict(env_prefix="NEXUS_HIRING_", frozen=True, extra="ignore")

    access_minutes: float = Field(default=15, gt=0, le=60, description="an access token is valid this long; the session goes on by refresh")
    session_idle_minutes: float = Field(default=60, gt=0, le=7 * 24 * 60, description="a session that is not refreshed for this long ends")
    session_hours: float = Field(default=12, gt=0, le=168, description="a sign-in lasts this long at most")
    sign_in_failures_per_account: int = Field(default=5, ge=1, description="wrong passwords of an account before each costs a delay")
    sign_in_failures_per_address: int = Field(default=100, ge=1, description="the same for a network address; a school shares one")
    requests_per_minute: int = Field(default=12_000, ge=1, description="of one credential, in each process; more get 429")
    body_limit_bytes: int = Field(default=1_000_000, gt=0, description="larger request bodies get 413")
    docs_enabled: bool = Field(default=True, description="serve /docs, /openapi.json and /asyncapi.json; off in production")
    pool_size: int = Field(default=10, gt=0, description="database connections kept open; as many requests may wait at once")
    survey_lawful_in: frozenset[str] = Field(
        default=frozenset({"AU", "GB", "KR", "NZ", "US", "ZA"}),
        description="JSON list of ISO countries whose law was checked and allows the equity survey; in every other one it is off",
    )
    survey_days: int = Field(default=60, gt=0, description="an equity survey link stays valid this long")

    @model_validator(mode="after")
    def _idle_outlives_access(self) -> Self:
        if self.session_idle_minutes < self.access_minutes:
            raise ValueError("session_idle_minutes must not be below access_minutes: a session would end while its access token is valid")
        return self


def is_safe_url(address: object) -> bool:
    """Say whether an address is https, or http on this machine alone."""
    parts = urlsplit(address) if isinstance(address, str) else urlsplit("")
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"})


class OidcSettings(BaseSettings):
    """The OpenID provider people may sign in at; without an issuer there is none."""

    model_config = SettingsConfigDict(env_prefix="NEXUS_OIDC_", frozen=True, extra="ignore")

    issuer: str = Field(default="", description="as the provider's discovery document writes it; unset: no sign-in at a provider")
    name: str = Field(default="your school account", max_length=60, description="what the button says after `Sign in with`")
    client_id: str = ""
    client_secret: SecretStr = Field(default=SecretStr(""), description="unset: the file secrets/oidc_client_secret, mode 0600")
    redirect_uri: str = Field(default="", description="the dashboard's https address with the path /sign-in/callback")
    audience: str = Field(default="", description="what identity tokens must be made for; unset: the client id")
    algorithms: tuple[Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"], ...] = Field(
        default=("RS256", "ES256"), min_length=1, description="JSON list of the algorithms identity tokens may be signed with"
    )
    is_provisioning: bool = Field(default=False, description="give people the provider knows and we don't an account without any role")

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.issuer and not (self.client_id and is_safe_url(self.issuer) and is_safe_url(self.redirect_uri)):
            raise ValueError("NEXUS_OIDC_ISSUER needs NEXUS_OIDC_CLIENT_ID and NEXUS_OIDC_REDIRECT_URI, and https addresses")
        return self

    @property
    def expected_audience(self) -> str:
        """The audience of identity tokens."""
        return self.audience or self.client_id

    def secret(self, home: Home) -> str:
        """Return the client secret.

        Raises:
            MissingSecret: it is neither set nor in a file that only its owner reads.
        """
        return self.client_secret.get_secret_value() or home.read_secret("oidc_client_secret")


class BusSettings(BaseSettings):
    """How events travel and how long they are kept."""

    model_config = SettingsConfigDict(env_prefix="NEXUS_BUS_", frozen=True, extra="ignore")

    url: str = Field(default="", repr=False, description="amqp://user:password@host/vhost of a RabbitMQ; empty: the log in Postgres")
    keep_days: int = Field(default=90, ge=1, description="events that every consumer has passed are kept this long")

    @field_validator("url")
    @classmethod
    def _is_amqp(cls, url: str) -> str:
        if url and not url.startswith(("amqp://", "amqps://")):
            raise ValueError("NEXUS_BUS_URL: must begin with amqp:// or amqps://; leave it out for the log in Postgres")
        return url
