"""The append-only ledger of released equity figures: once a period is in it, its figures never change again.

One file per append below ``warehouse/equity_ledger``: a header that names the hash of the file before, the rows, a footer with
the file's own hash. What belongs here: keeping and refusing. What doesn't: computing candidates (dbt) or reading answers (ingestion).
"""

import hashlib
import json
import os
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from foundation import clock
from warehouse.connection import open_locked, published_path, read_pointer

ROW_SCHEMA: dict[str, Any] = {
    "release": pl.String,
    "tenant_id": pl.String,
    "period_kind": pl.String,
    "period_start": pl.Date,
    "period_end": pl.Date,
    "outcome_bin": pl.String,
    "attribute": pl.String,
    "category": pl.String,
    "people_count": pl.Int64,
    "cohort_people_count": pl.Int64,
    "noisy_count": pl.Int64,
    "key_id": pl.String,
}
SCHEMA: dict[str, Any] = ROW_SCHEMA | {"released_at": pl.Datetime("us", "UTC")}
PERIOD = ["release", "tenant_id", "period_kind", "period_start", "period_end"]
CELL = [*PERIOD, "outcome_bin", "attribute", "category"]
_IDENTITY = PERIOD[:4]  # not the outcome bin: the bins of a year are released together, and never again
_COUNTS = ("people_count", "cohort_people_count", "noisy_count")
_BENCHMARK = pl.col("release") == "C"


class LedgerBroken(RuntimeError):
    """The ledger's files do not belong together. The message names the file; restore the folder from a backup."""


class ReleaseRefused(RuntimeError):
    """Nothing was appended. The message says which rule the candidates break."""


def ledger_folder(root: Path) -> Path:
    """Return the folder of the ledger below a home; one for all engines, kept by ``nexus down --purge``."""
    return root / "warehouse" / "equity_ledger"


def read_ledger(root: Path) -> pl.DataFrame:
    """Return every released row, in the columns of ``SCHEMA``, sorted; no rows before the first release.

    Rows released before there were outcomes belong to the pool and kept no noisy count.

    Raises:
        LedgerBroken: a file was changed, cut or taken out.
    """
    rows: list[dict[str, Any]] = []
    for _, entries in _files(root):
        rows.extend(entries)
    frame = pl.DataFrame(rows, schema=dict.fromkeys(SCHEMA, pl.String) | dict.fromkeys(_COUNTS, pl.Int64))
    return frame.with_columns(
        pl.col("period_start", "period_end").str.to_date(),
        pl.col("released_at").str.to_datetime(time_unit="us", time_zone="UTC"),
        pl.col("outcome_bin").fill_null("pool"),
    ).sort(CELL)


def released_tables(root: Path) -> dict[str, pl.DataFrame]:
    """Return the ledger as the tables a version publishes: figures of schools, and the benchmark of all schools that belongs to none."""
    ledger = read_ledger(root)
    benchmark = ledger.filter(_BENCHMARK).drop("tenant_id", "outcome_bin", "noisy_count")
    return {"marts.mart_equity_releases": ledger.filter(~_BENCHMARK), "marts.mart_equity_benchmarks": benchmark}


def released_periods(root: Path) -> pl.DataFrame:
    """Return the distinct released periods: release, tenant_id, period_kind, period_start, period_end."""
    return read_ledger(root).select(PERIOD).unique().sort(PERIOD)


def append_missing(root: Path, candidates: pl.DataFrame, *, new_ledger_reason: str = "", released_at: datetime | None = None) -> int:
    """Append the periods the ledger lacks and return how many they were; periods it has are left exactly as released.

    Args:
        root: the home (``NEXUS_HOME``).
        candidates: rows of ``private.equity_release_candidates`` (columns of ``ROW_SCHEMA``).
        new_ledger_reason: why a new ledger may begin although figures were published from one that is gone; kept in its first file.
        released_at: the instant to note; now by default.

    Raises:
        ReleaseRefused: a candidate does not add up, overlaps a released year, or the ledger behind published figures is missing.
        LedgerBroken: the ledger on disk is damaged.
    """
    ledger = read_ledger(root)
    _refuse_lost_ledger(root, ledger, new_ledger_reason)
    offered = candidates.select(pl.col(name).cast(kind) for name, kind in ROW_SCHEMA.items())
    fresh = offered.join(ledger.select(_IDENTITY).unique(), on=_IDENTITY, how="anti").sort(CELL)
    if fresh.is_empty():
        return 0
    _refuse_malformed(fresh)
    _refuse_second_measurement(fresh, ledger)
    _append(root, fresh, new_ledger_reason, released_at or clock.now())
    return fresh.select(_IDENTITY).n_unique()


