"""Turn a credential into a ``Principal`` by asking the hiring API, with a short cache. Used by serving and dashboards alike."""

import hashlib
import threading
import time
from collections import OrderedDict

import httpx

from foundation import logs
from foundation.access import Principal

CACHE_SECONDS = 30.0
_CACHE_ENTRIES = 10_000


class IntrospectionUnavailable(RuntimeError):
    """The hiring API could not be asked. Access is denied, and the message says which address failed."""


class Introspector:
    """Asks ``POST /v1/credentials/introspect`` and remembers answers for at most 30 seconds.

    Args:
        hiring_url: base address of the hiring API.
        service_key: this service's own API key (``id.secret``, scope ``credentials:introspect``).
    """

    def __init__(self, hiring_url: str, service_key: str, cache_seconds: float = CACHE_SECONDS) -> None:
        self._client = httpx.Client(
            base_url=hiring_url,
            timeout=5.0,
            headers={"Authorization": f"Bearer {service_key}"},
            event_hooks={"request": [logs.carry_correlation]},
        )
        self._cache_seconds = min(cache_seconds, CACHE_SECONDS)
        self._cache: OrderedDict[str, tuple[float, Principal | None]] = OrderedDict()
        self._lock = threading.Lock()

    def remembered(self, credential: str) -> tuple[bool, Principal | None]:
        """Return (whether an answer is remembered, the answer) without asking anybody: safe on an event loop."""
        digest = hashlib.sha256(credential.encode()).hexdigest()
        with self._lock:
            known = self._cache.get(digest)
        return (True, known[1]) if known and known[0] > time.monotonic() else (False, None)

    def principal(self, credential: str) -> Principal | None:
        """Return the caller behind a credential, ``None`` when it is not valid.

        Raises:
            IntrospectionUnavailable: the hiring API did not answer.
        """
        known, answer = self.remembered(credential)
        if known:
            return answer
        digest = hashlib.sha256(credential.encode()).hexdigest()
        try:
            reply = self._client.post("/v1/credentials/introspect", json={"credential": credential})
            reply.raise_for_status()
        except httpx.HTTPError as error:
            raise IntrospectionUnavailable(f"the hiring API at {self._client.base_url} did not answer: {type(error).__name__}") from error
        principal = Principal.from_json(reply.json())
        with self._lock:
            self._cache[digest] = (time.monotonic() + self._cache_seconds, principal)
            while len(self._cache) > _CACHE_ENTRIES:
                self._cache.popitem(last=False)
        return principal

    def close(self) -> None:
        """Close the connections to the hiring API."""
        self._client.close()

    def forget(self, credential: str) -> None:
        """Drop a remembered answer: after sign-out the next request asks again."""
        with self._lock:
            self._cache.pop(hashlib.sha256(credential.encode()).hexdigest(), None)
