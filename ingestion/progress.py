"""What a run tells while it works and when it has ended."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with the name of the step that has just ended, the number of ended steps and the number of all steps."""


def silent(_step: str, _done: int, _total: int) -> None:
    """Report to nobody."""


@dataclass(frozen=True)
class TableReport:
    """Rows that one sync changed in one raw table."""

    table: str
    inserted: int
    updated: int
    deleted: int
    is_reload: bool
    reason: str = ""

    @property
    def changed(self) -> int:
        """Rows inserted, updated or deleted."""
        return self.inserted + self.updated + self.deleted


@dataclass(frozen=True)
class SyncReport:
    """Outcome of one sync: what changed and up to which instant the source is known."""

    source: str
    tables: tuple[TableReport, ...]
    as_of: datetime | None
    batch_id: int
    changed: bool

    @property
    def rows_changed(self) -> int:
        """Rows changed in all tables."""
        return sum(table.changed for table in self.tables)
