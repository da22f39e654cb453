"""The known attacks on published counts of people, run alike on released figures and on the "<5 hidden" table of the same people.

What belongs here: what an attacker claims from a table, and how often the claim is right. What doesn't: reading the published file or the
private people (nexus.commands.equity). The people are needed to judge the claims, and to make the table that is never published.

An attacker's claim says of somebody that they are there: a count of one or more, or one person's answer. It is *confident* when its like
(the same pattern in the same kind of table) is right nine times in ten, by the lower end of a 95 % interval, though the answer is not the
usual one: without the release it is right at most every other time. A bet that is won two times in three anyway may be won nine times in
ten afterwards: the guarantee says so (odds move by 4.5 at most for A). A claim that arithmetic forces is confident at once.
"""

import math
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from metrics.families.equity import EPSILONS
from metrics.intervals import wilson

HIDDEN_BELOW = 5
CONFIDENT, USUAL = 0.9, 0.5
COHORT = ["release", "tenant_id", "period_kind", "period_start", "outcome_bin"]
TABLE = [*COHORT, "attribute"]


@dataclass(frozen=True)
class Finding:
    """What one attack found in one file: claims it could make at all, claims it is confident of, and how many of those are right."""

    attack: str
    table: str
    tried: int
    confident: int
    right: int


