"""Puts the API together: which service gets which key, engine and reader. Nothing else knows more than its own part."""

from datetime import timedelta

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine
from starlette.datastructures import State

from foundation.settings import Home
from hiring.applications import repository as applications_repository
from hiring.applications.offers import OfferService
from hiring.applications.offers_router import router as offers_router
from hiring.applications.router import router as applications_router
from hiring.applications.service import ApplicationService
from hiring.applications.stages import WorkflowService
from hiring.applications.standing import StandingService
from hiring.applications.workflow_router import router as workflow_router
from hiring.assessments.gauges import gauges as assessment_gauges
from hiring.audit.router import router as audit_router
from hiring.audit.service import AuditService
from hiring.bus.gauges import gauges as bus_gauges
from hiring.bus.router import add_document
from hiring.bus.router import router as events_router
from hiring.cache import CacheSettings, Generation, open_cache
from hiring.candidates.router import router as candidates_router
from hiring.candidates.service import CandidateService
from hiring.database import reading_engine, session_factory
from hiring.equity.service import EquityService
from hiring.flows.closing import Closing
from hiring.flows.contacts_router import router as contacts_router
from hiring.flows.pipeline import Pipeline
from hiring.flows.pipeline_router import router as pipeline_router
from hiring.flows.resizing import Resizing
from hiring.flows.router import Flows
from hiring.flows.router import router as flows_router
from hiring.flows.submitting import Submitting
from hiring.flows.survey_router import SurveyFlow
from hiring.flows.survey_router import router as survey_router
from hiring.hire_saga.gauges import gauges as hire_saga_gauges
from hiring.hire_saga.router import router as hire_saga_router
from hiring.hire_saga.service import HireSagaService
from hiring.identity import repository as identity_repository
from hiring.identity.access_tokens import AccessTokens, derived_key
from hiring.identity.api_keys import ApiKeyService
from hiring.identity.authentication import Authentication
from hiring.identity.keys_router import router as keys_router
from hiring.identity.oidc import OidcSignIn
from hiring.identity.oidc_provider import OidcProvider
from hiring.identity.oidc_router import router as oidc_router
from hiring.identity.router import router as identity_router
from hiring.identity.service import IdentityService
from hiring.identity.sessions import SessionService
from hiring.identity.sessions_router import router as sessions_router
from hiring.identity.sign_in import Lifetimes, SignIn
from hiring.identity.throttle import Throttle
from hiring.insights.alerts import AlertService
from hiring.insights.alerts_router import router as alerts_router
from hiring.insights.router import router as insights_router
from hiring.insights.service import InsightsService
from hiring.job_board.router import PUBLIC_CHANGES, CachedBoard
from hiring.job_board.router import router as job_board_router
from hiring.jobs.planning import PlanningService
from hiring.jobs.planning_router import router as planning_router
from hiring.jobs.router import router as jobs_router
from hiring.jobs.service import JobService
from hiring.notifications.gauges import gauges as notification_gauges
from hiring.operations.router import OperationsService
from hiring.operations.router import router as operations_router
from hiring.request_limit import RequestLimit
from hiring.settings import HiringSettings, OidcSettings
from hiring.turns import Turns

# A path is looked for from the first router on, route by route: those that are asked most come first.
ROUTERS = (
    job_board_router,
    jobs_router,
    pipeline_router,
    applications_router,
    flows_router,
    candidates_router,
    sessions_router,
    oidc_router,
    identity_router,
    keys_router,
    planning_router,
    workflow_router,
    offers_router,
    hire_saga_router,
    survey_router,
    contacts_router,
    insights_router,
    alerts_router,
    audit_router,
    operations_router,
    events_router,
)

GAUGES = (bus_gauges, notification_gauges, hire_saga_gauges, assessment_gauges)


def wire(app: FastAPI, engine: Engine, settings: HiringSettings, oidc: OidcSettings, home: Home, registry: CollectorRegistry) -> None:
    """Give the app its engine, services and routes."""
    candidate_key = home.ensure_secret("candidate_key")
    state = app.state
    state.engine = engine
    state.reading_engine = reading_engine(engine)
    state.session_maker = session_factory(engine)
    state.turns = Turns(settings.pool_size)
    session_key = home.ensure_secret("session_key")
    tokens = AccessTokens(session_key)
    state.authenticator = Authentication(tokens, applications_repository.agency_tenants)
    state.request_limit = RequestLimit(settings.requests_per_minute)
    state.read_submissions = applications_repository.submissions_of
    state.is_school = identity_repository.is_school
    state.audit = AuditService(state.session_maker, candidate_key)
    state.identity = IdentityService(candidate_key, settings.survey_lawful_in)
    state.sessions = SessionService(state.identity)
    state.api_keys = ApiKeyService()
    state.sign_in = _sign_in(state, settings, candidate_key, tokens)
    state.oidc = None
    if oidc.issuer:
        state.oidc = OidcSignIn(oidc, OidcProvider(oidc, oidc.secret(home)), state.sign_in, derived_key(session_key, "oidc attempt"))
    state.jobs = JobService()
    state.planning = PlanningService(state.jobs)
    state.candidates = CandidateService(candidate_key, applications_repository.Applicants())
    state.applications = ApplicationService()
    state.workflow = WorkflowService()
    state.standing = StandingService(state.applications)
    state.offers = OfferService(state.applications)
    submitting = Submitting(state.identity, state.jobs, state.planning, state.candidates, state.applications)
    state.pipeline = Pipeline(state.jobs, state.planning, state.candidates, state.standing)
    closing, resizing = Closing(state.jobs, state.applications), Resizing(state.jobs, state.standing)
    state.flows = Flows(submitting, closing, resizing, state.candidates, state.applications)
    state.hire_sagas = HireSagaService(state.jobs, state.applications, state.offers)
    equity = EquityService(home.ensure_secret("equity_key"), state.session_maker, settings.survey_days)
    state.survey = SurveyFlow(state.identity, state.candidates, state.applications, equity, state.session_maker)
    state.insights = InsightsService()
    state.operations = OperationsService(GAUGES, registry)
    plain_url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    state.public_changes = Generation(plain_url, PUBLIC_CHANGES)
    state.cache = open_cache(CacheSettings().url)
    state.job_board = CachedBoard.over(state.cache, session_factory(state.reading_engine), state.public_changes, state.turns)
    state.alerts = AlertService(identity_repository.address_of_reader)
    for router in ROUTERS:
        app.include_router(router)
    if settings.docs_enabled:
        add_document(app)


def _sign_in(state: State, settings: HiringSettings, candidate_key: str, tokens: AccessTokens) -> SignIn:
    """Return what opens sessions, by the limits of the settings."""
    throttle = Throttle(state.session_maker, candidate_key, settings.sign_in_failures_per_account, settings.sign_in_failures_per_address)
    lifetimes = Lifetimes(
        access=timedelta(minutes=settings.access_minutes),
        idle=timedelta(minutes=settings.session_idle_minutes),
        absolute=timedelta(hours=settings.session_hours),
    )
    return SignIn(state.session_maker, tokens, state.authenticator, throttle, state.audit, candidate_key, lifetimes, state.request_limit)
