"""Made-up cohorts and survey answers for the equity releases, and dbt's own compiled statement to release them with."""

import csv
import os
import random
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import polars as pl
import psycopg
import pytest

from foundation.pseudonyms import dei_key
from foundation.settings import Home
from ingestion.equity import ATTRIBUTES, RELEASES, build_equity_people, equity_people
from ingestion.equity_key import EquityKey, noise_ranges
from nexus.databases import DatabaseUrls, create_database, login_urls
from tests.support.postgres import PASSWORDS
from warehouse.connection import Connection, Warehouse
from warehouse.equity_ledger import CELL, PERIOD, read_ledger

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
YEAR_START = date(2025, 9, 1)
QUARTERS = [date(2025, 9, 1), date(2025, 12, 1), date(2026, 3, 1), date(2026, 6, 1)]
QUARTER_ENDS = [date(2025, 11, 30), date(2026, 2, 28), date(2026, 5, 31), date(2026, 8, 31)]
SENTINEL = "sentinel-of-a-private-answer"
KEY = "0f" * 32
SCHOOLS = {
    "00000000-0000-0000-0000-00000000000a": [60, 25, 12, 3],
    "00000000-0000-0000-0000-00000000000b": [5, 20, 19, 0],
    "00000000-0000-0000-0000-00000000000c": [4, 3, 2, 0],
}
BINS = ("not_interviewed", "interviewed", "hired")


def categories() -> dict[str, list[str]]:
    """Return the seed's categories by attribute."""
    found: dict[str, list[str]] = {}
    with (PROJECT / "seeds" / "equity_categories.csv").open() as stream:
        for row in csv.DictReader(stream):
            found.setdefault(row["attribute"], []).append(row["category"])
    return found


@dataclass(frozen=True)
class Person:
    """A person of a cohort: the school, the quarter of the first application, and the answer (None: none; () : declined to all)."""

    tenant_id: str
    candidate_id: str
    quarter: int
    is_invited: bool
    answer: tuple[str, ...] | None
    merged_id: str | None = None
    outcome_bin: str | None = None

    @property
    def self_id(self) -> str:
        """The self-identification state the release must see."""
        if self.answer is not None:
            return "declined" if set(self.answer) == {"declined"} else "answered"
        return "no_answer" if self.is_invited else "not_invited"


