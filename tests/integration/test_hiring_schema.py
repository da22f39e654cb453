"""The database as migrated: equal to the tables the code declares, append-only where it must be, closed to the reader where personal."""

import uuid

import psycopg
import pytest
from sqlalchemy import ARRAY, CHAR, TIMESTAMP, BigInteger, Boolean, Date, Integer, LargeBinary, Numeric, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import INET, JSONB

from hiring.applications import tables as applications
from hiring.assessments import tables as assessments
from hiring.audit import tables as audit
from hiring.bus import tables as bus
from hiring.candidates import tables as candidates
from hiring.equity import tables as equity
from hiring.hire_saga import tables as hire_saga
from hiring.idempotency import idempotency_keys
from hiring.identity import tables as identity
from hiring.insights import tables as insights
from hiring.jobs import tables as jobs
from hiring.legacy import tables as legacy
from hiring.migrations import upgrade
from hiring.notifications import tables as notifications

TYPES = {
    Uuid: "uuid", Text: "text", CHAR: "character", ARRAY: "ARRAY", TIMESTAMP: "timestamp with time zone", Date: "date", JSONB: "jsonb",
    Boolean: "boolean", SmallInteger: "smallint", Integer: "integer", BigInteger: "bigint", Numeric: "numeric", LargeBinary: "bytea",
    INET: "inet",
}  # fmt: skip
PERSONAL = {"given_name", "family_name", "email_encrypted", "email_hash", "phone_encrypted", "preferred_language"}


def test_declared_tables_equal_the_database(migrated_database):
    with psycopg.connect(migrated_database.owner) as connection:
        rows = connection.execute(
            "select table_schema, table_name, column_name, data_type, is_nullable = 'YES' from information_schema.columns"
            " where table_schema in ('identity','jobs','candidates','applications','equity','insights','outbox','audit','hire_saga',"
            " 'notifications','assessments','legacy')"
            " and column_name <> '_xid'"
        ).fetchall()
    database = {(f"{schema}.{table}", column, kind, nullable) for schema, table, column, kind, nullable in rows}
    tables = [idempotency_keys]
    for module in (applications, assessments, audit, bus, candidates, equity, hire_saga, identity, insights, jobs, legacy, notifications):
        tables += list(module.metadata.tables.values())
    declared = {
        (table.fullname, column.name, TYPES[type(column.type)], bool(column.nullable)) for table in tables for column in table.columns
    }
    assert declared == database


def test_upgrading_twice_changes_nothing(fresh_database):
    upgrade(fresh_database)
    query = "select count(*) from information_schema.columns"
    with psycopg.connect(fresh_database) as connection:
        before = connection.execute(query).fetchone()
    upgrade(fresh_database)
    with psycopg.connect(fresh_database) as connection:
        assert connection.execute(query).fetchone() == before


@pytest.mark.parametrize("table", ["jobs.job_status_events", "applications.stage_events", "applications.employment_outcomes"])
@pytest.mark.parametrize(
    "statement", ["update {} set event_at = now()", "update {} set created_at = now()", "delete from {}", "truncate {}"]
)
def test_application_cannot_change_events(migrated_database, table, statement):
    if "event_at" in statement and table.endswith("outcomes"):
        statement = "update {} set still_employed = true"
    with psycopg.connect(migrated_database.hiring) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.format(table))


@pytest.mark.parametrize("table", ["jobs.job_status_events", "applications.stage_events", "applications.employment_outcomes"])
def test_not_even_the_owner_changes_events(migrated_database, table):
    with psycopg.connect(migrated_database.owner) as connection:
        for statement in (f"update {table} set created_at = now()", f"delete from {table}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"), connection.transaction():
                connection.execute(statement)


def test_application_keeps_receipts_and_never_changes_them(migrated_database):
    with psycopg.connect(migrated_database.hiring, autocommit=True) as connection:
        values = "('r', 'h', 'd', null, null, '{}', now())"
        connection.execute(f"insert into insights.receipts values {values}")
        for statement in (
            "update insights.receipts set content = '{}'",
            "delete from insights.receipts",
            "delete from insights.alert_events",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_application_writes_equity_answers_and_never_changes_them(migrated_database):
    with psycopg.connect(migrated_database.hiring, autocommit=True) as connection:
        for statement in ("update equity.responses set gender = 'x'", "delete from equity.responses", "delete from equity.invitations"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
    with psycopg.connect(migrated_database.owner) as connection:
        for table in ("responses", "invitations"):
            query = "select column_name from information_schema.columns where table_schema = 'equity' and table_name = %s"
            columns = {row[0] for row in connection.execute(query, [table])}
            assert not columns & {"id", "created_at", "updated_at", "recorded_at", "_xid", "candidate_id", "application_id"}
            assert connection.execute("select count(*) from pg_trigger where tgrelid = %s::regclass", [f"equity.{table}"]).fetchone() == (
                0,
            )


def test_capture_works_for_the_application(migrated_database):
    channel = uuid.uuid4()
    with psycopg.connect(migrated_database.hiring, autocommit=True) as connection:
        connection.execute("insert into jobs.channels (id, name, type) values (%s, 'x', 'direct')", [channel])
        first = connection.execute("select _xid::text from jobs.channels where id = %s", [channel]).fetchone()
        connection.execute("update jobs.channels set name = 'y' where id = %s", [channel])
        second = connection.execute("select _xid::text from jobs.channels where id = %s", [channel]).fetchone()
        connection.execute("delete from jobs.channels where id = %s", [channel])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("delete from capture.tombstones")
    assert first is not None
    assert second is not None
    assert int(second[0]) > int(first[0])
    with psycopg.connect(migrated_database.pipeline) as connection:
        assert connection.execute("select table_name, row_id from capture.tombstones").fetchall() == [("jobs.channels", channel)]


def test_reader_sees_every_captured_column_but_personal_ones_and_writes_nothing(migrated_database):
    with psycopg.connect(migrated_database.owner) as connection:
        captured = connection.execute(
            "select c.oid::regclass::text, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0"
            " where exists (select 1 from pg_trigger t where t.tgrelid = c.oid and t.tgname = 'stamp_xid')"
        ).fetchall()
    with psycopg.connect(migrated_database.pipeline, autocommit=True) as connection:
        hidden = {
            (table, column)
            for table, column in captured
            if not connection.execute("select has_column_privilege(%s, %s, 'select')", [table, column]).fetchone()[0]
        }
        assert hidden == {("candidates.candidates", column) for column in PERSONAL} | {
            ("applications.touches", "utm"),
            ("assessments.interviews", "place"),
            ("jobs.postings", "url"),
            ("assessments.resume_parses", "result"),
            ("assessments.resume_parses", "error"),
            ("hire_saga.sagas", "terms"),
        }
        for table in ("identity.users", "identity.memberships", "identity.sessions", "identity.api_keys", "outbox.events"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select * from {table}")
        for table in {table for table, _ in captured} | {"equity.responses"}:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"delete from {table}")
        connection.execute("select * from equity.responses")
        connection.execute("select * from equity.invitations")
