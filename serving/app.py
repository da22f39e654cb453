"""The application: wiring, health, life cycle. mlflow and Great Expectations are never imported here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from prometheus_client import CollectorRegistry
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from foundation import logs
from foundation.export_trail import ExportTrail
from foundation.principals import Introspector
from foundation.receipt_book import ReceiptBook
from foundation.settings import Home
from foundation.telemetry import Observed
from metrics.catalogue import Catalogue
from serving import errors, router_metrics, router_operations, router_predictions
from serving.metric_answers import MetricAnswers
from serving.model_store import ModelStore
from serving.prediction_log import PredictionLog


class ServingSettings(BaseSettings):
    """Settings of the prediction API."""

    model_config = SettingsConfigDict(env_prefix="NEXUS_SERVING_", frozen=True, extra="ignore")

    hiring_url: str = Field("http://127.0.0.1:8000", description="where credentials are verified")
    poll_seconds: float = Field(1.0, gt=0, description="how often CURRENT is looked at")


def create_app() -> FastAPI:
    """Build the application from the settings of the environment."""
    home, settings = Home(), ServingSettings()
    key = home.read_secret("internal_api_key")
    receipts, trail = ReceiptBook(settings.hiring_url, key), ExportTrail(settings.hiring_url, key)
    return build_app(home.root, Introspector(settings.hiring_url, key), settings.poll_seconds, receipts=receipts, export_trail=trail)


def build_app(
    root: Path,
    introspector: Introspector,
    poll_seconds: float = 1.0,
    *,
    receipts: ReceiptBook | None = None,
    export_trail: ExportTrail | None = None,
) -> FastAPI:
    """Build the application over a home, a way to verify credentials, where receipts are kept, and the audit log of what leaves."""
    logs.configure()
    models = ModelStore(root, Catalogue.load(), poll_seconds)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        app.state.log = PredictionLog(root / "prediction_log")
        models.start()
        if export_trail:
            export_trail.start()
        yield
        if export_trail:
            await asyncio.to_thread(export_trail.close)
        models.stop()
        app.state.log.close()

    app = FastAPI(
        title="Educator Nexus predictions and metrics",
        version="1",
        description="Time to hire, candidate success and every metric of the catalogue, each with interval, version and as-of.",
        lifespan=life,
        separate_input_output_schemas=False,
    )
    app.state.models = models
    app.state.answers = MetricAnswers(models)
    app.state.introspector = introspector
    app.state.receipts = receipts
    app.state.export_trail = export_trail
    errors.install(app)
    app.state.registry = CollectorRegistry()
    app.add_middleware(Observed, service="prediction", registry=app.state.registry)
    app.include_router(router_predictions.router)
    app.include_router(router_metrics.router)
    app.include_router(router_operations.router)

    @app.get("/health/live", tags=["health"])
    async def live() -> dict[str, str]:
        """Say that the process answers."""
        return {"status": "live"}

    @app.get("/health/ready", tags=["health"], responses=errors.responses(503))
    async def ready(request: Request) -> dict[str, str]:
        """Say which published version is being served; 503 before the first."""
        serving = request.app.state.models.current()
        return {"status": "ready", "publish_version": serving.pointer.publish_version, **serving.pointer.bundles}

    return app
