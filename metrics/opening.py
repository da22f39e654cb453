"""Opens the current version for metrics: its tables must have the columns that this release's definitions read. Nothing is computed."""

from pathlib import Path

from metrics.catalogue import Catalogue, product_catalogue
from warehouse.connection import Published, PublishedFile


class OutdatedVersion(RuntimeError):
    """The version was published by a release whose tables lack columns that metrics read now. The message names one and the fix."""


def outdated(published: PublishedFile, catalogue: Catalogue | None = None) -> str:
    """Return what a version lacks for the metrics of this release and what to do, as a sentence; empty when it lacks nothing.

    A table it lacks altogether has no figures yet; a column it lacks makes its metrics unreadable.
    """
    columns_of = "select schema_name || '.' || table_name, list(column_name) from duckdb_columns() where not internal group by 1"
    held: dict[str, list[str]] = dict(published.query(columns_of).rows())
    for entry in catalogue or product_catalogue():
        for table, columns in entry.reads.items():
            if missing := sorted(set(columns) - set(held.get(table, columns))):
                return (
                    f"version {published.pointer.publish_version} was published by another release and lacks {table}.{missing[0]}:"
                    " run `nexus run` to publish it anew"
                )
    return ""


def open_current(root: Path) -> PublishedFile:
    """Open the version that ``CURRENT`` names.

    Raises:
        NothingPublished: there is no version yet.
        OutdatedVersion: it lacks a column.
    """
    published = Published.open(root)
    if sentence := outdated(published):
        published.close()
        raise OutdatedVersion(sentence)
    return published
