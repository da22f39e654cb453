"""Connections to the build file (one writer at a time) and to published versions (read-only, locked down).

What belongs here: opening, locking and limiting DuckDB. What doesn't: what is written (ingestion, dbt) or published (publishing).
"""

import fcntl
import json
import os
import threading
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self, TypeAlias

import duckdb
import polars as pl
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from warehouse.names import Layer

Connection: TypeAlias = duckdb.DuckDBPyConnection
WarehouseError: TypeAlias = duckdb.Error

NO_EXTENSIONS: dict[str, Any] = {"autoload_known_extensions": "false", "autoinstall_known_extensions": "false"}
# Its copy took nothing to 12 % of 600,000 rows, 5 % of a million; the relation it names instead, 1.1 to 1.7 ms of every question.
warnings.filterwarnings("ignore", "Arrow output on a DB-API result makes an extra copy", UserWarning)
READER_CONFIG: dict[str, Any] = NO_EXTENSIONS | {"enable_external_access": "false", "python_enable_replacements": "false"}


class WarehouseSettings(BaseSettings):
    """Limits of the analytical engine, from ``NEXUS_WAREHOUSE_*``."""

    model_config = SettingsConfigDict(env_prefix="NEXUS_WAREHOUSE_", frozen=True, extra="ignore")

    memory_limit: str = Field(default="3GB", description="memory the engine may use before it spills to disk")
    threads: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    lock_wait_seconds: float = Field(default=600, ge=0, description="how long a second writer waits for the first")
    keep_versions: int = Field(default=3, ge=1, description="published versions that are kept")
    grace_seconds: float = Field(default=900, ge=0, description="a version that was current less than this ago is kept for its readers")


class WarehouseBusy(RuntimeError):
    """Another process holds the build file. The message names its process id."""


class NothingPublished(RuntimeError):
    """No version has been published yet. The message names the fix."""


