"""What a suite is made of: expectations on named columns of the rows not yet accepted, and truths about the whole table.

What belongs here: the vocabulary in which the suites are written. What doesn't: how they are run (runner).
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from data_quality.library import gxe

SEEDS = Path(__file__).parent.parent / "dbt_project" / "seeds"


@dataclass(frozen=True)
class Rule:
    """One expectation on rows, with the words that say what a failing row is."""

    expectation: Any
    what: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Truth:
    """One number about the whole table that must not exceed a limit; its SQL may ask for ``$now``. A warning never blocks."""

    name: str
    sql: str
    what: str
    limit: float = 0
    is_warning: bool = False


@dataclass(frozen=True)
class Suite:
    """Everything that is expected of one raw table; ``computed`` adds columns to the judged frame by SQL."""

    table: str
    rules: tuple[Rule, ...] = ()
    truths: tuple[Truth, ...] = ()
    computed: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> dict[str, str]:
        """Columns of the judged frame and the SQL of each."""
        named = dict.fromkeys(column for rule in self.rules for column in rule.columns)
        return {column: self.computed.get(column, column) for column in named}


@cache
def vocabulary(name: str) -> tuple[str, ...]:
    """Return the values of a vocabulary of ``dbt_project/seeds/vocabularies.csv``, the truth about all of them."""
    with (SEEDS / "vocabularies.csv").open(newline="") as stream:
        values = tuple(row["value"] for row in csv.DictReader(stream) if row["vocabulary"] == name)
    if not values:
        raise KeyError(f"{SEEDS / 'vocabularies.csv'} has no vocabulary {name}")
    return values


@cache
def seed(name: str, column: str) -> tuple[str, ...]:
    """Return a column of another seed file."""
    with (SEEDS / f"{name}.csv").open(newline="") as stream:
        return tuple(row[column] for row in csv.DictReader(stream))


def required(*columns: str) -> tuple[Rule, ...]:
    """Each column has a value in every row."""
    return tuple(Rule(gxe.ExpectColumnValuesToNotBeNull(column=column), f"{column} is missing", (column,)) for column in columns)


def one_of(column: str, values: tuple[str, ...]) -> Rule:
    """The column, where it has a value, says one of the words."""
    return Rule(
        gxe.ExpectColumnValuesToBeInSet(column=column, value_set=list(values)), f"{column} is none of {', '.join(values)}", (column,)
    )


def between(column: str, low: float | None, high: float | None) -> Rule:
    """The number lies between two bounds, both allowed; None leaves a side open."""
    bounds = " and ".join(
        text for text in (f"at least {low:g}" if low is not None else "", f"at most {high:g}" if high is not None else "") if text
    )
    return Rule(gxe.ExpectColumnValuesToBeBetween(column=column, min_value=low, max_value=high), f"{column} is not {bounds}", (column,))


def not_before(later: str, earlier: str) -> Rule:
    """The later instant or day is not before the earlier one, where both are known."""
    expectation = gxe.ExpectColumnPairValuesAToBeGreaterThanB(
        column_A=later, column_B=earlier, or_equal=True, ignore_row_if="either_value_is_missing"
    )
    return Rule(expectation, f"{later} is before {earlier}", (later, earlier))


def unique(table: str, key: str = "id") -> Truth:
    """No two rows of the table share the key."""
    sql = f"select coalesce(sum(copies - 1), 0) from (select count(*) as copies from raw.{table} group by {key} having count(*) > 1)"
    return Truth("unique_key", sql, f"rows repeat the {key} of another row")


def no_orphans(table: str, column: str, parent: str, *, kind: str = "") -> Truth:
    """Every id the column names exists in the parent table: the source has no foreign keys between its domains.

    ``kind`` narrows organisations. Imported ids belong to their tenant; those of a table that a tenant never brought are not judged.
    """
    source = table.partition("__")[0]
    key = "id" if source == "hiring_core" else f"{parent[:-1]}_id"
    same, judged = f"parent.{key} = child.{column}", "true"
    if kind:
        same += f" and parent.kind = '{kind}'"
    if source == "hiring_log":
        same += " and parent.tenant_id = child.tenant_id"
        judged = f"child.tenant_id in (select tenant_id from raw.hiring_log__{parent})"
    sql = (
        f"select count(*) from raw.{table} child where {column} is not null and {judged} "
        f"and not exists (from raw.{source}__{parent} parent where {same})"
    )
    return Truth(f"no_orphans_{column}", sql, f"rows name a {column} that is not in {parent}")


def kept_volume(table: str, limit: float = 0.5) -> Truth:
    """The batches not yet accepted did not delete more than a share of what the table had."""
    source, _, name = table.partition("__")
    sql = f"""
        with gone as (
          select coalesce(sum(rows_deleted), 0) as deleted, coalesce(sum(rows_inserted), 0) as inserted from raw._batches
          where source = '{source}' and table_name = '{name}'
            and batch_id > coalesce((select max(batch_id) from raw._accepted where source = '{source}'), 0)
        )
        select coalesce(deleted / nullif((select count(*) from raw.{table}) - inserted + deleted, 0), 0) from gone
    """
    return Truth("kept_volume", sql, "of the accepted rows were deleted since", limit)
