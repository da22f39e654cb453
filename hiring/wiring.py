"""Puts the API together: which service gets which key, engine and reader. Nothing else knows more than its own part."""

from fastapi import FastAPI
from sqlalchemy import Engine

from foundation.settings import Home
from hiring.database import session_factory
from hiring.identity.authentication import Authentication
from hiring.identity.router import router as identity_router
from hiring.identity.service import IdentityService
from hiring.settings import HiringSettings

ROUTERS = (identity_router,)


def wire(app: FastAPI, engine: Engine, settings: HiringSettings, home: Home) -> None:
    """Give the app its engine, services and routes."""
    candidate_key = home.ensure_secret("candidate_key")
    app.state.engine = engine
    app.state.session_maker = session_factory(engine)
    app.state.authenticator = Authentication(candidate_key, settings.session_hours, agency_tenants)
    app.state.identity = IdentityService(candidate_key)
    for router in ROUTERS:
        app.include_router(router)
