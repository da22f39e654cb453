"""The equity release end to end: Postgres answers, the private step, dbt's release, the ledger, the published file."""

import math
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import psycopg
import pytest
from scipy.stats import chisquare, dlaplace

from foundation.settings import Home, MissingSecret
from ingestion.equity import ATTRIBUTES, CohortMismatch, WrongEquityKey, build_equity_people
from ingestion.equity_key import EquityKey
from tests.support.equity_release import KEY, QUARTERS, SCHOOLS, SENTINEL, YEAR_START, Cohorts, World, categories, compiled_release, run_dbt
from warehouse.connection import Published, Warehouse
from warehouse.equity_ledger import CELL, PERIOD, append_missing, read_ledger
from warehouse.publishing import publish


@pytest.fixture
def world(equity_world: World) -> World:
    return equity_world


@pytest.fixture
def candidates(world: World) -> pl.DataFrame:
    return world.release(world.cohorts)


def test_every_table_adds_up_to_the_public_cohort_and_shows_every_category(world: World, candidates: pl.DataFrame) -> None:
    public = {(school, kind, start): people for school, kind, start, _, people in world.cohorts.sizes()}
    assert len(public) == 5, "two quarters and a rest of one school, one and a rest of another; the third is too small"
    found = candidates.group_by("tenant_id", "period_kind", "period_start", "attribute").agg(
        pl.col("people_count").sum(), pl.col("cohort_people_count").unique().alias("stated"), pl.col("category")
    )
    assert found.height == len(public) * len(categories())
    for row in found.iter_rows(named=True):
        people = public[row["tenant_id"], row["period_kind"], row["period_start"]]
        assert (row["people_count"], row["stated"]) == (people, [people])
        assert sorted(row["category"]) == sorted(categories()[row["attribute"]])
    assert candidates["people_count"].min() >= 0  # type: ignore[operator]  # polars types min() as any literal
    assert candidates["key_id"].unique().to_list() == [EquityKey(KEY).key_id]


def test_private_people_hold_one_row_a_person_and_nothing_that_leads_back(world: World, candidates: pl.DataFrame) -> None:
    with Warehouse(world.home).build(read_only=True) as connection:
        people: pl.DataFrame = connection.sql("from private.equity_people").pl()
    assert people.columns == [*PERIOD, "outcome_bin", "self_id", *ATTRIBUTES, "record_key"]
    in_cohorts = [p for p in world.cohorts.people if p.tenant_id in candidates["tenant_id"].unique()]
    assert people.height == len(in_cohorts)
    assert Counter(people["self_id"]) == Counter(person.self_id for person in in_cohorts)
    told = Counter(p.answer[0] if p.answer and p.answer[0] != "declined" else "undisclosed" for p in in_cohorts)
    assert Counter(people["gender"]) == told
    assert people["record_key"].n_unique() == people.height
    assert people["record_key"].max() < 2**40  # type: ignore[operator]  # polars types max() as any literal
    assert people["record_key"].is_sorted(), "the order of the rows tells nothing"


def test_noise_is_there_and_shuffled_input_gives_the_same_rows(world: World, candidates: pl.DataFrame) -> None:
    again = world.release(world.cohorts, shuffle=7)
    assert again.equals(candidates)
    with Warehouse(world.home).build(read_only=True) as connection:
        exact = connection.sql(
            "select period_start, tenant_id, gender as category, count(*) as exact from private.equity_people group by all"
        )
        joined = candidates.filter(pl.col("attribute") == "gender").join(exact.pl(), on=["tenant_id", "period_start", "category"])
    assert (joined["people_count"] != joined["exact"]).any()


def test_duckdb_and_postgres_release_the_same_rows(world: World, fresh_database: str) -> None:
    large = "00000000-0000-0000-0000-00000000000d"
    candidates = world.release_in_memory(Cohorts.draw(9, SCHOOLS | {large: [520, 0, 0, 0]}).with_outcomes(10))
    assert set(candidates["release"]) == {"A", "B", "C"}
    name = fresh_database.rpartition("/")[2]
    run_dbt(
        *("compile", "--target", "postgres", "--select", "equity_release_candidates", "--no-introspect", "--no-populate-cache"),
        home=world.home / "postgres",
        NEXUS_WAREHOUSE_POSTGRES_DATABASE=name,
    )
    tables = ("private.equity_people", "private.equity_noise", "private.equity_secret", "staging.equity_categories")
    kinds = {pl.Date: "date", pl.Int64: "bigint", pl.Int32: "int"}
    with psycopg.connect(fresh_database) as postgres, Warehouse(world.home).build(read_only=True) as connection:
        postgres.execute("create schema private; create schema staging")
        for table in tables:
            frame: pl.DataFrame = connection.sql(f"from {table}").pl()
            columns = ", ".join(f"{column} {kinds.get(type(kind), 'text')}" for column, kind in frame.schema.items())
            postgres.execute(f"create table {table} ({columns})".encode())
            with postgres.cursor().copy(f"copy {table} from stdin".encode()) as copy:
                for row in frame.iter_rows():
                    copy.write_row(row)
        rows = postgres.execute(compiled_release(world.home / "postgres").encode()).fetchall()
    there = pl.DataFrame(rows, schema=candidates.schema, orient="row").sort(CELL)
    assert there.equals(candidates)


