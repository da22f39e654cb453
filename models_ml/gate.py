"""May a challenger become champion? Pure checks on the frozen backtest; refusing is a result, not a failed run.

What belongs here: rules and verdicts. What doesn't: aliases (registry). A band refuses only when the figure's whole 95 %
interval lies outside it; an improvement must show with its whole interval.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models_ml.evaluation import Bootstrap, Figure, OutcomeCases, TimeCases, TimePredictions, time_figures

Vector = NDArray[np.float64]

COVERAGE_BAND = (0.77, 0.83)
BIAS_BAND = (-0.05, 0.05)
ECE_LIMIT = 0.03
SLOPE_BAND = (0.9, 1.1)
WORSE_LIMIT = 0.01
LATENCY_LIMIT = 20.0  # times the baseline's; measured 3 for both models: a prediction must stay far below a millisecond
REPRODUCED_WITHIN = 0.005


@dataclass(frozen=True)
class Check:
    """One rule, what was seen, and whether it holds."""

    name: str
    passed: bool
    rule: str
    seen: Figure | None = None

    def line(self) -> str:
        """Return the check in one line."""
        seen = f" (seen {self.seen.value:.4f}, {self.seen.lower:.4f} to {self.seen.upper:.4f}, n {self.seen.n})" if self.seen else ""
        return f"{'passed' if self.passed else 'REFUSED'} · {self.name}: {self.rule}{seen}"


@dataclass(frozen=True)
class Verdict:
    """All checks of one challenger."""

    checks: tuple[Check, ...]

    @property
    def accepted(self) -> bool:
        """True when there are checks and every one passed."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def lines(self) -> tuple[str, ...]:
        """One line a check."""
        return tuple(check.line() for check in self.checks)

    def and_also(self, *checks: Check) -> "Verdict":
        """Return the verdict with further checks."""
        return Verdict((*self.checks, *checks))


def refused(name: str, rule: str) -> Verdict:
    """Return a verdict of one failed check, e.g. too little history to be judged."""
    return Verdict((Check(name, False, rule),))


def quick_enough(ratio: float) -> Check:
    """Refuse a challenger whose single prediction takes more than ``LATENCY_LIMIT`` times the baseline's.

    The ratio itself is not kept: it differs from run to run, and a training's record must not.
    """
    return Check("latency of one prediction", ratio <= LATENCY_LIMIT, f"best of many at most {LATENCY_LIMIT:g} times the baseline's")


def reproduced(first: float, again: float) -> Check:
    """Refuse when the same recipe on the same data gives another error: figures of such a model mean little."""
    change = abs(again - first) / first if first else float("inf")
    return Check("retraining", change <= REPRODUCED_WITHIN, f"an origin fitted again gives its error within {REPRODUCED_WITHIN:.1%}")


def in_band(name: str, figure: Figure, lower: float, upper: float) -> Check:
    """Refuse only when the whole interval lies outside the band; an undefined figure refuses."""
    return Check(name, figure.upper >= lower and figure.lower <= upper, f"95 % interval meets {lower:g} to {upper:g}", figure)


def not_worse(name: str, challenger: Vector, champion: Vector, cases: TimeCases | OutcomeCases, seed: int) -> Check:
    """Refuse unless the paired bootstrap's upper bound of challenger loss / champion loss - 1 is below +1 %."""
    ratio = Bootstrap(cases.group, seed).ratio(cases.weight * challenger, cases.weight * champion)
    change = Figure(ratio.value - 1, ratio.lower - 1, ratio.upper - 1, int((cases.weight > 0).sum()))
    return Check(name, change.upper < WORSE_LIMIT, f"upper bound of the change below {WORSE_LIMIT:+.0%}", change)


def judge_time(cases: TimeCases, challenger: TimePredictions, champion: TimePredictions, baseline: TimePredictions, seed: int) -> Verdict:
    """Judge a time-to-hire challenger against the champion's recipe on the same rows, groups = jobs."""
    kept = cases.weight > 0
    cases, challenger, champion, baseline = (item.take(kept) for item in (cases, challenger, champion, baseline))  # type: ignore[assignment]  # take keeps each type
    if not len(cases.weight):
        return refused("evidence", "at least one ended test row")
    figures = time_figures(cases, challenger, baseline, Bootstrap(cases.group, seed))
    nothing = Figure(float("nan"), float("nan"), float("nan"), 0)
    return Verdict(
        (
            not_worse(
                "mean absolute error against the champion",
                np.abs(challenger.median - cases.remaining),
                np.abs(champion.median - cases.remaining),
                cases,
                seed,
            ),
            Check("skill against segment Kaplan–Meier", figures["K5"].lower > 0, "whole 95 % interval above 0", figures["K5"]),
            in_band("coverage of the 80 % interval", figures.get("K4", nothing), *COVERAGE_BAND),
            in_band("bias of the mean", figures["K3"], *BIAS_BAND),
        )
    )


def judge_probability(
    cases: OutcomeCases, challenger: Vector, champion: Vector, figures: Mapping[str, Figure], skills: list[Figure], seed: int
) -> Verdict:
    """Judge a calibrated probability against the champion's recipe; ``skills``: Brier skill of each origin, groups = jobs."""
    if "brier_skill" not in figures:
        return refused("evidence", "at least one ended test row")
    skill = figures["brier_skill"]
    return Verdict(
        (
            not_worse("Brier score against the champion", (challenger - cases.outcome) ** 2, (champion - cases.outcome) ** 2, cases, seed),
            Check(
                "Brier skill against the prior rate",
                skill.lower > 0,
                "whole 95 % interval above 0",
                skill,
            ),
            *(
                Check(f"Brier skill at origin {number}", one.upper > 0, "95 % interval not wholly below 0", one)
                for number, one in enumerate(skills, start=1)
            ),
            Check("calibration error", figures["ece"].lower <= ECE_LIMIT, f"95 % interval reaches {ECE_LIMIT:g} or less", figures["ece"]),
            in_band("calibration slope", figures["slope"], *SLOPE_BAND),
        )
    )
