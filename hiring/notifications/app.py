"""The notification service as an ASGI application: ``uvicorn hiring.notifications.app:create_app --factory``."""

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Depends, FastAPI, Request
from prometheus_client import CollectorRegistry
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from starlette.concurrency import run_in_threadpool

from foundation import logs
from foundation.principals import IntrospectionUnavailable, Introspector
from foundation.settings import Home, MissingSecret
from foundation.telemetry import Observed
from hiring import errors
from hiring.access import AgencySubmissions, Caller, Grant, Trail, public
from hiring.database import open_engine, reading_engine, session_factory
from hiring.guard import Guard
from hiring.line_trail import LineTrail
from hiring.notifications.gauges import gauges
from hiring.notifications.router import Service, router
from hiring.notifications.settings import API_KEY, SIGNING_KEY, NotificationSettings
from hiring.notifications.stations import Work, prepare
from hiring.notifications.tables import deliveries, preferences
from hiring.operations.router import OperationsService
from hiring.operations.router import router as operations_router
from hiring.request_limit import RequestLimit
from hiring.turns import Turns

_BODY_LIMIT_BYTES = 100_000
_CONNECTIONS = 4


class NotReady(errors.Problem):
    """The service cannot work yet."""

    status = 503


class CoreUnavailable(errors.Problem):
    """The core, which knows who may what, did not answer: nobody may anything."""

    status = 503


class AskCore:
    """Turns a credential into a caller by asking the core."""

    def __init__(self, settings: NotificationSettings, home: Home) -> None:
        self._settings, self._home = settings, home

    def __call__(self, _session: Session, credential: str, _now: datetime) -> Caller | None:
        """Verify one credential; answers are not remembered: they are few."""
        try:
            introspector = Introspector(self._settings.core(self._home), self._home.read_secret(API_KEY), 0)
            try:
                principal = introspector.principal(credential)
            finally:
                introspector.close()
        except (IntrospectionUnavailable, MissingSecret) as error:
            raise CoreUnavailable(f"the credential could not be verified ({type(error).__name__}): try again") from error
        if principal is None:
            return None
        tenants = None if principal.tenant_ids is None else frozenset(map(UUID, principal.tenant_ids))
        return Caller(principal, tuple(Grant(role, tenants) for role in principal.roles))


def _add_health(app: FastAPI) -> None:
    @app.get("/health/live", tags=["health"], dependencies=[Depends(public)])
    def live() -> dict[str, str]:
        """Say that the process runs."""
        return {"status": "live"}

    @app.get("/health/ready", tags=["health"], dependencies=[Depends(public)])
    def ready(request: Request) -> dict[str, Any]:
        """Say that the database answers and how each channel is. An open breaker is no fault of this service: its deliveries wait."""
        try:
            with request.app.state.session_maker() as session:
                for table in (deliveries, preferences):
                    session.execute(select(table).limit(0))
        except Exception as error:
            raise NotReady(f"the database does not answer or was never migrated ({type(error).__name__})") from error
        work: Work = request.app.state.work
        return {"status": "ready", "channels": work.health()}


def create_app(
    settings: NotificationSettings | None = None,
    home: Home | None = None,
    trail_over: Callable[[sessionmaker[Session]], Trail] = LineTrail,
) -> FastAPI:
    """Return the application; its stations work while it is served.

    Args:
        settings: default: read from the environment.
        home: where the secrets are; default: read from the environment.
        trail_over: makes the audit trail of the service's sessions.
    """
    logs.configure()
    settings, home = settings or NotificationSettings(), home or Home()
    engine = open_engine(settings.postgres, _CONNECTIONS)
    stopping = threading.Event()
    work = prepare(settings, home, engine, stopping)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        working = threading.Thread(target=work.run, args=(stopping, settings.postgres), name="stations")
        working.start()
        yield
        stopping.set()
        await run_in_threadpool(working.join)
        engine.dispose()

    app = FastAPI(
        title="Educator Nexus notifications API",
        version="1",
        summary="Dead letters, preferences and the unsubscribe page.",
        docs_url="/docs" if settings.docs_enabled else None,
        redoc_url=None,
        openapi_url="/openapi.json" if settings.docs_enabled else None,
        lifespan=lifespan,
        responses=errors.REFUSALS | errors.CORE_AWAY,
    )
    errors.install(app)
    app.add_middleware(Guard, body_limit=_BODY_LIMIT_BYTES)
    registry = CollectorRegistry()
    app.add_middleware(Observed, service="notifications", registry=registry)
    state = app.state
    state.engine, state.reading_engine, state.session_maker, state.work = engine, reading_engine(engine), session_factory(engine), work
    state.turns = Turns(_CONNECTIONS)
    state.notifications = Service(settings, home, home.ensure_secret(SIGNING_KEY))
    state.authenticator = AskCore(settings, home)
    state.audit = trail_over(state.session_maker)
    state.operations = OperationsService((gauges, work.gauges), registry)
    state.request_limit = RequestLimit(settings.requests_per_minute)
    # No route here asks for rows of a school or an agency: whoever is not the platform's reaches nothing.
    state.read_submissions = lambda _session, _agency_ids: AgencySubmissions()
    state.is_school = lambda _session, _organisation_id: False
    _add_health(app)
    app.include_router(router)
    app.include_router(operations_router)
    return app
