"""Publishing: an allow-list of tables is copied into a fresh file, verified, and named by ``CURRENT`` in one step.

What belongs here: what leaves the build file, and how readers come to see it. What doesn't: deciding whether a build is good (the gates).
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl

from foundation import clock
from warehouse.connection import NO_EXTENSIONS, Pointer, Warehouse, WarehouseSettings, open_locked, published_path, read_pointer, scalar
from warehouse.names import ADDED_TABLES, CLUSTERED_BY, OPTIONAL_TABLES, PUBLISHED_LAYERS, REQUIRED_TABLES


class PublishRefused(RuntimeError):
    """The version was not published; readers keep the last good one. The message says why."""


@dataclass(frozen=True)
class _Draft:
    """A version on its way: a database file and a folder of Parquet files, neither visible to readers."""

    version: str
    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / f".draft-{self.version}.duckdb"

    @property
    def parquet(self) -> Path:
        return self.folder / f".draft-{self.version}"


def publish(
    root: Path,
    *,
    as_of: datetime,
    bundles: Mapping[str, str],
    extra_tables: Mapping[str, pl.DataFrame] | None = None,
    world: str = "",
    required: frozenset[str] = REQUIRED_TABLES,
    is_current: bool = True,
) -> Pointer:
    """Publish the build file's marts, features and predictions as a new version and return what ``CURRENT`` now says.

    ``extra_tables`` maps qualified names of :data:`warehouse.names.ADDED_TABLES` to frames, such as the equity releases of the ledger.
    With ``is_current`` False the version stands beside the current one, without predictions (they are of today), and its own pointer is
    returned; it is pruned like any other. Nothing changes for readers unless every step succeeds; what a failed attempt left is removed.

    Raises:
        PublishRefused: a required table is missing, a name is not allowed, or the written file differs from the build.
        OSError: the disk is full or not writable.
    """
    extras = dict(extra_tables or {})
    if unknown := sorted(set(extras) - ADDED_TABLES):
        raise PublishRefused(f"not on the list of tables that may be added while publishing: {', '.join(unknown)}")
    folder = published_path(root, "x").parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    warehouse = Warehouse(root)
    with warehouse.lock():
        published_at = clock.now()
        pointer = Pointer(_next_version(root, published_at), as_of, published_at, dict(bundles))
        info = {"publish_version": pointer.publish_version, "as_of": as_of, "published_at": published_at, "world": world}
        extras["marts.publish_info"] = pl.DataFrame([info])
        draft = _Draft(pointer.publish_version, folder)
        try:
            counts = _write(draft, warehouse.build_path, extras, required, OPTIONAL_TABLES if is_current else frozenset())
            _verify(draft, counts)
            _place(root, draft)
            if is_current:
                _swap(root, pointer)
        except BaseException as problem:
            _discard(draft)
            if isinstance(problem, duckdb.Error):
                raise PublishRefused(f"version {pointer.publish_version} could not be written: {problem}") from problem
            raise
        _fsync(root)
        prune(root)
    return pointer


def _next_version(root: Path, at: datetime) -> str:
    current = read_pointer(root)
    names = [file.stem for file in published_path(root, "x").parent.glob("[!.]*.duckdb")] + ([current.publish_version] if current else [])
    return f"{at:%Y%m%dT%H%M%S}-{max(map(_number, names), default=0) + 1:04d}"


def _number(version: str) -> int:
    return int(version.rpartition("-")[2])


def _write(
    draft: _Draft, build: Path, extras: Mapping[str, pl.DataFrame], required: frozenset[str], optional: frozenset[str]
) -> dict[str, int]:
    """Copy the allowed tables and return the rows each must have."""
    settings = WarehouseSettings()
    config = NO_EXTENSIONS | {"memory_limit": settings.memory_limit, "threads": str(settings.threads)}
    connection = duckdb.connect(config=config)  # in memory: neither file is its own, so the build can be attached read-only
    try:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach '{_quoted(build)}' as build (read_only)")
        connection.execute(f"attach '{_quoted(draft.file)}' as version (storage_version 'v1.5.0')")
        draft.file.chmod(0o600)
        for layer in PUBLISHED_LAYERS:
            connection.execute(f"create schema version.{layer}")
        present = {
            f"{schema}.{table}"
            for schema, table in connection.execute(
                "select schema_name, table_name from duckdb_tables() where database_name = 'build'"
            ).fetchall()
        }
        if missing := sorted(required - present):
            raise PublishRefused(f"the build lacks {', '.join(missing)}: run the transformation first")
        counts = {}
        for name in sorted((required | optional) & present):
            order = f" order by {CLUSTERED_BY[name]}" if name in CLUSTERED_BY else ""
            connection.execute(f"create table version.{name} as from build.{name}{order}")
            counts[name] = scalar(connection, f"select count(*) from build.{name}")
        for name, frame in extras.items():
            connection.register("extra", frame)
            connection.execute(f"create table version.{name} as from extra")
            connection.unregister("extra")
            counts[name] = frame.height
        draft.parquet.mkdir(mode=0o700)
        for name in counts:
            connection.execute(f"copy version.{name} to '{_quoted(draft.parquet / name)}.parquet' (format parquet, compression zstd)")
        connection.execute("detach version")
    finally:
        connection.close()
    return counts


def _verify(draft: _Draft, counts: Mapping[str, int]) -> None:
    """Flush to disk, reopen as a reader does and compare.

    Raises:
        PublishRefused: a table is missing, unexpected or has another number of rows.
    """
    for file in (draft.file, *draft.parquet.iterdir(), draft.parquet):
        _fsync(file)
    connection = open_locked(draft.file)
    try:
        tables = connection.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
        if {name for (name,) in tables} != set(counts):
            raise PublishRefused("the written file does not hold exactly the allowed tables")
        for name, expected in counts.items():
            if (found := scalar(connection, f"select count(*) from {name}")) != expected:
                raise PublishRefused(f"{name} has {found} rows in the written file but {expected} in the build")
    finally:
        connection.close()


def _place(root: Path, draft: _Draft) -> None:
    final = published_path(root, draft.version)
    draft.parquet.rename(final.with_suffix(""))
    draft.file.rename(final)
    _fsync(draft.folder)


def _swap(root: Path, pointer: Pointer) -> None:
    current, fresh = root / "CURRENT", root / ".CURRENT.draft"
    with fresh.open("w") as stream:
        stream.write(pointer.to_json())
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(current)


def prune(root: Path) -> list[str]:
    """Remove versions beyond the last ``keep_versions`` that nobody should still read, and remains of failed attempts.

    Returns:
        The removed versions.
    """
    settings, pointer = WarehouseSettings(), read_pointer(root)
    folder = published_path(root, "x").parent
    for leftover in folder.glob(".draft-*"):
        _remove(leftover)
    versions = sorted(folder.glob("*.duckdb"), key=lambda file: _number(file.stem), reverse=True)
    replaced_at = [file.stat().st_mtime for file in versions]  # a version's successor was written when it stopped being the current one
    removed = []
    for position, file in enumerate(versions):
        is_spare = position >= settings.keep_versions and (pointer is None or file.stem != pointer.publish_version)
        if is_spare and clock.now().timestamp() - replaced_at[position - 1] > settings.grace_seconds:
            _remove(file.with_suffix(""))
            _remove(file)
            removed.append(file.stem)
    return removed


def _discard(draft: _Draft) -> None:
    for path in (draft.file, draft.file.with_name(f"{draft.file.name}.wal"), draft.parquet):
        _remove(path)
    final = draft.folder / f"{draft.version}.duckdb"
    for path in (final, final.with_suffix("")):
        _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
