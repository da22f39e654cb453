"""Opens the current version for metrics: its tables must have the columns that this release's definitions read. Nothing is computed."""

from pathlib import Path

from metrics.catalogue import Catalogue, product_catalogue
from warehouse.connection import Published, PublishedFile


class OutdatedVersion(RuntimeError):
    """The version was published by a release whose tables lack columns that metrics read now. The message names one and the fix."""


def open_current(root: Path, catalogue: Catalogue | None = None) -> PublishedFile:
    """Open the version that ``CURRENT`` names; a table it lacks altogether has no figures yet, a column it lacks makes it unreadable.

    Raises:
        NothingPublished: there is no version yet.
        OutdatedVersion: it lacks a column.
    """
    published = Published.open(root)
    columns_of = "select schema_name || '.' || table_name, list(column_name) from duckdb_columns() where not internal group by 1"
    held: dict[str, list[str]] = dict(published.query(columns_of).rows())
    for entry in catalogue or product_catalogue():
        for table, columns in entry.reads.items():
            if missing := sorted(set(columns) - set(held.get(table, columns))):
                published.close()
                raise OutdatedVersion(
                    f"version {published.pointer.publish_version} was published by another release and lacks {table}.{missing[0]}:"
                    " run `nexus run` to publish it anew"
                )
    return published
