"""Where signed anchors of the audit log are kept, from ``NEXUS_AUDIT_*``, and with which key they are signed."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

from foundation.settings import Home

SIGNING_KEY = "audit_signing_key"


class AuditSettings(BaseSettings):
    """What an operator may set of the audit log."""

    model_config = SettingsConfigDict(env_prefix="NEXUS_AUDIT_", frozen=True, extra="ignore")

    anchors_folder: Path | None = None
    """Best a place the database's administrators cannot write to: a mounted write-once store; default: ``audit_anchors`` in the home."""

    def folder(self, home: Home) -> Path:
        """Return the folder of the anchors."""
        return self.anchors_folder or home.root / "audit_anchors"
