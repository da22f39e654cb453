"""Takes an import back: deletes what it made and nobody changed since, and lists what people changed, which stays.

Run as the owner: stage events, job steps and outcomes are append-only for everybody else, and a rollback is the one time they go.
Events, tombstones and the audit log keep the trace of both. What belongs here: deciding what goes. What doesn't: undoing single rows.

A row was changed since when its last writer (``_xid``) is no transaction of the import, or when something that names it was.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from hiring.audit.service import by_operator
from hiring.legacy.importing import ImportRefused

_APPEND_ONLY = ("jobs.job_status_events", "applications.stage_events", "applications.employment_outcomes")
_SCHEMAS_LEFT_ALONE = ("legacy", "outbox", "audit", "capture")

_PREPARE = """
create temp table mine on commit drop as select log_table, source_id, core_id from legacy.loaded where import_id = :import_id;
create temp table own_xids on commit drop as select xid from legacy.transactions where import_id = :import_id;
create temp table kept (log_table text, core_id uuid, why text, primary key (log_table, core_id)) on commit drop;
create index on mine (core_id);
create unique index on own_xids (xid);
analyze mine, own_xids;
"""


@dataclass(frozen=True)
class Rollback:
    """What a rollback did: rows deleted by table, and what stays as (table of the log, id there, why)."""

    import_id: UUID
    deleted: dict[str, int]
    kept: list[tuple[str, str, str]]


def roll_back(engine: Engine, import_id: UUID) -> Rollback:
    """Take an import back, in one transaction.

    Args:
        engine: of the database's owner.
        import_id: which import; the newest of its school.

    Raises:
        ImportRefused: no such import, taken back before, or a newer one builds on it.
    """
    with engine.begin() as connection:
        connection.execute(text("set local statement_timeout = 0"))  # a large import is taken back whole
        _require_newest(connection, import_id)
        for statement in filter(str.strip, _PREPARE.split(";")):
            connection.execute(text(statement), {"import_id": import_id} if ":import_id" in statement else {})
        for table in _APPEND_ONLY:
            connection.execute(text(f"alter table {table} disable trigger append_only"))
        _keep(connection)
        deleted = dict(_delete(connection))
        for table in _APPEND_ONLY:
            connection.execute(text(f"alter table {table} enable trigger append_only"))
        kept = connection.execute(
            text("select k.log_table, m.source_id, k.why from kept k join mine m using (log_table, core_id) order by 1, 2")
        ).all()
        gone = (
            "delete from legacy.loaded l using mine m"
            " where l.import_id = :import_id and (l.core_id, l.log_table) = (m.core_id, m.log_table)"
        )
        stays = "and not exists (select 1 from kept k where k.log_table = m.log_table and k.core_id = m.core_id)"
        connection.execute(text(f"{gone} {stays}"), {"import_id": import_id})
        connection.execute(text("update legacy.imports set state = 'rolled_back', finished_at = now() where id = :id"), {"id": import_id})
        counts = {"deleted": sum(deleted.values()), "kept": len(kept)}
        connection.execute(by_operator("legacy.rollback", "legacy_import", import_id, counts))
    return Rollback(import_id, deleted, [(row[0], row[1], row[2]) for row in kept])


def _require_newest(connection: Connection, import_id: UUID) -> None:
    row = connection.execute(
        text("select tenant_id, state, started_at from legacy.imports where id = :id for update"), {"id": import_id}
    ).first()
    if row is None:
        raise ImportRefused(f"there is no import {import_id}")
    if row.state == "rolled_back":
        raise ImportRefused(f"import {import_id} was rolled back before")
    free = "select pg_try_advisory_xact_lock(hashtextextended(:key, 0))"
    if not connection.execute(text(free), {"key": f"legacy import {row.tenant_id}"}).scalar():
        raise ImportRefused("an import of this school is running: stop it first")
    newer = (
        "select id from legacy.imports where tenant_id = :tenant and started_at > :at and state <> 'rolled_back' order by started_at desc"
    )
    later = connection.execute(text(newer), {"tenant": row.tenant_id, "at": row.started_at}).scalar()
    if later is not None:
        raise ImportRefused(f"import {later} of this school is newer: roll that one back first")


def _naming(connection: Connection, column: str) -> list[tuple[str, bool]]:
    """Return the tables that name a thing by a column, and whether each row knows its last writer."""
    found = text(
        "select c.table_schema || '.' || c.table_name, exists (select 1 from information_schema.columns x where"
        " x.table_schema = c.table_schema and x.table_name = c.table_name and x.column_name = '_xid')"
        " from information_schema.columns c join information_schema.tables t using (table_schema, table_name)"
        " where c.column_name = :column and t.table_type = 'BASE TABLE' and c.table_schema <> all(:left_alone)"
        " and c.table_schema !~ '^(pg_|information_schema)' order by 1"
    )
    return [(row[0], row[1]) for row in connection.execute(found, {"column": column, "left_alone": list(_SCHEMAS_LEFT_ALONE)})]


def _foreign(has_xid: bool, alias: str) -> str:
    return f"{alias}._xid::text::bigint not in (select xid from own_xids)" if has_xid else "true"


def _keep_changed(connection: Connection, log_table: str, table: str, column: str, why: str) -> None:
    """Keep what was changed itself, or is named by a row that somebody else wrote."""
    for naming, has_xid in [(table, True), *(each for each in _naming(connection, column) if each[0] != "applications.applications")]:
        own = "id" if naming == table else column
        connection.execute(
            text(
                f"insert into kept select distinct '{log_table}', t.{own}, '{why}' from {naming} t join mine m"
                f" on m.log_table = '{log_table}' and m.core_id = t.{own} where {_foreign(has_xid, 't')} on conflict do nothing"
            )
        )


def _keep(connection: Connection) -> None:
    run = connection.execute
    _keep_changed(connection, "applications", "applications.applications", "application_id", "changed since")
    run(
        text(
            "insert into kept select distinct 'applications', h.application_id, 'changed since' from applications.employment_outcomes o"
            " join applications.hires h on h.id = o.hire_id join mine m on m.log_table = 'applications' and m.core_id = h.application_id"
            f" where {_foreign(True, 'o')} on conflict do nothing"
        )
    )
    _keep_changed(connection, "jobs", "jobs.jobs", "job_id", "changed since")
    in_use = (
        "insert into kept select distinct '{kind}', a.{column}, 'an application stays' from applications.applications a join mine m"
        " on m.log_table = '{kind}' and m.core_id = a.{column} where not exists (select 1 from mine x where x.log_table = 'applications'"
        " and x.core_id = a.id) or exists (select 1 from kept k where k.log_table = 'applications' and k.core_id = a.id)"
        " on conflict do nothing"
    )
    run(text(in_use.format(kind="jobs", column="job_id")))
    _keep_changed(connection, "candidates", "candidates.candidates", "candidate_id", "changed since")
    run(text(in_use.format(kind="candidates", column="candidate_id")))
    # what hangs on an application or job stays with it
    for log_table, table in (("stage_events", "stage_events"), ("offers", "offers"), ("hires", "hires")):
        run(text(_with_parent(log_table, f"applications.{table}", "application_id", "applications")))
    run(text(_with_parent("outcomes", "applications.employment_outcomes", "hire_id", "hires")))
    run(text(_with_parent("openings", "jobs.openings", "job_id", "jobs")))


def _with_parent(log_table: str, table: str, column: str, parent: str) -> str:
    return (
        f"insert into kept select '{log_table}', t.id, 'belongs to what stays' from {table} t join mine m on m.log_table = '{log_table}'"
        f" and m.core_id = t.id join kept k on k.log_table = '{parent}' and k.core_id = t.{column} on conflict do nothing"
    )


def _going(log_table: str) -> str:
    return (
        f"(select m.core_id from mine m where m.log_table = '{log_table}' and not exists"
        f" (select 1 from kept k where k.log_table = m.log_table and k.core_id = m.core_id))"
    )


def _delete(connection: Connection) -> Iterator[tuple[str, int]]:
    """Delete what goes, children first; yield the rows deleted by table."""

    def delete(table: str, condition: str) -> tuple[str, int]:
        return table, connection.execute(text(f"delete from {table} where {condition}")).rowcount

    outcomes = f"hire_id in (select id from applications.hires where application_id in {_going('applications')})"
    yield delete("applications.employment_outcomes", outcomes)
    for table, _ in _naming(connection, "application_id"):
        yield delete(table, f"application_id in {_going('applications')}")
    yield delete("applications.applications", f"id in {_going('applications')}")
    connection.execute(  # seats of jobs that stay are free again
        text(
            "update jobs.openings set filled_by_application_id = null, closed_at = null, close_reason = null, updated_at = now()"
            f" where filled_by_application_id in {_going('applications')} and job_id not in {_going('jobs')}"
        )
    )
    for table, _ in _naming(connection, "job_id"):
        if table != "applications.applications":
            yield delete(table, f"job_id in {_going('jobs')}")
    yield delete("jobs.jobs", f"id in {_going('jobs')}")
    yield delete("candidates.candidates", f"id in {_going('candidates')}")
    yield from _delete_setting(connection)


def _delete_setting(connection: Connection) -> Iterator[tuple[str, int]]:
    """Delete the stages, reasons and channels the import added, where nothing uses them and nobody changed them."""
    used = {
        "channels": ("jobs.channels", "select channel_id from applications.touches union select channel_id from jobs.postings"
                     " union select channel_id from jobs.channel_costs"),
        "reasons": ("applications.terminal_reasons", "select terminal_reason_id from applications.applications"
                    " union select reason_id from applications.stage_events"),
        "stages": ("applications.stage_definitions", "select d.id from applications.stage_definitions d join applications.applications a"
                   " on a.tenant_id = d.organisation_id and a.current_stage = d.name"),
    }  # fmt: skip
    for log_table, (table, users) in used.items():
        connection.execute(
            text(
                f"insert into kept select '{log_table}', t.id, 'in use, or changed since' from {table} t join mine m"
                f" on m.log_table = '{log_table}' and m.core_id = t.id where t.id in ({users})"
                f" or {_foreign(True, 't')} on conflict do nothing"
            )
        )
        yield table, connection.execute(text(f"delete from {table} where id in {_going(log_table)}")).rowcount
