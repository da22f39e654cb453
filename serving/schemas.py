"""Requests and replies of the API, with examples. Replies forbid fields that are not declared."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

BATCH_LIMIT = 1_000
EntityId = Annotated[str, StringConstraints(min_length=1, max_length=200)]
FeatureValue = Annotated[str, StringConstraints(max_length=200)] | bool | float | int | None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _exactly_one(item: BaseModel, names: tuple[str, ...]) -> None:
    if sum(getattr(item, name) is not None for name in names) != 1:
        raise ValueError(f"give exactly one of {', '.join(names)}")


class TimeToHireRequest(_Strict):
    """One job, one opening, or features of an opening that does not exist yet."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"job_id": "0192a0c4-7b1e-7c3a-9f00-5d2f6d0b7a11", "reasons": True}]}
    )

    job_id: EntityId | None = Field(None, description="answers with one entry per open opening of the job")
    opening_id: EntityId | None = None
    features: dict[str, FeatureValue] | None = Field(None, description="every feature of the model; null means not known")
    reasons: bool = Field(False, description="also say which features move the answer most (takes some milliseconds)")

    @model_validator(mode="after")
    def _one_subject(self) -> "TimeToHireRequest":
        _exactly_one(self, ("job_id", "opening_id", "features"))
        return self


class CandidateSuccessRequest(_Strict):
    """One application, or features of one."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"application_id": "0192a0c4-8d3f-7e21-b0aa-11d5a2c9e0f4"}]}
    )

    application_id: EntityId | None = None
    features: dict[str, FeatureValue] | None = Field(None, description="every feature of the model; null means not known")
    reasons: bool = False

    @model_validator(mode="after")
    def _one_subject(self) -> "CandidateSuccessRequest":
        _exactly_one(self, ("application_id", "features"))
        return self


class TimeToHireBatch(_Strict):
    """Up to 1,000 requests, answered in order."""

    items: list[TimeToHireRequest] = Field(min_length=1, max_length=BATCH_LIMIT)


class CandidateSuccessBatch(_Strict):
    """Up to 1,000 requests, answered in order."""

    items: list[CandidateSuccessRequest] = Field(min_length=1, max_length=BATCH_LIMIT)


class Provenance(_Strict):
    """Where an answer comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    prediction_id: str
    metric: Literal["T5", "S"]
    model: str
    model_version: str
    bundle_id: str
    is_fallback: bool = Field(description="true: the baseline answers, because no trained model has beaten it")
    features_as_of: datetime | None = Field(description="null when the caller gave the features")
    publish_version: str
    tenant_id: str | None = Field(description="the school; null when the caller gave the features")


class ReasonOut(_Strict):
    """One feature that moves the answer, on the log-odds scale."""

    feature: str
    value: Any
    effect: float
    text: str


class OpeningPrediction(Provenance):
    """Days until an opening is filled (metric T5), counted from ``features_as_of``. Null means more than ``beyond_days``."""

    opening_id: str | None
    job_id: str | None
    elapsed_days: float | None = Field(description="days since the job was approved")
    median_days: float | None = Field(description="remaining days, half of the openings like this are filled by then")
    p10_days: float | None
    p90_days: float | None
    beyond_days: float = Field(description="longest follow-up the model has seen")
    p_filled: float = Field(description="probability of being filled within beyond_days; cancellation competes")
    p_filled_before_target_start: float | None = Field(description="null when the job has no target start date")
    reasons: list[ReasonOut] | None = None


class ProbabilityOut(_Strict):
    """A calibrated probability with the 95 % interval of its calibration."""

    value: float
    lower: float
    upper: float


class ApplicationPrediction(Provenance):
    """Two probabilities, never multiplied: being hired, and success once hired."""

    application_id: str | None
    p_hired: ProbabilityOut
    p_success_given_hired: ProbabilityOut
    reasons: list[ReasonOut] | None = None


class TimeToHireReply(_Strict):
    """One entry per open opening."""

    predictions: list[OpeningPrediction]


class CandidateSuccessReply(_Strict):
    """One entry."""

    predictions: list[ApplicationPrediction]


class TimeToHireBatchItem(_Strict):
    """The answer to one item: predictions, or the problem with it."""

    predictions: list[OpeningPrediction] | None = None
    problem: dict[str, Any] | None = None


class CandidateSuccessBatchItem(_Strict):
    """The answer to one item: a prediction, or the problem with it."""

    predictions: list[ApplicationPrediction] | None = None
    problem: dict[str, Any] | None = None


class TimeToHireBatchReply(_Strict):
    """Answers in the order of the items."""

    items: list[TimeToHireBatchItem]


class CandidateSuccessBatchReply(_Strict):
    """Answers in the order of the items."""

    items: list[CandidateSuccessBatchItem]