@dataclass
class Cohorts:
    """Schools with people in the four quarters of one academic year."""

    people: list[Person] = field(default_factory=list)

    @classmethod
    def draw(cls, seed: int, sizes: dict[str, list[int]]) -> "Cohorts":
        """Draw people: school → people in each quarter. A tenth are kept under a merged record, a tenth decline everything."""
        rng = random.Random(seed)
        domain = categories()
        people = []
        for school, counts in sizes.items():
            for quarter, count in enumerate(counts):
                for _ in range(count):
                    kind = rng.random()
                    answer: tuple[str, ...] | None = None
                    if kind < 0.6:
                        answer = tuple(rng.choice([*domain[name][:-1], "declined"]) for name in ATTRIBUTES)
                    elif kind < 0.7:
                        answer = ("declined",) * len(ATTRIBUTES)
                    merged = str(uuid.UUID(int=rng.getrandbits(128))) if rng.random() < 0.1 else None
                    candidate = str(uuid.UUID(int=rng.getrandbits(128)))
                    people.append(Person(school, candidate, quarter, kind < 0.9, answer, merged))
        return cls(people)

    def without(self, person: Person) -> "Cohorts":
        """Return the cohorts after one person's erasure."""
        return Cohorts([other for other in self.people if other is not person])

    def with_outcomes(self, seed: int, chances: tuple[float, float, float] = (0.5, 0.3, 0.2)) -> "Cohorts":
        """Return the cohorts after everybody's application was closed: drawn not interviewed, interviewed or hired."""
        rng = random.Random(seed)
        return Cohorts([replace(person, outcome_bin=rng.choices(BINS, chances)[0]) for person in self.people])

    def public(self, *, benchmark_from: int = 500) -> list[tuple[str, str, str, date, date, str, int]]:
        """Return the public cohorts: release, school, kind, start, end, bin, people."""
        pools = [("A", *cohort[:-1], "pool", cohort[-1]) for cohort in self.sizes()]
        everybody = Counter(person.quarter for person in self.people)
        benchmark = [
            ("C", "all_schools", "quarter", QUARTERS[quarter], QUARTER_ENDS[quarter], "pool", people)
            for quarter, people in everybody.items()
            if people >= benchmark_from
        ]
        return [*pools, *self._outcomes(), *benchmark]

    def _outcomes(self) -> Iterator[tuple[str, str, str, date, date, str, int]]:
        for school in {person.tenant_id for person in self.people}:
            counts = Counter(person.outcome_bin for person in self.people if person.tenant_id == school)
            carried = 0
            for outcome in reversed(BINS):
                people, carried = counts[outcome] + carried, 0
                if people >= 10:
                    yield "B", school, "academic_year", YEAR_START, QUARTER_ENDS[3], outcome, people
                else:
                    carried = people

    def sizes(self) -> Iterator[tuple[str, str, date, date, int]]:
        """Yield the public cohorts of the pool: school, kind, start, end, people; small quarters as the rest of the year."""
        counts: dict[str, list[int]] = {}
        for person in self.people:
            counts.setdefault(person.tenant_id, [0, 0, 0, 0])[person.quarter] += 1
        for school, numbers in counts.items():
            for quarter, number in enumerate(numbers):
                if number >= 20:
                    yield school, "quarter", QUARTERS[quarter], QUARTER_ENDS[quarter], number
            rest = sum(number for number in numbers if number < 20)
            if rest >= 10:
                yield school, "year_rest", YEAR_START, QUARTER_ENDS[3], rest

    def write_build(self, connection: Connection, *, shuffle: int = 0) -> None:
        """Write the tables that the private step and the release read from the build file."""
        rng = random.Random(shuffle)
        people = rng.sample(self.people, len(self.people))
        rows = [(p.tenant_id, p.candidate_id, YEAR_START, QUARTERS[p.quarter], QUARTERS[p.quarter], p.outcome_bin) for p in people]
        schema = {"tenant_id": pl.String, "candidate_id": pl.String} | dict.fromkeys(
            ("academic_year_start", "first_quarter_start", "first_calendar_quarter_start"), pl.Date
        )
        merged = [(p.merged_id, p.candidate_id) for p in people if p.merged_id]
        sizes = pl.DataFrame(self.public(), schema=[*PERIOD, "outcome_bin", "people_count"], orient="row")
        domain = [(name, category, place) for name, values in categories().items() for place, category in enumerate(values)]
        for table, frame in {
            "intermediate.int_application_outcomes": pl.DataFrame(rows, schema=schema | {"outcome_bin": pl.String}, orient="row"),
            "intermediate.int_candidates_merged": pl.DataFrame(
                merged, schema={"candidate_id": pl.String, "person_id": pl.String}, orient="row"
            ),
            "marts.mart_equity_cohorts": sizes.sample(fraction=1, shuffle=True, seed=shuffle),
            "staging.equity_categories": pl.DataFrame(domain, schema=["attribute", "category", "position"], orient="row"),
        }.items():
            connection.register("_made", frame)
            connection.execute(f"create or replace table {table} as from _made")
            connection.unregister("_made")

    def write_source(self, owner_url: str, equity_key: str) -> None:
        """Replace the answers in the hiring core."""
        invitations, responses = [], []
        for p in self.people:
            key = dei_key(equity_key, p.tenant_id, p.merged_id or p.candidate_id)
            if p.is_invited:
                invitations.append((key, p.tenant_id))
            if p.answer is not None:
                responses.append((key, p.tenant_id, *p.answer))
        with psycopg.connect(owner_url) as source, source.cursor() as cursor:
            cursor.execute("truncate equity.invitations, equity.responses")
            cursor.executemany("insert into equity.invitations values (%s, %s, '2025-10-01', 'v1', 'en')", invitations)
            cursor.executemany("insert into equity.responses values (%s, %s, '2025-10-02', 'v1', %s, %s, %s, %s, %s, 'en')", responses)


