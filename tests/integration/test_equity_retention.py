"""Released answers are deleted 30 days later, at the source and in the private tables, and not a day or a person too early."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import psycopg
import pytest

from foundation.settings import Home
from ingestion.equity_retention import ReleasesPending, Retention, delete_released
from ingestion.snapshots import SourceUnavailable
from tests.support.equity_release import KEY, Cohorts, World
from warehouse.connection import Warehouse
from warehouse.equity_ledger import append_missing

SCHOOL, SMALL = "00000000-0000-0000-0000-0000000000d1", "00000000-0000-0000-0000-0000000000d2"
RELEASED = datetime(2026, 10, 5, tzinfo=UTC)
DUE = RELEASED + timedelta(days=30)


def cohorts() -> Cohorts:
    """A school whose pool and outcomes are released, and one of six people, whose year closes without a release."""
    return Cohorts.draw(21, {SCHOOL: [40, 25, 0, 0], SMALL: [6, 0, 0, 0]}).with_outcomes(22, (0.4, 0.3, 0.3))


@pytest.fixture
def home(equity_world: World, tmp_path: Path) -> Iterator[tuple[World, Path, Cohorts]]:
    """Return a home of its own, with every closed period released, and the people behind it."""
    people = cohorts()
    world = World(tmp_path, equity_world.urls, people, equity_world.release_sql)
    Home(home=tmp_path).write_secret("equity_key", KEY)
    candidates = world.release(people)
    append_missing(tmp_path, candidates, released_at=RELEASED)
    with Warehouse(tmp_path).build() as connection:
        applications = pl.DataFrame(
            [(str(number), p.tenant_id, p.candidate_id, "rejected") for number, p in enumerate(people.people)],
            schema=["application_id", "tenant_id", "person_id", "outcome"],
            orient="row",
        ).with_columns(source_system=pl.lit("hiring_core"), recorded_at=pl.lit(datetime(2026, 3, 1, tzinfo=UTC)))
        for table, frame in {
            "intermediate.int_applications_unioned": applications.drop("outcome"),
            "intermediate.int_applications_resolved": applications.select("application_id", "outcome"),
            "private.equity_release_candidates": candidates,
            "raw._build": pl.DataFrame({"as_of": [datetime(2026, 10, 20, tzinfo=UTC)]}),
        }.items():
            connection.register("_made", frame)
            connection.execute(f"create or replace table {table} as from _made")
            connection.unregister("_made")
    yield world, tmp_path, people
    with psycopg.connect(world.urls.owner) as owner:  # the log can't be emptied: what held a year is taken out with its triggers off
        owner.execute(
            "alter table audit.events disable trigger user; delete from audit.events; alter table audit.events enable trigger user"
        )


def run(world: World, root: Path, now: datetime, *, dry_run: bool = False) -> Retention:
    with Warehouse(root).build() as connection:
        return delete_released(world.urls.pipeline, connection, root, now, dry_run=dry_run)


def rows(world: World) -> int:
    with psycopg.connect(world.urls.owner) as owner:
        found = owner.execute("select (select count(*) from equity.responses) + (select count(*) from equity.invitations)").fetchone()
    assert found
    return int(found[0])


def told(people: Cohorts) -> int:
    return sum((p.answer is not None) + p.is_invited for p in people.people)


def test_nothing_is_due_before_thirty_days_and_everything_after(home: tuple[World, Path, Cohorts]) -> None:
    world, root, people = home
    small = Cohorts([p for p in people.people if p.tenant_id == SMALL])
    early = run(world, root, DUE - timedelta(seconds=1))
    assert early.deleted_count == told(small), "the school too small for a release needed its answers for no later one"
    assert rows(world) == told(people) - told(small)
    late = run(world, root, DUE)
    assert late.deleted_count == told(people) - told(small)
    assert rows(world) == 0
    with Warehouse(root).build(read_only=True) as connection:
        assert connection.execute("select count(*) from private.equity_responses").fetchall() == [(0,)]
        assert connection.execute("select count(*) from private.equity_invitations").fetchall() == [(0,)]
    with psycopg.connect(world.urls.owner) as owner:
        logged = owner.execute("select action, rows_affected from audit.events order by seq").fetchall()
    assert logged == [("equity.retention_purge", told(small)), ("equity.retention_purge", told(people) - told(small))]


def test_a_dry_run_counts_and_deletes_nothing(home: tuple[World, Path, Cohorts]) -> None:
    world, root, people = home
    found = run(world, root, DUE, dry_run=True)
    assert found == Retention(sum(p.answer is not None or p.is_invited for p in people.people), found.due_count, 0)
    assert found.due_count > 0
    assert rows(world) == told(people)


def test_whoever_has_an_open_application_keeps_the_answer(home: tuple[World, Path, Cohorts]) -> None:
    world, root, people = home
    open_person = next(p for p in people.people if p.answer is not None)
    with Warehouse(root).build() as connection:
        connection.execute(
            """update intermediate.int_applications_resolved set outcome = 'open' where application_id in
            (select application_id from intermediate.int_applications_unioned where person_id = ?)""",
            [open_person.candidate_id],
        )
    run(world, root, DUE)
    assert rows(world) == 1 + open_person.is_invited


def test_a_period_that_is_not_closed_keeps_its_people(home: tuple[World, Path, Cohorts]) -> None:
    world, root, people = home
    late = next(p for p in people.people if p.answer is not None)
    with Warehouse(root).build() as connection:
        connection.execute(
            "insert into intermediate.int_application_outcomes values (?, ?, ?, ?, null, null)",
            [late.tenant_id, late.candidate_id, date(2026, 9, 1), date(2026, 9, 1)],
        )
    run(world, root, DUE)
    assert rows(world) == 1 + late.is_invited, "the new year's first quarter ends in November"


def test_whoever_no_release_counts_is_due_after_the_last_application(home: tuple[World, Path, Cohorts]) -> None:
    world, root, people = home
    internal = next(p for p in people.people if p.answer is not None)
    with Warehouse(root).build() as connection:
        connection.execute("delete from intermediate.int_application_outcomes where candidate_id = ?", [internal.candidate_id])
        connection.execute("delete from intermediate.int_application_outcomes where tenant_id = ?", [SMALL])
        connection.execute(
            "update intermediate.int_applications_unioned set recorded_at = ? where person_id = ?", [RELEASED, internal.candidate_id]
        )
    small = Cohorts([p for p in people.people if p.tenant_id == SMALL])
    assert run(world, root, DUE - timedelta(seconds=1)).deleted_count == told(small), "recorded in March: due since April"
    assert run(world, root, DUE).deleted_count == told(people) - told(small)


def test_a_logged_audit_holds_the_answers_of_its_year(home: tuple[World, Path, Cohorts]) -> None:
    world, root, people = home
    hold = (
        "insert into audit.events (actor, actor_type, action, object_type, outcome, after)"
        " values ('a', 'person', 'equity.audit_pack', 'p', 'ok', %s)"
    )
    with psycopg.connect(world.urls.owner) as owner:
        owner.execute(hold, ['{"year": 2024, "expires_on": "2999-01-01"}'])
    assert run(world, root, DUE, dry_run=True).due_count > 0, "another year's audit holds nothing"
    with psycopg.connect(world.urls.owner) as owner:
        owner.execute(hold, ['{"year": 2025, "expires_on": "2999-01-01"}'])
    assert run(world, root, DUE).deleted_count == 0
    assert rows(world) == told(people)


def test_closed_periods_that_wait_for_their_release_stop_the_deletion(home: tuple[World, Path, Cohorts]) -> None:
    world, root, people = home
    with Warehouse(root).build() as connection:
        connection.execute(
            """insert into private.equity_release_candidates
            select * replace (date '2027-09-01' as period_start) from private.equity_release_candidates"""
        )
    with pytest.raises(ReleasesPending, match="publish first"):
        run(world, root, DUE)
    assert rows(world) == told(people)


def test_a_source_that_is_away_is_named_and_nothing_is_deleted(home: tuple[World, Path, Cohorts]) -> None:
    _, root, people = home
    with Warehouse(root).build() as connection, pytest.raises(SourceUnavailable):
        delete_released("postgresql://nobody@127.0.0.1:1/none", connection, root, DUE)
    with Warehouse(root).build(read_only=True) as connection:
        kept = connection.execute("select count(*) from private.equity_responses").fetchall()
    assert kept == [(sum(p.answer is not None for p in people.people),)]
