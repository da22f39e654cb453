"""Errors as problem+json (RFC 9457): a type, a title, a status, a detail that names the fix. Never a stack or a model's schema."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from foundation.principals import IntrospectionUnavailable

MEDIA_TYPE = "application/problem+json"


class ProblemError(Exception):
    """An error with an answer. Subclasses set ``status``, ``kind`` and ``title``; the message is the detail."""

    status = 400
    kind = "bad-request"
    title = "The request cannot be answered"

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra

    def body(self) -> dict[str, Any]:
        """Return the problem document."""
        return {"type": f"/problems/{self.kind}", "title": self.title, "status": self.status, "detail": self.detail, **self.extra}


class NotSignedIn(ProblemError):
    """No credential, or one that is not valid."""

    status, kind, title = 401, "not-signed-in", "A valid credential is needed"


class NotAllowed(ProblemError):
    """The caller lacks the right."""

    status, kind, title = 403, "not-allowed", "This credential may not do that"


class UnknownEntity(ProblemError):
    """The id does not exist, or belongs to a school outside the caller's scope: both look the same."""

    status, kind, title = 404, "unknown-id", "There is nothing under this id"


class UnknownMetricId(ProblemError):
    """No metric has that id."""

    status, kind, title = 404, "unknown-metric", "There is no such metric"


class InvalidQuery(ProblemError):
    """A field of the request is wrong."""

    status, kind, title = 422, "invalid-field", "A field is wrong"


class UnknownFormat(ProblemError):
    """The reply cannot be written in any form that was asked for."""

    status, kind, title = 406, "unknown-format", "The answer cannot be written like that"


class NoSuchVersion(ProblemError):
    """No kept version holds the figures as they were known then."""

    status, kind, title = 422, "no-such-version", "No kept version can answer that"


class NotReady(ProblemError):
    """Nothing has been published yet."""

    status, kind, title = 503, "not-ready", "Nothing has been published yet"


class Outdated(ProblemError):
    """What is published lacks what this release reads."""

    status, kind, title = 503, "outdated-version", "The published version was made by another release"


class IdentityUnavailable(ProblemError):
    """The hiring API, which verifies credentials, did not answer: access is denied."""

    status, kind, title = 503, "identity-unavailable", "Credentials cannot be verified right now"


def answer(problem: ProblemError) -> JSONResponse:
    """Return a problem as a response."""
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else None
    return JSONResponse(problem.body(), status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)


_TEXTS = {
    401: "not signed in",
    403: "not allowed",
    404: "unknown id",
    406: "the answer cannot be written in that form",
    422: "a field is wrong",
    503: "nothing published yet, published by another release, or credentials cannot be verified",
}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI entries of the problems a route may answer with."""
    return {status: {"description": _TEXTS[status], "content": {MEDIA_TYPE: {}}} for status in statuses}


def _field(location: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in location if part not in {"body", "query", "path"}) or "body"


def install(app: FastAPI) -> None:
    """Answer every error of the application as problem+json."""

    async def on_problem(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ProblemError)
        return answer(error)

    async def on_validation(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        fields = [{"field": _field(item["loc"]), "problem": item["msg"]} for item in error.errors()]
        return answer(InvalidQuery("; ".join(f"{item['field']}: {item['problem']}" for item in fields[:5]), fields=fields))

    async def on_http(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        body = {"type": "about:blank", "title": str(error.detail), "status": error.status_code}
        return JSONResponse(body, status_code=error.status_code, media_type=MEDIA_TYPE, headers=error.headers)

    async def on_identity(_: Request, __: Exception) -> JSONResponse:
        return answer(IdentityUnavailable("the hiring API did not answer: try again shortly"))

    async def on_crash(request: Request, error: Exception) -> JSONResponse:
        structlog.get_logger().error("request_failed", path=request.url.path, error=type(error).__name__)
        body = {"type": "about:blank", "title": "The request failed", "status": 500}
        return JSONResponse(body, status_code=500, media_type=MEDIA_TYPE)

    handlers: dict[Any, Callable[[Request, Exception], Awaitable[JSONResponse]]] = {
        ProblemError: on_problem,
        RequestValidationError: on_validation,
        HTTPException: on_http,
        IntrospectionUnavailable: on_identity,
        Exception: on_crash,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
