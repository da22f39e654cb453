"""The tokens behind a browser's cookie, on disk, so that they outlast a restart and change in one place for every process of a home.

The cookie holds a random handle that never changes; a page that stays open for hours could not be told a new cookie. Each row is
sealed with a key made from its handle, which is stored nowhere: the file alone opens nothing. What doesn't belong here: HTTP.
"""

import base64
import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.fernet import Fernet

_WAIT_SECONDS = 15.0


@dataclass(frozen=True)
class Tokens:
    """A session at the hiring API: the access token and until when it is valid, the next refresh token, and when all of it ends."""

    token: str
    expires_at: datetime
    refresh_token: str
    ends_at: datetime


class KeptTokens:
    """Tokens by handle, in one SQLite file."""

    def __init__(self, file: Path) -> None:
        """Make the file, for its owner alone, if it is missing."""
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        self._file = file
        with self._alone() as connection:
            connection.execute(
                "create table if not exists tokens (handle_hash text primary key, sealed blob not null, ends_at real not null)"
            )

    def keep(self, handle: str, tokens: Tokens, now: datetime) -> None:
        """Keep the tokens of a fresh session; drop those of sessions that are over."""
        with self._alone() as connection:
            connection.execute("delete from tokens where ends_at <= ?", [now.timestamp()])
            _write(connection, handle, tokens)

    def current(self, handle: str, is_fresh: Callable[[Tokens], bool], renew: Callable[[Tokens], Tokens | None]) -> Tokens | None:
        """Return the tokens of a handle, renewed if they are not fresh; None when there are none, or ``renew`` gives none any more.

        One renewal at a time over all processes: a refresh token that two of them sent would end the session. Who dies in the middle
        of a renewal leaves a spent token behind: that person signs in again.
        """
        with self._connection() as connection:
            tokens = _read(connection, handle)
        if tokens is None or is_fresh(tokens):
            return tokens
        with self._alone() as connection:
            tokens = _read(connection, handle)
            if tokens is None or is_fresh(tokens):
                return tokens
            renewed = renew(tokens)
            if renewed is None:
                _delete(connection, handle)
            else:
                _write(connection, handle, renewed)
            return renewed

    def forget(self, handle: str) -> None:
        """Drop the tokens of a handle."""
        with self._alone() as connection:
            _delete(connection, handle)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._file, timeout=_WAIT_SECONDS, isolation_level=None)
        try:
            yield connection
        finally:
            connection.close()

    @contextmanager
    def _alone(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection in a transaction that no other writer shares."""
        with self._connection() as connection:
            connection.execute("begin immediate")
            try:
                yield connection
            except BaseException:
                connection.execute("rollback")
                raise
            connection.execute("commit")


def _hash(handle: str) -> str:
    return hashlib.sha256(f"handle|{handle}".encode()).hexdigest()


def _seal(handle: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"seal|{handle}".encode()).digest()))


def _read(connection: sqlite3.Connection, handle: str) -> Tokens | None:
    row = connection.execute("select sealed from tokens where handle_hash = ?", [_hash(handle)]).fetchone()
    if row is None:
        return None
    kept = json.loads(_seal(handle).decrypt(row[0]))
    return Tokens(kept["token"], datetime.fromisoformat(kept["expires_at"]), kept["refresh_token"], datetime.fromisoformat(kept["ends_at"]))


def _write(connection: sqlite3.Connection, handle: str, tokens: Tokens) -> None:
    moments = {"expires_at": tokens.expires_at.isoformat(), "ends_at": tokens.ends_at.isoformat()}
    sealed = _seal(handle).encrypt(json.dumps({"token": tokens.token, "refresh_token": tokens.refresh_token, **moments}).encode())
    connection.execute("insert or replace into tokens values (?, ?, ?)", [_hash(handle), sealed, tokens.ends_at.timestamp()])


def _delete(connection: sqlite3.Connection, handle: str) -> None:
    connection.execute("delete from tokens where handle_hash = ?", [_hash(handle)])
