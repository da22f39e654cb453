"""One SQL, two engines: the same raw rows of the demo's scale give equal marts and features on DuckDB and Postgres, in every column."""

from collections.abc import Callable
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from nexus.databases import DatabaseUrls
from simulator import simulate
from tests.support.dbt_builds import UNTIL, sync_into
from tests.support.dbt_runs import build_duckdb, build_postgres, copy_raw_to_postgres

pytestmark = pytest.mark.xdist_group("dbt")


def test_duckdb_and_postgres_build_equal_tables(new_source: Callable[[str], DatabaseUrls], fresh_database: str, tmp_path: Path) -> None:
    urls = new_source("dbt_small")
    simulate(urls.owner, tmp_path, scale="small", seed=7, until=UNTIL)
    build = sync_into(urls, tmp_path / "raw")
    copy_raw_to_postgres(build, fresh_database)

    on_duckdb = build_duckdb(build)
    on_postgres = build_postgres(fresh_database, tmp_path / "postgres")

    assert on_duckdb["marts.fct_applications"].height > 30_000
    assert on_duckdb.keys() == on_postgres.keys()
    for name, frame in on_duckdb.items():
        assert_frame_equal(on_postgres[name], frame, check_exact=True)