def _refuse_malformed(fresh: pl.DataFrame) -> None:
    period_attribute = [*_IDENTITY, "outcome_bin", "attribute"]
    empty = fresh.drop("noisy_count").null_count().sum_horizontal().item()
    if empty or fresh.select([*period_attribute, "category"]).is_duplicated().any():
        raise ReleaseRefused("equity candidates hold an empty value or a category twice")
    sums = fresh.group_by(period_attribute).agg(
        total=pl.col("people_count").sum(), least=pl.col("people_count").min(), cohort=pl.col("cohort_people_count").max()
    )
    if (wrong := sums.filter((pl.col("total") != pl.col("cohort")) | (pl.col("least") < 0))).height:
        raise ReleaseRefused(f"{wrong.height} equity tables do not add up to their cohort, such as {wrong.row(0, named=True)}")
    per_period = fresh.group_by(_IDENTITY).agg(pl.col("key_id").n_unique(), pl.col("attribute").n_unique())
    if per_period["key_id"].max() != 1 or per_period["attribute"].n_unique() != 1:
        raise ReleaseRefused("a period must be released whole, under one key")


def _refuse_second_measurement(fresh: pl.DataFrame, ledger: pl.DataFrame) -> None:
    """A quarter may not follow the rest of its year: the rest already counts the quarters that were too small."""
    rests = ledger.filter(pl.col("period_kind") == "year_rest").select("release", "tenant_id", "period_start", "period_end").unique()
    late = fresh.filter(pl.col("period_kind") == "quarter").join(rests, on=["release", "tenant_id"], suffix="_rest")
    late = late.filter(pl.col("period_start").is_between("period_start_rest", "period_end_rest"))
    if late.height:
        first = late.row(0, named=True)
        raise ReleaseRefused(
            f"the quarter of {first['period_start']} of school {first['tenant_id']} was already counted in the rest of its released year"
        )


def _refuse_lost_ledger(root: Path, ledger: pl.DataFrame, reason: str) -> None:
    published = _published_periods(root)
    lost = published.join(ledger.select(_IDENTITY).unique(), on=_IDENTITY, how="anti")
    if lost.is_empty():
        return
    if ledger.is_empty() and reason.strip():
        return
    raise ReleaseRefused(
        f"{lost.height} equity periods were published but are not in the ledger {ledger_folder(root)}: restore it from a backup"
        + ("" if ledger.height else ", or pass --new-equity-ledger REASON to start a new one")
    )


def _published_periods(root: Path) -> pl.DataFrame:
    pointer = read_pointer(root)
    empty = pl.DataFrame(schema={name: SCHEMA[name] for name in _IDENTITY})
    if pointer is None or not (path := published_path(root, pointer.publish_version)).exists():
        return empty
    connection = open_locked(path)
    try:
        known = connection.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
        frames = [empty]
        for table, columns in (
            ("mart_equity_releases", _IDENTITY),
            ("mart_equity_benchmarks", ["release", "'all_schools' as tenant_id", *_IDENTITY[2:]]),
        ):
            if (table,) in known:
                frame: pl.DataFrame = connection.sql(f"select distinct {', '.join(columns)} from marts.{table}").pl()
                frames.append(frame.cast({name: SCHEMA[name] for name in _IDENTITY}))
        return pl.concat(frames)
    finally:
        connection.close()


def _files(root: Path) -> list[tuple[str, list[dict[str, Any]]]]:
    """Read and check every file: its hash and its rows."""
    found: list[tuple[str, list[dict[str, Any]]]] = []
    previous = ""
    for number, file in enumerate(sorted(ledger_folder(root).glob("*.jsonl")), start=1):
        content = file.read_bytes()
        body, _, footer = content.rstrip(b"\n").rpartition(b"\n")
        try:
            header, *entries = [json.loads(line) for line in body.splitlines()]
            intact = json.loads(footer) == {"sha256": hashlib.sha256(body).hexdigest()} and header["rows"] == len(entries)
            in_place = file.name == f"{number:06d}.jsonl" and header["sequence"] == number and header["previous"] == previous
        except (ValueError, KeyError, TypeError) as error:
            raise LedgerBroken(f"{file} is not a file of the equity ledger: restore the folder from a backup") from error
        if not intact or not in_place:
            problem = "was changed after it was written" if not intact else "does not follow the file before it"
            raise LedgerBroken(f"{file} {problem}: restore the folder from a backup")
        previous = hashlib.sha256(content).hexdigest()
        found.append((previous, [entry | {"released_at": header["released_at"]} for entry in entries]))
    return found


def _append(root: Path, rows: pl.DataFrame, reason: str, released_at: datetime) -> None:
    files = _files(root)
    header = {
        "sequence": len(files) + 1,
        "previous": files[-1][0] if files else "",
        "rows": rows.height,
        "released_at": released_at.isoformat(),
        **({"new_ledger_reason": reason.strip()} if reason.strip() and not files else {}),
    }
    lines = [header, *rows.to_dicts()]
    body = "\n".join(json.dumps(line, default=_iso, separators=(",", ":")) for line in lines).encode()
    footer = json.dumps({"sha256": hashlib.sha256(body).hexdigest()}).encode()
    folder = ledger_folder(root)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft, final = folder / f".draft-{os.getpid()}", folder / f"{header['sequence']:06d}.jsonl"
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(body + b"\n" + footer + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        os.link(draft, final)  # unlike a rename, fails if another process appended first
    except FileExistsError as error:
        raise ReleaseRefused(f"{final.name} was appended by another process meanwhile: publish again") from error
    finally:
        draft.unlink(missing_ok=True)
    _fsync(folder)


def _iso(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} does not belong in the ledger")


def _fsync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
