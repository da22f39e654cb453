"""Requests and replies of the metrics routes, with examples."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, StringConstraints

BATCH_LIMIT = 50
ROW_LIMIT = 10_000
ROWS_BY_DEFAULT = 1_000

Code = Annotated[str, StringConstraints(min_length=1, max_length=100)]
FilterValue = Annotated[str, StringConstraints(max_length=200)] | bool

ROW_EXAMPLE: dict[str, JsonValue] = {
    "stage": "interview", "value": 0.31, "n": 420, "lower": 0.27, "upper": 0.36, "n_open": 12, "is_mature": True,
    "suppressed": False, "is_rankable": True, "reason": None,
}  # fmt: skip
REPLY_EXAMPLE: dict[str, JsonValue] = {
    "metric_id": "F2", "definition_version": 1, "name": "Stage conversion", "question": "What share of the applications got there?",
    "unit": "rate", "interval": "wilson", "formula": "reached the second stage ÷ reached the first", "policy": "cohorts by month applied",
    "period_from": "2026-01-01", "period_to": "2026-06-01", "group_by": ["stage"], "filters": {"subject": ["mathematics"]},
    "switches": {"population": "all"}, "as_of": "2026-09-01T00:00:00Z", "publish_version": "20260901T020000-0042", "total_rows": 1,
    "rows": [ROW_EXAMPLE], "next": None,
}  # fmt: skip
CSV_EXAMPLE = "stage,value,n,lower,upper,n_open,is_mature,suppressed,is_rankable,reason\ninterview,0.31,420,0.27,0.36,12,true,false,true,\n"


def _spelled_out(sent: Any) -> Any:
    """Refuse a number: it would be read as seconds since 1970."""
    if isinstance(sent, int | float) or (isinstance(sent, str) and re.fullmatch(r"\s*[-+]?\d+(\.\d*)?\s*", sent)):
        raise ValueError("write a date as 2026-08-31, an instant as 2026-08-31T12:00:00Z")
    return sent


Day = Annotated[date, BeforeValidator(_spelled_out)]
Moment = Annotated[AwareDatetime, BeforeValidator(_spelled_out)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MetricSummary(_Strict):
    """One entry of the catalogue."""

    metric_id: str
    definition_version: int
    name: str
    question: str
    grain: str
    formula: str
    policy: str
    unit: str
    dimensions: list[str]
    switches: dict[str, list[str]]


class MetricRow(BaseModel):
    """One row of a metric's answer; the grouping dimensions stand beside these fields."""

    model_config = ConfigDict(extra="allow", frozen=True, json_schema_extra={"examples": [ROW_EXAMPLE]})

    value: float | None
    n: int | None
    lower: float | None
    upper: float | None
    n_open: int | None = Field(None, description="still undecided")
    is_mature: bool | None = Field(None, description="whether enough of the cohort has ended to judge it; null where that does not apply")
    suppressed: bool
    is_rankable: bool
    reason: str | None


class MetricReply(_Strict):
    """A metric's answer with what is needed to trust it."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [REPLY_EXAMPLE]})

    metric_id: str
    definition_version: int
    name: str
    question: str
    unit: str
    interval: str = Field(description="how lower and upper are made")
    formula: str
    policy: str
    period_from: date | None
    period_to: date | None
    group_by: list[str]
    filters: dict[str, list[str]]
    switches: dict[str, str]
    as_of: datetime = Field(description="the newest fact the figures know of")
    publish_version: str
    total_rows: int
    rows: list[MetricRow]
    next: str | None = Field(description="path of the next page, from the same published version; null on the last")


class MetricQuestion(_Strict):
    """One question of a batch."""

    metric_id: Code
    period_from: Day | None = None
    period_to: Day | None = None
    group_by: list[Code] = Field(default_factory=list, max_length=10)
    filters: dict[Code, FilterValue | list[FilterValue]] = Field(default_factory=dict, max_length=20)
    switches: dict[Code, Code] = Field(default_factory=dict, max_length=20)
    as_of: Moment | None = None
    limit: int = Field(ROWS_BY_DEFAULT, ge=1, le=ROW_LIMIT)


class MetricBatch(_Strict):
    """Up to 50 questions, answered in order."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [{"queries": [{"metric_id": "F2", "group_by": ["stage"]}, {"metric_id": "T4", "filters": {"subject": "science"}}]}]
        },
    )

    queries: list[MetricQuestion] = Field(min_length=1, max_length=BATCH_LIMIT)


class MetricBatchItem(_Strict):
    """The answer to one question, or the problem with it."""

    answer: MetricReply | None = None
    problem: dict[str, Any] | None = None


class MetricBatchReply(_Strict):
    """Answers in the order of the questions."""

    items: list[MetricBatchItem]


class ReceiptReply(_Strict):
    """A kept figure: whoever may read the same rows can open it, whatever has been published since."""

    receipt_id: str
    path: str = Field(description="where the dashboard shows it")
    metric_id: str
    publish_version: str
    as_of: datetime


Style = Literal["json", "csv", "arrow"]
