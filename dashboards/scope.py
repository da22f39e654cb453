"""The only door of the pages to data: what one verified person may read of one published version.

Scope comes from the verified principal on the server, never from a widget or the URL; a school filter can only narrow it.
Answers are cached by publish version + scope digest + parameters. What doesn't belong here: any arithmetic (metrics) or drawing.
"""

import os
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from dashboards.rows import CONDITIONS, READS, Read
from foundation.access import Page, Principal, Scope, ScopeExceeded, may_open
from foundation.settings import Home
from metrics.answer import finish
from metrics.catalogue import definition
from metrics.evaluate import Evaluation, evaluate_together
from metrics.opening import open_current
from metrics.query import Query
from metrics.readings import Readings, Statement
from warehouse.connection import Pointer, PublishedFile, read_pointer

_EQUITY_METRICS: Final = "D"
_CACHED_ANSWERS: Final = 4_000
_CACHED_ROWS: Final = 32 << 20  # bytes of a version's rows, kept for answers of other periods

_lock = threading.Lock()
_answers: OrderedDict[tuple[str, ...], Future[Any]] = OrderedDict()
_files: OrderedDict[tuple[Path, str], tuple[PublishedFile, Readings]] = OrderedDict()
_asking = ThreadPoolExecutor(os.cpu_count(), "questions")


class PageRefused(PermissionError):
    """The person's roles do not open the page that this data belongs to."""


@dataclass(frozen=True)
class Answer:
    """Rows and where they came from: everything a receipt has to say.

    ``evaluation`` and ``query`` are None for rows that are listed as they are, without a metric.
    """

    frame: pl.DataFrame
    statements: tuple[Statement, ...]
    pointer: Pointer
    evaluation: Evaluation | None = None
    query: Query | None = None


@dataclass(frozen=True)
class Question:
    """One question to one metric, before scope: the fields of ``metrics.query.Query``. Filters that the metric lacks are left out."""

    metric_id: str
    period_from: date | None = None
    period_to: date | None = None
    group_by: tuple[str, ...] = ()
    filters: Mapping[str, Any] | None = None
    switches: Mapping[str, str] | None = None

    def under(self, scope: Scope) -> Query:
        """Return the question within a scope."""
        entry = definition(self.metric_id)
        has_period = entry.period_column is not None
        return Query(
            metric_id=self.metric_id,
            period_from=self.period_from if has_period else None,
            period_to=self.period_to if has_period else None,
            group_by=self.group_by,
            filters={name: value for name, value in (self.filters or {}).items() if name in entry.dimensions and value is not None},
            switches=dict(self.switches or {}),
            scope=scope,
        )


