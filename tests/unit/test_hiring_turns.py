"""Turns: two at once, in order; whoever takes long or leaves lets the next one in; no turn is ever lost."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from hiring.turns import Turn, Turns

LONG_SECONDS = 20.0


def run(play: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(play(), LONG_SECONDS))


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.005)


def test_two_work_at_once_and_the_others_follow() -> None:
    async def play() -> None:
        turns, began, may_end = Turns(threads=8, patience_seconds=LONG_SECONDS), [], threading.Event()

        def work(_: Turn, number: int) -> int:
            began.append(number)
            may_end.wait(LONG_SECONDS)
            return number

        tasks = [asyncio.create_task(turns.run(work, number)) for number in range(6)]
        await until(lambda: len(began) == 2)
        await asyncio.sleep(0.05)
        assert sorted(began) == [0, 1]
        may_end.set()
        assert await asyncio.gather(*tasks) == list(range(6))
        assert sorted(began) == list(range(6))

    run(play)


def test_who_came_first_is_let_in_first() -> None:
    async def play() -> None:
        turns, began = Turns(threads=8, at_once=1, patience_seconds=LONG_SECONDS), []
        await asyncio.gather(*(turns.run(lambda _, number: began.append(number), number) for number in range(20)))
        assert began == list(range(20))

    run(play)


@pytest.mark.parametrize("leaves", [True, False], ids=["leaves its turn", "takes longer than the patience"])
def test_next_one_is_let_in_beside_a_long_one(leaves: bool) -> None:
    async def play() -> None:
        turns, may_end, at_work = Turns(threads=3, patience_seconds=LONG_SECONDS if leaves else 0.1), threading.Event(), []

        def long(turn: Turn) -> bool:
            at_work.append(1)
            if leaves:
                turn.leave()
            return may_end.wait(LONG_SECONDS)

        waiting = [asyncio.create_task(turns.run(long)) for _ in range(2)]
        await until(lambda: len(at_work) == 2)
        assert await turns.run(lambda _: "let in") == "let in"
        assert not any(task.done() for task in waiting)
        may_end.set()
        assert await asyncio.gather(*waiting) == [True, True]

    run(play)


def test_there_are_never_more_threads_than_said_however_long_they_take() -> None:
    async def play() -> None:
        turns, may_end, at_work = Turns(threads=3, patience_seconds=0.01), threading.Event(), []

        def long(_: Turn) -> None:
            at_work.append(1)
            may_end.wait(LONG_SECONDS)

        tasks = [asyncio.create_task(turns.run(long)) for _ in range(8)]
        await until(lambda: len(at_work) == 3)
        await asyncio.sleep(0.1)
        assert len(at_work) == 3
        may_end.set()
        await asyncio.gather(*tasks)
        assert len(at_work) == 8

    run(play)


def test_turns_of_those_that_failed_left_or_were_given_up_come_back_exactly_once() -> None:
    async def play() -> None:
        turns, most, now, lock = Turns(threads=8, patience_seconds=0.03), 0, 0, threading.Lock()

        def fail(turn: Turn, number: int) -> None:
            if number % 3 == 0:
                turn.leave()
            time.sleep(0.02 * (number % 3))  # about as long as the patience: both may end the turn
            raise ValueError(number)

        failed = await asyncio.gather(*(turns.run(fail, number) for number in range(60)), return_exceptions=True)
        assert [str(failure) for failure in failed] == [str(number) for number in range(60)]
        given_up = [asyncio.create_task(turns.run(fail, 1)) for _ in range(10)]
        await asyncio.sleep(0)
        for task in given_up:
            task.cancel()
        await asyncio.gather(*given_up, return_exceptions=True)

        def short(_: Turn) -> None:
            nonlocal most, now
            with lock:
                now += 1
                most = max(most, now)
            time.sleep(0.002)
            with lock:
                now -= 1

        await asyncio.gather(*(turns.run(short) for _ in range(50)))
        assert most == 2

    run(play)
