"""Settings of the hiring API, read from ``NEXUS_HIRING_<FIELD>`` when the app is made."""

from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


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
    docs_enabled: bool = Field(default=True, description="serve /docs and /openapi.json; off in production")
    pool_size: int = Field(default=10, gt=0, description="database connections kept open")
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
