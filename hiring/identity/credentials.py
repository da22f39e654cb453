"""Secrets and how they are checked: passwords by argon2id, tokens and API keys by sha256. No database here."""

import hashlib
import hmac
import secrets
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash(secrets.token_urlsafe(32))


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password."""
    return _HASHER.hash(password)


def password_matches(password_hash: str | None, password: str) -> bool:
    """Check a password; an unknown user's (``None``) takes as long as a wrong one."""
    try:
        return _HASHER.verify(password_hash or _NOBODY, password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def new_secret() -> str:
    """Return 256 random bits, safe in a header."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Return what is stored of a token or key."""
    return hashlib.sha256(secret.encode()).hexdigest()


def digests_equal(stored: str, secret: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(stored, digest(secret))


def split_api_key(credential: str) -> tuple[UUID, str] | None:
    """Return the id and secret of ``id.secret``; None when it has another form."""
    key_id, dot, secret = credential.partition(".")
    if not dot:
        return None
    try:
        return UUID(key_id), secret
    except ValueError:
        return None
