"""Names that ingestion shares with the source's schema, the seeds and the suites."""

import csv
from pathlib import Path

import psycopg

from data_quality.runner import all_suites
from ingestion.sources.hiring_log.tables import CANONICAL_STAGES, END_REASONS, LOG_TABLES, TERMINAL_OUTCOMES
from ingestion.table_specs import TABLE_SPECS
from nexus.databases import DatabaseUrls

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"
VOCABULARY_OF = {
    ("applications", "channel_type"): "channel_type",
    ("applications", "origin"): "origin",
    ("applications", "terminal_side"): "side",
    ("stage_events", "provenance"): "provenance",
    ("jobs", "staff_class"): "staff_class",
    ("jobs", "status"): "job_status",
    ("jobs", "close_reason"): "close_reason",
    ("openings", "close_reason"): "close_reason",
    ("offers", "status"): "offer_status",
    ("hires", "status"): "hire_status",
    ("hires", "contract_kind"): "contract_kind",
    ("outcomes", "performance_scale"): "performance_scale",
}


def seed_rows(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_table_specs_are_the_captured_tables_and_their_personal_columns_are_those_without_a_grant(migrated_database: DatabaseUrls) -> None:
    with psycopg.connect(migrated_database.pipeline) as connection:
        rows = connection.execute(
            """
            select n.nspname || '.' || c.relname, a.attname, has_column_privilege(c.oid, a.attnum, 'SELECT'),
                   exists (select from pg_trigger g where g.tgrelid = c.oid and g.tgname = 'append_only')
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            where exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgname = 'stamp_xid')
            """
        ).fetchall()
    granted = {table: frozenset(column for name, column, readable, _ in rows if name == table and not readable) for table, *_ in rows}
    assert granted == {spec.source_name: spec.personal for spec in TABLE_SPECS}
    assert {table for table, _, _, append_only in rows if append_only} == {spec.source_name for spec in TABLE_SPECS if spec.is_append_only}


def test_every_raw_table_has_a_suite() -> None:
    expected = {f"hiring_core__{spec.name}" for spec in TABLE_SPECS} | {f"hiring_log__{table.name}" for table in LOG_TABLES}
    assert {suite.table for suite in all_suites()} == expected


def test_a_hiring_log_speaks_the_words_of_the_seeds() -> None:
    words: dict[str, tuple[str, ...]] = {}
    for row in seed_rows("vocabularies"):
        words[row["vocabulary"]] = (*words.get(row["vocabulary"], ()), row["value"])
    for table in LOG_TABLES:
        for column in table.columns:
            if vocabulary := VOCABULARY_OF.get((table.name, column.name)):
                assert column.vocabulary == words[vocabulary], (table.name, column.name)
    assert tuple(row["stage"] for row in seed_rows("canonical_stages")) == CANONICAL_STAGES
    assert tuple(row["outcome"] for row in seed_rows("application_outcomes")) == TERMINAL_OUTCOMES
    assert tuple(row["end_reason"] for row in seed_rows("end_reasons")) == END_REASONS
