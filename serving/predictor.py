"""From a request to an answer: scope, features, prediction, log line. The hot path: no frame, no database, no thread switch."""

import json
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import numpy as np
import uuid_utils
from numpy.typing import NDArray

from foundation import clock
from foundation.access import Principal, Scope
from models_ml.bundle import Bundle, InvalidFeature, RemainingTime
from serving.errors import InvalidQuery, UnknownEntity
from serving.feature_store import FeatureRow
from serving.model_store import Serving
from serving.prediction_log import line_time
from serving.schemas import CandidateSuccessRequest, TimeToHireRequest

Vector = NDArray[np.float64]
Answer = dict[str, Any]


def _encode(bundle: Bundle, features: dict[str, Any]) -> Vector:
    try:
        return bundle.encoder.vector(features)
    except InvalidFeature as error:
        problem = {"field": f"features.{error.field}", "problem": error.problem}
        raise InvalidQuery(f"features.{error.field}: {error.problem}", fields=[problem]) from error


def _provenance(serving: Serving, bundle: Bundle, as_of: datetime | None) -> Answer:
    manifest = bundle.manifest
    return {
        "prediction_id": str(UUID(bytes=uuid_utils.uuid7().bytes)),
        "metric": manifest.metric,
        "model": manifest.model,
        "model_version": manifest.model_version,
        "bundle_id": manifest.bundle_id,
        "is_fallback": manifest.is_fallback,
        "features_as_of": as_of,
        "publish_version": serving.pointer.publish_version,
    }


def _reasons(bundle: Bundle, vector: Vector) -> list[Answer]:
    return [{"feature": r.feature, "value": r.value, "effect": r.effect, "text": r.text} for r in bundle.reasons(vector)]


def _number(bundle: Bundle, vector: Vector, name: str) -> float | None:
    value = float(vector[bundle.encoder.position[name]])
    return None if np.isnan(value) else value


def _opening(serving: Serving, vector: Vector, row: FeatureRow | None, remaining: RemainingTime, with_reasons: bool) -> Answer:
    bundle = serving.time_to_hire
    days_to_start = _number(bundle, vector, "days_to_target_start")
    return _provenance(serving, bundle, row.as_of if row else None) | {
        "tenant_id": row.tenant_id if row else None,
        "opening_id": row.entity_id if row else None,
        "job_id": row.job_id if row else None,
        "elapsed_days": _number(bundle, vector, "elapsed_days"),
        "median_days": remaining.median_days,
        "p10_days": remaining.p10_days,
        "p90_days": remaining.p90_days,
        "beyond_days": remaining.beyond_days,
        "p_filled": remaining.p_filled,
        "p_filled_before_target_start": None if days_to_start is None else remaining.cdf(days_to_start),
        "reasons": _reasons(bundle, vector) if with_reasons else None,
    }


def predict_time_to_hire(serving: Serving, scope: Scope, request: TimeToHireRequest) -> list[Answer]:
    """Return one answer per open opening that the request names.

    Raises:
        UnknownEntity: the id does not exist, is not open, or is outside the scope.
        InvalidQuery: a feature is missing, unknown or of the wrong kind.
    """
    bundle = serving.time_to_hire
    if request.features is not None:
        vector = _encode(bundle, request.features)
        return [_opening(serving, vector, None, bundle.predict_distribution(vector), request.reasons)]
    if request.job_id is not None:
        rows = serving.openings.of_job(request.job_id, scope)
    else:
        found = serving.openings.get(request.opening_id or "", scope)
        rows = [found] if found else []
    if not rows:
        kind, name = ("job", request.job_id) if request.job_id else ("opening", request.opening_id)
        raise UnknownEntity(f"no open opening is known for {kind} {name} as of {serving.pointer.as_of:%Y-%m-%d}")
    distributions = bundle.predict_distributions(np.stack([row.vector for row in rows]))
    return [_opening(serving, row.vector, row, remaining, request.reasons) for row, remaining in zip(rows, distributions, strict=True)]


def predict_candidate_success(serving: Serving, scope: Scope, request: CandidateSuccessRequest) -> list[Answer]:
    """Return both probabilities of one application.

    Raises:
        UnknownEntity: the id does not exist, is not open, or is outside the scope.
        InvalidQuery: a feature is missing, unknown or of the wrong kind.
    """
    bundle, row = serving.candidate_success, None
    if request.features is not None:
        vector = _encode(bundle, request.features)
    else:
        row = serving.applications.get(request.application_id or "", scope)
        if row is None or (scope.agency_id is not None and serving.agencies.get(row.entity_id) != scope.agency_id):
            raise UnknownEntity(f"no open application is known under {request.application_id} as of {serving.pointer.as_of:%Y-%m-%d}")
        vector = row.vector
    outlook = bundle.predict(vector)
    return [
        _provenance(serving, bundle, row.as_of if row else None)
        | {
            "tenant_id": row.tenant_id if row else None,
            "application_id": row.entity_id if row else None,
            "p_hired": _probability(outlook.p_hired),
            "p_success_given_hired": _probability(outlook.p_success_given_hired),
            "reasons": _reasons(bundle, vector) if request.reasons else None,
        }
    ]


def _probability(probability: Any) -> Answer:
    return {"value": probability.value, "lower": probability.lower, "upper": probability.upper}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else float(value)


_dumps = partial(json.dumps, separators=(",", ":"), default=_plain)


def encode_batch(replies: list[Answer]) -> bytes:
    """Return the JSON body of a batch's reply."""
    return b'{"items":' + _dumps(replies).encode() + b"}"


def encode_reply(answers: Iterable[Answer]) -> bytes:
    """Return the JSON body of a reply."""
    return b'{"predictions":' + _dumps(list(answers)).encode() + b"}"


def log_lines(answers: Iterable[Answer], principal: Principal) -> bytes:
    """Return one line an answer for the prediction log: ids, figures and versions, never a feature a caller gave."""
    made_at = line_time(clock.now())
    return b"".join(
        _dumps({**{k: v for k, v in answer.items() if k != "reasons"}, "made_at": made_at, "caller": principal.subject_id}).encode() + b"\n"
        for answer in answers
    )
