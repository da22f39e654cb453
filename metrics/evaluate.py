"""The door of the metrics: a query in, a frame (and its receipt) out. The arithmetic lives in ``metrics.families``."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from metrics.answer import finish
from metrics.catalogue import Catalogue, Definition, product_catalogue
from metrics.families import (
    agencies,
    costs,
    equity,
    funnel,
    interviews,
    model_scores,
    offers,
    pipeline,
    projection,
    readiness,
    reconciliation,
    schools,
    source_outcomes,
    sources,
    time,
    verdicts,
)
from metrics.query import Query, check
from metrics.readings import Readings, Statement
from metrics.rows import Reader, Rows

FAMILIES: dict[str, Callable[[Rows], pl.DataFrame]] = {
    **funnel.METRICS,
    **projection.METRICS,
    **pipeline.METRICS,
    **sources.METRICS,
    **source_outcomes.METRICS,
    **costs.METRICS,
    **offers.METRICS,
    **agencies.METRICS,
    **time.METRICS,
    **equity.METRICS,
    **verdicts.METRICS,
    **model_scores.METRICS,
    **reconciliation.METRICS,
    **schools.METRICS,
    **readiness.METRICS,
    **interviews.METRICS,
}


@dataclass(frozen=True)
class Evaluation:
    """An answer and what a receipt needs.

    Attributes:
        frame: one row a group; see ``evaluate``.
        definition: the definition it was computed by (id, version, formula in words).
        unit: unit of ``value``; a switch may change it (a count to a share).
        switches: every policy switch with the value used.
        statements: the SQL that read the rows, with its parameters, in order.
    """

    frame: pl.DataFrame
    definition: Definition
    unit: str
    switches: dict[str, str]
    statements: tuple[Statement, ...]


def evaluate_with_receipt(reader: Reader, query: Query, catalogue: Catalogue | None = None) -> Evaluation:
    """Compute a metric and keep what its receipt shows. Arguments and errors are those of ``evaluate``."""
    return evaluate_together(reader, [query], catalogue)[0]


def evaluate_together(
    reader: Reader, queries: Sequence[Query], catalogue: Catalogue | None = None, readings: Readings | None = None
) -> list[Evaluation]:
    """Compute several answers, as ``evaluate_with_receipt`` each: what they read alike is read once, and sorted once.

    ``readings`` are those of earlier questions to the same reader; these are added.
    """
    together = readings or Readings()
    return [_evaluate(reader, query, catalogue or product_catalogue(), together) for query in queries]


def _evaluate(reader: Reader, query: Query, catalogue: Catalogue, readings: Readings) -> Evaluation:
    definition = catalogue[query.metric_id]
    switches = check(query, definition)
    rows = Rows(reader, query, definition, switches, readings=readings)
    frame = finish(FAMILIES[definition.id](rows), definition, query.group_by)
    units = (definition.switches[name].units.get(value) for name, value in switches.items())
    unit = next((unit for unit in units if unit), definition.unit)
    return Evaluation(frame, definition, unit, switches, tuple(rows.statements))


def evaluate(reader: Reader, query: Query, catalogue: Catalogue | None = None) -> pl.DataFrame:
    """Compute a metric over a published file.

    Returns:
        One row per group that has rows (exactly one without ``group_by``): the group columns, then ``value`` (unit of the
        definition; null when not known or suppressed), ``n``, ``lower`` and ``upper`` (95 %), ``n_open`` (still undecided),
        ``is_mature`` (null where maturity does not apply), ``suppressed``, ``is_rankable`` and ``reason`` (why there is no value);
        then the columns that the definition lists under ``also``.

    Raises:
        UnknownMetric: the id is not in the catalogue.
        MetricQueryError: a dimension, filter, switch or value is unknown; the message names the allowed ones.
        ScopeNotSupported: an agency's scope meets a metric that counts whole schools.
    """
    return evaluate_with_receipt(reader, query, catalogue).frame
