"""What a service tells about itself over time: request latency for Prometheus, traces for OpenTelemetry when an endpoint is set.

What belongs here: the ASGI layer that measures and correlates, spans. What doesn't: gauges of a domain's state (its own package).
"""

import os
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Histogram

from foundation import logs

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"  # the name OpenTelemetry itself reads
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Observed:
    """Outermost ASGI layer: correlates each request, measures it by route and status, and traces it.

    A request without a route counts as ``unmatched``: what strangers type must not make new series.
    """

    def __init__(self, app: App, service: str, registry: CollectorRegistry) -> None:
        """Wrap ``app``; the histogram ``http_request_seconds`` goes into ``registry``."""
        self._app, self._service = app, service
        self._seconds = Histogram(
            "http_request_seconds",
            "Time to answer a request.",
            ("service", "method", "route", "status"),
            buckets=BUCKETS,
            registry=registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        wanted = logs.CORRELATION_HEADER.lower().encode()
        given = next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), None)
        status = 500
        with logs.correlated(given) as correlation:

            async def told(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                    message["headers"] = [*message["headers"], (wanted, correlation.encode())]
                await send(message)

            start = time.perf_counter()
            with span(f"{scope['method']}", service=self._service) as attributes:
                try:
                    await self._app(scope, receive, told)
                finally:
                    route = getattr(scope.get("route"), "path", "unmatched")
                    labels = (self._service, scope["method"], route, str(status))
                    self._seconds.labels(*labels).observe(time.perf_counter() - start)
                    attributes |= {"http.route": route, "http.response.status_code": status}


@contextmanager
def span(name: str, *, service: str, **attributes: str | int) -> Iterator[dict[str, str | int]]:
    """Trace a piece of work; costs nothing without an endpoint. What is put into the yielded mapping becomes attributes.

    Args:
        name: of the work: a route's method, a station, a step; never a value of somebody.
        service: the process that does it.
        attributes: codes and counts known at the start.
    """
    found: dict[str, str | int] = dict(attributes)
    if not os.environ.get(ENDPOINT):
        yield found
        return
    with _tracer(service).start_as_current_span(name) as current:
        try:
            yield found
        finally:
            correlation = logs.correlation_id()
            for key, value in (found | ({"correlation_id": correlation} if correlation else {})).items():
                current.set_attribute(key, value)
            if "http.route" in found:
                current.update_name(f"{name} {found['http.route']}")


@cache
def _tracer(service: str) -> "Tracer":
    """Start the exporter of this process: batches over HTTP, in a thread of its own; a dead endpoint delays nobody."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": f"educator-nexus-{service}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer("educator_nexus")
