"""The assessments API as an ASGI application: ``uvicorn hiring.assessments.app:create_app --factory``.

It runs over the hiring database or over one of its own (``own_database.py``); of the core it knows an address and a key to verify
credentials by.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
from fastapi import Depends, FastAPI, Request
from prometheus_client import CollectorRegistry
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from foundation import logs
from foundation.principals import Introspector
from foundation.settings import Databases, Home
from foundation.telemetry import Observed
from hiring import errors
from hiring.access import Trail, public
from hiring.assessments import interviews_router, uploads_router
from hiring.assessments.callers import IntrospectedCallers, no_submissions
from hiring.assessments.errors import NotReady
from hiring.assessments.gauges import gauges
from hiring.assessments.interviews import InterviewService
from hiring.assessments.jobs import AnalysisService, parse_service
from hiring.assessments.known_applications import KnownApplications
from hiring.assessments.screening import ScreeningService
from hiring.assessments.settings import AssessmentsSettings
from hiring.assessments.tables import uploads
from hiring.assessments.upload_files import UploadFiles
from hiring.assessments.uploads import UploadService
from hiring.database import open_engine, reading_engine, session_factory
from hiring.guard import Guard
from hiring.line_trail import LineTrail
from hiring.operations.router import OperationsService
from hiring.operations.router import router as operations_router
from hiring.request_limit import RequestLimit
from hiring.turns import Turns

CORE_SECONDS = 5.0


def create_app(
    settings: AssessmentsSettings | None = None,
    database_url: str | None = None,
    home: Home | None = None,
    trail_over: Callable[[sessionmaker[Session]], Trail] = LineTrail,
) -> FastAPI:
    """Return the application.

    Args:
        settings: default: read from the environment.
        database_url: default: of the settings, else the hiring database.
        home: where secrets and uploads are; default: read from the environment.
        trail_over: makes the audit trail of the service's sessions.
    """
    logs.configure()
    settings, home = settings or AssessmentsSettings(), home or Home()
    pool = open_engine(database_url or settings.database_url or Databases().url("hiring"), settings.pool_size)
    # Idempotency keys live in this service's own schema: it reads no table of identity.
    engine = pool.execution_options(schema_translate_map={"identity": "assessments"})
    introspector = Introspector(settings.hiring_url, home.read_secret("internal_api_key"), settings.introspection_seconds)
    core = httpx.Client(base_url=settings.hiring_url, timeout=CORE_SECONDS)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        introspector.close()
        core.close()
        pool.dispose()

    app = FastAPI(
        title="Educator Nexus assessments API",
        version="1",
        summary="Interviews, scorecards, screening checks, résumés and interview transcripts.",
        docs_url="/docs" if settings.docs_enabled else None,
        redoc_url=None,
        openapi_url="/openapi.json" if settings.docs_enabled else None,
        lifespan=lifespan,
        responses=errors.REFUSALS | errors.CORE_AWAY,
    )
    errors.install(app)
    app.add_middleware(Guard, body_limit=settings.body_limit_bytes, streams=uploads_router.streams)
    registry = CollectorRegistry()
    app.add_middleware(Observed, service="assessments", registry=registry)
    state = app.state
    state.engine = engine
    state.turns = Turns(settings.pool_size)
    state.reading_engine = reading_engine(engine)
    state.session_maker = session_factory(engine)
    state.authenticator = IntrospectedCallers(introspector)
    state.audit = trail_over(state.session_maker)
    state.operations = OperationsService((gauges,), registry)
    state.request_limit = RequestLimit(settings.requests_per_minute)
    state.read_submissions = no_submissions
    state.is_school = lambda _session, _tenant_id: True  # the core told the school with the application
    state.known_applications = KnownApplications(core)
    state.interviews = InterviewService()
    state.screening = ScreeningService()
    state.upload_files = UploadFiles(home.root / "uploads")
    state.uploads = UploadService(settings, state.session_maker, state.upload_files)
    state.resume_parses = parse_service(settings)
    state.interview_analyses = AnalysisService(settings)
    _add_health(app)
    app.include_router(interviews_router.router)
    app.include_router(interviews_router.internal)
    app.include_router(uploads_router.router)
    app.include_router(operations_router)
    return app


def _add_health(app: FastAPI) -> None:
    @app.get("/health/live", tags=["health"], dependencies=[Depends(public)])
    def live() -> dict[str, str]:
        """Say that the process runs."""
        return {"status": "live"}

    @app.get("/health/ready", tags=["health"], dependencies=[Depends(public)])
    def ready(request: Request) -> dict[str, str]:
        """Say that the database answers and has this service's tables."""
        try:
            with request.app.state.session_maker() as session:
                session.execute(select(uploads).limit(1)).all()
        except Exception as error:
            raise NotReady(f"the database does not answer or was never migrated ({type(error).__name__})") from error
        return {"status": "ready"}
