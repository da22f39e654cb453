"""Files handed in, below ``NEXUS_HOME/uploads``: written as they arrive, whole or not at all, under random names.

What belongs here: bytes on disk. What doesn't: whose they are and what becomes of them (``uploads.py``, ``jobs.py``).
"""

import hashlib
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from hiring.assessments import errors
from hiring.assessments.content_types import ACCEPTED, content_type

_WRITE_BYTES = 1 << 20
_DRAFT = ".part"


@dataclass(frozen=True)
class StoredFile:
    """A file as it was kept: random ``name``, ``content_type`` found in it, ``size`` in bytes, ``sha256`` in hex."""

    name: str
    content_type: str
    size: int
    sha256: str


class UploadFiles:
    """The folder of uploads."""

    def __init__(self, folder: Path) -> None:
        """Keep files in ``folder``, which is made, closed to others."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)

    async def receive(self, chunks: AsyncIterator[bytes], kind: str, limit: int) -> StoredFile:
        """Write a body to disk as it arrives and look at what it is. Whatever goes wrong, nothing is left.

        Args:
            chunks: of the body.
            kind: of the upload.
            limit: in bytes.

        Raises:
            UploadTooLarge: more than ``limit`` came. UploadInterrupted: the sender left. StorageFull: the disk takes no more.
            ContentNotAccepted: it is none of the types this kind may have.
        """
        name = secrets.token_hex(16)
        draft = self.folder / f"{name}{_DRAFT}"
        try:
            stored = await self._receive(draft, name, chunks, kind, limit)
            draft.rename(self.folder / name)
        except BaseException as error:
            draft.unlink(missing_ok=True)
            if isinstance(error, ClientDisconnect):
                raise errors.UploadInterrupted("the connection broke before the content was complete: send it again") from error
            if isinstance(error, OSError):
                raise errors.StorageFull("the content could not be written: the storage is full or broken; nothing was kept") from error
            raise
        return stored

    async def _receive(self, draft: Path, name: str, chunks: AsyncIterator[bytes], kind: str, limit: int) -> StoredFile:
        digest, size, waiting = hashlib.sha256(), 0, bytearray()
        with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:

            def write() -> None:
                digest.update(waiting)
                file.write(waiting)
                waiting.clear()

            async for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise too_large(kind, limit)
                waiting += chunk
                if len(waiting) >= _WRITE_BYTES:
                    await run_in_threadpool(write)
            await run_in_threadpool(write)
            found = await run_in_threadpool(_settle, file, kind)
        if found is None:
            raise errors.ContentNotAccepted(f"a {kind} must be one of {', '.join(ACCEPTED[kind])}, by its content; text in UTF-8")
        return StoredFile(name, found, size, digest.hexdigest())

    def open(self, name: str) -> BinaryIO:
        """Open a stored file to read it.

        Raises:
            FileNotFoundError: it is gone.
        """
        return (self.folder / name).open("rb")

    def delete(self, name: str) -> None:
        """Delete a stored file, if it is there."""
        (self.folder / name).unlink(missing_ok=True)

    def older_than(self, instant: float) -> list[str]:
        """Return the names of files, drafts too, last written before an instant (seconds since the epoch)."""
        return [entry.name for entry in os.scandir(self.folder) if entry.is_file() and entry.stat().st_mtime < instant]


def _settle(file: BinaryIO, kind: str) -> str | None:
    file.flush()
    os.fsync(file.fileno())
    return content_type(file, kind)


def too_large(kind: str, limit: int) -> errors.UploadTooLarge:
    """Return the refusal of a body larger than its limit."""
    return errors.UploadTooLarge(f"a {kind} may have at most {limit} bytes")