def test_release_is_the_nearest_table_of_whole_people_to_the_noisy_counts(world: World, candidates: pl.DataFrame) -> None:
    noisy = world.noisy()
    group = CELL[:-1]
    joined = candidates.join(noisy, on=CELL, how="left")
    assert joined.height == candidates.height
    for part in joined.partition_by(group):
        released, target = part["people_count"].to_list(), part["drawn_count"].to_list()
        best = _distance(released, target)
        for giver in range(len(released)):
            for taker in range(len(released)):
                if giver != taker and released[giver] > 0:
                    moved = [n - (i == giver) + (i == taker) for i, n in enumerate(released)]
                    assert _distance(moved, target) >= best, (released, target)


def _distance(table: list[int], target: list[int]) -> int:
    return sum((a - b) ** 2 for a, b in zip(table, target, strict=True))


def test_noise_of_many_cells_follows_the_two_sided_geometric_distribution(world: World) -> None:
    many = Cohorts.draw(3, {f"00000000-0000-0000-0000-{number:012x}": [20, 21, 22, 23] for number in range(250)})
    world.release_in_memory(many)
    drawn = world.noisy().filter(pl.col("release") == "A")
    noise = drawn["drawn_count"] - drawn["exact_count"]
    assert noise.len() == 250 * 4 * sum(map(len, categories().values()))
    observed = [int(((noise.clip(-8, 8)) == k).sum()) for k in range(-8, 9)]
    expected = [dlaplace.pmf(k, 0.75) for k in range(-8, 9)]
    expected[0] = expected[-1] = dlaplace.sf(7, 0.75)
    assert chisquare(observed, [share * noise.len() for share in expected]).pvalue > 1e-4


def test_comparing_two_nights_shows_nothing_because_released_periods_stay(world: World, tmp_path: Path) -> None:
    before = world.release_in_memory(world.cohorts)
    append_missing(tmp_path, before)
    first_night = read_ledger(tmp_path)
    late = next(p for p in world.cohorts.people if p.quarter == 0 and p.self_id == "no_answer" and p.tenant_id in before["tenant_id"])
    changed = Cohorts(
        [p if p is not late else type(p)(p.tenant_id, p.candidate_id, 0, True, ("male",) * 5, p.merged_id) for p in world.cohorts.people]
    )
    after = world.release_in_memory(changed)
    append_missing(tmp_path, after)
    assert not after.equals(before), "a living table would show the new answer"
    assert read_ledger(tmp_path).equals(first_night)


def test_erasing_a_person_and_rebuilding_leaves_released_bytes_as_they_are(world: World, tmp_path: Path) -> None:
    ledger = world.home / "warehouse" / "equity_ledger"
    try:
        append_missing(world.home, world.release(world.cohorts))
        before = {file.name: file.read_bytes() for file in ledger.iterdir()}
        erased = next(p for p in world.cohorts.people if p.tenant_id.endswith("b") and p.quarter == 1)
        world.home.joinpath("warehouse/build.duckdb").unlink()
        with Warehouse(world.home).build():
            pass
        candidates = world.release(world.cohorts.without(erased))
        assert candidates.is_empty(), "the quarter fell below its gate, yet its people do not come back with the rest of the year"
        assert append_missing(world.home, candidates) == 0
        assert {file.name: file.read_bytes() for file in ledger.iterdir()} == before
    finally:
        for file in ledger.iterdir():
            file.unlink()


def test_a_new_key_releases_new_periods_only(world: World) -> None:
    quarter_one = Cohorts([p for p in world.cohorts.people if p.quarter == 0])
    ledger = world.home / "warehouse" / "equity_ledger"
    secrets = Home(home=world.home)
    try:
        append_missing(world.home, world.release(quarter_one))
        secrets.write_secret("equity_key", "e1" * 32)
        append_missing(world.home, world.release(world.cohorts, key="e1" * 32))
        keys = read_ledger(world.home).group_by("period_start", "period_kind").agg(pl.col("key_id").unique()).sort("period_start")
        old, new = EquityKey(KEY).key_id, EquityKey("e1" * 32).key_id
        by_period = {(row[0], row[1]): row[2] for row in keys.iter_rows()}
        assert by_period[QUARTERS[0], "quarter"] == [old]
        assert by_period[QUARTERS[1], "quarter"] == [new]
        assert by_period[YEAR_START, "year_rest"] == [new]
    finally:
        secrets.write_secret("equity_key", KEY)
        for file in ledger.iterdir():
            file.unlink()


