"""Settings of the notification service, from ``NEXUS_NOTIFICATIONS_*``. The mail server's are ``NEXUS_SMTP_*`` (foundation.delivery)."""

import json
from datetime import timedelta

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from foundation.settings import Databases, Home

API_KEY = "notifications_api_key"
SIGNING_KEY = "notifications_key"


class NotificationSettings(BaseSettings):
    """What an operator may set of the notification service. Its API key is the secret ``notifications_api_key``."""

    model_config = SettingsConfigDict(env_prefix="NEXUS_NOTIFICATIONS_", frozen=True, extra="ignore")

    docs_enabled: bool = Field(default=True, description="serve /docs and /openapi.json; off in production")
    requests_per_minute: int = Field(default=12_000, ge=1, description="of one credential, in each process; more get 429")
    database_url: str = Field("", repr=False, description="Postgres with its schema and the event log; unset: the hiring database")
    core_url: str = Field("", description="base URL of the hiring API; unset: the one `nexus up` wrote to run/addresses.json")
    assessments_url: str = Field("", description="base URL of the assessments API; unset: as with core_url")
    public_url: str = Field("http://127.0.0.1:8070", description="where people reach this service: unsubscribe links begin with it")
    news_days: float = Field(7, gt=0, description="nobody is told what is older than this: imports, mail that was off for long")
    quiet_minutes: float = Field(60, ge=0, description="the same message about the same application is not sent again within this time")
    connections: int = Field(24, ge=1, le=64, description="letters under way at once; lower it where the mail server allows fewer")
    batch: int = Field(400, ge=1, le=1000, description="deliveries claimed at once")
    flush: int = Field(50, ge=1, le=1000, description="results written together: a crash sends about twice as many letters again, at most")
    tries: int = Field(8, ge=1, le=30, description="failures of one delivery until it is a dead letter")
    first_wait_seconds: float = Field(5, gt=0, description="before the second try; later ones wait longer")
    lease_seconds: float = Field(180, ge=1, description="a claimed delivery belongs to its sender for this long")
    breaker_seconds: float = Field(5, gt=0, description="pause after a provider could not be reached; later ones are longer")

    @property
    def postgres(self) -> str:
        """URL of the database."""
        return self.database_url or Databases().url("hiring")

    @property
    def lease(self) -> timedelta:
        """How long a claimed delivery belongs to its sender."""
        return timedelta(seconds=self.lease_seconds)

    def core(self, home: Home) -> str:
        """Return the base URL of the hiring API, empty where none is known."""
        return self.core_url or _running(home, "hiring")

    def assessments(self, home: Home) -> str:
        """Return the base URL of the assessments API, empty where none is known."""
        return self.assessments_url or _running(home, "assessments")


def _running(home: Home, service: str) -> str:
    file = home.root / "run" / "addresses.json"
    return str(json.loads(file.read_text()).get(service, "")) if file.exists() else ""
