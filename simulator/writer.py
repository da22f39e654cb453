"""Writes differences to the source database: COPY for new rows, one UPDATE per table for changed ones, one transaction a chunk.

What belongs here: SQL against the source. What doesn't: what the rows mean.
"""

from collections.abc import Iterable

import polars as pl
import psycopg
from psycopg import sql

from simulator.ledger import Difference

_BATCH_ROWS = 50_000


def _name(table: str) -> sql.Identifier:
    return sql.Identifier(*table.split("."))


def _copy(cursor: psycopg.Cursor[tuple[object, ...]], target: sql.Composable, frame: pl.DataFrame) -> None:
    names = sql.SQL(", ").join(sql.Identifier(column) for column in frame.columns)
    statement = sql.SQL("copy {} ({}) from stdin (format csv)").format(target, names)
    with cursor.copy(statement) as copy:
        for part in frame.iter_slices(_BATCH_ROWS):
            copy.write(part.write_csv(include_header=False))


def _update(cursor: psycopg.Cursor[tuple[object, ...]], table: str, frame: pl.DataFrame) -> None:
    scratch = sql.Identifier("changed_" + table.replace(".", "_"))
    names = [column for column in frame.columns if column != "id"]
    listed = sql.SQL(", ").join(sql.Identifier(column) for column in frame.columns)
    cursor.execute(sql.SQL("create temporary table {} on commit drop as select {} from {} limit 0").format(scratch, listed, _name(table)))
    _copy(cursor, scratch, frame)
    assignments = sql.SQL(", ").join(sql.SQL("{0} = changed.{0}").format(sql.Identifier(column)) for column in names)
    cursor.execute(
        sql.SQL("update {} as target set {} from {} as changed where target.id = changed.id").format(_name(table), assignments, scratch)
    )
    if cursor.rowcount != frame.height:
        raise LookupError(f"{frame.height - cursor.rowcount} rows of {table} to continue from are not in the database")


def has_row(connection: psycopg.Connection[tuple[object, ...]], table: str, row_id: str) -> bool:
    """Return whether a table has the row with this id."""
    found = connection.execute(sql.SQL("select 1 from {} where id = %s").format(_name(table)), (row_id,)).fetchone()
    return found is not None


def write(connection: psycopg.Connection[tuple[object, ...]], differences: Iterable[Difference]) -> dict[str, int]:
    """Write one chunk in one transaction; return rows written (inserted or updated) per table.

    Updates run first: a reneged hire frees its opening before the next hire claims it.

    Raises:
        LookupError: a row to update is not there; nothing is written.
    """
    pending = list(differences)
    written: dict[str, int] = {}
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("set local synchronous_commit to off")
        for difference in pending:
            if difference.updates.height:
                _update(cursor, difference.table.name, difference.updates)
        for difference in pending:
            if difference.inserts.height:
                _copy(cursor, _name(difference.table.name), difference.inserts)
            written[difference.table.name] = difference.inserts.height + difference.updates.height
    return written