def exact_cells(people: pl.DataFrame, domain: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """Return the exact count of every cell: columns of ``TABLE``, category, exact_count.

    Args:
        people: one row a person and release: columns of ``COHORT`` and the attributes.
        domain: attribute → its categories; an answer outside them counts as the last one.
    """
    parts = []
    for attribute, categories in domain.items():
        known = pl.when(pl.col(attribute).is_in(list(categories))).then(pl.col(attribute)).otherwise(pl.lit(categories[-1]))
        counted = people.group_by(*COHORT, known.alias("category")).agg(exact_count=pl.len().cast(pl.Int64))
        cells = people.select(COHORT).unique().join(pl.DataFrame({"category": categories}), how="cross")
        parts.append(cells.join(counted, on=[*COHORT, "category"], how="left").with_columns(attribute=pl.lit(attribute)))
    return pl.concat(parts).select(*TABLE, "category", pl.col("exact_count").fill_null(0)).sort(*TABLE, "category")


def attack_all(
    released: pl.DataFrame, people: pl.DataFrame, domain: Mapping[str, Sequence[str]], nights: Sequence[pl.DataFrame]
) -> list[Finding]:
    """Run every attack on the released figures and on the hidden-cells table of the same people.

    Args:
        released: columns of ``TABLE``, category, people_count.
        people: see ``exact_cells``; cohorts that were not released are left out, and the other way round.
        domain: attribute → categories.
        nights: the released figures of successive published versions, oldest first.
    """
    exact = exact_cells(people.join(released.select(COHORT).unique(), on=COHORT, how="semi"), domain)
    both = released.join(exact, on=[*TABLE, "category"])
    victims = _victims(people, both, domain)
    return [
        *snapshot(both),
        *linear_program(both),
        *all_but_one(both, victims),
        *differencing(nights, both, victims),
    ]


def snapshot(both: pl.DataFrame) -> Iterator[Finding]:
    """Read one night's table: small cells taken at their word, hidden ones subtracted from the public total."""
    small = both.filter(pl.col("people_count").is_between(1, HIDDEN_BELOW - 1))
    kind = ["release", "outcome_bin", "attribute", "category"]
    sizes = Counter((row[:-1], row[-1]) for row in both.select(*kind, "exact_count").iter_rows())
    tables = Counter(both.select(kind).iter_rows())
    patterns: dict[tuple[tuple[str, ...], int], Counter[bool]] = {}
    for *named, shown, exact in small.select(*kind, "people_count", "exact_count").iter_rows():
        patterns.setdefault((tuple(named), shown), Counter())[shown == exact] += 1
    unusual = [counts for (named, shown), counts in patterns.items() if sizes[named, shown] <= USUAL * tables[named]]
    yield _judged("snapshot", "released", small.height, [(counts[True], counts.total()) for counts in unusual])
    found = sum(_subtracted(table["exact_count"].to_list()) for table in both.partition_by(TABLE))
    yield Finding("snapshot", "<5 hidden", both.filter(pl.col("exact_count").is_between(1, HIDDEN_BELOW - 1)).height, found, found)


def linear_program(both: pl.DataFrame) -> Iterator[Finding]:
    """Bound every cell by all sums together: rows are outcomes of a year (or one cohort), columns categories with the year's totals."""
    tried = Counter[str]()
    confident, right = Counter[str](), Counter[str]()
    for year in both.partition_by("release", "tenant_id", "period_kind", "period_start", "attribute"):
        grid = year.sort("outcome_bin", "category")
        rows, columns = grid["outcome_bin"].n_unique(), grid["category"].n_unique()
        exact, shown = (_grid(grid[name].to_list(), rows, columns) for name in ("exact_count", "people_count"))
        noise = 8 / EPSILONS[str(grid["release"][0])]  # noise is larger in one cell of three thousand
        hidden_bounds = [[(0, HIDDEN_BELOW - 1) if n < HIDDEN_BELOW else (n, n) for n in row] for row in exact]
        released_bounds = [[(max(0, math.ceil(n - noise)), math.floor(n + noise)) for n in row] for row in shown]
        for table, bounds, has_totals in (("<5 hidden", hidden_bounds, True), ("released", released_bounds, False)):
            for row, column in ((r, c) for r in range(rows) for c in range(columns) if 0 < exact[r][c] < HIDDEN_BELOW):
                tried[table] += 1
                low, high = cell_range(exact, bounds, row, column, has_totals=has_totals)
                confident[table] += low == high
                right[table] += low == high == exact[row][column]
    for table in ("released", "<5 hidden"):
        yield Finding("linear program", table, tried[table], confident[table], right[table])


def cell_range(
    feasible: list[list[int]], bounds: list[list[tuple[int, int]]], row: int, column: int, *, has_totals: bool
) -> tuple[int, int]:
    """Return the least and greatest value of a cell over all tables with these row sums, bounds and, if published, column totals.

    Column totals below 5 are hidden like cells; their sum is not. Such tables are flows in a network, so that whole numbers reach the
    linear program's optimum; it is found by augmenting from ``feasible`` (any feasible table gives the same range).
    """
    grid = [list(line) for line in feasible]
    limits = [list(line) for line in bounds]
    totals = [sum(line[c] for line in grid) for c in range(len(grid[0]))]
    free = [HIDDEN_BELOW - 1 - total if has_totals and total < HIDDEN_BELOW else 0 for total in totals]
    grid.append(free)  # what a hidden total leaves up to its bound; without totals anything may be left
    limits.append([(0, HIDDEN_BELOW - 1) if total < HIDDEN_BELOW else (0, 0) for total in totals])
    if not has_totals:
        low, high = limits[row][column]
        others = [limits[row][c] for c in range(len(totals)) if c != column]
        whole = sum(feasible[row])
        return max(low, whole - sum(h for _, h in others)), min(high, whole - sum(lo for lo, _ in others))
    greatest, least = (_pushed([list(line) for line in grid], limits, row, column, step) for step in (1, -1))
    return least, greatest


def _pushed(grid: list[list[int]], limits: list[list[tuple[int, int]]], row: int, column: int, step: int) -> int:
    """Move the cell by ``step`` as long as other cells can make up for it, and return where it ends."""
    while limits[row][column][0] <= grid[row][column] + step <= limits[row][column][1]:
        path = _path(grid, limits, row, column, step)
        if path is None:
            break
        grid[row][column] += step
        for r, c, change in path:
            grid[r][c] += change
    return grid[row][column]


def _path(
    grid: list[list[int]], limits: list[list[tuple[int, int]]], row: int, column: int, step: int
) -> list[tuple[int, int, int]] | None:
    """Return changes of other cells, alternating along a column and along a row, that leave every sum as it was; None if there are none."""
    came: dict[tuple[str, int], tuple[tuple[str, int], tuple[int, int, int]]] = {}
    waiting: deque[tuple[str, int]] = deque([("column", column)])
    seen = {("column", column)}
    while waiting:
        kind, place = node = waiting.popleft()
        for other in range(len(grid) if kind == "column" else len(grid[0])):
            r, c = (other, place) if kind == "column" else (place, other)
            change = -step if kind == "column" else step
            target = ("row", r) if kind == "column" else ("column", c)
            if (r, c) == (row, column) or target in seen or not limits[r][c][0] <= grid[r][c] + change <= limits[r][c][1]:
                continue
            seen.add(target)
            came[target] = (node, (r, c, change))
            if target == ("row", row):
                changes = []
                while target in came:
                    target, cell = came[target]
                    changes.append(cell)
                return changes
            waiting.append(target)
    return None


def all_but_one(both: pl.DataFrame, victims: Mapping[tuple[object, ...], str]) -> Iterator[Finding]:
    """Know everybody of a cohort but one person, and look for that person in what is left."""
    patterns: dict[tuple[object, ...], Counter[str]] = {}
    forced = right = 0
    for key, table in both.partition_by(TABLE, as_dict=True).items():
        truth, ordered = victims[key], table.sort("category")
        categories = ordered["category"].to_list()
        known = [n - (name == truth) for name, n in zip(categories, ordered["exact_count"].to_list(), strict=True)]
        left = tuple(shown - n for shown, n in zip(ordered["people_count"].to_list(), known, strict=True))
        patterns.setdefault((key[0], key[-1], left), Counter())[truth] += 1
        seen = [_shown(n) for n in ordered["exact_count"].to_list()]
        possible = [
            name
            for place, name in enumerate(categories)
            if [_shown(n + (other == place)) for other, n in enumerate(known)] == seen
        ]  # fmt: skip
        forced += len(possible) == 1
        right += possible == [truth]
    yield _judged("all but one", "released", len(victims), _unusual(patterns))
    yield Finding("all but one", "<5 hidden", len(victims), forced, right)


def differencing(nights: Sequence[pl.DataFrame], both: pl.DataFrame, victims: Mapping[tuple[object, ...], str]) -> Iterator[Finding]:
    """Compare two nights: whatever changed in a period is the newcomer's."""
    cell = [*TABLE, "category"]
    changed = 0
    for earlier, later in pairwise(nights):
        pairs = earlier.join(later, on=cell, suffix="_after")
        changed += pairs.filter(pl.col("people_count") != pl.col("people_count_after")).height
    yield Finding("differencing", "released", len(victims), changed, changed)
    claims = right = 0
    for key, table in both.partition_by(TABLE, as_dict=True).items():
        exact = dict(zip(table["category"].to_list(), table["exact_count"].to_list(), strict=True))
        before = exact | {victims[key]: exact[victims[key]] - 1}
        moved = [name for name in exact if _shown(before[name]) != _shown(exact[name])]
        hidden = [name for name in exact if exact[name] < HIDDEN_BELOW and before[name] < HIDDEN_BELOW]
        guess = moved[0] if len(moved) == 1 else hidden[0] if not moved and len(hidden) == 1 else None
        claims += guess is not None
        right += guess == victims[key]
    yield Finding("differencing", "<5 hidden", len(victims), claims, right)


def _victims(people: pl.DataFrame, both: pl.DataFrame, domain: Mapping[str, Sequence[str]]) -> dict[tuple[object, ...], str]:
    """Return one person's category in every table: the last of its cohort by record key, an arbitrary one."""
    last = people.sort("record_key").unique(COHORT, keep="last")
    tables = both.select(TABLE).unique()
    found = {}
    for attribute, categories in domain.items():
        rows = tables.filter(pl.col("attribute") == attribute).join(last, on=COHORT).select(*TABLE, attribute)
        found.update({row[:-1]: row[-1] if row[-1] in categories else categories[-1] for row in rows.iter_rows()})
    return found


def _subtracted(exact: list[int]) -> int:
    """Return how many hidden people-holding cells the total alone gives back: one alone, or all at the upper end of what is possible."""
    hidden = [n for n in exact if n < HIDDEN_BELOW]
    is_given_back = len(hidden) == 1 or sum(hidden) == len(hidden) * (HIDDEN_BELOW - 1)
    return sum(n > 0 for n in hidden) if is_given_back else 0


def _unusual(patterns: Mapping[tuple[object, ...], Counter[str]]) -> list[tuple[int, int]]:
    """Return hits and size of each pattern's guess, leaving out the usual answers."""
    base: dict[tuple[object, ...], Counter[str]] = {}
    for (release, attribute, _), counts in patterns.items():
        base.setdefault((release, attribute), Counter()).update(counts)
    kept = []
    for (release, attribute, _), counts in patterns.items():
        guess, hits = counts.most_common(1)[0]
        everybody = base[release, attribute]
        if everybody[guess] <= USUAL * everybody.total():
            kept.append((hits, counts.total()))
    return kept


def _judged(attack: str, table: str, tried: int, tops: Sequence[tuple[int, int]]) -> Finding:
    """Count the claims of the patterns that are right nine times in ten, by the lower end of their interval."""
    if not tops:
        return Finding(attack, table, tried, 0, 0)
    lower, _ = wilson([hits for hits, _ in tops], [total for _, total in tops])
    sure = [top for top, low in zip(tops, lower, strict=True) if low >= CONFIDENT]
    return Finding(attack, table, tried, sum(total for _, total in sure), sum(hits for hits, _ in sure))


def _grid(values: list[int], rows: int, columns: int) -> list[list[int]]:
    return [values[row * columns : (row + 1) * columns] for row in range(rows)]


def _shown(count: int) -> int:
    return count if count >= HIDDEN_BELOW else -1
