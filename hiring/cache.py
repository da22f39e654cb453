"""The cache of public answers: in process by default, Redis by URL, behind one decorator (cashews).

What belongs here: where entries live and when they stop being true. What doesn't: answers that anybody must be authorised for;
those are never cached (``private, no-store``).

An entry is true for one *generation*: a number that every public change raises. A reader takes the number before it reads the
database and keeps its answer under it, so an answer that was overtaken while being made is kept where nobody looks.
"""

import threading
from collections.abc import Iterable
from contextlib import suppress

import psycopg
from cashews import Cache
from psycopg import sql
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from foundation import logs
from hiring.bus.relay import LOG_CHANNEL

LONGEST_SECONDS = 30  # also what a lost notification costs at most


class CacheSettings(BaseSettings):
    """Where public answers are kept, from ``NEXUS_CACHE_*``."""

    model_config = SettingsConfigDict(env_prefix="NEXUS_CACHE_", frozen=True, extra="ignore")

    url: str = Field(default="mem://?size=1000", repr=False, description="mem:// or redis://…")


def open_cache(url: str) -> Cache:
    """Return the cache at a URL; a Redis that does not answer makes every look-up a miss, never an error."""
    cache = Cache()
    if url.startswith("redis"):
        cache.setup(url, suppress=True, socket_timeout=0.5)
    else:
        cache.setup(url)
    return cache


class Generation:
    """Counts the public changes that the event log tells of, in a thread that listens to it.

    Args:
        url: Postgres URL of the database with the log.
        types: events after which public answers may differ.
    """

    def __init__(self, url: str, types: Iterable[str]) -> None:
        self._url, self._types = url, list(types)
        self._stopping = threading.Event()
        self._head = 0
        self._thread = threading.Thread(target=self._follow, name="public changes", daemon=True)

    @property
    def number(self) -> int:
        """The current generation: place in the log of the newest public change, the same in every process."""
        return self._head

    def start(self) -> None:
        """Begin to follow the log."""
        self._thread.start()

    def stop(self) -> None:
        """Stop following; the thread ends within a second, nobody waits for it."""
        self._stopping.set()

    def _follow(self) -> None:
        while not self._stopping.is_set():
            with suppress(psycopg.Error), psycopg.connect(self._url, autocommit=True, application_name="public changes") as connection:
                connection.execute(sql.SQL("listen {}").format(sql.Identifier(LOG_CHANNEL)))
                self._look(connection)
                while not self._stopping.is_set():
                    if any(True for _ in connection.notifies(timeout=1, stop_after=1)):
                        self._look(connection)
            if not self._stopping.wait(1):
                logs.logger("cache").warning("log_not_followed", longest_stale_seconds=LONGEST_SECONDS)

    def _look(self, connection: psycopg.Connection[tuple[int]]) -> None:
        newest = "select max(seq) from outbox.event_log where seq > %s and type = any(%s)"
        found = connection.execute(newest, [self._head, self._types]).fetchone()
        if found and found[0] is not None:
            self._head = found[0]
