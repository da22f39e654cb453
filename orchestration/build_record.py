"""Is the build file fit to be published? Each step leaves its outcome there; publishing asks before it copies anything.

Runs of a subset are welcome (from the UI or ``dg``), so the order of one run proves nothing: only these records do.
"""

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from foundation import clock
from orchestration.dbt_runner import project_digest
from warehouse.connection import Connection, read_pointer

_ROOT = Path(__file__).resolve().parents[1]
_CODE = ("ingestion", "data_quality", "metrics", "models_ml", "orchestration", "warehouse")
_TABLE = """
create table if not exists raw._transformed (
  batch_id bigint, project_digest varchar, is_whole boolean, succeeded boolean, message varchar, finished_at timestamptz)
"""


def record_transform(connection: Connection, *, is_whole: bool, succeeded: bool, message: str, results: list[tuple[Any, ...]]) -> None:
    """Keep the outcome of a dbt build and of its tests: (check, table, passed, failing rows, message) each."""
    now = clock.now()
    connection.begin()
    connection.execute(_TABLE)
    connection.execute(
        "insert into raw._transformed select batch_id, ?, ?, ?, ?, ? from raw._build", [project_digest(), is_whole, succeeded, message, now]
    )
    connection.execute("delete from raw._check_results where layer = 'transform'")
    for check, table, passed, failing, text in results:
        connection.execute(
            "insert into raw._check_results select ?, 'transform', ?, ?, null, '0 rows', ?, ?, batch_id, ? from raw._build",
            [check, table, passed, failing, text, now],
        )
    connection.commit()


def why_not_publishable(connection: Connection, *, as_of: datetime | None = None) -> str | None:
    """Return in one line what stands against publishing the build, or None; ``as_of``: the instant it was meant to be built as of."""
    connection.execute(_TABLE)
    expected = "coalesce(?::timestamptz, (select max(as_of) from raw._sync_state))"
    for (built,) in connection.execute(f"select as_of from raw._build where as_of is distinct from {expected}", [as_of]).fetchall():
        return f"the build holds figures as of {built}: run the extraction and the transformation"
    waiting = connection.execute(
        """select s.source, s.batch_id from raw._sync_state s
        where s.batch_id > coalesce((select max(a.batch_id) from raw._accepted a where a.source = s.source), 0) order by 1"""
    ).fetchall()
    if waiting:
        return "; ".join(f"batch {batch} of {source} has not passed the gates" for source, batch in waiting)
    last = connection.execute(
        """select t.succeeded, t.message, t.project_digest, t.batch_id = b.batch_id from raw._transformed t cross join raw._build b
        where t.is_whole or not t.succeeded order by t.finished_at desc limit 1"""
    ).fetchall()
    if not last:
        return "the transformation has not run"
    succeeded, message, digest, is_current = last[0]
    if not succeeded:
        return str(message)
    if digest != project_digest() or not is_current:
        return "the transformation has not run on the newest rows"
    return None


def code_digest() -> str:
    """Return a digest of everything besides rows that a published version depends on."""
    digest = hashlib.sha256(project_digest().encode())
    for package in _CODE:
        for file in sorted((_ROOT / package).rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:20]


def fingerprint(root: Path, connection: Connection) -> str:
    """Return what the next version would be made from: the newest batches, the prediction log and the code."""
    batches = connection.execute("select source, batch_id from raw._sync_state order by 1").fetchall()
    logged = sum(file.stat().st_size for file in (root / "prediction_log").glob("*.jsonl"))
    return json.dumps([batches, logged, code_digest()])


def remember_published(root: Path, made_from: str, version: str) -> None:
    """Keep what a version was made from."""
    (root / "run").mkdir(parents=True, exist_ok=True)
    (root / "run" / "made_from.json").write_text(json.dumps({"publish_version": version, "made_from": made_from}))


def is_published(root: Path, made_from: str) -> bool:
    """Say whether the current version was made from exactly this."""
    pointer, file = read_pointer(root), root / "run" / "made_from.json"
    if pointer is None or not file.exists():
        return False
    known = json.loads(file.read_text())
    return bool(known["made_from"] == made_from and known["publish_version"] == pointer.publish_version)
