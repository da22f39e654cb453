"""The pipeline's private step: self-identification answers meet cohorts in memory, and only what the release needs is written.

The answers are read whole into private tables and replaced each time; they never touch raw: no history, no batch, no instant of
loading. The step runs after ``intermediate.int_application_outcomes`` and ``marts.mart_equity_cohorts`` and before
``private.equity_release_candidates``. What doesn't belong here: noise and rounding (dbt_project/models/private), the ledger (warehouse).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from foundation.settings import Home
from ingestion.equity_key import EquityKey, noise_ranges
from ingestion.snapshots import open_snapshot
from warehouse.connection import Connection, scalar
from warehouse.equity_ledger import released_periods
from warehouse.names import Layer

ATTRIBUTES = ("gender", "ethnicity", "age_band", "disability", "veteran")
COLUMNS = {
    "responses": ("dei_key", "tenant_id", "submitted_on", "question_set_version", *ATTRIBUTES, "locale"),
    "invitations": ("dei_key", "tenant_id", "invited_on", "question_set_version", "locale"),
}
RELEASES: Mapping[str, str] = {"A": "0.75", "B": "0.5", "C": "0.25"}
"""Release → epsilon of its noise per cell, as decimal text. A: the pool of applicants by school and quarter of application. B: by school,
academic year of closing and outcome. C: the benchmark of all schools by calendar quarter; its people answer to one school each."""

_DECLINED, _UNDISCLOSED = "declined", "undisclosed"
_COHORT = ["release", "tenant_id", "period_kind", "period_start", "outcome_bin"]
_PEOPLE: dict[str, Any] = {
    **dict.fromkeys(("release", "tenant_id", "period_kind"), pl.String),
    **dict.fromkeys(("period_start", "period_end"), pl.Date),
    **dict.fromkeys(("outcome_bin", "self_id", *ATTRIBUTES), pl.String),
    "record_key": pl.Int64,
}
_SELF_ID = list(_PEOPLE).index("self_id")
_ENOUGH_TO_JUDGE = 20  # fewer invitations may all belong to people who are in no cohort, such as internal candidates


class WrongEquityKey(RuntimeError):
    """The equity key opens none of the survey's rows: it is not the key they were written with. The message says what to restore."""


class CohortMismatch(RuntimeError):
    """The people found for a cohort are not as many as its public size says. The message names the cohort."""


def build_equity_people(source_url: str, connection: Connection, root: Path) -> int:
    """Read the answers, join them in memory and write ``private.equity_people``, ``equity_noise`` and ``equity_secret``.

    Args:
        source_url: Postgres of the hiring core, for a login that may read ``equity.*``.
        connection: the open build file.
        root: the home: its ledger says what is released already, its secret ``equity_key`` opens the answers.

    Returns:
        The rows of ``private.equity_people``: one per release and person of a closed cohort that is not released yet, answered or not.

    Raises:
        MissingSecret: ``secrets/equity_key`` is absent or readable by others.
        SourceUnavailable: the source cannot be read.
        WrongEquityKey: the key is another one than the survey's.
        CohortMismatch: people and public cohort sizes disagree (the models were built from different rows).
        LedgerBroken: the ledger on disk is damaged.
    """
    key = EquityKey.read(Home(home=root))
    load_equity(source_url, connection)
    people = equity_people(connection, released_periods(root), key)
    _replace(connection, "equity_people", people)
    _replace(connection, "equity_noise", pl.concat(noise_ranges(release, epsilon) for release, epsilon in RELEASES.items()))
    _replace(connection, "equity_secret", pl.DataFrame({"key_id": [key.key_id], "secret": [key.noise_secret]}))
    return people.height


def people_of_closed_periods(connection: Connection, root: Path) -> tuple[pl.DataFrame, dict[str, list[str]]]:
    """Return the people of every closed period, released or not, and each attribute's categories; to judge attacks, never to be kept.

    Raises:
        MissingSecret: the equity key is absent. CohortMismatch: models and answers were built from different rows.
    """
    nothing_released = pl.DataFrame(schema=dict.fromkeys(_COHORT[:3], pl.String) | dict.fromkeys(("period_start", "period_end"), pl.Date))
    people = equity_people(connection, nothing_released, EquityKey.read(Home(home=root)))
    domain: dict[str, list[str]] = {}
    for attribute, category in _rows(connection, "select attribute, category from staging.equity_categories order by attribute, position"):
        domain.setdefault(attribute, []).append(category)
    return people, domain


