"""Answers to metric questions as bytes: which version answers, which page, in which form, and which are remembered.

An answer is remembered by published version, scope, question, page and form; a version never changes, so a remembered answer is the
one that computing it again would give. What doesn't belong here: HTTP (router) and any figure (metrics).
"""

import base64
import binascii
import json
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from foundation.access import Principal, Right
from metrics import formats
from metrics.catalogue import UnknownMetric
from metrics.evaluate import Evaluation, evaluate_together
from metrics.query import MetricQueryError, Query, filter_values
from metrics.readings import Readings
from metrics.rows import ScopeNotSupported
from serving.errors import InvalidQuery, NoSuchVersion, NotAllowed, Outdated, UnknownMetricId
from serving.metric_schemas import ROWS_BY_DEFAULT, Style
from serving.model_store import ModelStore
from warehouse.connection import PublishedFile, WarehouseError

KEPT_BYTES = 64_000_000
KEPT_ROWS = 32 << 20  # bytes of the current version's rows, of which other questions take their part
MEDIA_TYPES: dict[Style, str] = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "arrow": "application/vnd.apache.arrow.stream",
}
_EQUITY = "D"  # family of the equity metrics


def is_equity(metric_id: str) -> bool:
    """Say whether a metric holds equity figures."""
    return metric_id.startswith(_EQUITY)


@dataclass(frozen=True)
class Question:
    """What one caller asks: the query, the version it is meant for, and the page."""

    query: Query
    as_of: datetime | None = None
    cursor: str | None = None
    limit: int = ROWS_BY_DEFAULT


@dataclass(frozen=True)
class Reply:
    """An answer as it is sent."""

    body: bytes
    media_type: str
    headers: dict[str, str] = field(default_factory=dict)
    rows: int = 0


class MetricAnswers:
    """Answers questions from the current version or a kept one; safe to use from several threads."""

    def __init__(self, models: ModelStore, kept_bytes: int = KEPT_BYTES) -> None:
        """Answer from what ``models`` serves; remember at most ``kept_bytes`` of answers."""
        self._models = models
        self._room = kept_bytes
        self._used = 0
        self._readings = ("", Readings())
        self._replies: OrderedDict[tuple[str, ...], Reply] = OrderedDict()
        self._lock = threading.Lock()

    def permit(self, caller: Principal, metric_id: str) -> None:
        """Raise unless the caller may read the metric: equity figures are for those who may open Equity."""
        if is_equity(metric_id) and not caller.may(Right.READ_EQUITY):
            raise NotAllowed(f"the right {Right.READ_EQUITY} is needed for {metric_id}")

    def remembered(self, question: Question, style: Style) -> Reply | None:
        """Return the answer if it is known, without reading anything: for questions to the current version."""
        if question.as_of is not None or question.cursor is not None:
            return None
        return self._recall(_key(self.current().pointer.publish_version, question, 0, style))

    def answer(self, question: Question, style: Style, current: PublishedFile | None = None) -> Reply:
        """Return the answer, computed if need be; ``current`` holds one version for several questions.

        Raises:
            UnknownMetricId, InvalidQuery, NotAllowed: the question does not fit the catalogue or the scope.
            NoSuchVersion: no kept version can answer as of the asked instant, or the cursor's version is gone.
        """
        published, offset = self._version(question, current or self.current())
        key = _key(published.pointer.publish_version, question, offset, style)
        known = self._recall(key)
        if known is not None:
            return known
        reply = _written(self.evaluate(published, question.query), question, published, offset, style)
        self._remember(key, reply)
        return reply

    def current(self) -> PublishedFile:
        """Return the current version.

        Raises:
            Outdated: another release published it, without what metrics read now.
        """
        serving = self._models.current()
        if serving.outdated:
            raise Outdated(serving.outdated)
        return serving.published

    def version(self, question: Question) -> PublishedFile:
        """Return the version that answers a question.

        Raises:
            NoSuchVersion: none that is kept can.
        """
        return self._version(question, self.current())[0]

    def evaluate(self, published: PublishedFile, query: Query) -> Evaluation:
        """Compute a metric over one version; errors as in :meth:`answer`."""
        try:
            return evaluate_together(published, [query], self._models.catalogue, self._read_before(published))[0]
        except UnknownMetric as error:
            raise UnknownMetricId(str(error), allowed=list(self._models.catalogue.definitions)) from error
        except ScopeNotSupported as error:
            raise NotAllowed(str(error)) from error
        except MetricQueryError as error:
            raise InvalidQuery(str(error), **({"allowed": list(error.allowed)} if error.allowed else {})) from error
        except WarehouseError as error:
            if published is self.current():
                raise
            raise NoSuchVersion(
                f"version {published.pointer.publish_version} was published by another release and lacks what {query.metric_id} reads: "
                f"`nexus run --as-of {published.pointer.as_of.isoformat()}` builds it anew"
            ) from error

    def _read_before(self, published: PublishedFile) -> Readings:
        """Return what was read of a version; of the last one asked only."""
        version = published.pointer.publish_version
        kept_of, readings = self._readings
        if kept_of != version:
            readings = Readings(KEPT_ROWS)
            self._readings = (version, readings)
        return readings

    def _version(self, question: Question, current: PublishedFile) -> tuple[PublishedFile, int]:
        """Return the version that answers and the first row of the page."""
        kept = self._models.kept
        if question.cursor is not None:
            version, offset = _position(question.cursor)
            published = current if current.pointer.publish_version == version else kept.named(version)
            if published is None:
                raise NoSuchVersion(f"the cursor's version {version} is not kept any more: ask again from the first page")
            return published, offset
        if question.as_of is None or question.as_of >= current.pointer.as_of:
            return current, 0
        published = kept.as_of(question.as_of)
        if published is None:
            command = f"nexus run --as-of {question.as_of.isoformat()}"
            available = [pointer.as_of.isoformat() for pointer in kept.pointers()]
            raise NoSuchVersion(
                f"as_of: no kept version holds data as of {question.as_of.isoformat()}; available: {', '.join(available)};"
                f" `{command}` builds another",
                available=available,
                command=command,
            )
        return published, 0

    def _recall(self, key: tuple[str, ...]) -> Reply | None:
        with self._lock:
            known = self._replies.get(key)
            if known is not None:
                self._replies.move_to_end(key)
            return known

    def _remember(self, key: tuple[str, ...], reply: Reply) -> None:
        if len(reply.body) > self._room // 16:
            return
        with self._lock:
            before = self._replies.pop(key, None)
            self._used += len(reply.body) - (len(before.body) if before else 0)
            self._replies[key] = reply
            while self._used > self._room:
                self._used -= len(self._replies.popitem(last=False)[1].body)


