"""Keyed hashes and encryption of what identifies a person: the one formula for the hiring API, the simulator and the private equity step.

What belongs here: pure functions over a key that the caller read from its own secret. What doesn't: deciding who may hold which key.
"""

import hashlib
import hmac
import os
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


def dei_key(equity_key: str, tenant_id: UUID | str, candidate_id: UUID | str) -> str:
    """Return the only link between a person and a self-identification answer: HMAC-SHA256 of ``tenant|candidate``, 64 hex digits.

    Args:
        equity_key: text of the secret ``equity_key``.
        tenant_id: the school that asked.
        candidate_id: the person, after merges (the id that remains).
    """
    return keyed_hash(equity_key, f"{tenant_id}|{candidate_id}")


def normalise_email(email: str) -> str:
    """Return an address as duplicates are compared: trimmed and lower case."""
    return email.strip().lower()


def email_hash(candidate_key: str, email: str) -> str:
    """Return the keyed hash (HMAC-SHA256, 64 hex digits) of a normalised address: finds duplicates without storing the address.

    Args:
        candidate_key: text of the secret ``candidate_key``.
        email: the address as typed.
    """
    return keyed_hash(candidate_key, f"email|{normalise_email(email)}")


def subject_ref(candidate_key: str, candidate_id: UUID | str) -> str:
    """Return the name of a person in the audit log: HMAC-SHA256 of the id, 64 hex digits; it outlives the record and leads to nobody.

    Args:
        candidate_key: text of the secret ``candidate_key``.
        candidate_id: the person's record.
    """
    return keyed_hash(candidate_key, f"subject|{candidate_id}")


def value_hash(candidate_key: str, value: str) -> str:
    """Return the keyed hash of a value that the audit log may tell from others, and never show: 16 hex digits."""
    return keyed_hash(candidate_key, f"value|{value}")[:16]


def encrypt(candidate_key: str, text: str) -> bytes:
    """Return ``nonce || ciphertext || tag`` (AES-256-GCM) of a contact detail."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher(candidate_key).encrypt(nonce, text.encode(), None)


def decrypt(candidate_key: str, sealed: bytes) -> str:
    """Return the text that ``encrypt`` sealed.

    Raises:
        cryptography.exceptions.InvalidTag: the key is another one, or the bytes were changed.
    """
    return _cipher(candidate_key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None).decode()


def keyed_hash(key: str, message: str) -> str:
    """Return HMAC-SHA256 as 64 hex digits; begin ``message`` with what it is a hash of, so that two kinds never meet."""
    return hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()


def _cipher(key: str) -> AESGCM:
    return AESGCM(hmac.new(key.encode(), b"contact encryption", hashlib.sha256).digest())
