"""Routes of the predictions. Each reads the serving set once, answers, appends to the log, then replies."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from foundation.access import Principal, Right, Scope
from serving.access import require
from serving.errors import ProblemError, responses
from serving.model_store import Serving
from serving.predictor import Answer, encode_batch, encode_reply, log_lines, predict_candidate_success, predict_time_to_hire
from serving.schemas import (
    CandidateSuccessBatch,
    CandidateSuccessBatchReply,
    CandidateSuccessReply,
    CandidateSuccessRequest,
    TimeToHireBatch,
    TimeToHireBatchReply,
    TimeToHireReply,
    TimeToHireRequest,
)

router = APIRouter(prefix="/v1/predictions", tags=["predictions"])
Caller = Annotated[Principal, Depends(require(Right.READ_PREDICTIONS))]
_PROBLEMS = responses(401, 403, 404, 422, 503)
_BATCH_PROBLEMS = responses(401, 403, 422, 503)
Predict = Callable[[Serving, Scope, Any], list[Answer]]


async def _answer(request: Request, caller: Principal, item: Any, predict: Predict) -> Response:
    serving, scope = request.app.state.models.current(), caller.scope()
    if item.reasons:  # TreeSHAP takes milliseconds: not on the event loop
        answers = await asyncio.to_thread(predict, serving, scope, item)
    else:
        answers = predict(serving, scope, item)
    request.app.state.log.append(log_lines(answers, caller))
    return Response(encode_reply(answers), media_type="application/json")


async def _answer_batch(request: Request, caller: Principal, items: list[Any], predict: Predict) -> Response:
    serving, scope = request.app.state.models.current(), caller.scope()

    def answer_all() -> tuple[list[dict[str, Any]], bytes]:
        replies: list[dict[str, Any]] = []
        lines: list[bytes] = []
        for item in items:
            try:
                answers = predict(serving, scope, item)
                lines.append(log_lines(answers, caller))
                replies.append({"predictions": answers, "problem": None})
            except ProblemError as problem:
                replies.append({"predictions": None, "problem": problem.body()})
        return replies, b"".join(lines)

    replies, lines = await asyncio.to_thread(answer_all)
    if lines:
        request.app.state.log.append(lines)
    return Response(encode_batch(replies), media_type="application/json")


@router.post("/time-to-hire", response_model=TimeToHireReply, responses=_PROBLEMS)
async def time_to_hire(body: TimeToHireRequest, request: Request, caller: Caller) -> Response:
    """Predict the remaining days until each open opening of a job is filled (metric T5)."""
    return await _answer(request, caller, body, predict_time_to_hire)


@router.post("/candidate-success", response_model=CandidateSuccessReply, responses=_PROBLEMS)
async def candidate_success(body: CandidateSuccessRequest, request: Request, caller: Caller) -> Response:
    """Predict, for one application, the probability of being hired and that of success once hired."""
    return await _answer(request, caller, body, predict_candidate_success)


@router.post("/time-to-hire/batch", response_model=TimeToHireBatchReply, responses=_BATCH_PROBLEMS)
async def time_to_hire_batch(body: TimeToHireBatch, request: Request, caller: Caller) -> Response:
    """Answer up to 1,000 requests in order; an item that can't be answered carries its problem."""
    return await _answer_batch(request, caller, body.items, predict_time_to_hire)


@router.post("/candidate-success/batch", response_model=CandidateSuccessBatchReply, responses=_BATCH_PROBLEMS)
async def candidate_success_batch(body: CandidateSuccessBatch, request: Request, caller: Caller) -> Response:
    """Answer up to 1,000 requests in order; an item that can't be answered carries its problem."""
    return await _answer_batch(request, caller, body.items, predict_candidate_success)
