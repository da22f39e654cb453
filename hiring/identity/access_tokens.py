"""Access tokens: short-lived JWTs, signed and verified here alone. They name a session, never a role or a school. No database here."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from hiring.rows import new_id

ISSUER = "educator-nexus/hiring"
AUDIENCE = "educator-nexus"
_ALGORITHM = "HS256"  # pinned: whoever issues is the only one who verifies; other services ask by introspection


@dataclass(frozen=True)
class AccessClaims:
    """What a verified access token says: whose session it belongs to, and until when."""

    user_id: UUID
    session_id: UUID
    expires_at: datetime


def derived_key(secret: str, purpose: str) -> OctKey:
    """Return a 256-bit key for one purpose, so that what is sealed for one is never valid for another."""
    return OctKey.import_key(hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).digest())


class AccessTokens:
    """Signs and verifies access tokens with one key."""

    def __init__(self, secret: str) -> None:
        """Derive the key from the secret ``session_key``; another secret ends every access token at once, no session."""
        self._key = derived_key(secret, "access token")

    def issue(self, claims: AccessClaims, now: datetime) -> str:
        """Return a signed token."""
        payload = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(claims.user_id),
            "sid": str(claims.session_id),
            "jti": str(new_id()),
            "iat": int(now.timestamp()),
            "exp": int(claims.expires_at.timestamp()),
        }
        return jwt.encode({"alg": _ALGORITHM}, payload, self._key, algorithms=[_ALGORITHM])

    def verify(self, token: str, now: datetime) -> AccessClaims | None:
        """Return what a token says; None when it is not ours, was changed, has expired or lacks a claim."""
        required = {name: {"essential": True} for name in ("sub", "sid", "jti", "exp")}
        rules = jwt.JWTClaimsRegistry(
            int(now.timestamp()),
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": AUDIENCE},
            **required,  # type: ignore[arg-type]  # a typed dictionary, made in a comprehension
        )
        try:
            claims = jwt.decode(token, self._key, algorithms=[_ALGORITHM]).claims
            rules.validate(claims)
            return AccessClaims(UUID(claims["sub"]), UUID(claims["sid"]), datetime.fromtimestamp(claims["exp"], UTC))
        except (JoseError, ValueError, TypeError, AttributeError):  # a claim of another type makes UUID() raise the last two
            return None
