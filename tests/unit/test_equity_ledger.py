"""The ledger of released equity figures keeps what it took and refuses what it must not take."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest

from warehouse.connection import Pointer, published_path
from warehouse.equity_ledger import (
    ROW_SCHEMA,
    LedgerBroken,
    ReleaseRefused,
    append_missing,
    ledger_folder,
    read_ledger,
    released_periods,
    released_tables,
)

AT = datetime(2026, 1, 8, tzinfo=UTC)
QUARTERS = [date(2025, 9, 1), date(2025, 12, 1)]


def candidates(starts: Iterable[date] = QUARTERS, *, kind: str = "quarter", key_id: str = "k1", women: int = 12) -> pl.DataFrame:
    rows = [
        ("A", "school", kind, start, date(start.year + 1, 8, 31), "pool", attribute, category, count, 20, None, key_id)
        for start in starts
        for attribute, table in {"gender": {"female": women, "male": 20 - women}, "veteran": {"yes": 1, "no": 19}}.items()
        for category, count in table.items()
    ]
    return pl.DataFrame(rows, schema=ROW_SCHEMA, orient="row")


def test_a_missing_ledger_reads_as_no_releases(tmp_path: Path) -> None:
    assert read_ledger(tmp_path).is_empty()
    assert dict(read_ledger(tmp_path).schema) == ROW_SCHEMA | {"released_at": pl.Datetime("us", "UTC")}


def test_appended_periods_are_read_back_and_never_appended_twice(tmp_path: Path) -> None:
    assert append_missing(tmp_path, candidates(QUARTERS[:1]), released_at=AT) == 1
    before = read_ledger(tmp_path)
    assert append_missing(tmp_path, candidates(women=3, key_id="another"), released_at=AT) == 1, "only the second quarter is new"
    after = read_ledger(tmp_path)
    assert after.filter(pl.col("period_start") == QUARTERS[0]).equals(before)
    assert append_missing(tmp_path, candidates(women=5)) == 0
    assert read_ledger(tmp_path).equals(after)
    assert released_periods(tmp_path)["period_start"].to_list() == QUARTERS


def test_an_append_leaves_earlier_files_as_they_were_and_none_writable(tmp_path: Path) -> None:
    append_missing(tmp_path, candidates(QUARTERS[:1]))
    first = ledger_folder(tmp_path) / "000001.jsonl"
    before = first.read_bytes()
    append_missing(tmp_path, candidates())
    assert sorted(file.name for file in ledger_folder(tmp_path).iterdir()) == ["000001.jsonl", "000002.jsonl"]
    assert first.read_bytes() == before
    assert first.stat().st_mode & 0o777 == 0o400


@pytest.mark.parametrize("damage", ["edit", "cut", "first file gone", "renamed"])
def test_a_damaged_ledger_is_refused_by_name(tmp_path: Path, damage: str) -> None:
    append_missing(tmp_path, candidates(QUARTERS[:1]))
    append_missing(tmp_path, candidates())
    first, second = sorted(ledger_folder(tmp_path).iterdir())
    for file in (first, second):
        file.chmod(0o600)
    if damage == "edit":
        first.write_bytes(first.read_bytes().replace(b'"people_count":12', b'"people_count":13'))
    elif damage == "cut":
        second.write_bytes(b"\n".join(second.read_bytes().splitlines()[:-2]))
    elif damage == "first file gone":
        first.unlink()
    else:
        second.rename(second.with_name("000003.jsonl"))
    with pytest.raises(LedgerBroken, match=r"00000\d\.jsonl"):
        append_missing(tmp_path, candidates())


def test_a_quarter_never_follows_the_rest_of_its_year(tmp_path: Path) -> None:
    append_missing(tmp_path, candidates(QUARTERS[:1], kind="year_rest"))
    with pytest.raises(ReleaseRefused, match="2025-12-01"):
        append_missing(tmp_path, candidates(QUARTERS[1:]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (pl.lit(7).alias("people_count"), "add up"),
        (pl.when(pl.col("attribute") == "gender").then(pl.lit("k2")).otherwise("key_id").alias("key_id"), "one key"),
        (pl.lit("female").alias("category"), "twice"),
        (pl.lit(None, dtype=pl.String).alias("tenant_id"), "empty value"),
    ],
)
def test_malformed_candidates_are_refused_whole(tmp_path: Path, change: pl.Expr, message: str) -> None:
    with pytest.raises(ReleaseRefused, match=message):
        append_missing(tmp_path, candidates().with_columns(change))
    assert read_ledger(tmp_path).is_empty()


def _publish_by_hand(root: Path, releases: pl.DataFrame, benchmarks: pl.DataFrame | None = None) -> None:
    path = published_path(root, "v-1")
    path.parent.mkdir(parents=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        connection.register("releases", releases)
        connection.execute("create table marts.mart_equity_releases as from releases")
        if benchmarks is not None:
            connection.register("benchmarks", benchmarks)
            connection.execute("create table marts.mart_equity_benchmarks as from benchmarks")
    (root / "CURRENT").write_text(Pointer("v-1", AT, AT, {}).to_json())


def test_a_ledger_lost_after_publishing_is_not_started_anew_without_a_reason(tmp_path: Path) -> None:
    append_missing(tmp_path, candidates(), released_at=AT)
    _publish_by_hand(tmp_path, read_ledger(tmp_path))
    for file in ledger_folder(tmp_path).iterdir():
        file.unlink()
    with pytest.raises(ReleaseRefused, match="--new-equity-ledger"):
        append_missing(tmp_path, candidates())
    assert append_missing(tmp_path, candidates(), new_ledger_reason="the disk was lost, the privacy officer agreed") == 2
    assert "privacy officer agreed" in (ledger_folder(tmp_path) / "000001.jsonl").read_text()


def test_a_ledger_cut_at_its_end_is_noticed_by_what_was_published(tmp_path: Path) -> None:
    append_missing(tmp_path, candidates(QUARTERS[:1]), released_at=AT)
    append_missing(tmp_path, candidates(), released_at=AT)
    _publish_by_hand(tmp_path, read_ledger(tmp_path))
    (ledger_folder(tmp_path) / "000002.jsonl").unlink()
    with pytest.raises(ReleaseRefused, match=r"restore it from a backup$"):
        append_missing(tmp_path, candidates(), new_ledger_reason="a reason does not help while part of the ledger stands")


def test_bins_of_a_released_year_are_never_joined_by_another(tmp_path: Path) -> None:
    outcomes = candidates(QUARTERS[:1], kind="academic_year").with_columns(release=pl.lit("B"), outcome_bin=pl.lit("interviewed"))
    assert append_missing(tmp_path, outcomes, released_at=AT) == 1
    late = pl.concat([outcomes, outcomes.with_columns(outcome_bin=pl.lit("hired"))])
    assert append_missing(tmp_path, late, released_at=AT) == 0
    assert read_ledger(tmp_path)["outcome_bin"].unique().to_list() == ["interviewed"]


def test_rows_released_before_there_were_outcomes_are_read_as_the_pool(tmp_path: Path) -> None:
    append_missing(tmp_path, candidates(QUARTERS[:1]), released_at=AT)
    file = ledger_folder(tmp_path) / "000001.jsonl"
    body, _, _ = file.read_bytes().rstrip(b"\n").rpartition(b"\n")
    older = body.replace(b'"outcome_bin":"pool",', b"").replace(b'"noisy_count":null,', b"")
    file.chmod(0o600)
    file.write_bytes(older + b"\n" + json.dumps({"sha256": hashlib.sha256(older).hexdigest()}).encode() + b"\n")
    assert read_ledger(tmp_path)["outcome_bin"].unique().to_list() == ["pool"]
    assert append_missing(tmp_path, candidates(), released_at=AT) == 1, "only the second quarter is new"


def test_a_published_benchmark_must_be_in_the_ledger_too(tmp_path: Path) -> None:
    benchmark = candidates(QUARTERS[:1]).with_columns(release=pl.lit("C"), tenant_id=pl.lit("all_schools"))
    append_missing(tmp_path, benchmark, released_at=AT)
    tables = released_tables(tmp_path)
    _publish_by_hand(tmp_path, tables["marts.mart_equity_releases"], tables["marts.mart_equity_benchmarks"])
    (ledger_folder(tmp_path) / "000001.jsonl").unlink()
    with pytest.raises(ReleaseRefused, match="1 equity periods were published"):
        append_missing(tmp_path, candidates())
