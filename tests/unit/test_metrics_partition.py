"""Groups of an answer: each group's rows stand beside its own values, in whatever order the rows come."""

import polars as pl

from metrics.answer import by_group, partition


def test_each_group_has_its_own_rows_though_they_come_in_no_order() -> None:
    frame = pl.DataFrame({"school": ["s2", "s1", "s2", None, "s1", "s2"], "month": [1, 2, 1, 1, 1, 2]})
    for key, part in partition(frame, ["school", "month"]):
        assert set(part.rows()) == {key}
    counted = by_group(frame, ["school"], lambda part: {"n": part.height})
    assert dict(counted.iter_rows()) == {"s2": 3, "s1": 2, None: 1}


def test_no_rows_have_no_groups_and_no_groups_are_one() -> None:
    empty = pl.DataFrame(schema={"school": pl.String})
    assert partition(empty, ["school"]) == []
    assert [key for key, _ in partition(empty, [])] == [()]
