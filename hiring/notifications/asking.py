"""Asks other services with this one's key. What doesn't belong here: what is asked (contacts.py, interviews.py)."""

from collections.abc import Callable
from typing import Any

import httpx

from foundation.settings import Home, MissingSecret
from hiring.notifications.settings import API_KEY

_TIMEOUT_SECONDS = 15


class Unanswered(RuntimeError):
    """A service did not answer. ``code`` says which and why: no_contacts_url, no_api_key, contacts_503, the kind of failure."""

    def __init__(self, code: str) -> None:
        super().__init__(f"no answer: {code}")
        self.code = code


class Asking:
    """Posts questions to a service with this one's key; the connection is kept open until something fails."""

    def __init__(self, home: Home, address: Callable[[], str], name: str) -> None:
        """Remember where the address is to be looked up; ``name`` begins the codes of failures."""
        self._home, self._address, self._name = home, address, name
        self._http: httpx.Client | None = None

    def post(self, path: str, question: dict[str, Any]) -> httpx.Response:
        """Return the answer to a question.

        Raises:
            Unanswered: there was none.
        """
        try:
            reply = self._client().post(path, json=question)
            reply.raise_for_status()
        except httpx.HTTPStatusError as error:
            self.close()  # the next try reads the key again: it may have been replaced
            raise Unanswered(f"{self._name}_{error.response.status_code}") from None
        except httpx.HTTPError as error:
            self.close()  # and the address: after a restart the service may have another port
            raise Unanswered(f"{self._name}_{type(error).__name__.lower()}") from None
        return reply

    def close(self) -> None:
        """Close the connection."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def _client(self) -> httpx.Client:
        if self._http is None:
            address = self._address()
            if not address:
                raise Unanswered(f"no_{self._name}_url")
            try:
                key = self._home.read_secret(API_KEY)
            except MissingSecret:
                raise Unanswered("no_api_key") from None
            self._http = httpx.Client(base_url=address, timeout=_TIMEOUT_SECONDS, headers={"Authorization": f"Bearer {key}"})
        return self._http
