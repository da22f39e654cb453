"""Reads the published rows of one query. The scope goes into every statement here and nowhere else; estimating is for the families."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import polars as pl

from metrics.catalogue import Definition
from metrics.counts import Reading
from metrics.cuts import Cut, cuts_of
from metrics.query import MetricQueryError, Query
from metrics.readings import Readings, Statement
from metrics.rollups import rolled_up, rolls_up

# Of the platform: no row belongs to a school.
_WITHOUT_TENANT = frozenset({"predictions.model_scores", "predictions.input_drift", "marts.mart_equity_benchmarks"})

_MATURITY_JOIN = (
    "left join marts.mart_cohort_maturity as m"
    " on m.tenant_id = r.tenant_id and m.source_system = r.source_system and m.applied_month = r.applied_month"
)


class Reader(Protocol):
    """What the metrics need of a published file (``warehouse.connection.PublishedFile`` is one)."""

    def query(self, sql: str, params: Sequence[Any] | None = None) -> pl.DataFrame:
        """Return the rows of a read-only statement."""
        ...


class ScopeNotSupported(MetricQueryError):
    """An agency asked for a metric whose mart cannot tell its submissions apart."""


@dataclass
class Rows:
    """The rows one checked query may read, and the statements that read them."""

    reader: Reader
    query: Query
    definition: Definition
    switches: Mapping[str, str]
    statements: list[Statement] = field(default_factory=list)
    readings: Readings = field(default_factory=Readings)

    @property
    def groups(self) -> list[str]:
        """The dimensions the answer is grouped by."""
        return list(self.query.group_by)

    def names(self, dimension: str) -> bool:
        """Say whether the query groups by a dimension or filters it: a default for it then does not apply."""
        return dimension in self.query.group_by or dimension in self.query.filters

    def total(
        self,
        measures: Mapping[str, str],
        *,
        groups: Sequence[str] | None = None,
        where: Iterable[str] = (),
        join: str = "",
        ignore: Iterable[str] = (),
        table: str | None = None,
    ) -> pl.DataFrame:
        """Return aggregates of the mart, one row per group (one row in all without groups); from a rollup where that pays.

        Args:
            measures: name → SQL aggregate over the mart, whose alias is ``r``.
            groups: dimensions to group by; the query's own by default.
            where: further conditions, written by a family, never by a caller.
            join: a further join.
            ignore: filters of the query (or ``period_from``, ``period_to``) that do not apply to this reading.
            table: another table that the definition reads, with the same dimensions; its alias is ``r`` too.
        """
        by = self.groups if groups is None else list(groups)
        ignored, conditions = frozenset(ignore), list(where)
        statement = self._totals(measures, by, join, conditions, ignored, table)
        self.statements.append(statement)
        cuts = [] if join else [each for each in self._cuts if each.name not in ignored]
        finer = list(dict.fromkeys([*by, *(each.column for each in cuts)]))
        if cuts and rolls_up(measures, finer):
            parts = self._totals(measures, finer, join, conditions, ignored.union(each.name for each in cuts), table)
            if self.readings.is_asked_often(parts):
                return rolled_up(self._reading(parts).frame, cuts, by, measures)
        return self._reading(statement).frame

    def counts(
        self,
        days: str,
        measures: Mapping[str, str],
        *,
        groups: Sequence[str] | None = None,
        where: Iterable[str] = (),
        ignore: Iterable[str] = (),
        parts: int = 100,
    ) -> Reading:
        """Return how many rows last how long, to the hundredth of a day: of each group lists ``day`` (ascending) and the measures.

        Args:
            days: SQL expression over the mart, whose alias is ``r``; rows where it is null do not count.
            measures: name → SQL condition on the rows that count.
            groups, where, ignore: as of ``total``.
            parts: into how many a day is divided.
        """
        by = self.groups if groups is None else list(groups)
        columns = [f"r.{name}" for name in by] + [f"cast({days} * {parts} as integer) / {parts:.1f} as day"]
        columns += [f"count(*) filter (where {condition}) as {name}" for name, condition in measures.items()]
        tail = f"\ngroup by {', '.join(str(place + 1) for place in range(len(by) + 1))}"
        return self._read(columns, "", [*where, f"{days} is not null"], ignore, tail, by)

    def each(self, columns: Mapping[str, str], *, where: Iterable[str] = (), join: str = "", ignore: Iterable[str] = ()) -> pl.DataFrame:
        """Return the mart's rows: the query's groups and the given expressions. The other arguments are those of ``total``."""
        chosen = [f"r.{name}" for name in self.groups] + [f"{expr} as {name}" for name, expr in columns.items()]
        return self._read(chosen, join, where, ignore, "").frame

    def months_are_mature(
        self, groups: Sequence[str], *, where: Iterable[str] = (), ignore: Iterable[str] = ()
    ) -> dict[tuple[Any, ...], bool]:
        """Say of each group of single applications whether every school-month in it is flagged mature.

        Costs more than the applications themselves, so it is for groups of which too many are still open to be called mature by that;
        the cohort tables carry ``is_mature`` themselves. The other arguments are those of ``total``.
        """
        flag = {"is_mature": "bool_and(coalesce(m.is_mature, false))"}
        frame = self.total(flag, groups=groups, where=where, join=_MATURITY_JOIN, ignore=ignore)
        return {row[:-1]: bool(row[-1]) for row in frame.rows()}

    def _read(
        self, columns: list[str], join: str, where: Iterable[str], ignore: Iterable[str], tail: str, groups: Sequence[str] = ()
    ) -> Reading:
        statement = self._statement(columns, join, where, frozenset(ignore), tail)
        self.statements.append(statement)
        return self._reading(statement, groups)

    def _totals(
        self, measures: Mapping[str, str], by: Sequence[str], join: str, where: Sequence[str], ignore: frozenset[str], table: str | None
    ) -> Statement:
        columns = [f"r.{name}" for name in by] + [f"{expression} as {name}" for name, expression in measures.items()]
        tail = f"\ngroup by {', '.join(f'r.{name}' for name in by)}" if by else ""
        return self._statement(columns, join, where, ignore, tail, table)

    def _statement(
        self, columns: Sequence[str], join: str, where: Iterable[str], ignore: frozenset[str], tail: str, table: str | None = None
    ) -> Statement:
        conditions, parameters = self._scope()
        for each in self._cuts:
            if each.name not in ignore:
                conditions.append(each.sql)
                parameters += each.parameters
        sql = f"select {', '.join(columns)}\nfrom {table or self.definition.mart} as r {join}".rstrip()
        sql += f"\nwhere {' and '.join([*conditions, *where]) or 'true'}{tail}"
        return Statement(sql, tuple(parameters))

    def _reading(self, statement: Statement, groups: Sequence[str] = ()) -> Reading:
        return self.readings.of(
            statement, lambda: Reading(self._typed(self.reader.query(statement.sql, statement.parameters)), list(groups))
        )

    @staticmethod
    def _typed(frame: pl.DataFrame) -> pl.DataFrame:
        sums = {name: pl.Float64 if kind.scale else pl.Int64 for name, kind in frame.schema.items() if isinstance(kind, pl.Decimal)}
        return frame.cast(sums)  # type: ignore[arg-type]  # DuckDB sums integers to 128 bits, which polars would divide as decimals

    @cached_property
    def _cuts(self) -> list[Cut]:
        return cuts_of(self.query, self.definition.period_column)

    def _scope(self) -> tuple[list[str], list[Any]]:
        scope, mart = self.query.scope, self.definition.mart
        if scope.tenant_ids is not None and not scope.tenant_ids:
            return ["false"], []
        conditions: list[str] = []
        parameters: list[Any] = []
        if scope.tenant_ids is not None and mart not in _WITHOUT_TENANT:
            conditions.append(f"r.tenant_id in ({', '.join('?' * len(scope.tenant_ids))})")
            parameters += sorted(scope.tenant_ids)
        if scope.agency_id is not None and "agency_id" in self.definition.reads[mart]:
            conditions.append("r.agency_id = ?")
            parameters.append(scope.agency_id)
        elif scope.agency_id is not None:
            if "application_id" not in self.definition.reads[mart]:
                raise ScopeNotSupported(f"{self.definition.id} counts whole schools and is not available to an agency")
            conditions.append("r.application_id in (select application_id from marts.fct_applications where agency_id = ?)")
            parameters.append(scope.agency_id)
        return conditions, parameters
