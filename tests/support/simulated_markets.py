"""Simulated markets in memory, made once a session: what the tests of the simulator look at."""

from datetime import UTC, datetime
from functools import cache

import polars as pl

from simulator.ledger import FrozenLedger
from simulator.market import Market
from simulator.simulation import Plan, network_ledger, network_links, run_market
from simulator.tables import TABLES
from simulator.world import choose_scale, choose_world

START = datetime(2023, 9, 1, tzinfo=UTC)
DAYS = 1096.0


def make_plan(world: str = "realistic", *, equity: str = "none", seed: int = 7, scale: str = "small") -> Plan:
    return Plan(choose_scale(scale), choose_world(world, equity), seed, START)


def make_market(plan: Plan, number: int = 0, days: float = DAYS) -> Market:
    return run_market(plan, number, network_links(network_ledger(plan, days)), days, "a candidate key")


@cache
def realistic_markets() -> tuple[Market, ...]:
    plan = make_plan()
    return tuple(make_market(plan, number) for number in range(3))


def frame(market: Market, table: str, until: float = DAYS) -> pl.DataFrame:
    """Return a source table of one market as it stands at ``until`` days."""
    found = FrozenLedger(market.ledger).difference(TABLES[table], -1.0, until)
    return pl.DataFrame() if found is None else found.inserts


@cache
def realistic(table: str) -> pl.DataFrame:
    """Return a source table of all realistic markets at the end."""
    return pl.concat([frame(market, table) for market in realistic_markets()])
