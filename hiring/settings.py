"""Settings of the hiring API (``NEXUS_HIRING_<FIELD>``) and of the bus (``NEXUS_BUS_<FIELD>``), read when an app or a worker is made."""

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class HiringSettings(BaseSettings):
    """What an operator may set of the hiring API; addresses and keys are in ``foundation.settings``."""

    model_config = SettingsConfigDict(env_prefix="NEXUS_HIRING_", frozen=True, extra="ignore")

    session_hours: float = Field(default=12, gt=0, le=168, description="a sign-in lasts this long")
    body_limit_bytes: int = Field(default=1_000_000, gt=0, description="larger request bodies get 413")
    docs_enabled: bool = Field(default=True, description="serve /docs, /openapi.json and /asyncapi.json; off in production")
    pool_size: int = Field(default=10, gt=0, description="database connections kept open")
    survey_lawful_in: frozenset[str] = Field(
        default=frozenset({"AU", "GB", "KR", "NZ", "US", "ZA"}),
        description="JSON list of ISO countries whose law was checked and allows the equity survey; in every other one it is off",
    )
    survey_days: int = Field(default=60, gt=0, description="an equity survey link stays valid this long")


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
