"""Ships the prediction API's log into the warehouse: every line once, whatever is shipped twice.

A line is a JSON object with at least prediction_id, model, tenant and time; the last line of a file being written may be torn and waits.
"""

import json
from pathlib import Path

import polars as pl

from warehouse.connection import Connection, scalar

TABLE = "predictions.logged_predictions"
_COLUMNS = {
    "prediction_id": "varchar",
    "model": "varchar",
    "metric": "varchar",
    "model_version": "varchar",
    "bundle_id": "varchar",
    "is_fallback": "boolean",
    "features_as_of": "timestamptz",
    "publish_version": "varchar",
    "tenant_id": "varchar",
    "opening_id": "varchar",
    "job_id": "varchar",
    "application_id": "varchar",
    "elapsed_days": "double",
    "median_days": "double",
    "p10_days": "double",
    "p90_days": "double",
    "beyond_days": "double",
    "p_filled": "double",
    "p_filled_before_target_start": "double",
    "p_hired": "double",
    "p_success_given_hired": "double",
    "made_at": "timestamptz",
    "caller": "varchar",
}


def load_prediction_log(folder: Path, connection: Connection) -> int:
    """Load what the log holds and the warehouse lacks; return the number of new predictions.

    Raises:
        ValueError: a whole line is not JSON; the message names file and line, and nothing is loaded.
    """
    connection.execute(f"create table if not exists {TABLE} ({', '.join(f'{name} {kind}' for name, kind in _COLUMNS.items())})")
    connection.execute("create table if not exists raw._prediction_log_files (file varchar primary key, bytes bigint)")
    known = dict(connection.execute("select file, bytes from raw._prediction_log_files").fetchall())
    rows, read = [], {}
    for file in sorted(folder.glob("*.jsonl")):
        if file.stat().st_size == known.get(file.name, 0):
            continue
        with file.open("rb") as stream:
            stream.seek(known.get(file.name, 0))
            content = stream.read()
        whole = content[: content.rfind(b"\n") + 1]
        read[file.name] = known.get(file.name, 0) + len(whole)
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                entry = json.loads(line)
            except json.JSONDecodeError as error:
                raise ValueError(f"{file.name}, line {number} after byte {known.get(file.name, 0)}: not JSON") from error
            rows.append([_value(entry.get(name)) for name in _COLUMNS])
    arrived = pl.DataFrame(rows, schema=dict.fromkeys(_COLUMNS, pl.String), orient="row").unique(
        "prediction_id", keep="first", maintain_order=True
    )
    columns = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in _COLUMNS.items())
    connection.begin()
    try:
        before = int(scalar(connection, f"select count(*) from {TABLE}"))
        if rows:
            connection.register("arrived", arrived)
            connection.execute(
                f"""insert into {TABLE} select {columns} from arrived
                where prediction_id not in (select prediction_id from {TABLE}) order by made_at, prediction_id"""
            )
            connection.unregister("arrived")
        for name, size in read.items():
            connection.execute("insert or replace into raw._prediction_log_files values (?, ?)", [name, size])
        after = int(scalar(connection, f"select count(*) from {TABLE}"))
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return after - before


def _value(value: object) -> str | None:
    value = value["value"] if isinstance(value, dict) else value
    return None if value is None else str(value)
