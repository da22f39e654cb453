"""What stops a load: a source that changed its shape, a read that looks cut off, a result that does not tie out.

What belongs here: comparisons of shapes, counts and keys. What doesn't: judging values, which is data_quality's.
"""

from collections.abc import Iterable, Mapping

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from ingestion.source_catalog import SourceTable
from ingestion.table_specs import TableSpec

ACCEPT = "NEXUS_INGESTION_ACCEPT_SOURCE_CHANGES=true"


class IngestionSettings(BaseSettings):
    """Switches of the guards, from ``NEXUS_INGESTION_*``."""

    model_config = SettingsConfigDict(env_prefix="NEXUS_INGESTION_", frozen=True, extra="ignore")

    accept_source_changes: bool = Field(default=False, description="for one run: take lost or retyped columns and shrunken tables as meant")
    reload: str = Field(default="", description="for one run: read every table anew, for this reason; kept in the audit log")
    shrink_limit: float = Field(default=0.5, gt=0, le=1, description="a table read anew must keep this share of its rows")


class SourceShapeChanged(RuntimeError):
    """Columns or tables that the warehouse relies on are gone or have another type. Each is named; nothing was loaded."""


class LikelyTruncatedRead(RuntimeError):
    """A table came back so much smaller that the read is rather cut off than true. Nothing was loaded."""


class ReconciliationFailed(RuntimeError):
    """Raw and source disagree on a table's rows even after reading it anew. Nothing was loaded."""


def check_shapes(
    specs: Iterable[TableSpec], tables: Mapping[str, SourceTable], known: Mapping[str, tuple[int, dict[str, str]]], *, accept: bool
) -> dict[str, str]:
    """Compare each table with its shape at the last load and return why tables must be read anew, by source name.

    A new column, or a table made anew under the old name, means reading the table again.

    Raises:
        SourceShapeChanged: a table or a column is lost, no longer readable, or has another type (unless ``accept``).
    """
    problems: list[str] = []
    reasons: dict[str, str] = {}
    for spec in specs:
        name = spec.source_name
        table = tables.get(name)
        if table is None or not table.columns:
            problems.append(f"table {name} is missing")
            continue
        if spec.name not in known:
            continue
        oid, before = known[spec.name]
        now = table.shape[1]
        added = sorted(set(now) - set(before))
        hint = f" (new in the same table: {', '.join(added)})" if added else ""
        for column, old_type in sorted(before.items()):
            if column in table.unreadable:
                problems.append(f"column {name}.{column} can no longer be read by the extraction login: grant select on it")
            elif column not in now:
                problems.append(f"column {name}.{column} is gone{hint}")
            elif now[column] != old_type:
                problems.append(f"column {name}.{column} was {old_type} and is now {now[column]}")
        if added:
            reasons[name] = f"new column {', '.join(added)}"
        elif oid != table.oid:
            reasons[name] = "the table was made anew"
    lost_tables = [problem for problem in problems if problem.startswith("table ")]
    if lost_tables or (problems and not accept):
        raise SourceShapeChanged(
            f"the hiring database changed its shape: {'; '.join(problems)}. "
            f"Mend the source, or adapt the staging models and run once with {ACCEPT}"
        )
    return reasons


def has_incompatible_shape(table: SourceTable, known: tuple[int, dict[str, str]] | None) -> bool:
    """Whether a raw table made for ``known`` can't hold the source's rows: a column is lost or retyped."""
    if known is None:
        return False
    now = table.shape[1]
    return any(now.get(column) != old_type for column, old_type in known[1].items())


def check_capture_readable(tables: Iterable[SourceTable]) -> None:
    """Refuse tables whose change marker cannot be read.

    Raises:
        SourceShapeChanged: a table lacks ``_xid`` or the grant on it.
    """
    if blind := sorted(table.spec.source_name for table in tables if "_xid" in table.unreadable):
        raise SourceShapeChanged(f"the extraction login may not read _xid of {', '.join(blind)}: grant select on it")


def check_shrink(table: str, before: int, explained: int, after: int, limit: float) -> None:
    """Refuse a table read anew that lost most of its rows without a tombstone or truncation marker to explain it.

    Raises:
        LikelyTruncatedRead: fewer than ``limit`` of the rows that should still exist were read.
    """
    expected = before - explained
    if expected > 0 and after < limit * expected:
        raise LikelyTruncatedRead(
            f"{table} was read with {after} rows where {expected} were expected: the read looks cut off. "
            f"If the rows are meant to be gone, run once with {ACCEPT}"
        )
