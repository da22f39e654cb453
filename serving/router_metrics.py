"""Routes of the metrics: the catalogue, and one metric's answer with definition, as-of and publish version."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi import Query as Parameter

from foundation.access import Principal, Right
from metrics.catalogue import Definition, UnknownMetric
from metrics.evaluate import evaluate_with_receipt
from metrics.query import MetricQueryError, Query
from metrics.rows import ScopeNotSupported
from serving.access import require
from serving.errors import InvalidQuery, NotAllowed, UnknownMetricId, responses
from serving.schemas import MetricReply, MetricRow, MetricSummary

router = APIRouter(prefix="/v1/metrics", tags=["metrics"])
Caller = Annotated[Principal, Depends(require(Right.READ_METRICS))]


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


@router.get("", responses=responses(401, 403, 503))
def list_metrics(request: Request, caller: Caller) -> list[MetricSummary]:  # noqa: ARG001  # the dependency admits the caller
    """List every metric with its definition, dimensions and policy switches."""
    return [_summary(definition) for definition in request.app.state.models.catalogue]


@router.get("/{metric_id}", responses=responses(401, 403, 404, 422, 503))
def read_metric(
    metric_id: str,
    request: Request,
    caller: Caller,
    period_from: Annotated[date | None, Parameter(description="first day, inclusive")] = None,
    period_to: Annotated[date | None, Parameter(description="last day, inclusive")] = None,
    group_by: Annotated[list[str] | None, Parameter(description="dimension; repeat for several")] = None,
    filter_by: Annotated[
        list[str] | None, Parameter(alias="filter", description="dimension:value; repeat for several", examples=["subject:mathematics"])
    ] = None,
    switch: Annotated[list[str] | None, Parameter(description="name:value of a policy switch", examples=["attribution:last_touch"])] = None,
) -> MetricReply:
    """Answer one metric for the schools the caller may read: value, n, interval, maturity, definition, as-of, publish version."""
    models = request.app.state.models
    serving = models.current()
    filters: dict[str, Any] = dict(_pairs(filter_by or [], "filter"))
    switches = {name: values[-1] for name, values in _pairs(switch or [], "switch").items()}
    query = Query(metric_id, period_from, period_to, tuple(group_by or ()), filters, switches, caller.scope())
    try:
        answer = evaluate_with_receipt(serving.published, query, models.catalogue)
    except UnknownMetric as error:
        raise UnknownMetricId(str(error)) from error
    except ScopeNotSupported as error:
        raise NotAllowed(str(error)) from error
    except MetricQueryError as error:
        raise InvalidQuery(str(error)) from error
    return MetricReply(
        metric_id=metric_id,
        definition_version=answer.definition.version,
        name=answer.definition.name,
        unit=answer.unit,
        formula=answer.definition.formula,
        period_from=period_from,
        period_to=period_to,
        switches=answer.switches,
        as_of=serving.pointer.as_of,
        publish_version=serving.pointer.publish_version,
        rows=[MetricRow.model_validate(row) for row in answer.frame.iter_rows(named=True)],
    )
