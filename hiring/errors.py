"""Problems: every error leaves the API as ``application/problem+json`` (RFC 9457). Domains subclass these in their own ``errors.py``.

What doesn't belong here: rules. A message names the field and the fix, never another tenant's data or the rejected value.
"""

import re
import traceback
from collections.abc import Mapping
from typing import Any

import psycopg.errors
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.status import HTTP_405_METHOD_NOT_ALLOWED

from foundation.logs import logger

log = logger("hiring")
_DOCUMENTED = {"content": {"application/problem+json": {"schema": {"type": "object"}}}}
REFUSALS: dict[int | str, dict[str, Any]] = {"4XX": {"description": "A problem (RFC 9457)", **_DOCUMENTED}}
"""What every route of an API documents."""
CORE_AWAY: dict[int | str, dict[str, Any]] = {503: {"description": "The hiring core did not answer", **_DOCUMENTED}}
"""What every route of a service beside the core documents as well."""


class Problem(Exception):
    """A refusal with a status; the class name becomes the type and title."""

    status = 400
    is_logged = False  # whether the audit log has this refusal already

    def __init__(self, detail: str, headers: Mapping[str, str] | None = None, **extra: Any) -> None:
        """Keep what the reply says: one sentence, headers, further members."""
        super().__init__(detail)
        self.detail = detail
        self.headers = headers
        self.extra = extra


class BadRequest(Problem):
    """The request cannot be understood."""


class Unauthenticated(Problem):
    """No valid credential."""

    status = 401

    def __init__(self, detail: str = "send a valid credential: Authorization: Bearer <session token or API key>") -> None:
        """Ask for a credential."""
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(Problem):
    """The credential is valid and may not do this."""

    status = 403


class NotFound(Problem):
    """The thing does not exist, or is another tenant's: the answer is the same."""

    status = 404


class Conflict(Problem):
    """The thing is in a state that does not allow this."""

    status = 409


class VersionMismatch(Problem):
    """Somebody changed the thing since the version named in If-Match."""

    status = 412


class VersionRequired(Problem):
    """A change must name the version it was made from."""

    status = 428


class Invalid(Problem):
    """A field holds a value that the rules refuse."""

    status = 422


class TooManyRequests(Problem):
    """Wait before the next request."""

    status = 429

    def __init__(self, detail: str, seconds: int) -> None:
        """Say how many seconds to wait."""
        super().__init__(detail, headers={"Retry-After": str(seconds)})


def problem_reply(
    status: int, kind: str, title: str, detail: str, headers: Mapping[str, str] | None = None, extra: Mapping[str, Any] | None = None
) -> JSONResponse:
    """Return a problem+json reply."""
    body = {"type": f"/problems/{kind}", "title": title, "status": status, "detail": detail, **(extra or {})}
    return JSONResponse(body, status_code=status, headers=dict(headers or {}), media_type="application/problem+json")


def words(class_name: str) -> list[str]:
    """Return the words of a problem's class name, in lower case."""
    return [word.lower() for word in re.findall(r"[A-Z][a-z]*", class_name)]


def _on_problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    if (on_refusal := getattr(request.state, "on_refusal", None)) is not None:
        on_refusal(error)  # the request's transaction is over: what is written now stays
    title = words(type(error).__name__)
    return problem_reply(error.status, "-".join(title), " ".join(title).capitalize(), error.detail, error.headers, error.extra)


def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    headers = error.headers
    if error.status_code == HTTP_405_METHOD_NOT_ALLOWED:
        headers = {**(headers or {}), "Allow": ", ".join(sorted(_methods(request)))}
    titles = {404: "not-found", 405: "method-not-allowed"}
    kind = titles.get(error.status_code, f"http-{error.status_code}")
    return problem_reply(error.status_code, kind, kind.replace("-", " ").capitalize(), str(error.detail), headers)


def _methods(request: Request) -> set[str]:
    """Return the methods of every route at this path: the router's own answer names one route's alone."""
    routes = [route for route in request.app.routes if isinstance(route, Route) and route.path_regex.match(request.url.path)]
    return {method for route in routes for method in route.methods or ()}


def _on_validation(_request: Request, error: Exception) -> JSONResponse:
    """Name each field and what is wrong with it; the rejected value is not repeated, it may be personal."""
    assert isinstance(error, RequestValidationError)
    errors = [{"field": ".".join(str(part) for part in fault["loc"]), "message": fault["msg"]} for fault in error.errors()]
    return problem_reply(422, "invalid", "Invalid", f"{len(errors)} field(s) are not valid", extra={"errors": errors})


def _on_database(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DBAPIError)
    cause = error.orig
    if isinstance(cause, psycopg.errors.UniqueViolation):
        return problem_reply(409, "already-exists", "Already exists", f"a row with the same key exists ({cause.diag.constraint_name})")
    if isinstance(cause, psycopg.errors.LockNotAvailable | psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure):
        return problem_reply(409, "busy", "Busy", "another request is changing the same thing: try again", {"Retry-After": "1"})
    if isinstance(cause, psycopg.errors.CheckViolation):
        return problem_reply(422, "invalid", "Invalid", f"a value breaks the rule {cause.diag.constraint_name}")
    if isinstance(cause, psycopg.DataError):
        return problem_reply(422, "invalid", "Invalid", "a value does not fit its column: check lengths, ranges and characters")
    log.error("database error", path=request.url.path, error=type(cause).__name__)
    return problem_reply(
        503, "database-unavailable", "Database unavailable", "the database did not answer: try again", {"Retry-After": "2"}
    )


def unexpected(path: str, error: Exception) -> JSONResponse:
    """Log where an error came from, without its message or values (they may be personal), and return the reply."""
    places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-4:]]
    log.error("unexpected error", path=path, error=type(error).__name__, places=places)
    return problem_reply(500, "internal-error", "Internal error", "the request failed; it changed nothing")


def install(app: FastAPI) -> None:
    """Register the handlers that turn every error into problem+json."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(DBAPIError, _on_database)
