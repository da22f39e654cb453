"""Tests that share something costly lie where the sharing says: a renamed file would quietly run beside the others."""

from pathlib import Path

import pytest

from tests.support.sharing import TOGETHER, group_of

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize("place", [place for places in TOGETHER.values() for place in places])
def test_every_place_that_is_named_has_tests(place: str) -> None:
    assert list(PROJECT.glob(f"{place}*"))


def test_a_group_or_the_file_is_shared_out_whole() -> None:
    assert group_of("tests/chaos/test_bus_kills.py::test_rabbitmq") == group_of(
        "tests/integration/test_hiring_bus_rabbitmq.py::test_a[x@y]"
    )
    assert group_of("tests/unit/test_equity_ledger.py::test_c") == "tests/unit/test_equity_ledger.py"
