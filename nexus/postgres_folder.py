"""Where the server of a home keeps its files, and what is remembered of it: ``postgres/server.json``.

The files lie in the home and move with it; only where the server's account can't enter the home they lie in ``MOVED_HOMES``, under a name
made of the home's path. So a copied home has files of its own in either case. What doesn't belong here: the server's life.
"""

import hashlib
import json
import os
import secrets
import shutil
from pathlib import Path

from foundation.settings import Home
from nexus.postgres_binaries import Account, PostgresUnavailable

MOVED_HOMES = Path("/var/lib/educator-nexus")


class ServerFolder:
    """The folder (0700) of the server's account."""

    def __init__(self, home: Home, account: Account) -> None:
        """Make nothing yet."""
        self.home = home
        self._account = account

    @property
    def path(self) -> Path:
        """The folder, whether it is there or not."""
        if self._moved is None:
            return self._inside
        return self._own_moved if self.copied_from else self._moved

    @property
    def copied_from(self) -> Path | None:
        """The home this one was copied from, where the copy left the files behind; None for every other home."""
        made_in = Path(self.record().get("home", self.home.root))
        if self._moved in (None, self._own_moved) or made_in == self.home.root:
            return None
        # A home that was renamed goes on with its files: then nothing is left where it was.
        return made_in if _record_of(made_in).get("folder") == str(self._moved) else None

    @property
    def _inside(self) -> Path:
        return self.home.root / "postgres" / "server"

    @property
    def _own_moved(self) -> Path:
        return MOVED_HOMES / hashlib.sha256(str(self.home.root).encode()).hexdigest()[:16]

    @property
    def _moved(self) -> Path | None:
        recorded = Path(self.record().get("folder", self._inside))
        return recorded if recorded.parent == MOVED_HOMES else None

    def ensure(self) -> Path:
        """Make what is missing and return the folder, owned by the account and open to it.

        Raises:
            PostgresUnavailable: the account can't enter any place.
        """
        base = self.home.folder("postgres")
        folder, is_left_behind = self.path, self.copied_from is not None
        if folder != self._inside:
            MOVED_HOMES.mkdir(parents=True, exist_ok=True, mode=0o711)
        if is_left_behind and self._moved is not None:
            self._copy_files(self._moved, folder)
        folder.mkdir(exist_ok=True, mode=0o700)
        self._own_all(folder)
        if not self._account.can_enter(folder):
            if folder != self._inside:
                raise self._nowhere(base, folder)
            if any(folder.iterdir()):
                raise PostgresUnavailable(
                    f"account {self._account.uid} can't enter {folder}: open its parents to it, or move the home back"
                )
            # A parent is closed to the account. Opening it would expose what its owner closed: the data moves instead.
            folder.rmdir()
            folder = self._own_moved
            MOVED_HOMES.mkdir(parents=True, exist_ok=True, mode=0o711)
            folder.mkdir(exist_ok=True, mode=0o700)
            self._account.own(folder)
            if not self._account.can_enter(folder):
                raise self._nowhere(base, folder)
        self.write(folder=str(folder), home=str(self.home.root))
        return folder

    def remove(self) -> None:
        """Delete this home's files; never those of the home it was copied from."""
        folder = self.path
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(self.home.root / "postgres", ignore_errors=True)
        if folder.parent == MOVED_HOMES and MOVED_HOMES.exists() and not any(MOVED_HOMES.iterdir()):
            MOVED_HOMES.rmdir()

    def record(self) -> dict[str, str]:
        """Return what is remembered: the folder and the home it was made for, binaries, major version, port."""
        return _record_of(self.home.root)

    def write(self, **changes: str) -> None:
        """Remember more."""
        file = self.home.path("postgres", "server.json")
        draft = file.with_suffix(f".{secrets.token_hex(4)}")
        draft.write_text(json.dumps(self.record() | changes, indent=2))
        draft.replace(file)

    def _copy_files(self, source: Path, target: Path) -> None:
        if target.exists():
            return
        if (source / "data" / "postmaster.pid").exists():
            raise PostgresUnavailable(
                f"this home is a copy of {self.copied_from}, whose database lies in {source} and may be running: "
                "stop it with `nexus down` there, then start this one"
            )
        draft = target.with_name(target.name + ".draft")
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(source, draft, symlinks=True)
        draft.rename(target)

    def _own_all(self, folder: Path) -> None:
        """Give the folder to the account, and what is in it: root's copy of a home belongs to root."""
        self._account.own(folder)
        data = folder / "data"
        if self._account.is_dropped and data.exists() and data.stat().st_uid != self._account.uid:
            for parent, folders, files in os.walk(folder):
                for name in (*folders, *files):
                    os.lchown(Path(parent) / name, self._account.uid, self._account.gid)

    def _nowhere(self, base: Path, folder: Path) -> PostgresUnavailable:
        return PostgresUnavailable(
            f"account {self._account.uid} can enter neither {base} nor {folder}: set NEXUS_HOME to a folder it can enter"
        )


def _record_of(home: Path) -> dict[str, str]:
    try:
        record: dict[str, str] = json.loads((home / "postgres" / "server.json").read_text())
    except OSError:
        return {}
    return record
