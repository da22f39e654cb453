"""The hiring API over HTTP: sessions, and what a person keeps (views, targets). Checking a session is foundation.principals'."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx

from dashboards.kept_tokens import Tokens
from foundation import logs
from foundation.principals import IntrospectionUnavailable

_REFUSED = frozenset({400, 401, 403, 404, 422})
_PROVIDER_KEPT_SECONDS = 60.0


class CredentialsRefused(RuntimeError):
    """The hiring API knows no such e-mail and password. Says no more than that, by design."""


class TooManyAttempts(RuntimeError):
    """The hiring API asks to wait before the next attempt."""


class NotKept(RuntimeError):
    """The hiring API refused to keep something. The message is its own."""


class HiringUnavailable(IntrospectionUnavailable):
    """The hiring API can't be reached or answers with a failure."""


class HiringClient:
    """A small synchronous client; one connection pool for the process."""

    def __init__(
        self,
        base_url: str,
        *,
        transport: httpx.BaseTransport | None = None,
        timeout_seconds: float = 5.0,
        access_token: Callable[[str], str | None] = lambda token: token,
    ) -> None:
        """Make a client; ``transport`` is for tests that run the API in process, ``access_token`` finds the one behind a cookie's value."""
        self._access_token = access_token
        self._provider: tuple[float, str | None] = (float("-inf"), None)
        hooks = {"request": [logs.carry_correlation]}
        self._http = httpx.Client(base_url=base_url, timeout=timeout_seconds, transport=transport, event_hooks=hooks)

    def open_session(self, email: str, password: str, address: str | None = None) -> Tokens:
        """Open a session for a person, who calls from a network address.

        Raises:
            CredentialsRefused: e-mail or password is wrong, or the account is closed.
            TooManyAttempts: the API limits attempts.
            HiringUnavailable: no answer, or a failure.
        """
        return self._tokens("sessions", {"email": email, "password": password}, address)

    def refresh(self, tokens: Tokens) -> Tokens | None:
        """Spend a refresh token for the next pair; None when the session is over.

        Raises:
            HiringUnavailable: no answer, or a failure.
        """
        try:
            return self._tokens("sessions/refresh", {"refresh_token": tokens.refresh_token})
        except CredentialsRefused:
            return None

    def provider_name(self) -> str | None:
        """Return how the provider is called at which one may sign in instead; None without one. Asked once a minute at most."""
        asked_at, name = self._provider
        if time.monotonic() - asked_at > _PROVIDER_KEPT_SECONDS:
            try:
                reply = self._send("GET", "/v1/oidc")
                name = str(reply.json()["name"]) if reply.is_success else None
            except HiringUnavailable:
                name = None
            self._provider = (time.monotonic(), name)
        return name

    def start_at_provider(self) -> tuple[str, str]:
        """Return where to send the browser, and the attempt to bring back.

        Raises:
            HiringUnavailable: no answer, or the provider gives none.
        """
        reply = self._send("POST", "/v1/oidc/start")
        self._check(reply)
        body = reply.json()
        return body["authorization_url"], body["attempt"]

    def finish_at_provider(self, attempt: str, state: str, code: str, address: str | None) -> Tokens:
        """Open a session for whom the provider's answer proves.

        Raises:
            CredentialsRefused: it proves nobody who has an account here. TooManyAttempts, HiringUnavailable: as with a password.
        """
        return self._tokens("oidc/callback", {"attempt": attempt, "state": state, "code": code}, address)

    def close_session(self, token: str) -> None:
        """End the session of an access token; an unknown or already ended one is fine.

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
            reply = self._send("GET", f"/v1/{path}", params=asked, headers=self._bearer(token))
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
        reply = self._send("GET", f"/v1/{path}", headers=self._bearer(token))
        self._check(reply)
        body: dict[str, Any] = reply.json()
        return body

    def write(self, token: str, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        """Make, change or delete one thing of the signed-in person's.

        Raises:
            NotKept: the API refuses it; the message says why.
            HiringUnavailable: no answer, or a failure.
        """
        reply = self._send(method, f"/v1/{path}", json=body, headers=self._bearer(token))
        if reply.is_client_error:
            raise NotKept(str(reply.json().get("detail", "")))
        self._check(reply)

    def exchange(self, token: str, method: str, path: str, **content: Any) -> httpx.Response:
        """Send one request of the signed-in person's and return the reply, a refusal too.

        Raises:
            HiringUnavailable: no answer, or a failure of the service.
        """
        reply = self._send(method, f"/v1/{path}", **{**content, "headers": {**content.get("headers", {}), **self._bearer(token)}})
        if reply.is_server_error:
            self._check(reply)
        return reply

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def _bearer(self, token: str) -> dict[str, str]:
        found = self._access_token(token)
        return {"Authorization": f"Bearer {found}"} if found else {}

    def _tokens(self, path: str, body: dict[str, str], address: str | None = None) -> Tokens:
        headers = {"X-Forwarded-For": address} if address else {}  # failures count where the person is, not this service
        reply = self._send("POST", f"/v1/{path}", json=body, headers=headers)
        if reply.status_code in _REFUSED:
            raise CredentialsRefused
        if reply.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise TooManyAttempts
        self._check(reply)
        opened = reply.json()
        expires_at, ends_at = (datetime.fromisoformat(opened[name]) for name in ("expires_at", "ends_at"))
        return Tokens(opened["token"], expires_at, opened["refresh_token"], ends_at)

    def _send(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **content)
        except httpx.HTTPError as fault:
            raise HiringUnavailable(f"the hiring API does not answer: {type(fault).__name__}") from fault

    @staticmethod
    def _check(reply: httpx.Response) -> None:
        if reply.is_error:
            raise HiringUnavailable(f"the hiring API answered {reply.status_code}")
