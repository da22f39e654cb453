"""Keeps figures as receipts in the hiring core and opens them again, over HTTP. Used by serving and dashboards alike."""

from typing import Any

import httpx

from foundation import logs
from foundation.principals import IntrospectionUnavailable


class ReceiptsUnavailable(IntrospectionUnavailable):
    """The hiring API did not answer, or refused the service. The message says which."""


class ReceiptBook:
    """The receipts of the hiring core.

    Args:
        hiring_url: base address of the hiring API.
        service_key: a key with scope ``receipts:write``; people hold none, so that nobody writes a figure by hand.
    """

    def __init__(self, hiring_url: str, service_key: str) -> None:
        self._key = service_key
        self._client = httpx.Client(base_url=hiring_url, timeout=5.0, event_hooks={"request": [logs.carry_correlation]})

    def keep(self, body: dict[str, Any]) -> str:
        """Keep a figure (``metrics.receipts.receipt_body``) and return the receipt's id; the same figure gives the same id.

        Raises:
            ReceiptsUnavailable: it could not be kept.
        """
        reply = self._send("POST", "/v1/receipts", self._key, json=body)
        if reply.status_code != httpx.codes.CREATED:
            raise ReceiptsUnavailable(f"the hiring API answered {reply.status_code}: renew the services' keys (`nexus demo` does)")
        return str(reply.json()["id"])

    def open(self, receipt_id: str, credential: str) -> dict[str, Any] | None:
        """Return a receipt for the bearer of a credential; None when there is none, or it is not theirs to read.

        Raises:
            ReceiptsUnavailable: the hiring API did not answer.
        """
        if not receipt_id.replace("-", "").replace("_", "").isalnum() or len(receipt_id) > 64:
            return None
        reply = self._send("GET", f"/v1/receipts/{receipt_id}", credential)
        if reply.status_code in {httpx.codes.NOT_FOUND, httpx.codes.FORBIDDEN}:
            return None
        if reply.is_error:
            raise ReceiptsUnavailable(f"the hiring API answered {reply.status_code}")
        receipt: dict[str, Any] = reply.json()
        return receipt

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _send(self, method: str, path: str, credential: str, **content: Any) -> httpx.Response:
        try:
            return self._client.request(method, path, headers={"Authorization": f"Bearer {credential}"}, **content)
        except httpx.HTTPError as fault:
            raise ReceiptsUnavailable(f"the hiring API does not answer: {type(fault).__name__}") from fault
