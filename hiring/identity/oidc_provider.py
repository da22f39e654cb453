"""The OpenID provider as seen from here: its addresses and keys, fetched and kept, its codes redeemed, its identity tokens verified.

What belongs here: HTTP to the provider and the check of what it signed. What doesn't: whose account that is (``oidc.py``).
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from hiring.errors import Problem, Unauthenticated
from hiring.settings import OidcSettings, is_safe_url

_KEPT_SECONDS = 3600.0
_REFETCH_PAUSE_SECONDS = 60.0
_CLOCK_SKEW_SECONDS = 60
_TIMEOUT_SECONDS = 5.0


class ProviderUnavailable(Problem):
    """The provider did not answer, or not as OpenID Connect Discovery says."""

    status = 503


class IdentityRefused(Unauthenticated):
    """The provider's code or identity token does not prove who this is."""


@dataclass(frozen=True)
class ProvenIdentity:
    """What a verified identity token says of a person. Roles and groups in it are not read."""

    subject: str
    email: str | None  # only if the provider verified it
    name: str | None


class OidcProvider:
    """One configured provider; safe to share between threads."""

    def __init__(self, settings: OidcSettings, client_secret: str, now: Callable[[], float] = time.monotonic) -> None:
        """Fetch nothing yet; ``now`` counts seconds."""
        self._settings = settings
        self._secret = client_secret
        self._now = now
        self._lock = threading.Lock()
        self._endpoints: tuple[float, dict[str, str]] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._refetched_at = float("-inf")

    def authorization_url(self, state: str, nonce: str, challenge: str) -> str:
        """Return where to send the browser: authorization code with PKCE (S256).

        Raises:
            ProviderUnavailable: its addresses can't be read.
        """
        asked = {
            "response_type": "code", "client_id": self._settings.client_id, "redirect_uri": self._settings.redirect_uri,
            "scope": "openid email profile", "state": state, "nonce": nonce, "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        address = self._discovered()["authorization_endpoint"]
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"

    def redeem(self, code: str, verifier: str) -> str:
        """Return the identity token of a code.

        Raises:
            IdentityRefused: the provider does not accept the code. ProviderUnavailable: it does not answer.
        """
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._settings.redirect_uri, "code_verifier": verifier}
        address = self._discovered()["token_endpoint"]
        try:
            reply = httpx.post(address, data=sent, auth=(self._settings.client_id, self._secret), timeout=_TIMEOUT_SECONDS)
        except httpx.HTTPError as error:
            raise ProviderUnavailable(f"the provider's token endpoint does not answer ({type(error).__name__}): try again") from error
        if reply.is_client_error:
            raise IdentityRefused("code: the provider does not accept it: start again")
        token = _document(reply).get("id_token")
        if not isinstance(token, str):
            raise ProviderUnavailable("the provider's token endpoint gave no id_token")
        return token

    def verify(self, id_token: str, nonce: str, now: datetime) -> ProvenIdentity:
        """Return who a token speaks of: signed by a known key with an allowed algorithm, for us, now, for this very sign-in.

        Raises:
            IdentityRefused: any of it is not so; the message says which, never a value. ProviderUnavailable: its keys can't be read.
        """
        settings = self._settings
        rules = jwt.JWTClaimsRegistry(
            int(now.timestamp()),
            _CLOCK_SKEW_SECONDS,
            iss={"essential": True, "value": settings.issuer},
            aud={"essential": True, "value": settings.expected_audience},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            keys = self._keys_for(jws.extract_compact(id_token.encode()).headers().get("kid"))
            claims = jwt.decode(id_token, keys, algorithms=settings.algorithms).claims
            rules.validate(claims)
        except (JoseError, ValueError) as error:
            claim = getattr(error, "claim", None) or getattr(error, "error", None) or type(error).__name__
            raise IdentityRefused(f"id_token: refused ({claim})") from error
        audience = claims["aud"]
        if claims.get("azp", settings.client_id) != settings.client_id or (
            isinstance(audience, list) and len(audience) > 1 and "azp" not in claims
        ):
            raise IdentityRefused("id_token: refused (azp)")
        email, name = claims.get("email"), claims.get("name")
        is_verified = claims.get("email_verified") is True and isinstance(email, str)
        return ProvenIdentity(claims["sub"], email if is_verified else None, name if isinstance(name, str) else None)

    def _discovered(self) -> dict[str, str]:
        """Return the provider's own addresses, at most an hour old."""
        with self._lock:
            if self._endpoints is None or self._endpoints[0] <= self._now():
                document = _fetch(f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration")
                names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
                if document.get("issuer") != self._settings.issuer or not all(is_safe_url(document.get(name)) for name in names):
                    raise ProviderUnavailable("the provider's discovery document names another issuer, or lacks an https address")
                self._endpoints = (self._now() + _KEPT_SECONDS, {name: document[name] for name in names})
            return self._endpoints[1]

    def _keys_for(self, kid: str | None) -> KeySet:
        """Return the provider's keys, at most an hour old; an unknown ``kid`` fetches them anew, once a minute at most."""
        address = self._discovered()["jwks_uri"]
        with self._lock:
            now = self._now()
            is_known = self._keys is not None and any(key.kid == kid for key in self._keys[1])
            may_refetch = kid is not None and not is_known and now - self._refetched_at >= _REFETCH_PAUSE_SECONDS
            if self._keys is None or self._keys[0] <= now or may_refetch:
                if self._keys is not None and may_refetch:
                    self._refetched_at = now
                self._keys = (now + _KEPT_SECONDS, _key_set(_fetch(address)))
            return self._keys[1]


def _fetch(address: str) -> dict[str, Any]:
    try:
        return _document(httpx.get(address, timeout=_TIMEOUT_SECONDS))
    except httpx.HTTPError as error:
        raise ProviderUnavailable(f"the provider does not answer ({type(error).__name__}): try again") from error


def _key_set(document: dict[str, Any]) -> KeySet:
    try:
        return KeySet.import_key_set({"keys": document["keys"]})
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise ProviderUnavailable(f"the provider's key set can't be read ({type(error).__name__})") from error


def _document(reply: httpx.Response) -> dict[str, Any]:
    try:
        document = reply.raise_for_status().json()
    except (httpx.HTTPStatusError, ValueError) as error:
        raise ProviderUnavailable(f"the provider answered {reply.status_code} without the expected JSON") from error
    if not isinstance(document, dict):
        raise ProviderUnavailable("the provider answered with JSON of another shape")
    return document
