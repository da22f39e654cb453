"""Deletes survey answers once the releases that need them are 30 days old, at the source and in the private tables.

A person's answer is needed while an application of theirs is open, and by every period of the pool (A) and of outcomes (B) that has counted
them or still may. What belongs here: whose answers are due. What doesn't: deleting itself, which is the hiring core's own function
(``equity.delete_released``): it takes keyed hashes, writes a row of the audit log, and says how many rows went.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import psycopg

from foundation.settings import Home
from ingestion.equity_key import EquityKey
from ingestion.snapshots import SourceUnavailable
from warehouse.connection import Connection
from warehouse.equity_ledger import PERIOD, read_ledger

KEPT = timedelta(days=30)


class ReleasesPending(RuntimeError):
    """Closed periods wait for their release: deleting now would take answers that they count. Publish first."""


@dataclass(frozen=True)
class Retention:
    """How many people's answers or invitations are kept, how many are due, and how many rows were deleted (0 on a dry run)."""

    people_count: int
    due_count: int
    deleted_count: int


def delete_released(source_url: str, connection: Connection, root: Path, now: datetime, *, dry_run: bool = False) -> Retention:
    """Delete the answers that no release and no logged audit needs any more; only counts leave this step.

    Args:
        source_url: Postgres of the hiring core, for the login that reads the survey.
        connection: the open build file: who applied where, and what is still open.
        root: the home: its ledger says when each period was released.
        now: the instant it is.
        dry_run: count, delete nothing.

    Raises:
        SourceUnavailable: the source cannot be reached; nothing was deleted anywhere.
        MissingSecret: ``secrets/equity_key`` is absent.
        ReleasesPending: the build holds a closed period that the ledger lacks.
    """
    key, ledger = EquityKey.read(Home(home=root)), read_ledger(root)
    offered: pl.DataFrame = connection.sql(f"select distinct {', '.join(PERIOD)} from private.equity_release_candidates").pl()
    if (pending := offered.cast({name: ledger.schema[name] for name in PERIOD}).join(ledger, on=PERIOD[:4], how="anti")).height:
        raise ReleasesPending(f"{pending.height} closed equity periods are not released yet: publish first, then delete answers")
    people = people_with_needs(connection, ledger)
    try:
        with psycopg.connect(source_url, application_name="nexus equity retention") as source:
            held = {int(row[0]) for row in source.execute("select * from audit.equity_years_held()").fetchall()}
            kept = {row[0] for row in source.execute("select dei_key from equity.responses union select dei_key from equity.invitations")}
            due, everybody = _due(people, key, kept, held, now)
            deleted = 0
            if due and not dry_run:
                answer = source.execute("select equity.delete_released(%s)", [due]).fetchone()
                deleted = int(answer[0]) if answer else 0
    except psycopg.Error as problem:
        raise SourceUnavailable(f"the hiring database could not be reached for deletion: {str(problem).strip()}") from problem
    if due and not dry_run:
        for table in ("equity_responses", "equity_invitations"):
            connection.execute(f"delete from private.{table} where list_contains(?, dei_key)", [due])
    return Retention(everybody, len(due), deleted)


def people_with_needs(connection: Connection, ledger: pl.DataFrame) -> pl.DataFrame:
    """Return every applicant of the hiring core with what still needs their answers.

    Columns: tenant_id, candidate_id, merged_ids, years (calendar years in which their academic years began), is_needed (an application is
    open, or a period that has counted them or may is not closed), settled_at (when the last of those periods was released, or closed
    without a release because it was too small; the last application's recording where no release counts the person).
    """
    connection.register(
        "_ledger", ledger.select("release", "tenant_id", "period_kind", "period_start", "period_end", "released_at").unique()
    )
    try:
        frame: pl.DataFrame = connection.sql(
            """
            with build as (select as_of from raw._build),
            applicants as (
                select applications.tenant_id, applications.person_id as candidate_id, max(applications.recorded_at) as last_recorded_at,
                    bool_or(resolved.outcome = 'open') as has_open
                from intermediate.int_applications_unioned as applications
                inner join intermediate.int_applications_resolved as resolved using (application_id)
                where applications.source_system = 'hiring_core'
                group by all
            ),
            merged as (
                select person_id, list(candidate_id order by candidate_id) as merged_ids
                from intermediate.int_candidates_merged group by person_id
            ),
            needs as (
                select tenant_id, candidate_id, academic_year_start, 'A' as release, first_quarter_start as period_start, 8 as days
                from intermediate.int_application_outcomes where first_quarter_start is not null
                union all
                select tenant_id, candidate_id, academic_year_start, 'B', academic_year_start, 31
                from intermediate.int_application_outcomes where outcome_bin is not null
            ),
            settled as (
                select needs.*, coalesce(
                    min(released.released_at),
                    -- a day of grace for the school's zone, then a closed period that was not released never will be
                    case when any_value(closed_at) <= (select as_of from build) then any_value(closed_at) end
                ) as settled_at
                from (
                    select *, cast(academic_year_start + interval 12 months + days * interval 1 day as timestamptz) as closed_at from needs
                ) as needs
                left join _ledger as released on needs.tenant_id = released.tenant_id and needs.release = released.release
                    and needs.period_start between released.period_start and released.period_end
                group by all
            )
            select applicants.tenant_id, applicants.candidate_id, any_value(merged.merged_ids) as merged_ids,
                coalesce(list(distinct year(academic_year_start)) filter (academic_year_start is not null), []) as years,
                bool_or(has_open) or bool_or(settled.candidate_id is not null and settled_at is null) as is_needed,
                coalesce(max(settled_at), max(last_recorded_at)) as settled_at
            from applicants
            left join settled on applicants.tenant_id = settled.tenant_id and applicants.candidate_id = settled.candidate_id
            left join merged on applicants.candidate_id = merged.person_id
            group by applicants.tenant_id, applicants.candidate_id
            order by applicants.tenant_id, applicants.candidate_id
            """
        ).pl()
    finally:
        connection.unregister("_ledger")
    return frame


def _due(people: pl.DataFrame, key: EquityKey, kept: set[str], held: set[int], now: datetime) -> tuple[list[str], int]:
    """Return the due keys among those kept, and how many people have any."""
    due: list[str] = []
    everybody = 0
    for tenant, candidate, merged, years, is_needed, settled_at in people.iter_rows():
        keys = kept.intersection(key.dei_key(tenant, person) for person in (candidate, *(merged or ())))
        everybody += bool(keys)
        if keys and not is_needed and settled_at + KEPT <= now and not held.intersection(years):
            due.extend(sorted(keys))
    return due, everybody