def _key(version: str, question: Question, offset: int, style: Style) -> tuple[str, ...]:
    query = question.query
    asked = [query.metric_id, query.period_from, query.period_to, query.group_by, query.filters, query.switches, offset, question.limit]
    return version, query.scope.digest(), style, json.dumps(asked, default=str, sort_keys=True)


def _position(cursor: str) -> tuple[str, int]:
    try:
        version, _, offset = base64.b64decode(cursor, altchars=b"-_", validate=True).decode().rpartition(":")
        return version, int(offset)
    except (ValueError, binascii.Error) as error:
        raise InvalidQuery("cursor: use `next` of a previous page as it was given") from error


def _written(evaluation: Evaluation, question: Question, published: PublishedFile, offset: int, style: Style) -> Reply:
    """Write one page of an answer."""
    whole, pointer = evaluation.frame, published.pointer
    page = whole.slice(offset, question.limit)
    after = offset + page.height
    following = _next_path(question, f"{pointer.publish_version}:{after}", style) if after < whole.height else None
    about = _about(evaluation, question.query) | {
        "as_of": pointer.as_of.isoformat(),
        "publish_version": pointer.publish_version,
        "total_rows": whole.height,
    }
    if style == "json":
        head = json.dumps(about | {"next": following})
        return Reply(f'{head[:-1]}, "rows": {formats.json_rows(page)}}}'.encode(), MEDIA_TYPES[style], rows=page.height)
    headers = {f"X-{name.replace('_', '-')}": _header(value) for name, value in about.items() if name in _IN_HEADERS}
    if following:
        headers["Link"] = f'<{following}>; rel="next"'
    if style == "csv":
        return Reply(formats.csv(page).encode(), MEDIA_TYPES[style], headers, page.height)
    words = {name: value if isinstance(value, str) else json.dumps(value) for name, value in about.items()}
    return Reply(formats.arrow(page, words), MEDIA_TYPES[style], headers, page.height)


_IN_HEADERS = frozenset({"metric_id", "definition_version", "unit", "interval", "as_of", "publish_version", "total_rows"})


def _header(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _about(evaluation: Evaluation, query: Query) -> dict[str, Any]:
    entry = evaluation.definition
    return {
        "metric_id": entry.id,
        "definition_version": entry.version,
        "name": entry.name,
        "question": entry.question,
        "unit": evaluation.unit,
        "interval": entry.interval,
        "formula": entry.formula,
        "policy": entry.policy,
        "period_from": query.period_from.isoformat() if query.period_from else None,
        "period_to": query.period_to.isoformat() if query.period_to else None,
        "group_by": list(query.group_by),
        "filters": {name: filter_values(name, value) for name, value in query.filters.items()},
        "switches": evaluation.switches,
    }


def _next_path(question: Question, position: str, style: Style) -> str:
    query = question.query
    cursor = base64.urlsafe_b64encode(position.encode()).decode()
    asked: list[tuple[str, Any]] = [(name, value) for name in ("period_from", "period_to") if (value := getattr(query, name))]
    asked += [("group_by", name) for name in query.group_by]
    asked += [("filter", f"{name}:{value}") for name, given in query.filters.items() for value in filter_values(name, given)]
    asked += [("switch", f"{name}:{value}") for name, value in query.switches.items()]
    asked += [("limit", question.limit), *([("format", style)] if style != "json" else []), ("cursor", cursor)]
    return f"/v1/metrics/{query.metric_id}?{urlencode(asked)}"
