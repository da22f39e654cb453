"""Runs a world up to an instant and writes what the database does not have yet.

What belongs here: markets one after the other, the memory of what was simulated, continuation. What doesn't: what happens in a market.
History is a pure function of seed, world, scale and start: a later ``until`` repeats it and adds to it.
"""

import gc
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import psycopg

from foundation.settings import Home
from simulator import arrivals, offers, people, stages, truth, writer
from simulator.ledger import Difference, FrozenLedger, Ledger
from simulator.market import Market, Processes
from simulator.organisations import build_network, build_schools, choose_country
from simulator.seasons import build_calendar
from simulator.tables import NETWORK_TABLES, TABLES
from simulator.world import COUNTRIES, Scale, World, choose_scale, choose_world

YEARS = 3
TRUTH_DAYS = 240  # how far the answer key sees beyond ``until``
_CALENDAR_DAYS = 1000
_PROCESSES = Processes(arrivals.submit, stages.plan, stages.withdraw, offers.offer_next, arrivals.post_job, arrivals.review_job)
Progress = Callable[[int, int, str], None]


class SimulationMismatch(RuntimeError):
    """What is asked for does not continue what this home has simulated. The message names both and the fix."""


@dataclass(frozen=True)
class SimulationReport:
    """Rows written (inserted or updated) per table, and the span of history in the database."""

    rows: dict[str, int]
    since: datetime
    until: datetime

    @property
    def total(self) -> int:
        """All rows written."""
        return sum(self.rows.values())


@dataclass(frozen=True)
class Plan:
    """What determines a history: two equal plans give equal rows."""

    scale: Scale
    world: World
    seed: int
    start: datetime

    @property
    def key(self) -> str:
        """Seed of every stream."""
        return f"{self.seed}|{self.world.name}|{self.scale.name}|{self.start.date()}"


def default_start(until: datetime) -> datetime:
    """Return the first of the month three years before ``until``."""
    return datetime(until.year - YEARS, until.month, 1, tzinfo=UTC)


def remembered_plan(home: Path) -> tuple[Plan, datetime]:
    """Return the plan this home has simulated, and until when.

    Raises:
        FileNotFoundError: nothing has been simulated in this home yet.
    """
    memory = truth.read_memory(home)
    if memory is None or not memory["until"]:
        raise FileNotFoundError(f"{home} holds no finished simulation: run `nexus simulate` first")
    world = choose_world(memory["world"], memory["equity"])
    plan = Plan(choose_scale(memory["scale"]), world, memory["seed"], datetime.fromisoformat(memory["start"]))
    return plan, datetime.fromisoformat(memory["until"])


def network_ledger(plan: Plan, horizon: float) -> Ledger:
    """Return the ledger of what all markets share."""
    ledger = Ledger(f"{plan.key}|network", plan.start)
    build_network(ledger, horizon)
    return ledger


def network_links(network: Ledger) -> dict[str, pl.Series]:
    """Return the ids other ledgers refer to."""
    links = {name: network.ids(name) for name in NETWORK_TABLES if name != "identity.agencies"}
    return {**links, "identity.agencies": network.ids("identity.organisations")}


def run_market(plan: Plan, number: int, links: dict[str, pl.Series], horizon: float, candidate_key: str, replicate: int = 0) -> Market:
    """Simulate one market up to ``horizon`` days from the start; replicates share the jobs and redraw everything else."""
    key = f"{plan.key}|{number}"
    country = choose_country(number, COUNTRIES)
    calendar = build_calendar(country, plan.start, int(horizon) + _CALENDAR_DAYS)
    stream = Random(f"{key}|process|{replicate}")
    ledger = Ledger(key, plan.start, dict(links))
    market = Market(number, country, plan.world, plan.scale, calendar, ledger, stream, horizon, candidate_key, _PROCESSES)
    build_schools(market, Random(f"{key}|schools"))
    market.at(0.0, arrivals.begin_month, 0)
    with _without_collector():
        market.run(horizon)
    return market


