"""The hiring API as an ASGI application: ``uvicorn hiring.app:create_app --factory``."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, Request
from prometheus_client import CollectorRegistry
from sqlalchemy import text

from foundation import logs
from foundation.settings import Databases, Home
from foundation.telemetry import Observed
from hiring import errors
from hiring.access import public
from hiring.database import open_engine
from hiring.guard import Guard
from hiring.migrations.runner import newest_revision
from hiring.settings import HiringSettings, OidcSettings
from hiring.wiring import wire


class NotReady(errors.Problem):
    """The API cannot serve yet."""

    status = 503


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
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.public_changes.start()
        gc.collect()
        gc.freeze()  # what was imported stays: no collection between requests has to look at it again
        yield
        gc.unfreeze()
        app.state.public_changes.stop()
        await app.state.cache.close()
        engine.dispose()

    app = FastAPI(
        title="Educator Nexus hiring API",
        version="1",
        summary="Jobs, candidates, applications, offers and hires of a network of schools.",
        docs_url="/docs" if settings.docs_enabled else None,
        redoc_url=None,
        openapi_url="/openapi.json" if settings.docs_enabled else None,
        lifespan=lifespan,
        responses=errors.REFUSALS,
    )
    errors.install(app)
    registry = CollectorRegistry()
    app.add_middleware(Guard, body_limit=settings.body_limit_bytes)
    app.add_middleware(Observed, service="hiring", registry=registry)
    _add_health(app)
    wire(app, engine, settings, oidc or OidcSettings(), home or Home(), registry)
    return app
