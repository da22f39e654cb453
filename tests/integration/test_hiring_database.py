"""The pool of the hiring API: no connection that died while it was idle is handed out; reads are no transactions and see no half of one."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from hiring import database
from hiring.database import open_engine, reading_engine, session_factory

OWN = text("select pg_backend_pid()")


@pytest.fixture
def engine(migrated_database) -> Iterator[Engine]:
    engine = open_engine(migrated_database.owner, pool_size=1)
    yield engine
    engine.dispose()


def ended(engine: Engine, url: str) -> int:
    """Use a connection, give it back, have the server end it; return its process id."""
    with engine.connect() as connection:
        process_id = connection.execute(OWN).scalar_one()
    other = open_engine(url, pool_size=1)
    with other.connect() as connection:
        assert connection.execute(text("select pg_terminate_backend(:id, 5000)"), {"id": process_id}).scalar_one()
    other.dispose()
    return int(process_id)


def test_connection_that_died_while_idle_is_replaced(engine, migrated_database, monkeypatch):
    monkeypatch.setattr(database, "TRUSTED_SECONDS", 0.0)
    dead = ended(engine, migrated_database.owner)
    with engine.connect() as connection:
        assert connection.execute(OWN).scalar_one() != dead


def test_connection_that_died_just_now_costs_one_failure_and_is_replaced(engine, migrated_database, monkeypatch):
    monkeypatch.setattr(database, "TRUSTED_SECONDS", 60.0)
    dead = ended(engine, migrated_database.owner)
    with pytest.raises(OperationalError), engine.connect() as connection:
        connection.execute(OWN)
    with engine.connect() as connection:
        assert connection.execute(OWN).scalar_one() != dead


def test_reading_holds_no_transaction_and_leaves_none_to_those_who_write(engine):
    running = text("select pg_current_xact_id_if_assigned() is not null, now() = statement_timestamp()")
    with session_factory(engine)(bind=reading_engine(engine)) as session, session.begin():
        session.execute(OWN)
        assert session.execute(running).one() == (False, True), "each statement is a transaction of its own"
    with session_factory(engine)() as session:
        session.execute(text("create table public.undone (a int)"))
        session.rollback()
        assert session.execute(text("select to_regclass('public.undone')")).scalar_one() is None


def test_writes_after_reads_on_the_same_connection_are_undone_together(engine):
    for _ in range(3):
        with session_factory(engine)(bind=reading_engine(engine)) as session, session.begin():
            session.execute(OWN)
        with session_factory(engine)() as session:
            session.execute(text("create table public.undone (a int)"))
            session.rollback()
        with engine.connect() as connection:
            assert connection.execute(text("select to_regclass('public.undone')")).scalar_one() is None
