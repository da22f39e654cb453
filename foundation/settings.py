"""Settings by concern: frozen, read from ``NEXUS_<CONCERN>_<FIELD>`` when asked for, never at import.

What belongs here: values an operator may set and where state lives. What doesn't: anything a user of a page chooses.
"""

import json
import os
import secrets as random_secrets
import stat
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class MissingSecret(RuntimeError):
    """A secret file is absent or readable by others. The message names the file and the fix."""


def _config(prefix: str) -> SettingsConfigDict:
    return SettingsConfigDict(env_prefix=prefix, frozen=True, extra="ignore")


class Home(BaseSettings):
    """Every path of state, below ``NEXUS_HOME`` (default ``.nexus`` in the working directory)."""

    model_config = _config("NEXUS_")

    home: Path = Path(".nexus")

    @property
    def root(self) -> Path:
        """Absolute path of the home."""
        return self.home.expanduser().absolute()

    def path(self, *parts: str) -> Path:
        """Return a path below the home; its parent folder is made if it is missing."""
        target = self.root.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def folder(self, *parts: str) -> Path:
        """Return a folder below the home, made if it is missing."""
        target = self.root.joinpath(*parts)
        target.mkdir(parents=True, exist_ok=True)
        return target

    def read_secret(self, name: str) -> str:
        """Return the text of ``secrets/<name>``.

        Raises:
            MissingSecret: the file is absent, or its mode lets others read it.
        """
        file = self.root / "secrets" / name
        if not file.exists():
            raise MissingSecret(f"secret file {file} is missing: run `nexus doctor --fix` to make it, or restore it from your backup")
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise MissingSecret(f"secret file {file} can be read by others: chmod 600 {file}")
        return file.read_text().strip()

    def write_secret(self, name: str, text: str) -> Path:
        """Write ``secrets/<name>`` with mode 0600, atomically."""
        folder = self.folder("secrets")
        folder.chmod(0o700)
        file, draft = folder / name, folder / f".{name}.draft"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
        return file

    def ensure_secret(self, name: str, bytes_count: int = 32) -> str:
        """Return ``secrets/<name>``, made from the system's random source if it is missing."""
        if not (self.root / "secrets" / name).exists():
            self.write_secret(name, random_secrets.token_hex(bytes_count))
        return self.read_secret(name)


class Databases(BaseSettings):
    """Postgres URLs. Unset ones come from ``secrets/databases.json``, which the front door writes for the embedded server."""

    model_config = _config("NEXUS_DATABASE_")

    owner_url: str = Field(default="", repr=False, description="migrations and bulk simulation")
    hiring_url: str = Field(default="", repr=False, description="the hiring API: no UPDATE or DELETE on event tables")
    pipeline_url: str = Field(default="", repr=False, description="extraction: read-only, without personal columns")

    def url(self, role: str) -> str:
        """Return the URL of ``owner``, ``hiring`` or ``pipeline``.

        Raises:
            MissingSecret: neither the setting nor the secrets file has it.
        """
        explicit: str = getattr(self, f"{role}_url")
        if explicit:
            return explicit
        urls: dict[str, str] = json.loads(Home().read_secret("databases.json"))
        return urls[role]
