"""A figure with everything that explains it, as the hiring core keeps it: definition, question, rows, SQL, version."""

import json
from datetime import date, datetime
from typing import Any

from foundation.access import Scope
from metrics import formats
from metrics.catalogue import Definition
from metrics.evaluate import Evaluation
from metrics.query import Query, filter_values
from metrics.readings import Statement

ROWS_KEPT = 500


def receipt_body(evaluation: Evaluation, query: Query, publish_version: str, as_of: datetime) -> dict[str, Any]:
    """Return the body of ``POST /v1/receipts`` for an answer; of a longer one the first 500 rows are kept."""
    entry, scope = evaluation.definition, query.scope
    return {
        "tenant_ids": None if scope.tenant_ids is None else sorted(scope.tenant_ids),
        "agency_id": scope.agency_id,
        "metric_id": entry.id,
        "definition_version": entry.version,
        "name": entry.name,
        "question": entry.question,
        "formula": entry.formula,
        "policy": entry.policy,
        "unit": evaluation.unit,
        "interval": entry.interval,
        "switches": evaluation.switches,
        "query": {
            "period_from": _text(query.period_from),
            "period_to": _text(query.period_to),
            "group_by": list(query.group_by),
            "filters": {name: filter_values(name, value) for name, value in query.filters.items()},
        },
        "rows": json.loads(formats.json_rows(evaluation.frame.head(ROWS_KEPT))),
        "statements": [
            {"sql": statement.sql, "parameters": json.loads(json.dumps(statement.parameters, default=str))}
            for statement in evaluation.statements
        ],
        "publish_version": publish_version,
        "as_of": as_of.isoformat(),
    }


def asked_again(content: dict[str, Any], scope: Scope) -> Query:
    """Return the question of a kept receipt, to be asked of what is published now under the same scope."""
    query = content["query"]
    return Query(
        metric_id=content["metric_id"],
        period_from=_day(query["period_from"]),
        period_to=_day(query["period_to"]),
        group_by=tuple(query["group_by"]),
        filters=query["filters"],
        switches=content["switches"],
        scope=scope,
    )


def kept_statements(content: dict[str, Any]) -> tuple[Statement, ...]:
    """Return the SQL of a kept receipt."""
    return tuple(Statement(part["sql"], tuple(part["parameters"])) for part in content["statements"])


def changed_since(content: dict[str, Any], definition: Definition) -> bool:
    """Say whether the metric is defined otherwise today."""
    return bool(definition.version != content["definition_version"])


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
