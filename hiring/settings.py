"""Settings of the hiring API, read from ``NEXUS_HIRING_<FIELD>`` when the app is made."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class HiringSettings(BaseSettings):
    """What an operator may set of the hiring API; addresses and keys are in ``foundation.settings``."""

    model_config = SettingsConfigDict(env_prefix="NEXUS_HIRING_", frozen=True, extra="ignore")

    session_hours: float = Field(default=12, gt=0, le=168, description="a sign-in lasts this long")
    body_limit_bytes: int = Field(default=1_000_000, gt=0, description="larger request bodies get 413")
    docs_enabled: bool = Field(default=True, description="serve /docs and /openapi.json; off in production")
    pool_size: int = Field(default=10, gt=0, description="database connections kept open")
    survey_lawful_in: frozenset[str] = Field(
        default=frozenset({"AU", "GB", "KR", "NZ", "US", "ZA"}),
        description="JSON list of ISO countries whose law was checked and allows the equity survey; in every other one it is off",
    )
    survey_days: int = Field(default=60, gt=0, description="an equity survey link stays valid this long")
