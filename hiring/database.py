"""Engine and session of the hiring database. One transaction per request; what it commits is committed before the reply leaves."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
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


def get_session(request: Request) -> Iterator[Session]:
    """Yield the request's session; commit when the handler returns, roll back when it raises.

    Always depend on it with ``Depends(get_session, scope="function")``: with the default scope the commit would run after the reply.
    """
    maker: sessionmaker[Session] = request.app.state.session_maker
    with maker() as session, session.begin():
        yield session


DatabaseSession = Annotated[Session, Depends(get_session, scope="function")]
