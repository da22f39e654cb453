"""The demo's scale: its raw rows give equal marts on DuckDB and Postgres, in every column, and the planted effects are found in them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from nexus.databases import DatabaseUrls
from simulator import simulate
from tests.support.answers import truth
from tests.support.dbt_builds import UNTIL, sync_into
from tests.support.dbt_runs import build_duckdb, build_postgres, copy_raw_to_postgres
from warehouse.connection import Warehouse, scalar
from warehouse.publishing import publish


@pytest.fixture(scope="module")
def small_home(new_source: Callable[[str], DatabaseUrls], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with a simulated history, its answer key and its raw tables."""
    home, urls = tmp_path_factory.mktemp("small") / "home", new_source("dbt_small")
    simulate(urls.owner, home.parent, scale="small", seed=7, until=UNTIL)
    sync_into(urls, home)
    shutil.copytree(home.parent / "truth", home / "truth")
    return home


def test_duckdb_and_postgres_build_equal_tables(small_home: Path, fresh_database: str, tmp_path: Path) -> None:
    build = Warehouse(small_home).build_path
    copy_raw_to_postgres(build, fresh_database)

    on_duckdb = build_duckdb(build)
    on_postgres = build_postgres(fresh_database, tmp_path / "postgres")

    assert on_duckdb["marts.fct_applications"].height > 30_000
    assert on_duckdb.keys() == on_postgres.keys()
    for name, frame in on_duckdb.items():
        assert_frame_equal(on_postgres[name], frame, check_exact=True)


def test_planted_effects_are_found_in_what_was_published_and_other_ones_are_not(small_home: Path) -> None:
    with Warehouse(small_home).build() as connection:
        as_of = scalar(connection, "select as_of from raw._build")
        is_built = scalar(connection, "select count(*) from duckdb_tables() where schema_name = 'marts'")
    if not is_built:
        build_duckdb(Warehouse(small_home).build_path)
    publish(small_home, as_of=as_of, bundles={}, world="realistic")
    code, found = truth(small_home)
    assert (code, found["misses"]) == (0, 0), found
    order, best, slowest = found["findings"][:3]
    assert (best["published"], slowest["published"]) == ("referral", "interview")
    effects = json.loads((small_home / "truth" / "effects.json").read_text())
    for channel in effects["channels"]:
        channel["effect"] = -channel["effect"]
    (small_home / "truth" / "effects.json").write_text(json.dumps(effects))
    code, found = truth(small_home)
    assert code == 1
    assert [finding["is_hit"] for finding in found["findings"][:2]] == [False, False], order
