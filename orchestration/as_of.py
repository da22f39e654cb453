"""A version as known at an earlier instant, published beside the current one: for questions about the past, never for readers of today.

Nothing is trained, released or forecast: those happen once, in time. The build file is marked, so that nothing but a new
transformation can follow.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import polars as pl

from ingestion.bookkeeping import set_build
from metrics.catalogue import definitions_frame, product_catalogue
from orchestration.build_record import record_transform, why_not_publishable
from orchestration.resources import source_world
from warehouse.connection import Pointer, Warehouse, scalar
from warehouse.equity_ledger import read_ledger
from warehouse.publishing import PublishRefused, publish


class NothingKnownThen(ValueError):
    """The instant lies before the first fact, or after the last one. The message names both."""


@contextmanager
def rewound(root: Path, as_of: datetime) -> Iterator[None]:
    """Set the instant of the build for a block; afterwards the build file counts as not transformed.

    Raises:
        NothingKnownThen: no fact was recorded by then, or the newest one was: an ordinary run builds that.
    """
    warehouse = Warehouse(root)
    with warehouse.build() as connection:
        newest = scalar(connection, "select max(as_of) from raw._sync_state")
        first = scalar(connection, "select min(recorded_at) from raw.hiring_core__stage_events")
        if newest is None or first is None or not first <= as_of < newest:
            raise NothingKnownThen(f"--as-of: the facts known were recorded from {first} to {newest}: name an instant between them")
        set_build(connection, as_of)
    try:
        yield
    finally:
        with warehouse.build() as connection:
            set_build(connection)
            message = f"the build file was last transformed as of {as_of.isoformat()}: run the transformation"
            record_transform(connection, is_whole=True, succeeded=False, message=message, results=[])


def publish_beside(root: Path, as_of: datetime) -> Pointer:
    """Publish the build as a version of its own; ``CURRENT`` stays.

    Raises:
        PublishRefused: a gate has not passed, or the build is of another instant.
    """
    with Warehouse(root).build() as connection:
        if reason := why_not_publishable(connection, as_of=as_of):
            raise PublishRefused(f"not published: {reason}")
        checks = connection.sql("select * from raw._check_results").pl()
    tables = {
        "marts.mart_equity_releases": read_ledger(root).filter(pl.col("released_at") <= as_of),
        "marts.metric_definitions": definitions_frame(product_catalogue()),
        "marts.check_results": checks,
    }
    return publish(root, as_of=as_of, bundles={}, extra_tables=tables, world=source_world(root), is_current=False)
