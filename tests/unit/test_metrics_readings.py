"""Rows kept for the next question: read once, forgotten when there are too many, never a failure."""

import threading
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

from metrics.counts import Reading
from metrics.readings import BEFORE_ROLLED_UP, Readings, Statement


def asked(number: int) -> Statement:
    return Statement("select ?", (number,))


def rows(count: int = 1) -> Reading:
    return Reading(pl.DataFrame({"n": range(count)}))


def test_a_statement_is_run_once_however_many_ask_at_once() -> None:
    readings, ran, all_here = Readings(), [], threading.Barrier(8)

    def read() -> Reading:
        ran.append(1)
        return rows()

    def ask(_: int) -> Reading:
        all_here.wait(30)
        return readings.of(asked(1), read)

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(ask, range(8)))
    assert len(ran) == 1
    assert all(each is found[0] for each in found)
    assert readings.of(asked(2), rows) is not found[0]


def test_a_failure_is_told_and_not_kept() -> None:
    readings = Readings()

    def fail() -> Reading:
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="disk"):
        readings.of(asked(1), fail)
    assert readings.of(asked(1), lambda: rows(3)).frame.height == 3


def test_those_unused_for_longest_are_forgotten_beyond_a_size() -> None:
    size = rows(100_000).frame.estimated_size()
    readings = Readings(most_bytes=int(2.5 * size))
    kept = {number: readings.of(asked(number), lambda: rows(100_000)) for number in (1, 2)}
    assert readings.of(asked(1), rows) is kept[1]  # used again: 2 is the older one now
    readings.of(asked(3), lambda: rows(100_000))
    assert readings.of(asked(1), rows) is kept[1]
    assert readings.of(asked(2), rows) is not kept[2]


def test_many_small_ones_weigh_what_their_objects_do() -> None:
    readings = Readings(most_bytes=1_000_000)
    first = readings.of(asked(0), rows)
    for number in range(1, 100):
        readings.of(asked(number), rows)
    assert readings.of(asked(0), rows) is not first
    assert readings.of(asked(99), lambda: rows(2)).frame.height == 1


def test_a_kind_of_question_is_asked_often_from_its_fifth_on_each_kind_by_itself() -> None:
    readings = Readings()
    assert [readings.is_asked_often(asked(1)) for _ in range(6)] == [False] * BEFORE_ROLLED_UP + [True] * 2
    assert not readings.is_asked_often(asked(2))