def load_equity(source_url: str, connection: Connection) -> dict[str, int]:
    """Replace ``private.equity_responses`` and ``private.equity_invitations`` by the source's present rows; return rows by table.

    Runs in a transaction of its own on an open build connection.

    Raises:
        SourceUnavailable: the source cannot be read; the private tables stay as they were.
    """
    counts = {}
    connection.begin()
    try:
        with open_snapshot(source_url) as source:
            for table, columns in COLUMNS.items():
                target = f"{Layer.PRIVATE}.equity_{table}"
                selected = ", ".join(f"{column}::text as {column}" if column == "tenant_id" else column for column in columns)
                with source.stream(f"select {selected} from equity.{table} order by dei_key") as reader:
                    connection.register("_stream", reader)
                    connection.execute(f"create or replace table {target} as select * from _stream")
                    connection.unregister("_stream")
                counts[f"equity_{table}"] = int(scalar(connection, f"select count(*) from {target}"))
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return counts


def equity_people(connection: Connection, released: pl.DataFrame, key: EquityKey) -> pl.DataFrame:
    """Return the rows of ``private.equity_people``, in the order of the record keys: the order tells nothing.

    Whoever a release of the same academic year has counted is left out: a quarter released earlier keeps its people out of the
    year's rest, and nobody of a released rest comes back with a quarter.
    """
    members = _unreleased(_members(connection), released)
    answers = {row[0]: row[1:] for row in _rows(connection, f"select dei_key, {', '.join(ATTRIBUTES)} from private.equity_responses")}
    invited = {row[0] for row in _rows(connection, "select dei_key from private.equity_invitations")}
    people = list(_people(members, answers, invited, key))
    if (
        len(invited) >= _ENOUGH_TO_JUDGE
        and all(row[_SELF_ID] == "not_invited" for row in people)
        and not _opens_any(connection, invited, key)
    ):
        raise WrongEquityKey(
            f"none of the {len(invited)} survey invitations belongs to any applicant under equity key {key.key_id}:"
            " restore secrets/equity_key, the one the survey was run with, from your backup"
        )
    return pl.DataFrame(people, schema=_PEOPLE, orient="row").sort("record_key", "release", "period_start")


def _people(members: pl.DataFrame, answers: Mapping[str, tuple[str, ...]], invited: set[str], key: EquityKey) -> Iterator[tuple[Any, ...]]:
    for school, candidate, merged, *cohort in members.select("school_id", "candidate_id", "merged_ids", *_COHORT, "period_end").iter_rows():
        release, tenant, kind, start, outcome_bin, end = cohort
        keys = [key.dei_key(school, person) for person in (candidate, *(merged or ()))]  # an answer may be kept under a merged record
        answer = next((answers[one] for one in keys if one in answers), None)
        if answer is not None:
            self_id = "declined" if set(answer) == {_DECLINED} else "answered"
        else:
            self_id = "no_answer" if invited.intersection(keys) else "not_invited"
        values = [_UNDISCLOSED if value == _DECLINED else value for value in answer or (_UNDISCLOSED,) * len(ATTRIBUTES)]
        person = candidate if tenant == school else f"{school}|{candidate}"
        record_key = key.record_key(f"{release}|{tenant}|{kind}|{start}", person)
        yield (release, tenant, kind, start, end, outcome_bin, self_id, *values, record_key)


def _opens_any(connection: Connection, invited: set[str], key: EquityKey) -> bool:
    everybody = _rows(connection, "select distinct tenant_id, candidate_id from intermediate.int_application_outcomes")
    return any(key.dei_key(tenant, candidate) in invited for tenant, candidate in everybody)


