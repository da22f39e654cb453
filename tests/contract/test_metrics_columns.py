"""The catalogue, the metric tests' tables and the published tables name the same columns."""

from functools import cache
from pathlib import Path

import pytest
import yaml

from metrics.catalogue import Definition, product_catalogue
from models_ml.scores import SCHEMA as SCORES
from tests.support.metrics_published import _TABLES, kind_of
from warehouse.equity_ledger import SCHEMA as RELEASES
from warehouse.equity_ledger import released_tables
from warehouse.names import ADDED_TABLES, OPTIONAL_TABLES, REQUIRED_TABLES

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"


@cache
def published_columns() -> dict[str, dict[str, str]]:
    """Return table → column → type of everything a metric may read: dbt's contracts, the ledger's and the models' tables."""
    tables = {
        f"marts.{model['name']}": {column["name"]: column["data_type"] for column in model["columns"]}
        for file in (PROJECT / "models" / "marts").rglob("*__models.yml")
        for model in yaml.safe_load(file.read_text())["models"]
    }
    tables["marts.mart_equity_releases"] = dict.fromkeys(RELEASES, "")
    tables["marts.mart_equity_benchmarks"] = dict.fromkeys(released_tables(Path("nowhere"))["marts.mart_equity_benchmarks"].columns, "")
    tables["predictions.model_scores"] = dict.fromkeys(SCORES, "")
    return tables


@pytest.mark.parametrize("entry", list(product_catalogue()), ids=lambda entry: entry.id)
def test_every_column_a_metric_reads_is_published(entry: Definition) -> None:
    for table, columns in entry.reads.items():
        assert table in REQUIRED_TABLES | ADDED_TABLES | OPTIONAL_TABLES
        assert set(columns) <= set(published_columns()[table]), table
    dimensions = {*entry.dimensions, *([entry.period_column] if entry.period_column else [])}
    assert dimensions <= set(entry.reads[entry.mart])


@pytest.mark.parametrize("table", sorted(_TABLES))
def test_tables_of_the_metric_tests_have_published_columns_of_the_same_type(table: str) -> None:
    same = {"text": "varchar", "varchar": "varchar", "double precision": "double", "double": "double", "integer": "bigint"}
    for column in _TABLES[table].split():
        declared = published_columns()[table][column]
        assert not declared or same.get(declared, declared) == kind_of(column), column


def test_every_metric_that_reads_school_rows_is_scoped_by_school() -> None:
    for entry in product_catalogue():
        for table, columns in entry.reads.items():
            assert "tenant_id" in columns or table in ("predictions.model_scores", "marts.mart_equity_benchmarks"), (entry.id, table)
