"""The loop: each station has a thread that works while there is something to do, and sleeps until told or until a poll is due."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Protocol

import psycopg

from foundation import logs
from foundation.telemetry import span

POLL_SECONDS = 0.25
IDLE_POLL_SECONDS = 1.0
IDLE_AFTER_ROUNDS = 20  # empty rounds until the slow poll
LONGEST_PAUSE_SECONDS = 10.0


class Station(Protocol):
    """A place where work is taken and done."""

    @property
    def name(self) -> str:
        """For logs and ``--only``."""

    def work(self) -> int:
        """Do one round; return how many things were done, 0 when nothing was due. An error means: nothing done, try again later."""


class Wake:
    """Tells sleeping stations that something arrived."""

    def __init__(self, names: Sequence[str]) -> None:
        """One bell a station: each is rung for everybody and silenced by its own."""
        self._bells = {name: threading.Event() for name in names}

    def ring(self) -> None:
        """Wake every station."""
        for bell in self._bells.values():
            bell.set()

    def wait(self, name: str, seconds: float) -> None:
        """Sleep until rung, ``seconds`` at most."""
        bell = self._bells[name]
        bell.wait(seconds)
        bell.clear()


def run(stations: Sequence[Station], stopping: threading.Event, listen_url: str = "", channels: Sequence[str] = ()) -> None:
    """Work until ``stopping`` is set; each station finishes the round it is in.

    Args:
        stations: each gets a thread of its own.
        stopping: set by a signal handler.
        listen_url: of the Postgres whose notifications wake the stations; empty: polling alone.
        channels: what to listen to there.
    """
    wake = Wake([station.name for station in stations])
    threads = [threading.Thread(target=_keep_working, args=(station, stopping, wake), name=station.name) for station in stations]
    if listen_url:
        threads.append(threading.Thread(target=_listen, args=(listen_url, channels, stopping, wake), name="listener"))
    for thread in threads:
        thread.start()
    stopping.wait()
    wake.ring()
    for thread in threads:
        thread.join()


def _keep_working(station: Station, stopping: threading.Event, wake: Wake) -> None:
    log = logs.logger("worker")
    empty, failures = 0, 0
    while not stopping.is_set():
        try:
            with logs.correlated(), span(station.name, service="worker") as traced:
                done = traced["done"] = station.work()
        except Exception as error:
            failures += 1
            pause = min(LONGEST_PAUSE_SECONDS, 0.2 * 2 ** min(failures, 10))
            log.warning("round_failed", station=station.name, error=type(error).__name__, failures=failures, pause_seconds=pause)
            stopping.wait(pause)
            continue
        if failures:
            log.info("works_again", station=station.name, failures=failures)
        empty, failures = (0 if done else empty + 1), 0
        if not done:
            wake.wait(station.name, IDLE_POLL_SECONDS if empty > IDLE_AFTER_ROUNDS else POLL_SECONDS)


def _listen(url: str, channels: Sequence[str], stopping: threading.Event, wake: Wake) -> None:
    """Ring on every notification; a lost connection is made again, polling goes on meanwhile."""
    while not stopping.is_set():
        with suppress(psycopg.Error), _listening(url, channels) as connection:
            while not stopping.is_set():
                if any(True for _ in connection.notifies(timeout=1, stop_after=1)):
                    wake.ring()
        stopping.wait(1)


@contextmanager
def _listening(url: str, channels: Sequence[str]) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(url, autocommit=True, application_name="worker listener") as connection:
        for channel in channels:
            connection.execute(psycopg.sql.SQL("listen {}").format(psycopg.sql.Identifier(channel)))
        yield connection
