"""Are published figures and forecasts right? Compared with a simulator's answer key: frames in, findings out.

What belongs here: what counts as a hit, with its interval. What doesn't: reading the answer key (``nexus truth`` alone may) or anything
a model learns from.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from models_ml.evaluation import Bootstrap, Figure, Mask, TimeCases, Vector, gap_closed
from models_ml.gate import COVERAGE_BAND

CLEAR_GAP = 0.3  # planted effects this far apart (on the log-odds of advancing) must come out in their order
_DRAWS, _SEED, _FEWEST = 2_000, 20, 30
_DAY = 86_400_000_000


@dataclass(frozen=True)
class Finding:
    """One comparison: what was planted, what is published, its 95 % interval, and whether that is a hit within the tolerance."""

    question: str
    planted: str
    published: str
    value: float
    lower: float
    upper: float
    n: int
    tolerance: str
    is_hit: bool


def source_findings(yields: pl.DataFrame, planted: Mapping[str, float]) -> list[Finding]:
    """Compare the published yield of sources with their planted effects: the order of clear pairs, and the best one.

    Args:
        yields: columns channel_type, value (hires / attempts), n.
        planted: effect by channel type.

    Intervals are of 2,000 draws from each yield's beta posterior.
    """
    rows = yields.filter(pl.col("channel_type").is_in(list(planted)) & pl.col("value").is_not_null()).sort("channel_type")
    names, n = rows["channel_type"].to_list(), rows["n"].to_numpy()
    hires = rows["value"].to_numpy() * n
    effects = np.array([planted[name] for name in names])
    higher, lower = np.nonzero(effects[:, None] - effects >= CLEAR_GAP)
    if not len(higher):
        return []
    drawn = np.random.default_rng(_SEED).beta(hires + 1, n - hires + 1, size=(_DRAWS, len(names)))
    shares = (drawn[:, higher] > drawn[:, lower]).mean(axis=1)
    rates = hires / n
    seen = float((rates[higher] > rates[lower]).mean())
    order = [names[index] for index in np.argsort(-rates)]
    best = names[int(np.argmax(effects))]
    chance = float((np.argmax(drawn, axis=1) == names.index(best)).mean())
    return [
        Finding(
            "Are sources in their planted order?",
            " > ".join(sorted(names, key=lambda name: -planted[name])),
            " > ".join(order),
            *(seen, float(np.quantile(shares, 0.025)), float(np.quantile(shares, 0.975)), int(n.sum())),
            f"at least 85 % of the {len(higher)} pairs planted {CLEAR_GAP:g} or more apart, 95 % within the interval",
            bool(seen >= 0.85 and np.quantile(shares, 0.975) >= 0.95),
        ),
        Finding(
            "Is the best source found?",
            best,
            order[0],
            chance,
            chance,
            chance,
            int(n.sum()),
            "probability of being best at least 80 %",
            chance >= 0.8,
        ),
    ]


def bottleneck_finding(stages: pl.DataFrame, planted: str) -> Finding:
    """Compare the slowest stage, by median days in stage, with the planted bottleneck.

    ``stages``: columns stage, value, lower, upper, n. A hit when the planted stage is slowest, or not told apart from the slowest.
    """
    rows = stages.drop_nulls("value").sort("value", descending=True)
    slowest, own = rows.row(0, named=True), rows.filter(pl.col("stage") == planted).row(0, named=True)
    return Finding(
        "Is the slowest stage the planted bottleneck?",
        planted,
        slowest["stage"],
        *(own["value"], own["lower"], own["upper"], own["n"]),
        "slowest by median days in stage, or its interval meets the slowest's",
        own["stage"] == slowest["stage"] or own["upper"] >= slowest["lower"],
    )


def conversion_findings(projected: pl.DataFrame, actual: pl.DataFrame) -> list[Finding]:
    """Compare projected conversion (F5) of months that are still open with what becomes of them, beside the naive share.

    Args:
        projected: applied_month, value, lower, upper, n, n_open.
        actual: applied_month, hired_share (in the end), naive_share (hired so far).
    """
    rows = projected.join(actual, on="applied_month").filter((pl.col("n_open") > 0) & pl.col("value").is_not_null()).sort("applied_month")
    return [
        Finding(
            f"What becomes of the applications of {row['applied_month']:%Y-%m} ({row['n_open']} of {row['n']} open)?",
            f"{row['hired_share']:.1%} hired in the end",
            f"{row['value']:.1%} projected; so far {row['naive_share']:.1%}",
            *(row["value"], row["lower"], row["upper"], row["n"]),
            "the truth lies in the interval, or within one point",
            row["lower"] <= row["hired_share"] <= row["upper"] or abs(row["value"] - row["hired_share"]) <= 0.01,
        )
        for row in rows.iter_rows(named=True)
    ]


def forecast_findings(forecasts: pl.DataFrame, openings: pl.DataFrame) -> list[Finding]:
    """Compare the published forecast of open openings with the day each is filled.

    Args:
        forecasts: ``predictions.open_openings`` with ``days_to_start`` (null without a start).
        openings: opening_id, job_id, filled_at (null = never), status_at_end.

    Cancelled openings have no time to hire and are left out of the days; they count as not filled in time.
    """
    rows = forecasts.join(openings.select("opening_id", "filled_at", "status_at_end"), on="opening_id").with_columns(
        actual=((pl.col("filled_at") - pl.col("as_of")).dt.total_microseconds() / _DAY).fill_null(float("inf"))
    )
    ended = rows.filter(pl.col("status_at_end") != "cancelled")
    found = []
    if ended.height >= _FEWEST:
        actual, upper = ended["actual"].to_numpy(), ended["p90_days"].fill_null(float("inf")).to_numpy()
        inside = (ended["p10_days"].fill_null(float("inf")).to_numpy() <= actual) & (actual <= upper)
        below = actual <= ended["median_days"].fill_null(float("inf")).to_numpy()
        found += [
            _share("Do 80 % intervals hold the true fill dates?", ended, inside, 0.8, COVERAGE_BAND),
            _share("Is the median in the middle?", ended, below, 0.5, (0.45, 0.55)),
        ]
    due = rows.drop_nulls(["p_filled_before_term_start", "days_to_start"])
    if due.height >= _FEWEST:
        in_time = due["actual"].to_numpy() <= due["days_to_start"].to_numpy()
        told = due["p_filled_before_term_start"].to_numpy()
        gap = _ratio(due, in_time - told)
        found.append(
            Finding(
                "Are as many filled before term as promised?",
                f"{in_time.mean():.1%} of open openings",
                f"{told.mean():.1%} promised",
                *(gap.value, gap.lower, gap.upper, gap.n),
                "difference meets −5 to 5 points",
                gap.lower <= 0.05 and gap.upper >= -0.05,
            )
        )
    return found


def oracle_finding(backtest: pl.DataFrame, oracle: pl.DataFrame) -> tuple[Finding, Figure] | None:
    """Return K6 at approval and its figure: how much of the gap between baseline and best possible predictor the model closes.

    Args:
        backtest: ``predictions.backtest_openings``.
        oracle: opening_id and median_days since approval of the re-simulations.

    None with fewer than 30 openings in both.
    """
    at_open = backtest.filter(pl.col("landmark") == "at_open")
    keys = ("opening_id", "origin", "job_id", "elapsed_days", "actual_days", "weight")
    model, base = (
        at_open.filter(pl.col("predictor") == name).select(*keys, pl.col("median_days").alias(name)) for name in ("hazard", "kaplan_meier")
    )
    rows = model.join(base.select("opening_id", "origin", "kaplan_meier"), on=["opening_id", "origin"]).join(
        oracle.drop_nulls("median_days").select("opening_id", "median_days"), on="opening_id"
    )
    if rows.height < _FEWEST:
        return None
    column: dict[str, Vector] = {name: rows[name].to_numpy() for name in rows.columns if name not in ("opening_id", "origin", "job_id")}
    cases = TimeCases(column["elapsed_days"], column["actual_days"], column["weight"], rows["job_id"].to_numpy().astype(str))
    best = np.maximum(column["median_days"] - column["elapsed_days"], 0.0)
    figure = gap_closed(cases, column["hazard"], column["kaplan_meier"], best, _SEED)
    errors = {
        name: np.average(np.abs(each - cases.remaining), weights=cases.weight)
        for name, each in (("oracle", best), ("model", column["hazard"]), ("baseline", column["kaplan_meier"]))
    }
    told = f"model {errors['model']:.1f} days, baseline {errors['baseline']:.1f} days"
    return (
        Finding(
            "How much of the gap to the best possible predictor is closed at approval (K6)?",
            f"oracle {errors['oracle']:.1f} days off",
            told,
            *(figure.value, figure.lower, figure.upper, figure.n),
            "upper bound above 0",
            figure.upper > 0,
        ),
        figure,
    )


def _ratio(rows: pl.DataFrame, values: Vector | Mask) -> Figure:
    return Bootstrap(rows["job_id"].cast(pl.String).to_numpy().astype(str), _SEED).ratio(values.astype(float), np.ones(len(values)))


def _share(question: str, rows: pl.DataFrame, hits: Mask, nominal: float, band: tuple[float, float]) -> Finding:
    seen = _ratio(rows, hits)
    return Finding(
        question,
        f"{nominal:.0%}",
        f"{seen.value:.1%} of true fill dates",
        *(seen.value, seen.lower, seen.upper, seen.n),
        f"interval meets {band[0]:.0%} to {band[1]:.0%}",
        seen.lower <= band[1] and seen.upper >= band[0],
    )
