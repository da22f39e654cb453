"""``/metrics`` for Prometheus: request latency by route, and how old the published figures are."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from foundation import clock
from foundation.access import Principal, Right
from serving.access import require
from serving.errors import NotReady, responses

router = APIRouter(tags=["operations"])


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}, **responses(401, 403, 503)})
async def metrics(request: Request, _caller: Annotated[Principal, Depends(require(Right.READ_OPERATIONS))]) -> Response:
    """Return the figures in Prometheus' text format; scrape it with a key that holds ``operations:read``.

    Before the first publish the ages are left out: a missing series is told by an alert of its own.
    """
    state = CollectorRegistry()
    try:
        pointer = request.app.state.models.current().pointer
    except NotReady:
        pointer = None
    if pointer is not None:
        now = clock.now()
        published = Gauge("published_age_seconds", "Time since the figures were published.", registry=state)
        published.set((now - pointer.published_at).total_seconds())
        data = Gauge("published_data_age_seconds", "Age of the newest change in the published figures.", registry=state)
        data.set((now - pointer.as_of).total_seconds())
    return Response(generate_latest(request.app.state.registry) + generate_latest(state), media_type=CONTENT_TYPE_LATEST)