def _members(connection: Connection) -> pl.DataFrame:
    """Return who belongs to which closed cohort of which release, and the cohort's public size."""
    frame: pl.DataFrame = connection.sql(
        """
        with cohorts as (
            select *, list_position(['not_interviewed', 'interviewed', 'hired'], outcome_bin) as rank from marts.mart_equity_cohorts
        ),
        quarters as (select * from cohorts where release = 'A' and period_kind = 'quarter'),
        rests as (select * from cohorts where release = 'A' and period_kind = 'year_rest'),
        people as (
            select *, count(*) over (partition by tenant_id, first_quarter_start) as quarter_people_count,
                list_position(['not_interviewed', 'interviewed', 'hired'], outcome_bin) as rank
            from intermediate.int_application_outcomes
        ),
        placed as (
            select people.tenant_id as school_id, people.candidate_id, people.first_quarter_start,
                case when quarters.release is not null then quarters else rests end as cohort
            from people
            left join quarters on people.tenant_id = quarters.tenant_id and people.first_quarter_start = quarters.period_start
            left join rests on people.tenant_id = rests.tenant_id and people.academic_year_start = rests.period_start
                and people.quarter_people_count < 20
            where people.first_quarter_start is not null
            union all
            select people.tenant_id, people.candidate_id, null,
                arg_max(cohorts, cohorts.rank)  -- the nearest bin that is not above one's own
            from people
            inner join cohorts on cohorts.release = 'B' and people.tenant_id = cohorts.tenant_id
                and people.academic_year_start = cohorts.period_start and cohorts.rank <= people.rank
            group by people.tenant_id, people.candidate_id, people.academic_year_start
            union all
            select people.tenant_id, people.candidate_id, null, cohorts
            from people
            inner join cohorts on cohorts.release = 'C' and people.first_calendar_quarter_start = cohorts.period_start
        ),
        merged as (
            select person_id, list(candidate_id order by candidate_id) as merged_ids
            from intermediate.int_candidates_merged group by person_id
        )
        select school_id, placed.candidate_id, merged_ids, first_quarter_start, cohort.release, cohort.tenant_id, cohort.period_kind,
            cohort.period_start, cohort.period_end, cohort.outcome_bin, cohort.people_count
        from placed
        left join merged on placed.candidate_id = merged.person_id
        where cohort.release is not null
        """
    ).pl()
    return frame


def _unreleased(members: pl.DataFrame, released: pl.DataFrame) -> pl.DataFrame:
    """Check the public sizes, then leave out whoever a release has counted already."""
    counted = members.group_by(_COHORT).agg(found=pl.len(), public=pl.col("people_count").first())
    if (wrong := counted.filter(pl.col("found") != pl.col("public"))).height:
        raise CohortMismatch(
            f"{wrong.height} equity cohorts hold another number of people than mart_equity_cohorts says,"
            f" such as {wrong.row(0, named=True)}: rebuild the models and this step from the same rows"
        )
    fresh = members.join(released.select(_COHORT[:4]), on=_COHORT[:4], how="anti")  # B and C, whose period is measured once and whole
    pool = released.filter(pl.col("release") == "A")
    quarters = pool.filter(pl.col("period_kind") == "quarter").select("tenant_id", first_quarter_start="period_start")
    rests = pool.filter(pl.col("period_kind") == "year_rest").select("tenant_id", "period_start", "period_end")
    placed = fresh.filter(pl.col("release") == "A").select("tenant_id", "first_quarter_start").unique()
    in_rest = placed.join(rests, on="tenant_id").filter(pl.col("first_quarter_start").is_between("period_start", "period_end"))
    counted_already = pl.concat([quarters, in_rest.select("tenant_id", "first_quarter_start")]).unique()
    return fresh.join(counted_already, on=["tenant_id", "first_quarter_start"], how="anti")


def _rows(connection: Connection, sql: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql).fetchall()


def _replace(connection: Connection, table: str, frame: pl.DataFrame) -> None:
    connection.register("_incoming", frame)
    try:
        connection.execute(f"create or replace table {Layer.PRIVATE}.{table} as select * from _incoming")
    finally:
        connection.unregister("_incoming")
