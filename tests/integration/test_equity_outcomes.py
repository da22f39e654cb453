"""Releases B (outcomes) and C (all schools) end to end: gates, merging, freezing, sums; what they share with the pool is tested there."""

from pathlib import Path

import polars as pl
import pytest
from scipy.stats import chisquare, dlaplace

from tests.support.equity_release import QUARTERS, Cohorts, World, categories
from warehouse.connection import Warehouse
from warehouse.equity_ledger import CELL, append_missing, read_ledger, released_tables

LARGE, MERGED, SMALL = (f"00000000-0000-0000-0000-0000000000b{digit}" for digit in "123")


def school_year() -> Cohorts:
    """One school with every bin, one whose few hired join the interviewed, one with nine people, and enough others for the benchmark."""
    sizes = {LARGE: [200, 60, 40, 0], MERGED: [40, 0, 0, 0], SMALL: [9, 0, 0, 0]} | {
        f"00000000-0000-0000-0000-{number:012x}": [30, 0, 0, 0] for number in range(10)
    }
    drawn = Cohorts.draw(11, sizes).with_outcomes(12)
    few = [p for p in drawn.people if p.tenant_id == MERGED]
    outcomes = ["hired"] * 4 + ["interviewed"] * 8 + ["not_interviewed"] * 28
    placed = dict(zip((p.candidate_id for p in few), outcomes, strict=True))
    return Cohorts([type(p)(**{**vars(p), "outcome_bin": placed.get(p.candidate_id, p.outcome_bin)}) for p in drawn.people])


@pytest.fixture
def world(equity_world: World) -> World:
    return equity_world


@pytest.fixture
def candidates(world: World) -> pl.DataFrame:
    return world.release_in_memory(school_year())


def test_outcomes_and_benchmark_add_up_to_their_public_cohorts_in_every_category(candidates: pl.DataFrame) -> None:
    public = {cohort[:-1]: cohort[-1] for cohort in school_year().public() if cohort[0] in "BC"}
    tables = candidates.filter(pl.col("release") != "A").partition_by(CELL[:-1])
    assert len(tables) == len(public) * len(categories())
    for table in tables:
        key = table.row(0)[:6]
        assert table["people_count"].sum() == table["cohort_people_count"].max() == public[key]
        assert sorted(table["category"]) == sorted(categories()[table["attribute"][0]])


def test_a_bin_of_fewer_than_ten_joins_the_next_lower_stage_and_nine_people_are_too_few(candidates: pl.DataFrame) -> None:
    outcomes = candidates.filter(pl.col("release") == "B").group_by("tenant_id", "outcome_bin").agg(pl.col("cohort_people_count").max())
    bins = {(row[0], row[1]): row[2] for row in outcomes.iter_rows()}
    assert {outcome for school, outcome in bins if school == LARGE} == {"hired", "interviewed", "not_interviewed"}
    assert {outcome: people for (school, outcome), people in bins.items() if school == MERGED} == {"interviewed": 12, "not_interviewed": 28}
    assert SMALL not in {school for school, _ in bins}


def test_the_benchmark_has_atoms_of_its_own_from_five_hundred_people(world: World, candidates: pl.DataFrame) -> None:
    benchmark = candidates.filter(pl.col("release") == "C")
    assert set(benchmark["tenant_id"]) == {"all_schools"}
    assert benchmark["period_start"].unique().to_list() == [QUARTERS[0]], "the later quarters have fewer than 500 people"
    assert benchmark["cohort_people_count"].max() == sum(p.quarter == 0 for p in school_year().people)
    pools = candidates.filter((pl.col("release") == "A") & (pl.col("period_start") == QUARTERS[0])).group_by("attribute", "category")
    summed = pools.agg(pl.col("people_count").sum().alias("summed"))
    assert (benchmark.join(summed, on=["attribute", "category"]).select(pl.col("people_count") != pl.col("summed"))).to_series().any()
    with Warehouse(world.home).build(read_only=True) as connection:
        keys = connection.sql("select release, record_key from private.equity_people").pl()
    assert keys["record_key"].n_unique() == keys.height, "no record key links a person's rows in two releases"


