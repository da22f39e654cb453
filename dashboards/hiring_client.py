"""The hiring API over HTTP: sessions, and what a person keeps (views, targets). Checking a session is foundation.principals'."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from foundation import logs
from foundation.principals import IntrospectionUnavailable

_REFUSED = frozenset({400, 401, 403, 404, 422})


class CredentialsRefused(RuntimeError):
    """The hiring API knows no such e-mail and password. Says no more than that, by design."""


class TooManyAttempts(RuntimeError):
    """The hiring API asks to wait before the next attempt."""


class NotKept(RuntimeError):
    """The hiring API refused to keep something. The message is its own."""


class HiringUnavailable(IntrospectionUnavailable):
    """The hiring API can't be reached or answers with a failure."""


@dataclass(frozen=True)
class NewSession:
    """An opened session: the opaque token is the credential, known only to the cookie."""

    token: str
    expires_at: datetime


class HiringClient:
    """A small synchronous client; one connection pool for the process."""

    def __init__(self, base_url: str, *, transport: httpx.BaseTransport | None = None, timeout_seconds: float = 5.0) -> None:
        """Make a client; ``transport`` is for tests that run the API in process."""
        self._http = httpx.Client(
            base_url=base_url, timeout=timeout_seconds, transport=transport, event_hooks={"request": [logs.carry_correlation]}
        )

    def open_session(self, email: str, password: str) -> NewSession:
        """Open a session for a person.

        Raises:
            CredentialsRefused: e-mail or password is wrong, or the account is closed.
            TooManyAttempts: the API limits attempts.
            HiringUnavailable: no answer, or a failure.
        """
        reply = self._send("POST", "/v1/sessions", json={"email": email, "password": password})
        if reply.status_code in _REFUSED:
            raise CredentialsRefused
        if reply.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise TooManyAttempts
        self._check(reply)
        body: dict[str, str] = reply.json()
        return NewSession(token=body["token"], expires_at=datetime.fromisoformat(body["expires_at"]))

    def close_session(self, token: str) -> None:
        """End a session; an unknown or already ended one is fine.

        Raises:
            HiringUnavailable: no answer, or a failure.
        """
        reply = self._send("DELETE", "/v1/sessions/current", headers={"Authorization": f"Bearer {token}"})
        if reply.status_code not in _REFUSED:
            self._check(reply)

    def read(self, token: str, path: str, **query: str) -> list[dict[str, Any]]:
        """Return every item of a list of the signed-in person's, such as ``saved-views`` or ``targets``.

        Raises:
            HiringUnavailable: no answer, or a failure.
        """
        items: list[dict[str, Any]] = []
        asked: dict[str, Any] = {"limit": 200, **query}
        while True:
            reply = self._send("GET", f"/v1/{path}", params=asked, headers=_bearer(token))
            if reply.status_code == httpx.codes.FORBIDDEN:
                return []
            self._check(reply)
            page = reply.json()
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            asked["cursor"] = page["next_cursor"]

    def read_one(self, token: str, path: str) -> dict[str, Any]:
        """Return one thing that the signed-in person may read.

        Raises:
            HiringUnavailable: no answer, a refusal or a failure.
        """
        reply = self._send("GET", f"/v1/{path}", headers=_bearer(token))
        self._check(reply)
        body: dict[str, Any] = reply.json()
        return body

    def write(self, token: str, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        """Make, change or delete one thing of the signed-in person's.

        Raises:
            NotKept: the API refuses it; the message says why.
            HiringUnavailable: no answer, or a failure.
        """
        reply = self._send(method, f"/v1/{path}", json=body, headers=_bearer(token))
        if reply.is_client_error:
            raise NotKept(str(reply.json().get("detail", "")))
        self._check(reply)

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def _send(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **content)
        except httpx.HTTPError as fault:
            raise HiringUnavailable(f"the hiring API does not answer: {type(fault).__name__}") from fault

    @staticmethod
    def _check(reply: httpx.Response) -> None:
        if reply.is_error:
            raise HiringUnavailable(f"the hiring API answered {reply.status_code}")


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
