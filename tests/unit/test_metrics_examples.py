"""Every catalogue entry's golden example, run through the public door on a tiny published file."""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from foundation.access import Scope
from metrics.catalogue import Definition, product_catalogue
from metrics.evaluate import FAMILIES, evaluate
from metrics.query import Query
from tests.support.metrics_published import TENANT, kind_of, write_published
from warehouse.connection import PublishedFile, open_locked

EVERY = list(product_catalogue())


def _query(entry: Definition) -> Query:
    asked: dict[str, Any] = dict(entry.example.query)
    for bound in ("period_from", "period_to"):
        if bound in asked:
            asked[bound] = date.fromisoformat(asked[bound])
    asked["group_by"] = tuple(asked.get("group_by", ()))
    return Query(entry.id, scope=Scope(frozenset({TENANT})), **asked)


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: entry.id)
def test_golden_example_gives_the_expected_answer(entry: Definition, tmp_path: Path) -> None:
    with write_published(tmp_path / "published.duckdb", entry.example.rows) as published:
        answer = evaluate(published, _query(entry)).to_dicts()
    assert len(answer) == len(entry.example.expected)
    for found, expected in zip(answer, entry.example.expected, strict=True):
        for column, value in expected.items():
            got = found[column].isoformat() if isinstance(found[column], date) else found[column]
            assert got == (pytest.approx(value, abs=1e-6) if isinstance(value, float) else value), (column, found)


def test_catalogue_and_code_name_the_same_metrics() -> None:
    assert {entry.id for entry in EVERY} == set(FAMILIES)


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: entry.id)
def test_statements_read_no_column_the_catalogue_does_not_name(entry: Definition, tmp_path: Path) -> None:
    path = tmp_path / "narrow.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts; create schema predictions")
        for table, columns in entry.reads.items():
            connection.execute(f"create table {table} ({', '.join(f'{name} {kind_of(name)}' for name in columns)})")
    with PublishedFile(None, path, open_locked(path)) as published:  # type: ignore[arg-type]  # no pointer is needed to query
        evaluate(published, Query(entry.id, group_by=entry.dimensions, scope=Scope(frozenset({"a"}))))
        for switches in [{name: value} for name, switch in entry.switches.items() for value in switch.values]:
            evaluate(published, Query(entry.id, switches=switches, scope=Scope(frozenset({"a"}))))
