"""How many requests of a process are worked on at once. What doesn't belong here: how one is worked on (``transaction.py``).

One thread has the interpreter at a time. With ten at work a read of three milliseconds waits for the slices of nine others, and all of
them for the switching; with two, one computes while the other waits for Postgres.
"""

import asyncio
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

AT_ONCE = 2
PATIENCE_SECONDS = 0.05

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Turn:
    """A place among those that are worked on, until it is left or the patience is over."""

    def __init__(self, free: asyncio.Semaphore, patience_seconds: float) -> None:
        """Take a place that was waited for."""
        self._free = free
        self._loop = asyncio.get_running_loop()
        self._patience = self._loop.call_later(patience_seconds, self.end)
        self._is_over = False

    def leave(self) -> None:
        """Let the next one in, from the thread that works: before it waits for the disk, for example."""
        self._loop.call_soon_threadsafe(self.end)

    def end(self) -> None:
        """Let the next one in, from the loop; a second time changes nothing."""
        if not self._is_over:
            self._is_over = True
            self._patience.cancel()
            self._free.release()


class Turns:
    """Runs functions in threads, two at once, in the order they came.

    Whoever takes longer than the patience (a long list, a lock that somebody holds) goes on in its thread, and the next is let in
    beside it: a slow request holds the short ones up no longer than that.
    """

    def __init__(self, threads: int, at_once: int = AT_ONCE, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Have at most ``threads`` threads, those that lost their turn included."""
        self._threads = CapacityLimiter(threads)
        self._free = asyncio.Semaphore(at_once)
        self._patience_seconds = patience_seconds

    async def run(self, function: Callable[Concatenate[Turn, Given], Result], *given: Given.args, **_: Given.kwargs) -> Result:
        """Wait for a turn, and return what the function returns that is given it."""
        await self._free.acquire()
        turn = Turn(self._free, self._patience_seconds)
        try:
            return await run_sync(function, turn, *given, limiter=self._threads)
        finally:
            turn.end()
