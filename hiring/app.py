"""The hiring API as an ASGI application: ``uvicorn hiring.app:create_app --factory``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, Request
from sqlalchemy import text
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from foundation import logs
from foundation.settings import Databases, Home
from hiring import errors
from hiring.access import public
from hiring.database import open_engine
from hiring.migrations.runner import newest_revision
from hiring.settings import HiringSettings, OidcSettings
from hiring.wiring import wire

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"private, no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
_DOCS = ("/docs", "/openapi.json")


class NotReady(errors.Problem):
    """The API cannot serve yet."""

    status = 503


class Guard:
    """Outermost layer: refuses large bodies, answers unexpected errors, adds security headers to every reply."""

    def __init__(self, app: ASGIApp, body_limit: int) -> None:
        """Wrap ``app``; ``body_limit`` in bytes."""
        self._app = app
        self._limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        has_started = False

        async def with_headers(message: Message) -> None:
            nonlocal has_started
            has_started = True
            if message["type"] == "http.response.start" and not scope["path"].startswith(_DOCS):
                known = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(header for header in _HEADERS if header[0] not in known)]
            await send(message)

        sizes = [value for name, value in scope["headers"] if name == b"content-length"]
        messages = [] if sizes else await self._read(receive)
        announced = int(sizes[0]) if sizes else sum(len(message.get("body", b"")) for message in messages)
        if announced > self._limit:
            reply = errors.problem_reply(413, "body-too-large", "Body too large", f"send at most {self._limit} bytes")
            await reply(scope, receive, with_headers)
            return

        async def replayed() -> Message:
            return messages.pop(0) if messages else await receive()

        try:
            await self._app(scope, replayed, with_headers)
        except Exception as error:
            if has_started:
                raise
            await errors.unexpected(scope["path"], error)(scope, receive, with_headers)

    async def _read(self, receive: Receive) -> list[Message]:
        """Read a body of unannounced length, a little more than the limit at most."""
        messages, size, more = [], 0, True
        while more and size <= self._limit:
            messages.append(await receive())
            size += len(messages[-1].get("body", b""))
            more = messages[-1].get("more_body", False)
        return messages


def _add_health(app: FastAPI) -> None:
    @app.get("/health/live", tags=["health"], dependencies=[Depends(public)])
    def live() -> dict[str, str]:
        """Say that the process runs."""
        return {"status": "live"}

    @app.get("/health/ready", tags=["health"], dependencies=[Depends(public)])
    def ready(request: Request) -> dict[str, str]:
        """Say that the database answers and stands at the revision this code expects."""
        try:
            with request.app.state.engine.connect() as connection:
                revision = connection.execute(text("select version_num from alembic_version")).scalar()
        except Exception as error:
            raise NotReady(f"the database does not answer or was never migrated ({type(error).__name__})") from error
        if revision != newest_revision():
            raise NotReady(f"the database is at revision {revision}, this code needs {newest_revision()}: run the migrations")
        return {"status": "ready", "revision": revision}


def create_app(
    settings: HiringSettings | None = None,
    database_url: str | None = None,
    home: Home | None = None,
    oidc: OidcSettings | None = None,
) -> FastAPI:
    """Return the application.

    Args:
        settings: default: read from the environment.
        database_url: default: the hiring database of the settings.
        home: where the secrets are; default: read from the environment.
        oidc: the provider people may sign in at; default: read from the environment.
    """
    logs.configure()
    settings = settings or HiringSettings()
    engine = open_engine(database_url or Databases().url("hiring"), settings.pool_size)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        engine.dispose()

    app = FastAPI(
        title="Educator Nexus hiring API",
        version="1",
        summary="Jobs, candidates, applications, offers and hires of a network of schools.",
        docs_url="/docs" if settings.docs_enabled else None,
        redoc_url=None,
        openapi_url="/openapi.json" if settings.docs_enabled else None,
        lifespan=lifespan,
        responses={
            "4XX": {"description": "A problem (RFC 9457)", "content": {"application/problem+json": {"schema": {"type": "object"}}}},
        },
    )
    errors.install(app)
    app.add_middleware(Guard, body_limit=settings.body_limit_bytes)
    _add_health(app)
    wire(app, engine, settings, oidc or OidcSettings(), home or Home())
    return app
