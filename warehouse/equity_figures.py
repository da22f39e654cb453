"""The released equity figures as readers of each published version find them: what an attacker can compare."""

from pathlib import Path

import polars as pl

from warehouse.connection import open_locked, published_path, read_pointer
from warehouse.equity_ledger import CELL, SCHEMA

_COLUMNS = [*CELL, "people_count", "cohort_people_count", "noisy_count", "released_at"]
_ABSENT = {"outcome_bin": "'pool'", "tenant_id": "'all_schools'", "noisy_count": "null"}


def published_figures(root: Path) -> list[pl.DataFrame]:
    """Return the equity figures of every version still kept, oldest first, the current one last; see ``equity_ledger.SCHEMA``.

    Raises:
        FileNotFoundError: nothing was published yet.
    """
    pointer = read_pointer(root)
    if pointer is None:
        raise FileNotFoundError("nothing has been published yet: run `nexus run` first")
    files = sorted(published_path(root, "x").parent.glob("*.duckdb"), key=lambda file: int(file.stem.rpartition("-")[2]))
    current = published_path(root, pointer.publish_version)
    return [_figures(file) for file in [*(file for file in files if file != current), current]]


def _figures(file: Path) -> pl.DataFrame:
    connection = open_locked(file)
    try:
        frames = [pl.DataFrame(schema={name: SCHEMA[name] for name in _COLUMNS})]
        for table in ("mart_equity_releases", "mart_equity_benchmarks"):
            found = connection.execute("select column_name from duckdb_columns() where table_name = ?", [table]).fetchall()
            present = {name for (name,) in found}
            if present:
                columns = [name if name in present else f"{_ABSENT[name]} as {name}" for name in _COLUMNS]
                frame: pl.DataFrame = connection.sql(f"select {', '.join(columns)} from marts.{table}").pl()
                frames.append(frame.cast({name: SCHEMA[name] for name in _COLUMNS}))
        return pl.concat(frames)
    finally:
        connection.close()
