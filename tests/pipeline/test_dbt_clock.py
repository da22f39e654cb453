"""Clock test: rewind the whole source to an earlier day, rebuild, and every feature row of that time is bit-identical."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl
from polars.testing import assert_frame_equal

from nexus.databases import DatabaseUrls
from simulator import simulate
from tests.support.dbt_builds import SINCE, UNTIL, copied, sync_into
from tests.support.dbt_runs import build_duckdb, built_tables

EARLIER = datetime(2025, 7, 15, tzinfo=UTC)
FEATURES = ["features.features_time_to_hire", "features.features_candidate_success"]


def _built_as_of(build: Path) -> datetime:
    with duckdb.connect(str(build), read_only=True) as connection:
        (as_of,) = connection.execute("select as_of from raw._build").fetchall()[0]
        return as_of.astimezone(UTC)


def test_features_of_an_earlier_day_do_not_change_when_more_becomes_known(
    new_source: Callable[[str], DatabaseUrls], tmp_path: Path
) -> None:
    urls = new_source("dbt_clock")
    build = {}
    for name, until in (("earlier", EARLIER), ("later", UNTIL)):
        # The same source, first as it stood then (its current-state columns too), then as it stands now.
        simulate(urls.owner, tmp_path / "simulated", scale="tiny", seed=5, since=SINCE, until=until)
        build[name] = sync_into(urls, tmp_path / name)
    then = _built_as_of(build["earlier"])
    earlier = build_duckdb(build["earlier"], "+path:models/features")
    later = build_duckdb(build["later"], "+path:models/features")

    for name in FEATURES:
        known_then = (pl.col("as_of") <= then) & (pl.col("landmark") != "current")
        rewound, full = earlier[name].filter(known_then), later[name].filter(known_then)
        assert rewound.height > 100, name
        assert later[name].filter(pl.col("as_of") > then).height > 100, name
        assert_frame_equal(rewound, full, check_exact=True)


def test_clock_test_notices_what_was_told_as_known_too_early(tiny_raw: Path, tiny_built: Path, tmp_path: Path) -> None:
    build = copied(tiny_raw, tmp_path)
    with duckdb.connect(str(build)) as connection:
        connection.execute(
            "update raw.hiring_core__stage_events set recorded_at = recorded_at - interval 20 days, event_at = event_at - interval 20 days"
        )
    forged, honest = build_duckdb(build, "+path:models/features"), built_tables(tiny_built)
    for name in FEATURES:
        assert not forged[name].equals(honest[name])
