"""Golden example (b): a public log of 10,000 applications, brought in by its mapping, gives the funnel known of it."""

from pathlib import Path

import duckdb
import polars as pl
import pytest

from ingestion import import_hiring_log, sync
from nexus.databases import DatabaseUrls
from tests.support.dbt_runs import PROJECT, build_duckdb
from warehouse.connection import Warehouse

LOG = PROJECT.parents[1] / "shared" / "data" / "hiring_log_10k"
MAPPING = PROJECT.parent / "ingestion" / "sources" / "hiring_log" / "hiring_log_10k.example.yml"
SCHOOL = "11111111-1111-4111-8111-111111111111"
STRICT = ["int_stage_events_cleaned+"]
REACHED = {
    "applied": 10_000,
    "screen": 8_799,
    "interview": 7_809,
    "demo_lesson": 3_904,
    "references_checks": 2_708,
    "offer": 2_530,
    "hired": 0,
}

pytestmark = [
    pytest.mark.skipif(not LOG.exists(), reason="third-party log: it lies beside the repository on the machines that have it"),
]


def _reached(tables: dict[str, pl.DataFrame], column: str = "reached_count") -> dict[str, int]:
    return dict(tables["marts.mart_funnel_cohorts"].group_by("stage").agg(pl.col(column).sum()).iter_rows())


def _cleaned(tables: dict[str, pl.DataFrame], step: str) -> int:
    counts = tables["marts.mart_cleaning_counts"].filter(pl.col("cleaning_step") == step)
    return int(counts["rows_count"].sum())


def test_public_log_imported_by_its_mapping_gives_the_golden_funnel(migrated_database: DatabaseUrls, tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    sync(migrated_database.pipeline, warehouse)  # an empty hiring core beside the log
    import_hiring_log(LOG, SCHOOL, warehouse, mapping=MAPPING)

    tables = build_duckdb(warehouse.build_path, with_tests=True)

    assert _reached(tables) == REACHED
    assert _cleaned(tables, "accidental_visits_flagged") == 0
    applications = tables["marts.fct_applications"]
    offers = applications.filter(pl.col("furthest_stage") == "offer")
    assert offers.filter(pl.col("outcome") == "rejected").height == 1_413, "an offer and a rejection: the rejection is the outcome"
    assert _cleaned(tables, "events_after_terminal_flagged") > 0
    assert tables["marts.mart_reconciliation"]["difference_count"].abs().sum() == 0

    with duckdb.connect(str(warehouse.build_path)) as connection:
        connection.execute("update raw.hiring_log__sources set accidental_visit_rule = true")
    strict = build_duckdb(warehouse.build_path, *STRICT)

    # Every flagged visit is followed by another of its stage: the rule moves time in stage, not who reached what.
    assert _cleaned(strict, "accidental_visits_flagged") == 5_648
    assert _reached(strict) == REACHED
    with duckdb.connect(str(warehouse.build_path), read_only=True) as connection:
        cases = connection.execute("select count(distinct application_id) from intermediate.int_stage_events_cleaned where is_accidental")
        assert cases.fetchall() == [(3_450,)]