@dataclass(frozen=True)
class Insights:
    """What a person may read of one published version; pages get this and nothing else."""

    principal: Principal
    scope: Scope
    pointer: Pointer
    _published: PublishedFile = field(repr=False)
    _readings: Readings = field(repr=False)

    @classmethod
    def open(cls, principal: Principal, root: Path | None = None) -> "Insights":
        """Open the current version for a verified person.

        Raises:
            NothingPublished: there is no version yet.
            OutdatedVersion: it was published by another release and cannot be read by this one.
        """
        published, readings = _current(root or Home().root)
        return cls(principal, principal.scope(), published.pointer, published, readings)

    def narrowed(self, school_id: str | None) -> "Insights":
        """Return the same person's view of one school, or of everything in scope for None.

        Raises:
            ScopeExceeded: the school is not in scope. A filter narrows, it never widens.
        """
        if school_id is None:
            return self
        return replace(self, scope=self.scope.narrow([school_id]))

    def school_ids(self) -> list[str]:
        """Return the schools in scope."""
        schools = self.rows("schools").frame
        return schools["organisation_id"].to_list() if schools.height else []

    def others(self, school_id: str | None) -> "Insights | None":
        """Return the same person's view of every other school in scope; None without a school or another one."""
        beside = [code for code in self.school_ids() if code != school_id] if school_id else []
        return replace(self, scope=self.scope.narrow(beside)) if beside else None

    def under(self, scope: Scope) -> "Insights":
        """Return the same person's view under the scope of a receipt.

        Raises:
            ScopeExceeded: the scope holds rows that are not the person's to read.
        """
        if not self.scope.covers(scope):
            raise ScopeExceeded("a requested school is outside your scope")
        return replace(self, scope=scope)

    def may_open(self, page: Page) -> bool:
        """Say whether the person may open a page."""
        return may_open(self.principal, page)

    def metric(
        self,
        metric_id: str,
        *,
        period_from: date | None = None,
        period_to: date | None = None,
        group_by: tuple[str, ...] = (),
        filters: Mapping[str, Any] | None = None,
        switches: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask one metric, within scope; filters on dimensions that the metric lacks are left out.

        Raises:
            PageRefused: an equity metric, asked by someone who may not open Equity.
            MetricQueryError: the question does not fit the metric's definition.
        """
        return self.answers([Question(metric_id, period_from, period_to, group_by, filters, switches)])[0]

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        """Ask several questions; what they read alike is read once. Errors as in ``metric``."""
        for promised in self._claimed(questions):
            self._keep(promised)
        queries = [question.under(self.scope) for question in questions]
        return [self._answer(query) for query in queries]

    def ahead(self, questions: Sequence[Question]) -> None:
        """Begin to answer what a page is about to ask, on every processor while it draws.

        Raises:
            PageRefused: as in ``metric``.
        """
        for promised in self._claimed(questions):
            _asking.submit(self._keep, promised)

    def rows(self, name: str, *, where: Mapping[str, Any] | None = None, limit: int = 50, offset: int = 0) -> Answer:
        """List rows of a published table as they are: one of ``dashboards.rows.READS``, within scope.

        A paged list takes ``where`` (names of ``dashboards.rows.CONDITIONS``; None leaves one out), ``limit`` and ``offset``.

        Raises:
            PageRefused: rows of a page that the person may not open: of Equity, or applications one by one.
        """
        read = READS[name]
        if read.page is not None:
            self._require(read.page)
        statement = self._scoped(read)
        if read.is_paged:
            given = {condition: value for condition, value in (where or {}).items() if value is not None}
            sql = statement.sql.replace("{conditions}", " and ".join(CONDITIONS[condition] for condition in given) or "true")
            statement = Statement(sql, (*statement.parameters, *given.values(), limit, offset))
        frame: pl.DataFrame = self._cached(name + repr(statement.parameters) + statement.sql, lambda: self._query(read, statement))
        if self.scope.tenant_ids is not None:
            frame = frame.drop([column for column in read.platform_columns if column in frame.columns])
        return Answer(frame, (statement,), self.pointer)

    def _scoped(self, read: Read) -> Statement:
        tenants, agency = self.scope.tenant_ids, self.scope.agency_id
        if not read.is_scoped or (tenants is None and agency is None):
            return Statement(read.sql.replace("{scope}", "true"), ())
        if (agency is not None and read.agency_column is None) or (tenants is not None and not tenants):
            return Statement(read.sql.replace("{scope}", "false"), ())
        conditions: list[tuple[str, object]] = [] if tenants is None else [(f"list_contains(?, {read.tenant_column})", sorted(tenants))]
        conditions += [] if agency is None else [(f"{read.agency_column} = ?", agency)]
        sql = read.sql.replace("{scope}", " and ".join(condition for condition, _ in conditions))
        return Statement(sql, tuple(value for _, value in conditions) * read.sql.count("{scope}"))

    def _answer(self, query: Query) -> Answer:
        evaluation: Evaluation = self._cached(repr(query), lambda: self._evaluate([query])[0])
        return Answer(evaluation.frame, evaluation.statements, self.pointer, evaluation, query)

    def _claimed(self, questions: Sequence[Question]) -> list[list[tuple[Query, Future[Any]]]]:
        """Promise the answers that nobody has given or promised yet; those of one metric by the same groups stay together."""
        if any(question.metric_id.startswith(_EQUITY_METRICS) for question in questions):
            self._require(Page.EQUITY)
        together: dict[tuple[str, ...], list[tuple[Query, Future[Any]]]] = defaultdict(list)
        for question in questions:
            query = question.under(self.scope)
            future, is_new = self._claim(repr(query))
            if is_new:
                together[query.metric_id, *query.group_by].append((query, future))
        return list(together.values())

    def _keep(self, promised: Sequence[tuple[Query, Future[Any]]]) -> None:
        """Answer what was promised; an answer that cannot be given is forgotten, so that whoever asks next learns why."""
        try:
            found = self._evaluate([query for query, _ in promised])
        except BaseException as error:
            for query, future in promised:
                self._forget(repr(query))
                future.set_exception(error)
            return
        for (_, future), evaluation in zip(promised, found, strict=True):
            future.set_result(evaluation)

    def _evaluate(self, queries: Sequence[Query]) -> list[Evaluation]:
        entry = definition(queries[0].metric_id)
        if entry.reads.keys() <= self._published.tables:
            return evaluate_together(self._published, queries, readings=self._readings)
        return [
            Evaluation(
                finish(pl.DataFrame(schema=dict.fromkeys(query.group_by, pl.String)), entry, query.group_by), entry, entry.unit, {}, ()
            )
            for query in queries
        ]

    def _query(self, read: Read, statement: Statement) -> pl.DataFrame:
        if read.table in self._published.tables:
            return self._published.query(statement.sql, statement.parameters)
        return pl.DataFrame()

    def _require(self, page: Page) -> None:
        if not self.may_open(page):
            raise PageRefused(f"your roles do not open {page.value}")

    def _cached(self, question: str, answer: Callable[[], Any]) -> Any:
        future, is_new = self._claim(question)
        if is_new:
            try:
                future.set_result(answer())
            except BaseException as error:
                self._forget(question)
                future.set_exception(error)
        return future.result()

    def _key(self, question: str) -> tuple[str, ...]:
        return str(self._published.path), self.pointer.publish_version, self.scope.digest(), question

    def _claim(self, question: str) -> tuple[Future[Any], bool]:
        """Return the answer as it is or will be, and whether it is the caller's to give."""
        key = self._key(question)
        with _lock:
            found = _answers.get(key)
            if found is not None:
                _answers.move_to_end(key)
                return found, False
            claimed = _answers[key] = Future()
            while len(_answers) > _CACHED_ANSWERS:
                _answers.popitem(last=False)
            return claimed, True

    def _forget(self, question: str) -> None:
        with _lock:
            _answers.pop(self._key(question), None)


def _current(root: Path) -> tuple[PublishedFile, Readings]:
    pointer = read_pointer(root)
    with _lock:
        if pointer is not None and (root, pointer.publish_version) in _files:
            return _files[root, pointer.publish_version]
    published = open_current(root)
    with _lock:
        found = _files.setdefault((root, published.pointer.publish_version), (published, Readings(_CACHED_ROWS)))
        while len(_files) > 4:
            _files.popitem(last=False)  # closed when its last reader lets go
    return found


__all__ = ["Answer", "Insights", "PageRefused", "ScopeExceeded"]
