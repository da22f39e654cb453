"""How long do the survival curves take on five million durations, against sorting them and against scikit-survival?

    python -m benchmarks.survival

Sorting is the limit of anything that needs the order of times. scikit-survival is measured on fewer rows: its variance of competing
risks holds a matrix of times × times. Ours must take no more than 10 sorts (aim 6), and less than scikit-survival's time on the same rows.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
from sksurv.nonparametric import cumulative_incidence_competing_risks, kaplan_meier_estimator

from metrics.survival import aalen_johansen, kaplan_meier


def seconds(call: Callable[[], object], runs: int = 3) -> float:
    """Return the best of some runs."""
    best = float("inf")
    for _ in range(runs):
        began = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - began)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--peer-rows", type=int, default=3_000)
    options = parser.parse_args()
    random = np.random.default_rng(1)
    days, causes = random.exponential(30, options.rows), random.choice([0, 1, 2], options.rows, p=[0.1, 0.1, 0.8])
    sort = seconds(lambda: np.sort(days))
    for name, took in (
        ("Kaplan–Meier", seconds(lambda: kaplan_meier(days, causes > 0))),
        ("Aalen–Johansen", seconds(lambda: aalen_johansen(days, causes))),
    ):
        print(f"{name}, {options.rows:,} rows: {took:.2f} s = {took / sort:.1f} sorts ({took / sort / 10:.2f} of the limit)")
    few, ends = days[: options.peer_rows], causes[: options.peer_rows]
    pairs = (
        (
            "Kaplan–Meier with interval",
            lambda: kaplan_meier(few, ends > 0).band(),
            lambda: kaplan_meier_estimator(ends > 0, few, conf_type="log-log"),
        ),
        (
            "Aalen–Johansen with interval",
            lambda: [curve.band() for curve in aalen_johansen(few, ends).values()],
            lambda: cumulative_incidence_competing_risks(ends, few, conf_type="log-log"),
        ),
    )
    for name, ours, theirs in pairs:
        print(f"{name}, {options.peer_rows:,} rows: {seconds(ours) / seconds(theirs):.3f} of scikit-survival's time")


if __name__ == "__main__":
    main()
