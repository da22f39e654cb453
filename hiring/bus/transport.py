"""Which way events travel: through the log of Postgres, or through RabbitMQ as well. Whoever runs stations asks here; handlers never know.

What belongs here: the choice by setting. What doesn't: either way itself (consumer.py, rabbitmq.py).
"""

from typing import Protocol

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from hiring.bus.consumer import Consumer, LogReader
from hiring.bus.relay import Relay
from hiring.settings import BusSettings
from hiring.work.loop import Station


class Transport(Protocol):
    """Makes the stations of the bus."""

    def relay(self, engine: Engine, name: str = "relay") -> Station:
        """Return what moves the outbox of this database."""
        ...

    def reader(self, consumer: Consumer, sessions: sessionmaker[Session], log: Engine) -> Station:
        """Return what feeds a consumer, whose offset and effects are in the database of ``sessions``."""
        ...

    def close(self) -> None:
        """Give up connections; call it when no station works any more."""
        ...


class PostgresLog:
    """Consumers read the log."""

    def relay(self, engine: Engine, name: str = "relay") -> Station:
        """Return a relay that moves to the log alone."""
        return Relay(engine, name=name)

    def reader(self, consumer: Consumer, sessions: sessionmaker[Session], log: Engine) -> Station:
        """Return a reader of the log."""
        return LogReader(consumer, sessions, log)

    def close(self) -> None:
        """Nothing is held."""


class RabbitMq:
    """Consumers read their queues; the log keeps every event for replay."""

    def __init__(self, url: str) -> None:
        """Connect when the stations first work."""
        from hiring.bus import rabbitmq  # the client costs memory: only who uses a broker pays
        from hiring.bus.broker_link import LoopThread

        self._rabbitmq, self._url, self._thread = rabbitmq, url, LoopThread()

    def relay(self, engine: Engine, name: str = "relay") -> Station:
        """Return a relay that publishes what it moves."""
        return Relay(engine, publish=self._rabbitmq.Publisher(self._url, self._thread), name=name)

    def reader(self, consumer: Consumer, sessions: sessionmaker[Session], log: Engine) -> Station:
        """Return a reader of the consumer's queue."""
        return self._rabbitmq.QueueReader(consumer, sessions, log, self._url, self._thread)

    def close(self) -> None:
        """Give up every connection."""
        self._thread.close()


def chosen_transport(settings: BusSettings | None = None) -> Transport:
    """Return RabbitMQ where ``NEXUS_BUS_URL`` names one, else the log."""
    settings = settings or BusSettings()
    return RabbitMq(settings.url) if settings.url else PostgresLog()
