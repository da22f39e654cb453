"""Ships the prediction API's log into the warehouse: every line once, whatever is shipped twice.

A line is a JSON object with at least prediction_id, model, tenant and time; the last line of a file being written may be torn and waits.
"""

import json
from pathlib import Path

from warehouse.connection import Connection

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
    connection.begin()
    try:
        before = connection.execute(f"select count(*) from {TABLE}").fetchall()[0][0]
        connection.execute(f"create or replace temp table arrived as from {TABLE} limit 0")
        if rows:
            connection.executemany(f"insert into arrived values ({', '.join('?' * len(_COLUMNS))})", rows)
        connection.execute(
            f"""insert into {TABLE} select distinct on (prediction_id) * from arrived a
            where not exists (select 1 from {TABLE} t where t.prediction_id = a.prediction_id) order by prediction_id, made_at"""
        )
        for name, size in read.items():
            connection.execute("insert or replace into raw._prediction_log_files values (?, ?)", [name, size])
        after = connection.execute(f"select count(*) from {TABLE}").fetchall()[0][0]
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return int(after - before)


def _value(value: object) -> object:
    return value["value"] if isinstance(value, dict) else value