def run_dbt(*arguments: str, home: Path, **environment: str) -> None:
    """Run dbt on the project in a process of its own, its output below ``home``/dbt.

    Raises:
        subprocess.CalledProcessError: dbt failed.
    """
    folder = home / "dbt"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "dbt.cli.main",
            *arguments,
            "--project-dir",
            PROJECT,
            "--profiles-dir",
            PROJECT,
            "--target-path",
            folder / "target",
            "--log-path",
            folder / "logs",
        ],
        env=os.environ | {"NEXUS_WAREHOUSE_BUILD": str(home / "warehouse" / "build.duckdb")} | environment,
        check=True,
        capture_output=True,
    )


def compiled_release(home: Path) -> str:
    """Return the statement that dbt compiled for the release below ``home``."""
    return (home / "dbt/target/compiled/nexus/models/private/equity_release_candidates.sql").read_text()


@dataclass
class World:
    """A home with a build file, a source with answers and the statement dbt compiled."""

    home: Path
    urls: DatabaseUrls
    cohorts: Cohorts
    release_sql: str = ""

    def release(self, cohorts: Cohorts, *, shuffle: int = 0, key: str = KEY) -> pl.DataFrame:
        """Rebuild from these cohorts and return the candidates."""
        cohorts.write_source(self.urls.owner, key)
        with Warehouse(self.home).build() as connection:
            cohorts.write_build(connection, shuffle=shuffle)
            build_equity_people(self.urls.pipeline, connection, self.home)
            return connection.sql(self.release_sql).pl().sort(CELL)

    def release_in_memory(self, cohorts: Cohorts, *, epsilon: str = "", key: str = KEY) -> pl.DataFrame:
        """Release cohorts without the source in between; ``epsilon`` replaces the noise of every release."""
        equity_key = EquityKey(key)
        with Warehouse(self.home).build() as connection:
            cohorts.write_build(connection)
            keys = {p: equity_key.dei_key(p.tenant_id, p.merged_id or p.candidate_id) for p in cohorts.people}
            answers = [(key, *p.answer) for p, key in keys.items() if p.answer is not None]
            invited = [(key,) for p, key in keys.items() if p.is_invited]
            replace_private(connection, "equity_responses", pl.DataFrame(answers, schema=["dei_key", *ATTRIBUTES], orient="row"))
            replace_private(connection, "equity_invitations", pl.DataFrame(invited, schema=["dei_key"], orient="row"))
            nothing_released = read_ledger(self.home / "nothing").select(PERIOD)
            replace_private(connection, "equity_people", equity_people(connection, nothing_released, equity_key))
            replace_private(
                connection, "equity_noise", pl.concat(noise_ranges(release, epsilon or usual) for release, usual in RELEASES.items())
            )
            return connection.sql(self.release_sql).pl().sort(CELL)

    def noisy(self) -> pl.DataFrame:
        """Return the counts before projection: the statement dbt compiled, stopped after its noise."""
        head, _, _ = self.release_sql.partition("ranked as (")
        sql = f"{head.rstrip().rstrip(',')} select {', '.join(CELL)}, noisy_count as drawn_count, people_count as exact_count from noised"
        with Warehouse(self.home).build(read_only=True) as connection:
            frame: pl.DataFrame = connection.sql(sql).pl()
        return frame


def replace_private(connection: Connection, table: str, frame: pl.DataFrame) -> None:
    """Replace a private table of the build file."""
    connection.register("_written", frame)
    connection.execute(f"create or replace table private.{table} as from _written")
    connection.unregister("_written")


@pytest.fixture(scope="session")
def equity_world(postgres_server, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:  # type: ignore[no-untyped-def]  # the server's type belongs to another floor
    """Write a home's key, answers and build file, and let dbt compile and run the release."""
    name = f"equity_release_{os.getpid()}"
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(f"create database {name} template {migrated_template}")
    urls = login_urls(create_database(postgres_server.url(), name), PASSWORDS)
    world = World(tmp_path_factory.mktemp("equity"), urls, Cohorts.draw(1, SCHOOLS))
    Home(home=world.home).write_secret("equity_key", KEY)
    world.cohorts.write_source(world.urls.owner, KEY)
    with Warehouse(world.home).build() as connection:
        world.cohorts.write_build(connection)
        build_equity_people(world.urls.pipeline, connection, world.home)
    run_dbt("build", "--select", "equity_categories", "equity_release_candidates", home=world.home)
    world.release_sql = compiled_release(world.home)
    yield world
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")
