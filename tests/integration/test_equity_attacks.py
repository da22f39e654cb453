"""The known attacks, by the product's own implementation: they find nothing in releases and a great deal without noise or behind "<5"."""

import random

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog

from metrics.equity_attacks import HIDDEN_BELOW, Finding, attack_all, cell_range, exact_cells
from tests.support.equity_release import Cohorts, World, categories
from warehouse.connection import Warehouse

MANY = Cohorts.draw(5, {f"00000000-0000-0000-0000-{number:012x}": [22, 0, 0, 0] for number in range(200)}).with_outcomes(6, (0.5, 0.3, 0.2))


@pytest.fixture
def world(equity_world: World) -> World:
    return equity_world


def attacked(world: World, epsilon: str = "") -> dict[tuple[str, str], Finding]:
    released = world.release_in_memory(MANY, epsilon=epsilon)
    with Warehouse(world.home).build(read_only=True) as connection:
        people: pl.DataFrame = connection.sql("from private.equity_people").pl()
    return {(found.attack, found.table): found for found in attack_all(released, people, categories(), [released, released])}


def test_no_attack_makes_a_confident_claim_on_released_figures_and_hidden_cells_leak(world: World) -> None:
    found = attacked(world)
    released = {attack: finding for (attack, table), finding in found.items() if table == "released"}
    assert set(released) == {"snapshot", "linear program", "all but one", "differencing"}
    assert {attack: finding.confident for attack, finding in released.items()} == dict.fromkeys(released, 0)
    assert all(finding.tried > 200 for finding in released.values())
    hidden = {attack: finding for (attack, table), finding in found.items() if table == "<5 hidden"}
    for finding in hidden.values():
        assert finding.right == finding.confident > 0.05 * finding.tried, finding
    assert hidden["all but one"].right > 0.5 * hidden["all but one"].tried
    assert hidden["linear program"].right > hidden["snapshot"].right, "totals give more back than one table's own sum"


def test_the_same_attacks_succeed_where_the_noise_is_too_small(world: World) -> None:
    found = attacked(world, epsilon="12")
    for attack in ("snapshot", "all but one"):  # usual answers, about half of the people's, are no finding
        finding = found[attack, "released"]
        assert finding.confident > 0.3 * finding.tried, finding
        assert finding.right > 0.95 * finding.confident


def test_a_table_that_changes_overnight_is_found_by_comparing(world: World) -> None:
    before = world.release_in_memory(MANY)
    with Warehouse(world.home).build(read_only=True) as connection:
        people: pl.DataFrame = connection.sql("from private.equity_people").pl()
    living = before.with_columns(people_count=pl.col("people_count") + (pl.col("category") == "female").cast(pl.Int64))
    found = [f for f in attack_all(before, people, categories(), [before, living]) if f.attack == "differencing"]
    assert found[0].confident == before.filter(pl.col("category") == "female").height


def test_exact_cells_count_every_person_once_in_every_attribute(world: World) -> None:
    world.release_in_memory(MANY)
    with Warehouse(world.home).build(read_only=True) as connection:
        people: pl.DataFrame = connection.sql("from private.equity_people").pl()
    exact = exact_cells(people, categories())
    per_attribute = exact.group_by("attribute").agg(pl.col("exact_count").sum())["exact_count"]
    assert set(per_attribute) == {people.height}


@pytest.mark.parametrize("seed", range(12))
def test_range_of_a_cell_equals_the_linear_programs(seed: int) -> None:
    chance = random.Random(seed)
    rows, columns = 3, chance.randrange(3, 7)
    exact = [[chance.choice((0, 1, 2, 3, 4, 7, 12)) for _ in range(columns)] for _ in range(rows)]
    bounds = [[(0, HIDDEN_BELOW - 1) if n < HIDDEN_BELOW else (n, n) for n in row] for row in exact]
    totals = [sum(row[c] for row in exact) for c in range(columns)]
    visible = [c for c in range(columns) if totals[c] >= HIDDEN_BELOW]
    sums, values = [], []
    for r in range(rows):
        sums.append([float(place // columns == r) for place in range(rows * columns)])
        values.append(sum(exact[r]))
    for c in visible:
        sums.append([float(place % columns == c) for place in range(rows * columns)])
        values.append(totals[c])
    caps = [[float(place % columns == c) for place in range(rows * columns)] for c in range(columns) if c not in visible]
    for row in range(rows):
        for column in range(columns):
            goal = np.zeros(rows * columns)
            goal[row * columns + column] = 1
            least, greatest = (
                linprog(
                    sign * goal,
                    A_ub=caps or None,
                    b_ub=[HIDDEN_BELOW - 1] * len(caps) or None,
                    A_eq=sums,
                    b_eq=values,
                    bounds=[bound for line in bounds for bound in line],
                ).fun
                for sign in (1, -1)
            )
            assert cell_range(exact, bounds, row, column, has_totals=True) == (round(least), round(-greatest))
