"""A small OpenID provider as a process of its own: real keys, real codes, PKCE; on request it attacks like a bad one.

``python -m tests.support.oidc_provider PORT`` serves it; ``provider()`` starts it and ends it.
"""

import base64
import hashlib
import hmac
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID, CLIENT_SECRET = "nexus", "a secret of the tests"


@dataclass
class Provider:
    """State of the process: its keys, the person who is signed in at it, the codes it gave, and the attack it plays."""

    issuer: str
    algorithm: str = "RS256"
    attack: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    jwks_fetches: int = 0
    keys: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rotate()

    def rotate(self) -> None:
        """Make new keys and forget the old ones."""
        self.keys = {"RS256": _rsa(), "ES256": ECKey.generate_key("P-256", {"kid": secrets.token_hex(4)})}

    def id_token(self, nonce: str) -> str:
        """Return the token of a sign-in, as honest as the attack lets it be."""
        now = int(time.time())
        claims: dict[str, Any] = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce, **self.person}
        key, algorithm = self.keys[self.algorithm], self.algorithm
        header = {"alg": algorithm, "kid": key.kid}
        match self.attack:
            case "audience":
                claims["aud"] = "another client"
            case "authorized_party":
                claims |= {"aud": [CLIENT_ID, "another"], "azp": "another"}
            case "issuer":
                claims["iss"] = "https://evil.example"
            case "expired":
                claims |= {"iat": now - 7200, "exp": now - 3600}
            case "nonce":
                claims["nonce"] = "of another sign-in"
            case "no_expiry" | "no_subject" | "no_nonce" as missing:
                del claims[{"no_expiry": "exp", "no_subject": "sub", "no_nonce": "nonce"}[missing]]
            case "none":
                return f"{_encoded({'alg': 'none', 'kid': key.kid})}.{_encoded(claims)}."
            case "hs256_with_the_public_key":
                signed = f"{_encoded({'alg': 'HS256', 'kid': key.kid})}.{_encoded(claims)}"
                mac = hmac.new(self.keys["RS256"].as_pem(private=False), signed.encode(), hashlib.sha256).digest()
                return f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
            case "another_key_under_the_known_id":
                key = _rsa()
                header["alg"] = algorithm = "RS256"
            case "unknown_key":
                key = _rsa()
                header |= {"alg": "RS256", "kid": key.kid}
                algorithm = "RS256"
            case "own_key_in_the_header":
                key = ECKey.generate_key("P-256")
                header = {"alg": "ES256", "kid": self.keys["ES256"].kid, "jwk": key.as_dict(private=False)}
                algorithm = "ES256"
        return jwt.encode(header, claims, key, algorithms=[algorithm])

    def app(self) -> Starlette:
        """Return the provider as an application."""

        async def discovery(_: Request) -> Response:
            names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
            return JSONResponse({"issuer": self.issuer} | {name: f"{self.issuer}/{path}" for name, path in names.items()})

        async def jwks(_: Request) -> Response:
            self.jwks_fetches += 1
            return JSONResponse({"keys": [key.as_dict(private=False, use="sig") for key in self.keys.values()]})

        async def authorize(request: Request) -> Response:
            asked = request.query_params
            if (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) != ("code", CLIENT_ID, "S256"):
                return Response(status_code=400)
            code = secrets.token_urlsafe(16)
            self.codes[code] = dict(asked)
            return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}", 302)

        async def token(request: Request) -> Response:
            form = await request.form()
            basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
            asked = self.codes.pop(str(form["code"]), None)
            digest = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            is_right = asked and asked["code_challenge"] == challenge and asked["redirect_uri"] == form["redirect_uri"]
            if request.headers.get("authorization") != f"Basic {basic}" or asked is None or not is_right:
                return JSONResponse({"error": "invalid_grant"}, 400)
            if self.attack == "server_error":
                return JSONResponse({}, 500)
            return JSONResponse({"id_token": self.id_token(asked["nonce"]), "token_type": "Bearer"})

        async def control(request: Request) -> Response:
            wanted = await request.json()
            if wanted.pop("rotate", False):
                self.rotate()
            for name, value in wanted.items():
                setattr(self, name, value)
            return JSONResponse({"jwks_fetches": self.jwks_fetches})

        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", discovery), Route("/jwks", jwks), Route("/authorize", authorize),
                Route("/token", token, methods=["POST"]), Route("/control", control, methods=["POST"]),
            ]
        )  # fmt: skip


def _rsa() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": secrets.token_hex(4)})


def _encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


@dataclass(frozen=True)
class RunningProvider:
    """A running provider and the browser of the person who is signed in at it."""

    issuer: str

    def set(self, **wanted: Any) -> dict[str, Any]:
        """Change the provider's state (``rotate=True``: new keys); return its counters."""
        counters: dict[str, Any] = httpx.post(f"{self.issuer}/control", json=wanted).json()
        return counters

    def answer(self, authorization_url: str) -> dict[str, str]:
        """Visit the provider as the browser does; return what it sends back: code and state."""
        sent_back = httpx.get(authorization_url).headers["location"]
        return dict(httpx.URL(sent_back).params)


@contextmanager
def provider(port: int) -> Iterator[RunningProvider]:
    """Run a provider on a loopback port."""
    process = subprocess.Popen([sys.executable, "-m", "tests.support.oidc_provider", str(port)])
    running = RunningProvider(f"http://127.0.0.1:{port}")
    try:
        for _ in range(300):
            try:
                running.set()
                break
            except httpx.HTTPError:
                time.sleep(0.05)
        yield running
    finally:
        process.kill()
        process.wait(10)


if __name__ == "__main__":
    address = int(sys.argv[1])
    uvicorn.run(Provider(f"http://127.0.0.1:{address}").app(), host="127.0.0.1", port=address, log_level="error")