@dataclass(frozen=True)
class Warehouse:
    """The private build file below a home (``NEXUS_HOME``), its lock and its limits."""

    root: Path

    @property
    def build_path(self) -> Path:
        """Path of the build file; the parent folder exists after the first :meth:`lock`."""
        return self.root / "warehouse" / "build.duckdb"

    @contextmanager
    def lock(self, *, shared: bool = False, wait_seconds: float | None = None) -> Iterator[None]:
        """Exclude other processes from the build file; held around anything that opens it by itself, such as dbt.

        Not re-entrant: :meth:`build` takes it too.

        Raises:
            WarehouseBusy: somebody else held it for the whole of ``wait_seconds``.
        """
        folder = self.build_path.parent
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        wait = WarehouseSettings().lock_wait_seconds if wait_seconds is None else wait_seconds
        give_up_at = time.monotonic() + wait
        handle = os.open(folder / "build.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            while True:
                try:
                    fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= give_up_at:
                        holder = os.pread(handle, 32, 0).decode().strip() or "unknown"
                        raise WarehouseBusy(
                            f"the warehouse is being written by process {holder}: wait for its run to end, or see `nexus status`"
                        ) from None
                    time.sleep(0.05)
            if not shared:
                os.truncate(handle, 0)
                os.pwrite(handle, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(handle)

    @contextmanager
    def build(self, read_only: bool = False, *, wait_seconds: float | None = None) -> Iterator[Connection]:
        """Open the build file under its lock, with every layer's schema in place.

        Raises:
            WarehouseBusy: another process holds the build file.
        """
        with self.lock(shared=read_only, wait_seconds=wait_seconds):
            settings = WarehouseSettings()
            config = NO_EXTENSIONS | {
                "memory_limit": settings.memory_limit,
                "threads": str(settings.threads),
                "temp_directory": str(self.build_path.parent / "spill"),
                "preserve_insertion_order": "false",  # nothing relies on it, and loading takes a fifth less of the processor
            }
            connection = duckdb.connect(str(self.build_path), read_only=read_only, config=config)
            try:
                connection.execute("set TimeZone = 'UTC'")
                if not read_only:
                    self.build_path.chmod(0o600)
                    for layer in Layer:
                        connection.execute(f"create schema if not exists {layer}")
                yield connection
            finally:
                connection.close()


def scalar(connection: Connection, sql: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> Any:
    """Return the first value of the first row of a statement, or None; its result is read to the end."""
    rows = connection.execute(sql, params).fetchall()
    return rows[0][0] if rows else None


@dataclass(frozen=True)
class BuildReader:
    """Reads the open build file as a published version is read: for figures that are computed before publishing."""

    connection: Connection

    def query(self, sql: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> pl.DataFrame:
        """Run one statement and return its rows."""
        frame: pl.DataFrame = self.connection.sql(sql, params=params).pl()
        return frame


@dataclass(frozen=True)
class Pointer:
    """Content of ``CURRENT``: which published version and which model bundles belong together."""

    publish_version: str
    as_of: datetime
    published_at: datetime
    bundles: dict[str, str]

    def to_json(self) -> str:
        """Return the text of ``CURRENT``."""
        return json.dumps(
            {
                "publish_version": self.publish_version,
                "as_of": self.as_of.isoformat(),
                "published_at": self.published_at.isoformat(),
                "bundles": self.bundles,
            },
            indent=2,
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the text of ``CURRENT``."""
        content = json.loads(text)
        return cls(
            content["publish_version"],
            datetime.fromisoformat(content["as_of"]),
            datetime.fromisoformat(content["published_at"]),
            dict(content["bundles"]),
        )


def read_pointer(root: Path) -> Pointer | None:
    """Return what ``CURRENT`` says now, or None before the first publish."""
    try:
        return Pointer.from_json((root / "CURRENT").read_text())
    except FileNotFoundError:
        return None


def published_path(root: Path, version: str) -> Path:
    """Return the file of a published version."""
    return root / "warehouse" / "published" / f"{version}.duckdb"


_opening = threading.Lock()


def open_locked(path: Path) -> Connection:
    """Open a published file read-only, without access to other files or extensions, its settings frozen.

    Raises:
        WarehouseError: the file is missing or is not a whole database.
    """
    with _opening:  # connections of one process share an instance: only its first opener may still set anything
        connection = duckdb.connect(str(path), read_only=True, config=READER_CONFIG)
        if not scalar(connection, "select current_setting('lock_configuration')"):
            settings = WarehouseSettings()
            connection.execute("set global TimeZone = 'UTC'")
            connection.execute(f"set global memory_limit = '{settings.memory_limit}'")
            connection.execute(f"set global threads = {settings.threads}")
            connection.execute("set lock_configuration = true")
        return connection


@dataclass(frozen=True)
class PublishedFile:
    """One published version, held until closed. Safe to query from several threads."""

    pointer: Pointer
    path: Path
    _connection: Connection

    def query(self, sql: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> pl.DataFrame:
        """Run one read-only statement and return its rows; instants are UTC.

        Raises:
            WarehouseError: the statement is wrong, or tries to write or to leave the file.
        """
        cursor = self._connection.cursor()
        try:
            # A relation (`cursor.sql`) would parse and bind every statement twice: a fifth of the time of a small question.
            cursor.execute(sql, params)
            return pl.DataFrame(cursor.to_arrow_table())
        except pl.exceptions.DuplicateError:  # names that come twice are told apart by a relation only
            repeated: pl.DataFrame = cursor.sql(sql, params=params).pl()
            return repeated
        finally:
            cursor.close()

    @cached_property
    def tables(self) -> frozenset[str]:
        """The tables it holds, such as ``marts.fct_hires``; those of predictions are there only once a model has been published."""
        return frozenset(self.query("select schema_name || '.' || table_name as name from duckdb_tables()")["name"])

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        """Hold the version for the length of a block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the file."""
        self.close()


class Published:
    """The door of every reader: pages, services, analysts."""

    @staticmethod
    def open(root: Path) -> PublishedFile:
        """Open the version that ``CURRENT`` names.

        Raises:
            NothingPublished: there is no ``CURRENT`` yet.
        """
        for _ in range(3):  # a reader stopped for longer than the grace time between the two steps looks again
            pointer = read_pointer(root)
            if pointer is None:
                raise NothingPublished("nothing has been published yet: run `nexus run` (or `make demo`) first")
            path = published_path(root, pointer.publish_version)
            if path.exists():
                return PublishedFile(pointer, path, open_locked(path))
        raise NothingPublished(f"CURRENT names {path.name}, which is missing below {path.parent}: publish again with `nexus run`")
