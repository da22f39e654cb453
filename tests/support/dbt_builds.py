"""Raw tables of simulated sources: what the transformation's tests build from.

What belongs here: making, copying and shuffling raw tables. What doesn't: running dbt (dbt_runs) or any expectation.
"""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import psycopg
import pytest
from psycopg import sql

from ingestion import sync
from nexus.databases import DatabaseUrls, login_urls, with_database
from nexus.embedded_postgres import EmbeddedPostgres
from simulator import simulate
from tests.support.dbt_runs import build_duckdb
from tests.support.postgres import PASSWORDS
from warehouse.connection import Warehouse

SINCE = datetime(2024, 9, 1, tzinfo=UTC)
UNTIL = datetime(2026, 5, 1, tzinfo=UTC)


def sync_into(urls: DatabaseUrls, home: Path) -> Path:
    """Sync a source into a new build file below ``home`` and return its path."""
    home.mkdir(parents=True)
    warehouse = Warehouse(home)
    sync(urls.pipeline, warehouse)
    return warehouse.build_path


def copied(build: Path, folder: Path) -> Path:
    """Return a copy of a build file, named as dbt expects it."""
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(build, folder / "build.duckdb"))


def shuffle_raw(build: Path, seed: int) -> None:
    """Rewrite every raw table of the sources in another row order."""
    with duckdb.connect(str(build)) as connection:
        tables = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'raw' and table_name like 'hiring%'"
        ).fetchall()
        for (table,) in tables:
            connection.execute(f"create or replace table raw.{table} as select * from raw.{table} order by hash(rowid + {seed})")


@pytest.fixture(scope="session")
def new_source(postgres_server: EmbeddedPostgres, migrated_template: str) -> Callable[[str], DatabaseUrls]:
    """Return a function that makes a migrated source database of a given name; it lives as long as the session's server."""

    def create(name: str) -> DatabaseUrls:
        with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("create database {} template {} strategy file_copy").format(sql.Identifier(name), sql.Identifier(migrated_template))
            )
        return login_urls(with_database(postgres_server.url(), name), PASSWORDS)

    return create


@pytest.fixture(scope="session")
def tiny_raw(new_source: Callable[[str], DatabaseUrls], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a build file with the raw tables of a tiny simulated network; copy it before you build in it."""
    home = tmp_path_factory.mktemp("dbt_tiny")
    urls = new_source("dbt_tiny")
    simulate(urls.owner, home, scale="tiny", seed=11, since=SINCE, until=UNTIL)
    return sync_into(urls, home / "raw")


@pytest.fixture(scope="session")
def tiny_built(tiny_raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a build file in which the tiny network has been transformed, data tests passed; copy it before you change it."""
    build = copied(tiny_raw, tmp_path_factory.mktemp("dbt_tiny_built"))
    build_duckdb(build, with_tests=True)
    return build
