"""Published versions that are still kept beside the current one: which data each holds, and opening one of them.

What doesn't belong here: the current version (connection.Published) and how many are kept (publishing).
"""

import threading
from collections import OrderedDict
from datetime import datetime
from pathlib import Path

from warehouse.connection import Pointer, PublishedFile, WarehouseError, open_locked, published_path

_OPEN_AT_ONCE = 4


class KeptVersions:
    """The versions a home keeps; each is opened at its first use and the last few are held open."""

    def __init__(self, root: Path) -> None:
        """Look below ``root`` (NEXUS_HOME) whenever asked."""
        self._root = root
        self._known: dict[str, Pointer] = {}
        self._open: OrderedDict[str, PublishedFile] = OrderedDict()
        self._lock = threading.Lock()

    def pointers(self) -> list[Pointer]:
        """Return what each kept version holds, oldest data first; a file that cannot be read is left out."""
        names = {file.stem for file in published_path(self._root, "x").parent.glob("[!.]*.duckdb")}
        for name in names - self._known.keys():
            try:
                with self._lock:
                    self._held(name)
            except WarehouseError:
                continue
        found = [self._known[name] for name in names if name in self._known]
        return sorted(found, key=lambda pointer: (pointer.as_of, pointer.published_at))

    def as_of(self, instant: datetime) -> PublishedFile | None:
        """Return the kept version with the newest data that is not newer than an instant; None when all are newer."""
        found = [pointer for pointer in self.pointers() if pointer.as_of <= instant]
        return self.named(found[-1].publish_version) if found else None

    def named(self, version: str) -> PublishedFile | None:
        """Return a kept version by its name; None when it is not kept any more."""
        if version not in {pointer.publish_version for pointer in self.pointers()}:
            return None
        with self._lock:
            return self._held(version)

    def _held(self, version: str) -> PublishedFile:
        """Return an open version; closed ones are let go when their last reader does."""
        held = self._open.get(version)
        if held is None:
            path = published_path(self._root, version)
            connection = open_locked(path)
            as_of, published_at = connection.execute("select as_of, published_at from marts.publish_info").fetchall()[0]
            self._known[version] = Pointer(version, as_of, published_at, {})
            held = self._open[version] = PublishedFile(self._known[version], path, connection)
        self._open.move_to_end(version)
        while len(self._open) > _OPEN_AT_ONCE:
            self._open.popitem(last=False)
        return held
