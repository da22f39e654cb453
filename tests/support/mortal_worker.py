"""Workers that kill themselves at a step of the hire saga: each a process of its own, forked from one that has everything imported."""

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from foundation import logs
from hiring.database import open_engine, session_factory
from hiring.hire_saga.engine import Engine, Refused, Step, Ticker
from hiring.hire_saga.service import hire_saga_service


def serve(url: str) -> None:
    """Fork one worker for each line of orders on standard input; write how it ended."""
    logs.configure()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                _work(url, json.loads(line))
                code = 0
            finally:
                os._exit(code)
        status = os.waitpid(child, 0)[1]
        sys.stdout.write(f"{os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)}\n")
        sys.stdout.flush()


def _work(url: str, orders: dict[str, str]) -> None:
    sessions = session_factory(open_engine(url, 1))
    reached: list[str] = []
    ticker = Ticker(mortal(hire_saga_service().engine, orders, reached), sessions)
    while ticker.work():
        if reached:
            _die()


def mortal(engine: Engine, orders: dict[str, str], reached: list[str]) -> Engine:
    """Return the engine with a step that kills the process (``direction``, ``step``, ``place``) and one that refuses (``refuse``)."""

    def at_place(effect: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            if orders["place"] == "before":
                _die()
            found = effect(*arguments)
            if orders["place"] == "after":
                _die()
            reached.append(orders["place"])
            return found

        return run

    def refuse(*_: Any) -> Any:
        raise Refused("refused")

    def changed(step: Step) -> Step:
        step = replace(step, do=refuse) if step.name == orders.get("refuse") else step
        if step.name != orders.get("step"):
            return step
        return replace(step, do=at_place(step.do)) if orders["direction"] == "forward" else replace(step, undo=at_place(step.undo))

    return replace(engine, steps=tuple(changed(step) for step in engine.steps))


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    serve(sys.argv[1])
