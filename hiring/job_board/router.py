"""Routes of the job board: public, cached by us for seconds and by browsers and CDNs as the headers say."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from cashews import Cache
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session, sessionmaker

from hiring.access import public
from hiring.cache import LONGEST_SECONDS, Generation
from hiring.domain_events import EventType
from hiring.job_board.schemas import Board, Criteria, PublicJob
from hiring.job_board.service import JobBoard
from hiring.turns import Turn, Turns

PUBLIC_CHANGES = (
    EventType.JOB_OPENED, EventType.JOB_CHANGED, EventType.JOB_PUT_ON_HOLD, EventType.JOB_REOPENED, EventType.JOB_CLOSED,
    EventType.JOB_CANCELLED, EventType.JOB_POSTED, EventType.POSTING_ENDED, EventType.OPENING_FILLED, EventType.OPENING_FREED,
)  # fmt: skip
HEADERS = {"Cache-Control": "public, max-age=30, s-maxage=60, stale-while-revalidate=300", "Vary": "Accept-Encoding"}

router = APIRouter(prefix="/v1/job-board", tags=["job board"], dependencies=[Depends(public)])
Find = Callable[[Session], BaseModel]


@dataclass(frozen=True)
class CachedBoard:
    """The board behind the cache; the same question is asked of the database once, however many ask at once."""

    board: JobBoard
    sessions: sessionmaker[Session]
    generation: Generation
    answer: Callable[[int, str, Find], Awaitable[bytes]]

    @classmethod
    def over(cls, cache: Cache, sessions: sessionmaker[Session], generation: Generation, turns: Turns) -> "CachedBoard":
        """Return the board with its answers kept in ``cache``; what is not there yet is read when its turn has come."""

        def look(_: Turn, find: Find) -> bytes:
            with sessions() as session:
                return find(session).model_dump_json().encode()

        @cache(ttl=LONGEST_SECONDS, key="job_board:{generation}:{question}")
        async def answer(generation: int, question: str, find: Find) -> bytes:  # noqa: ARG001  the cache's key is made of them
            return await turns.run(look, find)

        return cls(JobBoard(), sessions, generation, answer)

    async def reply(self, request: Request, question: str, find: Find) -> Response:
        """Answer a question, or 304 when the caller holds the answer already."""
        body = await self.answer(self.generation.number, question, find)
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {**HEADERS, "ETag": tag}
        held = {part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")}
        if tag in held or "*" in held:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)


async def _board(request: Request) -> CachedBoard:
    board: CachedBoard = request.app.state.job_board
    return board


Wired = Annotated[CachedBoard, Depends(_board)]
_NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "You hold this answer already (If-None-Match)"}}


@router.get("/jobs", response_model=Board, responses=_NOT_MODIFIED)
async def search(request: Request, board: Wired, criteria: Annotated[Criteria, Query()]) -> Response:
    """Search the open jobs of every school, newest first. Answers are at most half a minute old."""
    question = criteria.model_dump_json(exclude_none=True)
    return await board.reply(request, question, lambda session: board.board.search(session, criteria))


@router.get("/jobs/{job_id}", response_model=PublicJob, responses=_NOT_MODIFIED)
async def show(request: Request, board: Wired, job_id: UUID) -> Response:
    """Return one job of the board."""
    return await board.reply(request, str(job_id), lambda session: board.board.job(session, job_id))
