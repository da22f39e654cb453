"""dbt inside the test process: build a warehouse file or a Postgres warehouse from raw tables, then let go of its locks.

What belongs here: calling dbt, copying raw tables to Postgres, reading built tables. What doesn't: any expectation.
"""

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import psycopg
import yaml
from adbc_driver_postgresql import dbapi
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
BUILT = "select table_schema || '.' || table_name from information_schema.tables where table_schema in ('marts', 'features') order by 1"
POSTGRES_TYPES = {"VARCHAR[]": "text[]", "VARCHAR": "text", "DOUBLE": "double precision", "TIMESTAMP WITH TIME ZONE": "timestamptz"}
_manifests: dict[str, Any] = {}


def run_dbt(*command: str, folder: Path, environment: Mapping[str, str], target: str = "duckdb") -> Any:
    """Run one dbt command and return its result; artefacts go to ``folder``.

    Raises:
        AssertionError: a node failed; the message names each.
    """
    from dbt.adapters.factory import reset_adapters
    from dbt.cli.main import dbtRunner

    before = dict(os.environ)
    os.environ.update(environment)
    arguments = [
        "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target", target,
        "--target-path", str(folder / "target"), "--log-path", str(folder / "logs"), "--quiet", "--no-use-colors",
    ]  # fmt: skip
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # dbt's own libraries warn; they are not ours to mend
            manifest = _manifests.get(target) or dbtRunner().invoke(["parse", *arguments]).result
            _manifests[target] = manifest  # names no path and no secret: a build file is always called build.duckdb
            result = dbtRunner(manifest=manifest).invoke([*command, *arguments])
    finally:
        _close_connections()
        reset_adapters()
        os.environ.clear()
        os.environ.update(before)
    failed = [f"{node.node.name}: {node.message}" for node in getattr(result.result, "results", []) if node.status in {"error", "fail"}]
    assert result.success, failed or result.exception
    return result


def _close_connections() -> None:
    """dbt keeps DuckDB's file lock until its environment is closed."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()


def build_duckdb(build: Path, *select: str, with_tests: bool = False) -> dict[str, pl.DataFrame]:
    """Build the transformation, or the selected part of it, in the DuckDB file ``build``; return what came out."""
    chosen = ["--select", *select] if select else []
    left_out = ["private", "resource_type:unit_test", *([] if with_tests else ["resource_type:test"])]
    environment = {"NEXUS_WAREHOUSE_BUILD": str(build)}
    run_dbt("build", *chosen, "--exclude", *left_out, "--indirect-selection", "cautious", folder=build.parent, environment=environment)
    return built_tables(build)


def build_postgres(url: str, folder: Path) -> dict[str, pl.DataFrame]:
    """Build the transformation in a Postgres warehouse that holds raw tables, and return what came out."""
    run_dbt("build", "--exclude", "private", "resource_type:unit_test", "resource_type:test", folder=folder,
            environment=postgres_environment(url), target="postgres")  # fmt: skip
    return built_postgres_tables(url)


def raw_tables() -> list[str]:
    """Return the names of the raw tables that the project declares as sources."""
    files = sorted(PROJECT.glob("models/staging/*/*__sources.yml"))
    sources = [source for file in files for source in yaml.safe_load(file.read_text())["sources"]]
    return [table.get("identifier", table["name"]) for source in sources for table in source["tables"]]


def postgres_environment(url: str) -> dict[str, str]:
    """Return the settings by which the Postgres target finds ``url``."""
    parts = conninfo_to_dict(url)
    settings = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password", "DATABASE": "dbname"}
    return {f"NEXUS_WAREHOUSE_POSTGRES_{setting}": str(parts[part]) for setting, part in settings.items() if part in parts}


def copy_raw_to_postgres(build: Path, url: str) -> None:
    """Copy every raw table the project reads, through CSV and COPY; types are mapped, values are not touched."""
    with duckdb.connect(str(build), read_only=True) as source, psycopg.connect(url) as target:
        source.execute("set TimeZone = 'UTC'")
        target.execute("create schema if not exists raw")
        for table in raw_tables():
            _copy_table(source, target, table, build.parent / f"{table}.csv")


def _copy_table(source: duckdb.DuckDBPyConnection, target: psycopg.Connection[Any], table: str, file: Path) -> None:
    columns = [(row[0], row[1]) for row in source.execute(f"describe raw.{table}").fetchall()]
    name = sql.Identifier("raw", table)
    definition = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(POSTGRES_TYPES.get(kind, kind))) for column, kind in columns
    )
    target.execute(sql.SQL("create table {} ({})").format(name, definition))
    chosen = ", ".join(
        f"'{{' || array_to_string({column}, ',') || '}}' as {column}" if kind.endswith("[]") else column for column, kind in columns
    )
    source.execute(f"copy (select {chosen} from raw.{table}) to '{file}' (format csv, header false, nullstr '\\N')")
    with target.cursor().copy(sql.SQL("copy {} from stdin (format csv, null '\\N')").format(name)) as copy, file.open("rb") as stream:
        while block := stream.read(1 << 20):
            copy.write(block)
    file.unlink()


def built_tables(build: Path) -> dict[str, pl.DataFrame]:
    """Return every mart and feature table of a build file, its rows sorted by all columns."""
    with duckdb.connect(str(build), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        names = [name for (name,) in connection.execute(BUILT).fetchall()]
        return {name: _sorted(connection.sql(f"from {name}").pl()) for name in names}


def built_postgres_tables(url: str) -> dict[str, pl.DataFrame]:
    """Return every mart and feature table of a Postgres warehouse, its rows sorted by all columns."""
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(BUILT)
        names = [name for (name,) in cursor.fetchall()]
        tables = {}
        for name in names:
            cursor.execute(f"select * from {name}")
            tables[name] = _sorted(pl.from_arrow(cursor.fetch_arrow_table()))  # type: ignore[arg-type]  # a table is a frame
        return tables


def _sorted(frame: pl.DataFrame) -> pl.DataFrame:
    instants = [pl.col(name).dt.convert_time_zone("UTC") for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime)]
    return frame.with_columns(instants).sort(frame.columns, nulls_last=True)
