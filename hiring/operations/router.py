"""``/metrics`` for Prometheus and ``/v1/operations`` for the operator's page: the same figures, the same permission."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from hiring.access import Access, requires
from hiring.operations.gauges import Gauge, Reader
from hiring.operations.schemas import Operation, Operations
from hiring.permissions import Permission
from hiring.transaction import DatabaseSession, TransactionRoute

router = APIRouter(tags=["operations"], route_class=TransactionRoute)
Read = Annotated[Access, requires(Permission.OPERATIONS_READ)]


@dataclass(frozen=True)
class OperationsService:
    """The readers of every domain's figures, and what the process measured of its own requests."""

    readers: Sequence[Reader]
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def gauges(self, session: DatabaseSession, access: Access) -> list[Gauge]:
        """Return every figure, now."""
        access.require_platform()
        return [gauge for read in self.readers for gauge in read(session, access.now)]


class _Once(Collector):
    """Shows given gauges to the text format."""

    def __init__(self, gauges: Iterable[Gauge]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterator[Metric]:
        families: dict[str, GaugeMetricFamily] = {}
        for gauge in self._gauges:
            family = families.setdefault(gauge.name, GaugeMetricFamily(gauge.name, gauge.help, labels=sorted(gauge.labels)))
            family.add_metric([gauge.labels[name] for name in sorted(gauge.labels)], gauge.value)
        yield from families.values()


def _service(request: Request) -> OperationsService:
    service: OperationsService = request.app.state.operations
    return service


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(request: Request, access: Read, session: DatabaseSession) -> Response:
    """Return the figures in Prometheus' text format; scrape it with a key that holds ``operations:read``."""
    service = _service(request)
    state = CollectorRegistry()
    state.register(_Once(service.gauges(session, access)))
    return Response(generate_latest(service.registry) + generate_latest(state), media_type=CONTENT_TYPE_LATEST)


@router.get("/v1/operations", response_model=Operations)
def operations(request: Request, access: Read, session: DatabaseSession) -> Operations:
    """Return the figures for a page: queues, consumers, sagas, dead letters."""
    gauges = _service(request).gauges(session, access)
    return Operations(at=access.now, items=[Operation(name=g.name, help=g.help, value=g.value, labels=dict(g.labels)) for g in gauges])
