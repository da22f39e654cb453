"""Public routes of the bus: the schema of each event's data, and the AsyncAPI document. What doesn't belong here: events themselves."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Path
from fastapi.responses import JSONResponse

from hiring.access import public
from hiring.bus import asyncapi, payloads
from hiring.errors import NotFound

router = APIRouter(tags=["events"], dependencies=[Depends(public)])
_CACHED = {"Cache-Control": "public, max-age=3600"}  # a version's schema only ever gains optional fields


class JsonSchema(JSONResponse):
    """A reply that is a JSON schema."""

    media_type = "application/schema+json"


class SchemaNotFound(NotFound):
    """No event has such a type and version."""


_SCHEMA: dict[int | str, dict[str, Any]] = {200: {"content": {"application/schema+json": {"schema": {"type": "object"}}}}}


@router.get("/schemas/{event_type}/{version}", response_class=JsonSchema, responses=_SCHEMA)
def show_schema(
    event_type: Annotated[str, Path(max_length=60, examples=["STAGE_MOVED"])], version: Annotated[int, Path(ge=1, le=1000)]
) -> JSONResponse:
    """Return the JSON schema of an event's data."""
    found = payloads.schema(event_type, version)
    if found is None:
        raise SchemaNotFound("there is no such event type and version: /asyncapi.json lists them all")
    return JsonSchema(found, headers=_CACHED)


def add_document(app: FastAPI) -> None:
    """Serve the AsyncAPI document beside the OpenAPI one."""

    @app.get("/asyncapi.json", include_in_schema=False, dependencies=[Depends(public)])
    def show_asyncapi() -> JSONResponse:
        return JSONResponse(asyncapi.document(), headers=_CACHED)
