"""Running every suite on the raw layer and remembering what has been accepted.

Rows are judged once: those of batches later than the last one that every gate accepted. While a gate is red nothing is accepted, so a rerun
judges the same rows again and stays red until the source is mended. What belongs here: the order of things. What doesn't: what is expected.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd
import pyarrow as pa

from data_quality import suites
from data_quality.judge import Verdict, judge
from data_quality.library import gxe
from data_quality.suite import Suite, Truth
from foundation import clock
from warehouse.connection import Connection, scalar

FRAME_ROWS = 500_000
"""Rows of one judged frame: bounds the memory of a first load."""


@dataclass(frozen=True)
class CheckResult:
    """Outcome of one check: ``message`` says in one line what, where and how many."""

    table: str
    check: str
    passed: bool
    observed: str
    expected: str
    failing_count: int
    message: str


@cache
def all_suites() -> tuple[Suite, ...]:
    """Return the suite of every raw table, in the order of their names."""
    modules = sorted(module.name for module in pkgutil.iter_modules(suites.__path__))
    return tuple(importlib.import_module(f"data_quality.suites.{name}").SUITE for name in modules)


def run_suites(connection: Connection) -> list[CheckResult]:
    """Judge the raw layer, keep the results in ``raw._check_results`` and accept the batches if nothing failed.

    Tables that are not in the warehouse yet are left out.
    """
    present = {name for (name,) in connection.execute("select table_name from duckdb_tables() where schema_name = 'raw'").fetchall()}
    judged = [suite for suite in all_suites() if suite.table in present]
    truths = _judge_truths(connection, judged)
    results = [result for suite in judged for result in (*_judge_rows(connection, suite), *truths.get(suite.table, []))]
    connection.begin()
    try:
        _remember(connection, results)
        if all(result.passed for result in results):
            accept_batch(connection)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return results


def accept_batch(connection: Connection) -> None:
    """Remember that every gate accepted everything loaded so far. Called when all checks have passed, never otherwise."""
    connection.execute(
        """
        insert into raw._accepted
        select source, batch_id, ? from raw._sync_state state
        where batch_id > coalesce((select max(batch_id) from raw._accepted accepted where accepted.source = state.source), 0)
        """,
        [clock.now()],
    )


def _judge_rows(connection: Connection, suite: Suite) -> list[CheckResult]:
    totals: list[Verdict] = []
    for frame in _unaccepted_frames(connection, suite):
        verdicts = judge(frame, [rule.expectation for rule in suite.rules])
        totals = [_added(total, verdict) for total, verdict in zip(totals, verdicts, strict=True)] if totals else verdicts
    results = []
    for rule, verdict in zip(suite.rules, totals, strict=False):
        check = "_".join((str(rule.expectation.expectation_type).removeprefix("expect_"), *rule.columns))
        if verdict.problem:
            message = f"{suite.table}: {rule.what}: could not be judged: {verdict.problem}"
        elif verdict.failing:
            examples = f", e.g. {', '.join(verdict.examples)}" if verdict.examples else ""
            message = f"{suite.table}: {rule.what} in {verdict.failing:,} of {verdict.rows:,} new rows{examples}"
        else:
            message = f"{suite.table}: {verdict.rows:,} new rows hold: not one where {rule.what}"
        passed = not verdict.failing and not verdict.problem
        results.append(CheckResult(suite.table, check, passed, f"{verdict.failing} rows", "0 rows", verdict.failing, message))
    return results


def _unaccepted_frames(connection: Connection, suite: Suite) -> Iterator[pd.DataFrame]:
    """Yield the named columns of the rows that no gate has accepted yet."""
    if not suite.rules:
        return
    source = suite.table.partition("__")[0]
    selected = ", ".join(f"({sql}) as {column}" for column, sql in suite.columns.items())
    accepted = scalar(connection, "select coalesce(max(batch_id), 0) from raw._accepted where source = ?", [source])
    relation = connection.sql(f"select {selected} from raw.{suite.table} where _batch_id > ?", params=[accepted])
    reader: pa.RecordBatchReader = relation.to_arrow_reader(FRAME_ROWS)
    for batch in reader:
        if batch.num_rows:
            yield pa.Table.from_batches([batch]).to_pandas()


def _judge_truths(connection: Connection, judged: Sequence[Suite]) -> dict[str, list[CheckResult]]:
    """Compute every truth in SQL and let one one-row frame of them all be judged; return the results by table."""
    truths = [(suite, truth) for suite in judged for truth in suite.truths]
    if not truths:
        return {}
    now = {"now": clock.now()}
    observed = [float(scalar(connection, truth.sql, now if "$now" in truth.sql else None) or 0) for _, truth in truths]
    names = [f"{suite.table}.{truth.name}" for suite, truth in truths]
    expectations = [
        gxe.ExpectColumnValuesToBeBetween(column=name, max_value=truth.limit) for name, (_, truth) in zip(names, truths, strict=True)
    ]
    verdicts = judge(pd.DataFrame([dict(zip(names, observed, strict=True))]), expectations)
    results: dict[str, list[CheckResult]] = {}
    for (suite, truth), value, verdict in zip(truths, observed, verdicts, strict=True):
        results.setdefault(suite.table, []).append(_truth_result(suite, truth, value, verdict))
    return results


def _truth_result(suite: Suite, truth: Truth, value: float, verdict: Verdict) -> CheckResult:
    holds = not verdict.failing and not verdict.problem
    number = f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
    message = f"{suite.table}: {number} {truth.what}" + (f" (at most {truth.limit:g})" if truth.limit else "")
    if verdict.problem:
        message = f"{suite.table}: {truth.name} could not be judged: {verdict.problem}"
    elif truth.is_warning and not holds:
        message = f"warning: {message}"
    failing = 0 if holds else max(1, int(value))
    return CheckResult(suite.table, truth.name, holds or truth.is_warning, number, f"at most {truth.limit:g}", failing, message)


def _added(total: Verdict, verdict: Verdict) -> Verdict:
    examples = tuple(dict.fromkeys((*total.examples, *verdict.examples)))[:3]
    return Verdict(total.rows + verdict.rows, total.failing + verdict.failing, examples, verdict.observed, total.problem or verdict.problem)


def _remember(connection: Connection, results: list[CheckResult]) -> None:
    checked_at = clock.now()
    batch_id: Any = scalar(connection, "select coalesce(max(batch_id), 0) from raw._sync_state")
    connection.execute("delete from raw._check_results where layer = 'raw'")
    rows = [[r.check, "raw", r.table, r.passed, r.observed, r.expected, r.failing_count, r.message, batch_id, checked_at] for r in results]
    if rows:
        connection.executemany("insert into raw._check_results values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
