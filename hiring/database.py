"""Engine and sessions of the hiring database. How a request uses them: ``transaction.py``."""

import time

from sqlalchemy import Engine, PoolProxiedConnection, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

TRUSTED_SECONDS = 1.0  # a connection that answered so short a time ago is not asked again whether it lives
_ANSWERED = "answered at"


def sqlalchemy_url(url: str) -> URL:
    """Return ``url`` with psycopg 3 as its driver: operators write plain ``postgresql://``."""
    return make_url(url).set(drivername="postgresql+psycopg")


def open_engine(url: str, pool_size: int = 10) -> Engine:
    """Return a pooled engine whose sessions speak UTC and never wait more than ten seconds for a lock.

    A pooled connection is pinged before it is used, unless it was in use less than ``TRUSTED_SECONDS`` ago.
    """
    engine = create_engine(
        sqlalchemy_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        skip_autocommit_rollback=True,
        hide_parameters=True,  # error messages reach logs: they must not hold what people typed
        connect_args={"options": "-c timezone=UTC -c lock_timeout=10s -c statement_timeout=30s", "application_name": "hiring"},
    )

    # SQLAlchemy's own ping comes before every use: of a busy service's short reads it is a fifth.
    @event.listens_for(engine, "checkin")
    def note(_: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        entry.info[_ANSWERED] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ping(connection: DBAPIConnection, entry: ConnectionPoolEntry, _: PoolProxiedConnection) -> None:
        answered = entry.info.get(_ANSWERED)
        if answered is not None and time.monotonic() - answered > TRUSTED_SECONDS and not _is_alive(engine, connection):
            raise InvalidatePoolError  # the pool opens connections anew

    return engine


def _is_alive(engine: Engine, connection: DBAPIConnection) -> bool:
    try:
        return engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error:
        return False


def session_factory(engine: Engine) -> sessionmaker[Session]:
    """Return the maker of request sessions; nothing is flushed or expired behind the caller's back."""
    return sessionmaker(engine, autoflush=False, expire_on_commit=False)


def reading_engine(engine: Engine) -> Engine:
    """Return the same pool for sessions of which each statement is a transaction of its own.

    At Postgres' default isolation a read sees no more or less by that, and saves two of its three journeys.
    """
    return engine.execution_options(isolation_level="AUTOCOMMIT")
