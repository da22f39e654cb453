"""SMS and push by a provider's web service: one signed HTTP call a message, its Idempotency-Key the event's id.

The service is the webhook ``sms`` or ``push`` of the secret ``webhooks.json`` (foundation.delivery). It is sent
``{"to": …, "channel": …, "locale": …, "title": …, "text": …}``; ``to`` is a telephone number, or for push the person's id, under which
the provider knows their devices. It answers 2xx when it took the message, 429 or 5xx when it may later, any other 4xx when it never will.
"""

import json
from dataclasses import dataclass

import httpx

from foundation.delivery import DeliveryOff, Webhook, signed_headers
from foundation.settings import Home, MissingSecret
from hiring.notifications.providers import Dropped, Letter, Postponed, ProviderDown, Refused

_GATEWAY = frozenset({502, 503, 504})  # something in front of the service says that it is away
_OUR_FAULT = frozenset({401, 403, 404, 405})  # key or address of the service are wrong: no message is at fault
_LATER = frozenset({408, 425, 429})
_TIMEOUT_SECONDS = 20


@dataclass
class Webhooks:
    """Provider of a channel by signed calls."""

    home: Home
    channel: str
    _http: httpx.AsyncClient | None = None

    def missing(self) -> str:
        """Return which setting is missing; see ``Provider``."""
        try:
            Webhook(self.home).target(self.channel)
        except (DeliveryOff, MissingSecret) as error:
            return str(error)
        return ""

    async def send(self, letter: Letter) -> None:
        """Make one call; see ``Provider``."""
        target = Webhook(self.home).target(self.channel)
        content = {"to": letter.to, "channel": self.channel, "locale": letter.words.locale}
        body = json.dumps(content | {"title": letter.words.subject, "text": letter.words.text}).encode()
        headers = {"Idempotency-Key": letter.key, **signed_headers(target["key"], body)}
        if self._http is None:
            self._http = httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, follow_redirects=False)
        try:
            reply = await self._http.post(target["url"], content=body, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise ProviderDown(f"http_{type(error).__name__.lower()}") from None  # the cause carries the URL
        except httpx.HTTPError as error:
            raise Dropped(f"http_{type(error).__name__.lower()}") from None
        if reply.is_success:
            return
        code = f"http_{reply.status_code}"
        if reply.status_code in _GATEWAY | _OUR_FAULT:
            raise ProviderDown(code)
        raise Postponed(code) if reply.status_code in _LATER or reply.is_server_error else Refused(code)

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None
