"""Histories in a real database: continued, repeated, interrupted."""

import json
import stat
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import psycopg
import pytest

from foundation.settings import Home
from nexus.databases import DatabaseUrls
from simulator import SimulationMismatch, simulate, writer
from simulator.tables import TABLES
from simulator.world import SCALES, Scale

SINCE, EARLIER, LATER = (datetime(*day, tzinfo=UTC) for day in ((2025, 1, 1), (2025, 8, 20), (2026, 3, 2)))


def make_home(folder: Path) -> Path:
    home = Home(home=folder)
    home.write_secret("equity_key", "e" * 64)
    home.write_secret("candidate_key", "c" * 64)
    return folder


def contents(url: str) -> dict[str, tuple[int, str]]:
    """Return rows and a hash of every column but the transaction id, per table."""
    found = {}
    with psycopg.connect(url) as connection:
        for table in TABLES:
            columns = connection.execute(
                "select string_agg(quote_ident(column_name), ',' order by column_name) from information_schema.columns"
                " where table_schema || '.' || table_name = %s and column_name <> '_xid'",
                (table,),
            ).fetchone()
            assert columns
            row = connection.execute(
                f"select count(*), coalesce(md5(string_agg(t::text, '' order by t::text)), '') from (select {columns[0]} from {table}) as t"
            ).fetchone()
            assert row
            found[table] = (row[0], row[1])
    return found


def test_a_continued_history_equals_one_run_row_for_row(migrated_database: DatabaseUrls, new_database, migrated_template, tmp_path) -> None:
    owner = migrated_database.owner
    first = simulate(owner, make_home(tmp_path / "one"), scale="tiny", until=EARLIER, since=SINCE)
    assert first.rows["applications.applications"] > 300
    second = simulate(owner, tmp_path / "one", scale="tiny", until=LATER)
    assert second.rows["applications.stage_events"] > 1_000
    assert simulate(owner, tmp_path / "one", scale="tiny", until=LATER).total == 0

    whole = new_database(migrated_template)
    simulate(whole, make_home(tmp_path / "two"), scale="tiny", until=LATER, since=SINCE)
    continued, direct = contents(owner), contents(whole)
    assert all(count for count, _ in direct.values()), "every table has rows"
    assert continued == direct


def test_nothing_is_recorded_after_until_and_references_resolve(migrated_database: DatabaseUrls, tmp_path: Path) -> None:
    simulate(migrated_database.owner, make_home(tmp_path), scale="tiny", until=EARLIER, since=SINCE)
    with psycopg.connect(migrated_database.owner) as connection:
        for table in TABLES.values():
            if table.has_id:
                late = connection.execute(f"select count(*) from {table.name} where recorded_at > %s", (EARLIER,)).fetchone()
                assert late == (0,), table.name
            for name, kind in (*table.fixed, *table.state):
                parent = {">identity.agencies": "identity.organisations", ">chains": ""}.get(kind, kind[1:] if kind[0] == ">" else "")
                if parent:
                    lost = connection.execute(
                        f"select count(*) from {table.name} c where {name} is not null"
                        f" and not exists (select from {parent} p where p.id = c.{name})"
                    ).fetchone()
                    assert lost == (0,), f"{table.name}.{name}"


def test_an_interrupted_run_is_finished_by_the_next(
    migrated_database: DatabaseUrls,
    new_database,
    migrated_template,
    tmp_path,
    monkeypatch,
) -> None:
    owner = migrated_database.owner
    honest, calls = writer.write, []

    def fails_at_the_second_market(connection, differences):
        calls.append(1)
        if len(calls) == 3:
            raise ConnectionError("the server is gone")
        return honest(connection, differences)

    monkeypatch.setattr(writer, "write", fails_at_the_second_market)
    with pytest.raises(ConnectionError):
        simulate(owner, make_home(tmp_path / "one"), scale="tiny", until=EARLIER, since=SINCE)
    monkeypatch.setattr(writer, "write", honest)
    simulate(owner, tmp_path / "one", scale="tiny", until=LATER)
    whole = new_database(migrated_template)
    simulate(whole, make_home(tmp_path / "two"), scale="tiny", until=LATER, since=SINCE)
    assert contents(owner) == contents(whole)


def test_another_simulation_in_the_same_home_is_refused_with_the_fix(migrated_database: DatabaseUrls, tmp_path: Path) -> None:
    simulate(migrated_database.owner, make_home(tmp_path), scale="tiny", until=datetime(2025, 3, 1, tzinfo=UTC), since=SINCE)
    with pytest.raises(SimulationMismatch, match=r"world realistic \(asked: predictable\).*--purge"):
        simulate(migrated_database.owner, tmp_path, scale="tiny", world="predictable", until=EARLIER)
    with pytest.raises(SimulationMismatch, match="already holds history until 2025-03-01"):
        simulate(migrated_database.owner, tmp_path, scale="tiny", until=datetime(2025, 2, 1, tzinfo=UTC))
    with pytest.raises(ValueError, match="no time zone"):
        simulate(migrated_database.owner, tmp_path, scale="tiny", until=datetime(2026, 2, 1))


def test_the_answer_key_is_private_and_sees_beyond_the_present(migrated_database: DatabaseUrls, tmp_path: Path) -> None:
    simulate(migrated_database.owner, make_home(tmp_path), scale="tiny", until=EARLIER, since=SINCE)
    files = list((tmp_path / "truth").iterdir())
    assert {file.name for file in files} >= {"simulation.json", "effects.json", "openings.parquet", "applications.parquet", "hires.parquet"}
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    openings = pl.read_parquet(tmp_path / "truth" / "openings.parquet")
    assert (openings["filled_at"] > EARLIER).sum() > 10
    with psycopg.connect(migrated_database.owner) as connection:
        known = connection.execute("select id::text from jobs.openings where closed_at is null or closed_at is not null").fetchall()
    assert set(openings["opening_id"]) == {row[0] for row in known}
    effects = json.loads((tmp_path / "truth" / "effects.json").read_text())
    assert effects["source_order"][0] == "referral"
    assert effects["bottleneck_stage"] == "interview"


def test_memory_does_not_grow_with_the_number_of_markets(
    migrated_database: DatabaseUrls, new_database, migrated_template, tmp_path, monkeypatch
) -> None:
    peaks = []
    for markets, url in ((2, migrated_database.owner), (6, new_database(migrated_template))):
        monkeypatch.setitem(SCALES, "streamed", Scale("streamed", markets, 2.0, 25.0, False))
        tracemalloc.start()
        simulate(url, make_home(tmp_path / str(markets)), scale="streamed", until=datetime(2025, 4, 1, tzinfo=UTC), since=SINCE)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.6 * peaks[0]
