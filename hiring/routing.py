"""What every router shares: the route class, paging and version headers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Header, Query, Response

from hiring.access import Caller, authenticate
from hiring.errors import BadRequest, VersionRequired
from hiring.idempotency import IdempotentRoute
from hiring.rows import AnyRow, Paging, decode_cursor
from hiring.schemas import EventTime


def domain_router(tag: str) -> APIRouter:
    """Return a router below ``/v1`` whose POSTs understand Idempotency-Key."""
    return APIRouter(prefix="/v1", tags=[tag], route_class=IdempotentRoute)


async def _paging(
    cursor: Annotated[str | None, Query(max_length=64, description="next_cursor of the previous page")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="rows on a page")] = 50,
) -> Paging:
    return Paging(decode_cursor(cursor) if cursor else None, limit)


PageQuery = Annotated[Paging, Depends(_paging)]


async def _expected_version(
    _caller: Annotated[Caller, Depends(authenticate)],  # who asks comes before what they ask
    if_match: Annotated[str | None, Header(description='the ETag you read, for example "3"')] = None,
) -> int | None:
    if if_match is None or if_match == "*":
        return None
    digits = if_match.strip().removeprefix('"').removesuffix('"')
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        raise BadRequest('If-Match: send the ETag as it was given, for example "3"')
    return int(digits)


async def _required_version(expected: Annotated[int | None, Depends(_expected_version)]) -> int:
    if expected is None:
        raise VersionRequired('send If-Match with the ETag of the version you changed, for example If-Match: "3"')
    return expected


When = Annotated[EventTime, Body(default_factory=EventTime)]
ExpectedVersion = Annotated[int | None, Depends(_expected_version)]
RequiredVersion = Annotated[int, Depends(_required_version)]


def tagged(response: Response, row: AnyRow) -> AnyRow:
    """Set the row's version as ETag and return the row."""
    response.headers["ETag"] = f'"{row.version}"'
    return row


def created(response: Response, path: str, row_id: UUID) -> None:
    """Set the Location of a new thing."""
    response.headers["Location"] = f"/v1/{path}/{row_id}"
