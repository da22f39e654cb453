"""Engine and sessions of the hiring database. How a request uses them: ``transaction.py``."""

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session, sessionmaker


def sqlalchemy_url(url: str) -> URL:
    """Return ``url`` with psycopg 3 as its driver: operators write plain ``postgresql://``."""
    return make_url(url).set(drivername="postgresql+psycopg")


def open_engine(url: str, pool_size: int = 10) -> Engine:
    """Return a pooled engine whose sessions speak UTC and never wait more than ten seconds for a lock."""
    return create_engine(
        sqlalchemy_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        hide_parameters=True,  # error messages reach logs: they must not hold what people typed
        connect_args={"options": "-c timezone=UTC -c lock_timeout=10s -c statement_timeout=30s", "application_name": "hiring"},
    )


def session_factory(engine: Engine) -> sessionmaker[Session]:
    """Return the maker of request sessions; nothing is flushed or expired behind the caller's back."""
    return sessionmaker(engine, autoflush=False, expire_on_commit=False)
