"""Routes of the metrics: the catalogue, one metric's answer as JSON, CSV or Arrow, many at once, and a receipt of one."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi import Query as Parameter
from fastapi.responses import Response

from foundation.access import Principal, Right
from foundation.export_trail import ExportNotLogged, ExportTrail
from foundation.receipt_book import ReceiptBook
from metrics.catalogue import Definition
from metrics.query import Query
from metrics.receipts import receipt_body
from serving.access import require
from serving.errors import InvalidQuery, ProblemError, UnknownFormat, responses
from serving.metric_answers import MEDIA_TYPES, MetricAnswers, Question, Reply, is_equity
from serving.metric_schemas import (
    CSV_EXAMPLE,
    ROW_LIMIT,
    ROWS_BY_DEFAULT,
    Day,
    MetricBatch,
    MetricBatchReply,
    MetricQuestion,
    MetricReply,
    MetricSummary,
    ReceiptReply,
    Style,
)

router = APIRouter(prefix="/v1/metrics", tags=["metrics"])
Caller = Annotated[Principal, Depends(require(Right.READ_METRICS))]
PARAMETERS = ("period_from", "period_to", "group_by", "filter", "switch", "as_of", "format", "limit", "cursor")
_WRITTEN: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"example": CSV_EXAMPLE}, "application/vnd.apache.arrow.stream": {}}, "description": "The answer"}
}


def _pairs(values: list[str], name: str) -> dict[str, list[str]]:
    pairs: dict[str, list[str]] = {}
    for value in values:
        key, colon, content = value.partition(":")
        if not colon or not key or not content:
            problem = {"field": name, "problem": "must be of the form name:value"}
            raise InvalidQuery(f"{name}: {value!r} must be of the form name:value", fields=[problem])
        pairs.setdefault(key, []).append(content)
    return pairs


def _summary(definition: Definition) -> MetricSummary:
    return MetricSummary(
        metric_id=definition.id,
        definition_version=definition.version,
        name=definition.name,
        question=definition.question,
        grain=definition.grain,
        formula=definition.formula,
        policy=definition.policy,
        unit=definition.unit,
        dimensions=list(definition.dimensions),
        switches={name: list(switch.values) for name, switch in definition.switches.items()},
    )


def _style(request: Request, named: str | None) -> Style:
    """Return the form of the reply: ``format`` if given, else the first of the Accept header that we can write."""
    allowed = list(MEDIA_TYPES)
    if named is not None:
        if named not in MEDIA_TYPES:
            raise InvalidQuery(f"format: {named!r} is not known; allowed: {', '.join(allowed)}", allowed=allowed)
        return named  # type: ignore[return-value]  # it is a key of MEDIA_TYPES
    accepted = request.headers.get("accept", "*/*")
    for part in accepted.split(","):
        wanted = part.partition(";")[0].strip().lower()
        for style, media_type in MEDIA_TYPES.items():
            kind = media_type.partition(";")[0]
            if wanted in {kind, "*/*", f"{kind.partition('/')[0]}/*"}:
                return style
    kinds = [media_type.partition(";")[0] for media_type in MEDIA_TYPES.values()]
    raise UnknownFormat(f"Accept: none of {accepted!r} can be written; allowed: {', '.join(kinds)}", allowed=kinds)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))  # an unescaped + of an offset arrives as a blank
    except ValueError as error:
        raise InvalidQuery(f"as_of: {text!r} is no instant: write 2026-08-31 or 2026-08-31T12:00:00Z") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _tell(request: Request, caller: Principal, metric_id: str, style: Style, reply: Reply) -> None:
    """Tell the audit log of an answer: of equity figures before they leave, else soon. An API without one gives no equity figures.

    Raises:
        ExportNotLogged: it must not leave.
    """
    trail: ExportTrail | None = request.app.state.export_trail
    if is_equity(metric_id):
        if trail is None:
            raise ExportNotLogged("this API was started without an audit log")
        trail.record(caller, metric_id, style, reply.rows)
    elif trail is not None:
        trail.note(caller, metric_id, style, reply.rows)


@router.get("", responses=responses(401, 403, 503))
def list_metrics(request: Request, caller: Caller) -> list[MetricSummary]:  # noqa: ARG001  # the dependency admits the caller
    """List every metric with its definition, dimensions and policy switches."""
    return [_summary(definition) for definition in request.app.state.models.catalogue]


@router.post("/batch", response_model=MetricBatchReply, responses=responses(401, 403, 422, 503))
async def read_batch(body: MetricBatch, request: Request, caller: Caller) -> Response:
    """Answer up to 50 questions, each by itself: an answer, or the problem with it. All come from one published version."""
    answers: MetricAnswers = request.app.state.answers
    current = answers.current()

    def answer_all() -> bytes:
        parts = []
        for asked in body.queries:
            try:
                answers.permit(caller, asked.metric_id)
                reply = answers.answer(_question(asked, caller), "json", current)
                _tell(request, caller, asked.metric_id, "json", reply)
                parts.append(b'{"answer": ' + reply.body + b', "problem": null}')
            except ProblemError as problem:
                parts.append(json.dumps({"answer": None, "problem": problem.body()}).encode())
        return b'{"items": [' + b", ".join(parts) + b"]}"

    return Response(await asyncio.to_thread(answer_all), media_type="application/json")


@router.post("/receipts", status_code=201, responses=responses(401, 403, 404, 422, 503))
async def keep_receipt(body: MetricQuestion, request: Request, caller: Caller) -> ReceiptReply:
    """Keep one answer with its definition, SQL and version as a receipt, and return its id."""
    answers: MetricAnswers = request.app.state.answers
    book: ReceiptBook = request.app.state.receipts
    answers.permit(caller, body.metric_id)

    def keep() -> ReceiptReply:
        question = _question(body, caller)
        published = answers.version(question)
        pointer = published.pointer
        kept = book.keep(receipt_body(answers.evaluate(published, question.query), question.query, pointer.publish_version, pointer.as_of))
        return ReceiptReply(
            receipt_id=kept, path=f"/r/{kept}", metric_id=body.metric_id, publish_version=pointer.publish_version, as_of=pointer.as_of
        )

    return await asyncio.to_thread(keep)


def _question(asked: MetricQuestion, caller: Principal) -> Question:
    filters = {name: value if isinstance(value, list) else [value] for name, value in asked.filters.items()}
    query = Query(asked.metric_id, asked.period_from, asked.period_to, tuple(asked.group_by), filters, dict(asked.switches), caller.scope())
    return Question(query, asked.as_of, None, asked.limit)


@router.get("/{metric_id}", response_model=MetricReply, responses=_WRITTEN | responses(401, 403, 404, 406, 422, 503))
async def read_metric(
    metric_id: str,
    request: Request,
    caller: Caller,
    period_from: Annotated[Day | None, Parameter(description="first day, inclusive", examples=["2026-01-01"])] = None,
    period_to: Annotated[Day | None, Parameter(description="last day, inclusive", examples=["2026-06-30"])] = None,
    group_by: Annotated[list[str] | None, Parameter(description="dimension; repeat for several", examples=["stage"])] = None,
    filter_by: Annotated[
        list[str] | None, Parameter(alias="filter", description="dimension:value; repeat for several", examples=["subject:mathematics"])
    ] = None,
    switch: Annotated[list[str] | None, Parameter(description="name:value of a policy switch", examples=["attribution:last_touch"])] = None,
    as_of: Annotated[
        str | None, Parameter(description="as known then: the newest kept version whose data is not newer", examples=["2026-08-31"])
    ] = None,
    named: Annotated[str | None, Parameter(alias="format", description="json, csv or arrow; default: by the Accept header")] = None,
    limit: Annotated[int, Parameter(ge=1, le=ROW_LIMIT, description="rows on a page")] = ROWS_BY_DEFAULT,
    cursor: Annotated[str | None, Parameter(max_length=200, description="from `next` of the page before")] = None,
) -> Response:
    """Answer one metric for the schools the caller may read: value, n, interval, maturity, definition, as-of, publish version.

    JSON says all of it; CSV and Arrow hold the rows, with the rest in headers (Arrow: also in the schema's metadata) and the next
    page in `Link`. The pages of one answer come from one published version.
    """
    if unknown := sorted(set(request.query_params) - set(PARAMETERS)):
        raise InvalidQuery(f"unknown: {', '.join(unknown)}; allowed: {', '.join(PARAMETERS)}", allowed=list(PARAMETERS))
    style = _style(request, named)
    filters: dict[str, Any] = dict(_pairs(filter_by or [], "filter"))
    switches = {name: values[-1] for name, values in _pairs(switch or [], "switch").items()}
    query = Query(metric_id, period_from, period_to, tuple(group_by or ()), filters, switches, caller.scope())
    question = Question(query, _instant(as_of), cursor, limit)
    answers: MetricAnswers = request.app.state.answers
    answers.permit(caller, metric_id)
    reply = answers.remembered(question, style)  # on the event loop: nothing is read or computed
    if reply is None:
        reply = await asyncio.to_thread(answers.answer, question, style)
    if is_equity(metric_id):
        await asyncio.to_thread(_tell, request, caller, metric_id, style, reply)
    else:
        _tell(request, caller, metric_id, style, reply)
    return Response(reply.body, media_type=reply.media_type, headers=reply.headers)