def test_private_content_and_keys_are_in_no_published_byte_no_log_and_no_compiled_statement(world: World) -> None:
    odd = world.cohorts.people[0]
    answered = Cohorts(
        [p if p is not odd else type(p)(p.tenant_id, p.candidate_id, 0, True, (SENTINEL,) * 5) for p in world.cohorts.people]
    )
    answered.write_source(world.urls.owner, KEY)
    with Warehouse(world.home).build() as connection:
        answered.write_build(connection)
        build_equity_people(world.urls.pipeline, connection, world.home)
        people: pl.DataFrame = connection.sql("from private.equity_people").pl()
    assert SENTINEL in people["gender"]
    run_dbt("build", "--select", "equity_release_candidates", "--log-level-file", "debug", home=world.home)
    with Warehouse(world.home).build(read_only=True) as connection:
        candidates: pl.DataFrame = connection.sql("from private.equity_release_candidates").pl()
    ledger_root = world.home / "published_here"
    append_missing(ledger_root, candidates)
    publish(
        world.home,
        as_of=datetime(2026, 9, 10, tzinfo=UTC),
        bundles={},
        extra_tables={"marts.mart_equity_releases": read_ledger(ledger_root)},
        required=frozenset({"marts.mart_equity_cohorts"}),
    )
    secret = EquityKey(KEY)
    forbidden = [SENTINEL, KEY, secret.noise_secret, str(people["record_key"][0]), secret.dei_key(odd.tenant_id, odd.candidate_id)]
    outside = [*(world.home / "warehouse" / "published").rglob("*"), *(world.home / "dbt").rglob("*"), *ledger_root.rglob("*")]
    files = [file for file in (*outside, world.home / "CURRENT") if file.is_file()]
    assert any(file.name == "dbt.log" for file in files)
    assert any(file.suffix == ".duckdb" for file in files)
    for file in files:
        content = file.read_bytes()
        for text in forbidden:
            assert text.encode() not in content, file.name
    with Published.open(world.home) as published:
        assert published.query("select sum(people_count) from marts.mart_equity_releases").item() > 0
    (world.home / "CURRENT").unlink()


def test_an_answer_outside_the_vocabulary_counts_as_undisclosed_and_loses_nobody(world: World) -> None:
    school = next(iter(SCHOOLS))
    odd = Cohorts([type(p)(p.tenant_id, p.candidate_id, p.quarter, True, (SENTINEL,) * 5) for p in world.cohorts.people])
    shares = world.release_in_memory(odd).filter((pl.col("attribute") == "gender") & (pl.col("tenant_id") == school))
    undisclosed = shares.filter(pl.col("category") == "undisclosed")
    assert (undisclosed["people_count"] / undisclosed["cohort_people_count"]).min() > 0.5  # type: ignore[operator]  # any literal


def test_a_missing_equity_key_says_which_file_and_how_to_mend(world: World, tmp_path: Path) -> None:
    with Warehouse(world.home).build() as connection, pytest.raises(MissingSecret, match=r"equity_key is missing: .*restore it"):
        build_equity_people(world.urls.pipeline, connection, tmp_path)


def test_another_key_than_the_surveys_is_refused_not_released_as_nobody_invited(world: World, tmp_path: Path) -> None:
    Home(home=tmp_path).write_secret("equity_key", "ab" * 32)
    world.cohorts.write_source(world.urls.owner, KEY)
    with Warehouse(world.home).build() as connection:
        world.cohorts.write_build(connection)
        with pytest.raises(WrongEquityKey, match="restore secrets/equity_key"):
            build_equity_people(world.urls.pipeline, connection, tmp_path)


def test_models_and_step_from_different_rows_are_refused(world: World) -> None:
    with Warehouse(world.home).build() as connection:
        world.cohorts.write_build(connection)
        connection.execute("update marts.mart_equity_cohorts set people_count = people_count + 1")
        with pytest.raises(CohortMismatch, match="mart_equity_cohorts"):
            build_equity_people(world.urls.pipeline, connection, world.home)


def test_margin_of_three_people_holds_for_93_percent_of_cells() -> None:
    q = math.exp(-0.75)
    assert 1 - 2 * q**4 / (1 + q) == pytest.approx(0.93, abs=0.005)
