"""How long one prediction takes, as a ratio: the challenger's best time over the baseline's, measured turn by turn.

What belongs here: a figure that a busy machine does not move. What doesn't: milliseconds over HTTP (``benchmarks/serving.py``).
"""

import time
from collections.abc import Callable


def latency_ratio(challenger: Callable[[], object], baseline: Callable[[], object], turns: int = 200) -> float:
    """Return best seconds of a challenger's prediction / best seconds of the baseline's, over alternating turns.

    The best of many is what the code costs; everything above it is what the machine was doing beside.
    """
    best = [float("inf"), float("inf")]
    for _ in range(turns):
        for position, predict in enumerate((challenger, baseline)):
            began = time.perf_counter()
            predict()
            best[position] = min(best[position], time.perf_counter() - began)
    return best[0] / best[1]
