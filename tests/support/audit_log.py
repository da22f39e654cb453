"""The audit log as tests fill it, and as somebody who owns the database tampers with it: triggers off, hashes computed anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from hiring.audit.verification import open_log

INSERT = "insert into audit.events (actor, actor_type, action, object_type, reason, outcome) values ('a', 'person', %s, 't', %s, 'ok')"


def append(url: str, count: int, action: str = "target.change") -> None:
    """Add rows, each in a transaction of its own."""
    with psycopg.connect(url, autocommit=True) as connection:
        for number in range(count):
            connection.execute(INSERT, [action, f"row {number}"])


@contextmanager
def tampering(owner_url: str) -> Iterator[psycopg.Connection[Any]]:
    """Yield the owner's connection with the log's triggers off; they are back on when the block ends."""
    with open_log(owner_url) as connection:
        connection.execute("alter table audit.events disable trigger user")
        yield connection
        connection.execute("alter table audit.events enable trigger user")


def rehash(connection: psycopg.Connection[Any], first: int) -> None:
    """Compute the chain anew from a row on, head included: the perfect forger."""
    last = connection.execute("select seq, row_hash from audit.events where seq < %s order by seq desc limit 1", [first]).fetchone()
    seq, known = last or (0, "0" * 64)
    for (seq,) in connection.execute("select seq from audit.events where seq >= %s order by seq", [first]).fetchall():
        connection.execute("update audit.events set prev_hash = %s where seq = %s", [known, seq])
        row = connection.execute("update audit.events e set row_hash = audit.digest(e) where seq = %s returning row_hash", [seq]).fetchone()
        assert row is not None
        known = row[0]
    connection.execute("update audit.head set seq = %s, hash = %s", [seq, known])
