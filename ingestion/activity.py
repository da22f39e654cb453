"""Has the source seen new writes? A cheap look at the change columns, for the sensor that starts runs."""

import psycopg

from ingestion.table_specs import TABLE_SPECS


def newest_activity(source_url: str) -> str:
    """Return a mark that differs once a newer transaction has written to a captured table or deleted from one.

    One index look-up per table. A transaction that commits after a younger one may go unseen until the next write or the nightly
    run: the mark decides *when* to sync, never *what* a sync reads.

    Raises:
        psycopg.OperationalError: the source cannot be reached.
    """
    tables = [*(spec.source_name for spec in TABLE_SPECS), "capture.tombstones"]
    newest = ", ".join(f"(select max(_xid) from {table})" for table in tables)
    with psycopg.connect(source_url, connect_timeout=5) as connection:
        row = connection.execute(f"select greatest({newest})::text").fetchone()
    return str(row[0]) if row else ""
