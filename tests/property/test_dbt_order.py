"""The order in which rows arrive tells nothing: shuffled raw tables give the same marts and features."""

from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from tests.support.dbt_builds import copied, shuffle_raw
from tests.support.dbt_runs import build_duckdb

pytestmark = pytest.mark.xdist_group("dbt")


def test_shuffled_input_gives_the_same_marts(tiny_raw: Path, tmp_path: Path) -> None:
    expected = build_duckdb(copied(tiny_raw, tmp_path / "as_loaded"))
    assert expected["marts.fct_applications"].height > 500

    for seed in (1, 2):
        build = copied(tiny_raw, tmp_path / f"shuffled_{seed}")
        shuffle_raw(build, seed)
        shuffled = build_duckdb(build)
        assert shuffled.keys() == expected.keys()
        for name, frame in expected.items():
            assert_frame_equal(shuffled[name], frame, check_exact=True)


def test_build_without_new_data_changes_nothing(tiny_raw: Path, tmp_path: Path) -> None:
    build = copied(tiny_raw, tmp_path)
    first = build_duckdb(build)
    second = build_duckdb(build)
    for name, frame in first.items():
        assert_frame_equal(second[name], frame, check_exact=True)
