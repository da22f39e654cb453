"""Anchors: the end of the chain at an instant, signed (Ed25519) and kept outside the database.

Only they tell that whoever owns the database cut the log's end, or wrote it anew. What doesn't belong here: reading the log.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from foundation.settings import Home
from hiring.audit.settings import SIGNING_KEY, AuditSettings

FILE = "anchors.jsonl"
PUBLIC_KEY = "public_key.pem"


class AnchorRefused(RuntimeError):
    """The log and its anchors contradict each other, or keys do. The message says where."""


@dataclass(frozen=True)
class Anchor:
    """One line: row ``seq`` had ``hash`` at ``at`` (UTC). A purge's line also signs for the rows up to there that it kept."""

    seq: int
    hash: str
    at: str
    kept_count: int | None = None
    kept_hash: str | None = None
    signature: str = ""

    def message(self) -> bytes:
        """Return what is signed: every other field, in one spelling."""
        fields = {name: value for name, value in asdict(self).items() if name != "signature"}
        return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()

    def signed(self, key: Ed25519PrivateKey) -> Self:
        """Return the anchor with its signature."""
        return type(self)(**{**asdict(self), "signature": key.sign(self.message()).hex()})

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        """Say whether the signature is the key's."""
        try:
            key.verify(bytes.fromhex(self.signature), self.message())
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class AnchorBook:
    """The file of anchors: lines are added to it and reach the disk before anything goes on."""

    folder: Path
    home: Home

    @classmethod
    def of(cls, home: Home) -> Self:
        """Return the book of a home."""
        return cls(AuditSettings().folder(home), home)

    def signing_key(self) -> Ed25519PrivateKey:
        """Return the key of ``secrets/audit_signing_key``, made when there is none and nothing was signed yet.

        Raises:
            AnchorRefused: the secret is missing, or another one, where a public key says that anchors were signed.
        """
        secret = self.home.root / "secrets" / SIGNING_KEY
        public = self.folder / PUBLIC_KEY
        if public.exists() and not secret.exists():
            raise AnchorRefused(f"secrets/{SIGNING_KEY} is missing and {public} exists: restore the key from your backup")
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.home.ensure_secret(SIGNING_KEY)))
        if not public.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        elif self.public_key() != key.public_key():
            raise AnchorRefused(f"{public} is not the public half of secrets/{SIGNING_KEY}: one of the two was replaced")
        return key

    def public_key(self) -> Ed25519PublicKey | None:
        """Return the key that signatures are checked with, None while nothing was signed.

        Raises:
            AnchorRefused: the file holds another kind of key, or a line was signed and the key is gone.
        """
        file = self.folder / PUBLIC_KEY
        if not file.exists():
            if (self.folder / FILE).exists():
                raise AnchorRefused(f"{file} is missing: without it no anchor can be checked; restore it from your backup")
            return None
        key = load_pem_public_key(file.read_bytes())
        if not isinstance(key, Ed25519PublicKey):
            raise AnchorRefused(f"{file} holds no Ed25519 key")
        return key

    def read(self) -> list[Anchor]:
        """Return the anchors in the order they were made. A line that a crash cut short is left out."""
        file = self.folder / FILE
        return list(_anchors(file.read_text())) if file.exists() else []

    def add(self, anchor: Anchor) -> None:
        """Add a line; when this returns it is on the disk."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / FILE
        is_cut_short = file.exists() and file.stat().st_size > 0 and file.read_bytes()[-1:] != b"\n"
        handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, b"\n" * is_cut_short + json.dumps(asdict(anchor)).encode() + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)


def spelled(moment: datetime) -> str:
    """Return an instant as anchors spell it."""
    return moment.isoformat(timespec="microseconds")


def _anchors(text: str) -> Iterator[Anchor]:
    for line in text.splitlines():
        try:
            fields: dict[str, Any] = json.loads(line)
            anchor = Anchor(**fields)
        except (ValueError, TypeError):
            continue
        if isinstance(anchor.seq, int):
            yield anchor
