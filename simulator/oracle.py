"""What the best possible predictor could know at an opening: the same jobs lived through again and again.

What belongs here: re-simulation of whole markets and the distribution of time to fill it gives. What doesn't: predicting from data.
A replicate keeps what is fixed at approval (school, subject, staff class, pay, target start, the other jobs) and redraws everything else,
the job's frailty included. It averages over the recruiters' load of the day, which a predictor may see: at opening the difference is small.
"""

import math
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl

from simulator import truth
from simulator.ledger import FrozenLedger
from simulator.market import Market
from simulator.simulation import TRUTH_DAYS, Plan, network_ledger, network_links, remembered_plan, run_market

CENSORED = math.inf


def fill_days(market: Market) -> dict[tuple[int, int], float]:
    """Return days from approval to fill per (job, headcount number); infinite if cancelled or not filled by the horizon."""
    return {
        (job.index, number): opening.filled_at - job.approved_at if opening.is_filled else CENSORED
        for job in market.jobs
        for number, opening in enumerate(job.openings)
    }


def resimulate_market(plan: Plan, number: int, until: float, replicates: int) -> pl.DataFrame:
    """Return one row per opening approved by ``until`` (days): the distribution of its time to fill, given what is fixed at approval.

    Columns: opening_id, actual_days (null if never filled), median_days, p10_days, p90_days (null beyond the simulated future),
    filled_share, log_sd (of the filled replicates), replicates.
    """
    links = network_links(network_ledger(plan, until))
    actual = run_market(plan, number, links, until + TRUTH_DAYS, "")
    ids = FrozenLedger(actual.ledger).ids("jobs.openings")
    drawn = [fill_days(run_market(plan, number, links, until + TRUTH_DAYS, "", replicate)) for replicate in range(1, replicates + 1)]
    rows = []
    own = fill_days(actual)
    for job in actual.jobs:
        for position, opening in enumerate(job.openings):
            days = np.array([each[(job.index, position)] for each in drawn if (job.index, position) in each])
            if not job.approved_at <= until or len(days) < replicates // 2:
                continue
            low, middle, high = (_finite(float(np.quantile(days, level, method="higher"))) for level in (0.1, 0.5, 0.9))
            filled = days[np.isfinite(days)]
            rows.append(
                {
                    "opening_id": ids[opening.index],
                    "actual_days": _finite(own[(job.index, position)]),
                    "median_days": middle,
                    "p10_days": low,
                    "p90_days": high,
                    "filled_share": len(filled) / len(days),
                    "log_sd": float(np.log(filled).std(ddof=1)) if len(filled) > 1 else None,
                    "replicates": len(days),
                }
            )
    return pl.DataFrame(rows)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def write_oracle(home: Path, *, markets: int = 2, replicates: int = 25) -> pl.DataFrame:
    """Re-simulate the first markets of the home's simulation; write and return ``truth/opening_oracle.parquet``.

    Takes about a second per market and replicate at the small scale.

    Raises:
        FileNotFoundError: nothing has been simulated in this home yet.
    """
    plan, until = remembered_plan(home)
    day = _day(plan, until)
    frame = pl.concat([resimulate_market(plan, number, day, replicates) for number in range(min(markets, plan.scale.markets))])
    truth.write_frame(home, "opening_oracle", frame)
    return frame


def _day(plan: Plan, until: datetime) -> float:
    return (until - plan.start).total_seconds() / 86_400
