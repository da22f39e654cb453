"""A database of the service's own: the same SQL as in the hiring database, without any other domain's."""

from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from hiring.database import sqlalchemy_url

LOCK = 7_226_201_003  # any constant: one preparing process at a time
_SQL = Path(__file__).parents[1] / "migrations" / "sql"
_SHARED = ("0001_capture", "0006_assessments", "0012_resume_scores", "0013_bus", "0018_bus_schema_versions", "0019_assessments_service")
_LATER = ("0023_interview_places",)
_GRANTS = """
grant usage on schema assessments, outbox to hiring_app;
grant select, insert, update, delete on all tables in schema assessments to hiring_app;
grant select, insert on outbox.events to hiring_app;
grant usage on schema assessments, capture to warehouse_reader;
grant select on capture.tombstones to warehouse_reader;
"""


def _steps() -> dict[str, str]:
    """Return every step by name, in order; a new one goes to the end."""
    around = Path(__file__).with_name("own_database.sql").read_text()
    shared = {name: (_SQL / f"{name}.sql").read_text() for name in _SHARED}
    later = {name: (_SQL / f"{name}.sql").read_text() for name in _LATER}
    return {"0001_capture": shared.pop("0001_capture"), "around": around, **shared, "grants": _GRANTS, **later}


def prepare(owner_url: str) -> list[str]:
    """Run every step that the database has not had, each in a transaction; return their names.

    Args:
        owner_url: Postgres URL of a role that may create schemas and roles.
    """
    engine = create_engine(sqlalchemy_url(owner_url), poolclass=NullPool)
    done = []
    with engine.connect() as connection:
        connection.execute(text("select pg_advisory_lock(:key)"), {"key": LOCK})
        connection.execute(text("create table if not exists assessments_steps (name text primary key, done_at timestamptz default now())"))
        connection.commit()
        known: set[str] = set(connection.execute(text("select name from assessments_steps")).scalars())
        plain = connection.execution_options(no_parameters=True)
        for name, statements in _steps().items():
            if name not in known:
                plain.exec_driver_sql(statements)
                connection.execute(text("insert into assessments_steps (name) values (:name)"), {"name": name})
                connection.commit()
                done.append(name)
    engine.dispose()
    return done
