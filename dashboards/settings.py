"""Settings of the dashboard: where the hiring API is, how long a session may idle, how long a check is trusted."""

import json

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from foundation.settings import Home


class DashboardSettings(BaseSettings):
    """Read from ``NEXUS_DASHBOARD_<FIELD>``."""

    model_config = SettingsConfigDict(env_prefix="NEXUS_DASHBOARD_", frozen=True, extra="ignore")

    hiring_url: str = Field(default="", description="base URL of the hiring API; unset: the one `nexus` wrote to run/addresses.json")
    assessments_url: str = Field(default="", description="base URL of the assessments service; unset: that of run/addresses.json, if any")
    idle_minutes: float = Field(default=30, gt=0, le=24 * 60, description="a session without activity for this long is signed out")
    introspection_seconds: float = Field(default=30, ge=0, le=30, description="how long a verified credential is trusted")
    is_cookie_secure: bool = Field(default=False, description="set behind TLS: the cookie then never travels over plain HTTP")

    def hiring_address(self) -> str:
        """Return the base URL of the hiring API, without a trailing slash.

        Raises:
            FileNotFoundError: neither the setting nor the addresses file names one.
        """
        return self.hiring_url.rstrip("/") or _addresses()["hiring"].rstrip("/")

    def assessments_address(self) -> str | None:
        """Return the base URL of the assessments service, without a trailing slash; None where there is none."""
        if self.assessments_url:
            return self.assessments_url.rstrip("/")
        try:
            address = _addresses().get("assessments")
        except FileNotFoundError:
            return None
        return address.rstrip("/") if address else None


def _addresses() -> dict[str, str]:
    addresses: dict[str, str] = json.loads((Home().root / "run" / "addresses.json").read_text())
    return addresses
