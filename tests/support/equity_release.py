"""Made-up cohorts and survey answers for the equity release, and dbt's own compiled statement to release them with."""

import csv
import os
import random
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl
import psycopg

from foundation.pseudonyms import dei_key
from ingestion.equity import ATTRIBUTES
from warehouse.connection import Connection

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
YEAR_START = date(2025, 9, 1)
QUARTERS = [date(2025, 9, 1), date(2025, 12, 1), date(2026, 3, 1), date(2026, 6, 1)]
QUARTER_ENDS = [date(2025, 11, 30), date(2026, 2, 28), date(2026, 5, 31), date(2026, 8, 31)]
SENTINEL = "sentinel-of-a-private-answer"


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

    def sizes(self) -> Iterator[tuple[str, str, date, date, int]]:
        """Yield the public cohorts: school, kind, start, end, people; small quarters as the rest of the year."""
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
        rows = [(p.tenant_id, p.candidate_id, YEAR_START, QUARTERS[p.quarter], "interviewed") for p in people]
        schema = ["tenant_id", "candidate_id", "academic_year_start", "first_quarter_start", "outcome_bin"]
        merged = [(p.merged_id, p.candidate_id) for p in people if p.merged_id]
        sizes = pl.DataFrame(
            list(self.sizes()), schema=["tenant_id", "period_kind", "period_start", "period_end", "people_count"], orient="row"
        )
        domain = [(name, category, place) for name, values in categories().items() for place, category in enumerate(values)]
        for table, frame in {
            "intermediate.int_application_outcomes": pl.DataFrame(rows, schema=schema, orient="row"),
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
