"""The order in which rows arrive tells nothing, and neither does building again: the same raw rows give the same marts and features."""

from pathlib import Path

from polars.testing import assert_frame_equal

from tests.support.dbt_builds import copied, shuffle_raw
from tests.support.dbt_runs import build_duckdb, built_tables


def test_shuffled_input_gives_the_same_marts(tiny_raw: Path, tiny_built: Path, tmp_path: Path) -> None:
    expected = built_tables(tiny_built)
    assert expected["marts.fct_applications"].height > 500
    build = copied(tiny_raw, tmp_path)
    shuffle_raw(build, seed=1)
    shuffled = build_duckdb(build)
    assert shuffled.keys() == expected.keys()
    for name, frame in expected.items():
        assert_frame_equal(shuffled[name], frame, check_exact=True)


def test_build_without_new_data_changes_nothing(tiny_built: Path, tmp_path: Path) -> None:
    again = build_duckdb(copied(tiny_built, tmp_path))
    for name, frame in built_tables(tiny_built).items():
        assert_frame_equal(again[name], frame, check_exact=True)