def test_noisy_counts_are_kept_for_outcomes_only_and_lead_to_the_released_ones(candidates: pl.DataFrame) -> None:
    assert candidates.filter(pl.col("release") != "B")["noisy_count"].is_null().all()
    outcomes = candidates.filter(pl.col("release") == "B")
    assert outcomes["noisy_count"].is_not_null().all()
    fits = outcomes.group_by(CELL[:-1]).agg(
        same=(pl.col("noisy_count") == pl.col("people_count")).all(),
        adds_up=(pl.col("noisy_count").sum() == pl.col("cohort_people_count").max()) & (pl.col("noisy_count").min() >= 0),
    )
    assert (fits["same"] == fits["adds_up"]).all(), "the projection changes a table only where noise broke its sum or its sign"


@pytest.mark.parametrize(("release", "epsilon"), [("B", 0.5), ("C", 0.25)])
def test_noise_of_each_release_follows_its_own_two_sided_geometric_distribution(world: World, release: str, epsilon: float) -> None:
    many = Cohorts.draw(3, {f"00000000-0000-0000-0000-{number:012x}": [30, 30, 30, 30] for number in range(150)})
    if release == "B":
        many = many.with_outcomes(4, (0.4, 0.3, 0.3))
        world.release_in_memory(many)
        noise = _noise(world, release)
    else:  # four atoms a year: as many worlds as it takes
        draws = []
        for seed in range(12):
            changed = Cohorts.draw(100 + seed, {f"00000000-0000-0000-0000-{number:012x}": [30] * 4 for number in range(20)})
            world.release_in_memory(changed)
            draws.append(_noise(world, release))
        noise = pl.concat(draws)
    assert noise.len() > 1000
    edge = 8
    observed = [int((noise.clip(-edge, edge) == k).sum()) for k in range(-edge, edge + 1)]
    expected = [dlaplace.pmf(k, epsilon) for k in range(-edge, edge + 1)]
    expected[0] = expected[-1] = dlaplace.sf(edge - 1, epsilon)
    assert chisquare(observed, [share * noise.len() for share in expected]).pvalue > 1e-4


def _noise(world: World, release: str) -> pl.Series:
    return (
        world.noisy().filter(pl.col("release") == release).select((pl.col("drawn_count") - pl.col("exact_count")).alias("noise"))["noise"]
    )


def test_a_released_year_is_never_measured_again_however_its_bins_change(world: World, tmp_path: Path) -> None:
    first = school_year()
    append_missing(tmp_path, world.release_in_memory(first))
    before = read_ledger(tmp_path)
    more_hired = [
        type(p)(**{**vars(p), "outcome_bin": "hired"}) if p.tenant_id == MERGED and p.outcome_bin == "interviewed" else p
        for p in first.people
    ]
    again = world.release_in_memory(Cohorts(more_hired))
    assert again.filter((pl.col("tenant_id") == MERGED) & (pl.col("outcome_bin") == "hired")).height, "a bin of its own by now"
    assert append_missing(tmp_path, again) == 0
    assert read_ledger(tmp_path).equals(before)


def test_the_private_step_hands_over_nobody_of_a_released_period(world: World) -> None:
    ledger = world.home / "warehouse" / "equity_ledger"
    try:
        append_missing(world.home, world.release(school_year()))
        before = {file.name: file.read_bytes() for file in ledger.iterdir()}
        erased = next(p for p in school_year().people if p.tenant_id == LARGE)
        again = world.release(school_year().without(erased), shuffle=3)
        assert again.is_empty()
        assert append_missing(world.home, again) == 0
        assert {file.name: file.read_bytes() for file in ledger.iterdir()} == before
    finally:
        for file in ledger.iterdir():
            file.unlink()


def test_outcomes_shuffled_give_the_same_rows(world: World) -> None:
    assert world.release(school_year(), shuffle=1).equals(world.release(school_year(), shuffle=2))


def test_published_figures_of_schools_hold_no_benchmark_and_the_benchmark_no_school(world: World, tmp_path: Path) -> None:
    append_missing(tmp_path, world.release_in_memory(school_year()))
    tables = released_tables(tmp_path)
    releases, benchmarks = tables["marts.mart_equity_releases"], tables["marts.mart_equity_benchmarks"]
    assert set(releases["release"]) == {"A", "B"}
    assert set(benchmarks["release"]) == {"C"}
    assert not {"tenant_id", "noisy_count"} & set(benchmarks.columns)
