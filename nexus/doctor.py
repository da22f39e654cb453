"""What stands in the way on this machine: each finding is one line that names the fix; some are mended on request.

What belongs here: looking at the machine and the home. What doesn't: mending what would lose data.
"""

import ctypes
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from foundation.settings import Databases, Home
from nexus import postgres_binaries, state
from nexus.embedded_postgres import EmbeddedPostgres, free_port
from nexus.postgres_binaries import Account, PostgresUnavailable
from nexus.services import platform

DISK_NEEDED_GB = 5
KEYS = ("equity_key", "candidate_key")


@dataclass(frozen=True)
class Finding:
    """One thing looked at. ``is_problem`` False with a ``fix`` is a hint only; ``mend`` is there when doctor can do it."""

    subject: str
    says: str
    is_problem: bool = False
    fix: str = ""
    mend: Callable[[], None] | None = None


def examine(home: Home) -> Iterator[Finding]:
    """Yield the findings of this machine and home."""
    yield _python()
    yield from _packages()
    yield _disk(home)
    yield _postgres(home)
    yield from _ports(home)
    yield from _secrets(home)


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if (3, 11) <= sys.version_info[:2] < (3, 14):
        return Finding("python", version)
    return Finding("python", f"{version} is not supported", True, "make .venv with Python 3.11 to 3.13: PYTHON=python3.11 ./bootstrap")


def _packages() -> Iterator[Finding]:
    if find_spec("venv") is None or find_spec("ensurepip") is None:
        yield Finding("venv", "the venv module is missing", True, "apt-get install python3-venv")
    else:
        yield Finding("venv", "present" + ("" if sys.prefix != sys.base_prefix else ", but this Python is not in one"))
    if sys.platform == "linux":
        try:
            ctypes.CDLL("libgomp.so.1")
            yield Finding("libgomp1", "present")
        except OSError:
            yield Finding("libgomp1", "missing: LightGBM cannot be loaded", True, "apt-get install libgomp1")


def _disk(home: Home) -> Finding:
    place = next(folder for folder in (home.root, *home.root.parents) if folder.exists())
    free = shutil.disk_usage(place).free / 1e9
    if free >= DISK_NEEDED_GB:
        return Finding("disk", f"{free:.0f} GB free at {place}")
    fix = f"free {DISK_NEEDED_GB} GB there, or set NEXUS_HOME to a larger disk"
    return Finding("disk", f"{free:.1f} GB free at {place}", True, fix)


def _postgres(home: Home) -> Finding:
    if Databases().owner_url:
        return Finding("postgres", "external, by NEXUS_DATABASE_OWNER_URL")
    try:
        server = EmbeddedPostgres(home)
        marker = server.data / "PG_VERSION"
        found = postgres_binaries.choose(int(marker.read_text()) if marker.exists() else None)
        account = "as this user" if not Account.choose().is_dropped else f"as account {Account.choose().uid}"
        return Finding("postgres", f"PostgreSQL {found.major} in {found.folder}, run {account}")
    except PostgresUnavailable as error:
        says, _, fix = str(error).partition(": ")
        return Finding("postgres", says, True, fix)


def _ports(home: Home) -> Iterator[Finding]:
    if state.supervisor_pid(home):
        yield Finding("ports", "in use by the running platform")
        return
    taken = [
        service for service in platform(home) if service.preferred_port and free_port(service.preferred_port) != service.preferred_port
    ]
    if not taken:
        yield Finding("ports", "all free")
    for service in taken:
        fix = f"nothing to do: {service.name} takes the next free one and says which"
        yield Finding("ports", f"{service.preferred_port} is taken", fix=fix)


def _secrets(home: Home) -> Iterator[Finding]:
    folder = home.root / "secrets"
    files = sorted(file for file in folder.glob("*") if file.is_file()) if folder.exists() else []
    for file in files:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            yield Finding("secrets", f"{file.name} can be read by others", True, f"chmod 600 {file}", lambda file=file: file.chmod(0o600))  # type: ignore[misc]  # bound per file
    for name in KEYS:
        if not (folder / name).exists():
            yield _missing_key(home, name)
    if all((folder / name).exists() for name in KEYS):
        yield Finding("secrets", f"{len(files)} files, readable by their owner alone" if files else "none yet")


def _missing_key(home: Home, name: str) -> Finding:
    """A key that data were made with cannot be made anew: what it protects would be lost or would change."""
    uses: dict[str, tuple[Path, str]] = {
        "equity_key": (home.root / "warehouse" / "equity_ledger", "releases of the equity ledger"),
        "candidate_key": (EmbeddedPostgres(home).data, "contacts in the database"),
    }
    place, protected = uses[name]
    if place.exists() or Databases().owner_url:
        return Finding("secrets", f"{name} is missing and {protected} were made with it", True, f"restore secrets/{name} from your backup")
    return Finding(
        "secrets", f"{name} is not made yet", fix="made at first use, or now by `nexus doctor --fix`", mend=lambda: _make_key(home, name)
    )


def _make_key(home: Home, name: str) -> None:
    home.ensure_secret(name)