@contextmanager
def _without_collector() -> Iterator[None]:
    """Pause the cycle collector: a market makes a million small tuples and frees none, so looking for cycles costs a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def differences(frozen: FrozenLedger, after: float, until: float) -> Iterator[Difference]:
    """Yield what became known in ``(after, until]`` days, parents first."""
    for table in TABLES.values():
        found = frozen.difference(table, after, until)
        if found is not None:
            yield found


def simulate(
    owner_url: str,
    home: Path,
    *,
    scale: str = "small",
    world: str = "realistic",
    equity: str = "none",
    seed: int = 7,
    until: datetime,
    since: datetime | None = None,
    progress: Progress | None = None,
) -> SimulationReport:
    """Bring the source database to the state this world has at ``until``.

    The first run writes everything since ``since`` (default: three years back, first of the month); later runs write the difference only,
    and one with the same ``until`` writes nothing. Each market is one transaction; an interrupted run is finished by the next.

    Args:
        owner_url: Postgres URL of the database's owner.
        home: NEXUS_HOME; the answer key and the memory of what was simulated live in its ``truth`` folder.
        scale: tiny, small, medium or large.
        world: realistic or predictable.
        equity: none, planted or proxy: what the answer key plants on one group at interview.
        seed: every draw follows from it.
        until: aware instant; nothing recorded later is written.
        since: aware instant of the first day; only for the first run.
        progress: called with (markets done, markets in all, what is being done).

    Raises:
        ValueError: an unknown name, a naive instant, or ``until`` not after the start.
        SimulationMismatch: this home holds another simulation, or one that reaches further than ``until``.
    """
    if until.tzinfo is None:
        raise ValueError("until has no time zone: give an aware instant such as 2026-01-31T00:00:00Z")
    choose_scale(scale)
    choose_world(world, equity)
    asked = {"scale": scale, "world": world, "equity": equity, "seed": seed}
    memory = truth.read_memory(home)
    with psycopg.connect(owner_url, autocommit=True) as connection:
        if memory is not None:
            _require_same(asked, memory, home)
        start = datetime.fromisoformat(memory["start"]) if memory else (since or default_start(until)).astimezone(UTC)
        plan = Plan(choose_scale(scale), choose_world(world, equity), seed, start)
        if until <= start:
            raise ValueError(f"until {until.isoformat()} is not after the start {start.isoformat()}")
        done = datetime.fromisoformat(memory["until"]) if memory and memory["until"] else None
        network = network_ledger(plan, (until - start) / timedelta(days=1) + TRUTH_DAYS)
        if done and not _is_in(connection, network.freeze()):
            done, memory = None, None  # the database was replaced: write this history into the new one
        if done and until < done:
            raise SimulationMismatch(
                f"the database already holds history until {done.isoformat()}: choose a later day than {until.isoformat()}"
            )
        rows: dict[str, int] = dict.fromkeys(TABLES, 0)
        targets = [until]
        pending = datetime.fromisoformat(memory["target"]) if memory and memory.get("target") else None
        if pending and pending != until and (done is None or pending > done) and pending < until:
            targets.insert(0, pending)
        elif pending and pending > until:
            raise SimulationMismatch(f"a run to {pending.isoformat()} was interrupted: finish it first with --until {pending.date()}")
        for target in targets:
            if done == target:
                continue
            remembered = {**asked, "start": start.isoformat(), "until": done.isoformat() if done else None}
            truth.write_json(home, "simulation.json", {**remembered, "target": target.isoformat()})
            _write_all(connection, home, plan, network, done, target, rows, progress)
            truth.write_json(home, "simulation.json", {**remembered, "until": target.isoformat(), "target": None})
            done = target
    return SimulationReport(rows, start, until)


def _require_same(asked: dict[str, Any], memory: dict[str, Any], home: Path) -> None:
    other = [f"{name} {memory[name]} (asked: {value})" for name, value in asked.items() if memory[name] != value]
    if other:
        raise SimulationMismatch(
            f"{home} holds another simulation: {', '.join(other)}. Ask for that one, or start over with `nexus down --purge`"
        )


def _is_in(connection: psycopg.Connection[Any], network: FrozenLedger) -> bool:
    return writer.has_row(connection, "jobs.channels", str(network.ids("jobs.channels")[0]))


def _write_all(
    connection: psycopg.Connection[Any],
    home: Path,
    plan: Plan,
    network: Ledger,
    done: datetime | None,
    until: datetime,
    rows: dict[str, int],
    progress: Progress | None,
) -> None:
    secrets = Home(home=home)
    equity_key, candidate_key = secrets.ensure_secret("equity_key"), secrets.ensure_secret("candidate_key")
    links = network_links(network)
    frozen = network.freeze()
    after, last = frozen.day(done) if done else -1.0, frozen.day(until)
    _write_chunk(connection, frozen, after, last, rows)
    parts = []
    with ThreadPoolExecutor(max_workers=1) as writing:  # one market is written while the next is simulated
        pending: Future[None] | None = None
        for number in range(plan.scale.markets):
            if progress:
                progress(number, plan.scale.markets, f"market {number + 1} of {plan.scale.markets}")
            market = run_market(plan, number, links, last + TRUTH_DAYS, candidate_key)
            people.record_equity(market, equity_key)
            frozen = market.ledger.freeze()
            parts.append(truth.market_truth(market, frozen, last))
            if pending:
                pending.result()
            pending = writing.submit(_write_chunk, connection, frozen, after, last, rows)
        if pending:
            pending.result()
    truth.write_tables(home, parts)
    truth.write_json(home, "effects.json", plan.world.effects())
    if progress:
        progress(plan.scale.markets, plan.scale.markets, "history written")


def _write_chunk(connection: psycopg.Connection[Any], frozen: FrozenLedger, after: float, until: float, rows: dict[str, int]) -> None:
    """Write a ledger's difference unless an interrupted run did: a chunk is one transaction, so one new row tells."""
    found = list(differences(frozen, after, until))
    probe = next((each for each in found if each.inserts.height and each.table.has_id), None)
    if probe is not None and writer.has_row(connection, probe.table.name, str(probe.inserts["id"][-1])):
        return
    for table, count in writer.write(connection, found).items():
        rows[table] += count


__all__ = ["Plan", "SimulationMismatch", "SimulationReport", "differences", "run_market", "simulate"]
