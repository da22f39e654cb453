"""From features and outcomes to labelled cases: one row per opening and fixed as-of, labels cut at what was known.

What belongs here: joining, de-duplicating, cutting at an origin, person-periods. What doesn't: fitting. Openings still open are
censored rows, never dropped: on a young platform dropping them biased the answer by weeks.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models_ml.feature_contract import TIME_TO_HIRE, Encoder
from models_ml.time_to_hire import TABLES
from models_ml.time_to_hire.config import LANDMARKS, WAITING_LANDMARKS
from models_ml.time_to_hire.prediction import Vector, expand_periods

FEATURES, OPENINGS = TABLES
CENSORED, FILLED, CANCELLED = 0, 1, 2
INSTANT = pl.Datetime("us", "UTC")
_DAY = 86_400_000_000
_KEYS = ["opening_id", "landmark"]


@dataclass(frozen=True)
class Cases:
    """Labelled rows: ``frame`` (keys and features), ``remaining`` days to the end or to the cut, ``event`` (0, 1, 2)."""

    frame: pl.DataFrame
    remaining: Vector
    event: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.frame.height

    @property
    def jobs(self) -> NDArray[np.str_]:
        """Job of each row: the group that splits and bootstraps keep whole."""
        return self.frame["job_id"].cast(pl.String).to_numpy().astype(str)

    @property
    def elapsed(self) -> Vector:
        """Days since approval at as_of."""
        return self.frame["elapsed_days"].cast(pl.Float64).to_numpy()

    def take(self, mask: NDArray[np.bool_]) -> "Cases":
        """Return the rows of a mask."""
        return Cases(self.frame.filter(pl.Series(mask)), self.remaining[mask], self.event[mask])


def prepare(frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return one row per opening and landmark with features, ``filled_at`` and ``cancelled_at``, sorted by key.

    Only contract columns are kept (an added id column changes nothing), duplicates fall away, row order has no effect.

    Raises:
        ForbiddenFeature: the features carry a barred column.
        InvalidFeature: a feature is missing.
    """
    features = frames[FEATURES]
    TIME_TO_HIRE.check(features)
    ends = frames[OPENINGS].select(pl.col("opening_id").cast(pl.String), "filled_at", "cancelled_at").unique("opening_id")
    return (
        features.select(*TIME_TO_HIRE.keys, *TIME_TO_HIRE.names)
        .with_columns(pl.col("opening_id", "tenant_id", "job_id").cast(pl.String))
        .sort(*_KEYS, "as_of")
        .unique(_KEYS, keep="first", maintain_order=True)
        .join(ends, on="opening_id", how="inner", maintain_order="left")
        .with_columns(pl.col("as_of", "filled_at", "cancelled_at").cast(INSTANT))
    )


def digest(rows: pl.DataFrame) -> str:
    """SHA-256 of prepared rows: the data's identity in manifest and registry."""
    return hashlib.sha256(rows.hash_rows(seed=1).to_numpy().tobytes()).hexdigest()


def cut(rows: pl.DataFrame, start: datetime | None, until: datetime, known_at: datetime) -> Cases:
    """Return cases with as_of in [start, until), labelled by what had happened at ``known_at``; later ends are censored there."""
    moment = pl.lit(known_at).cast(INSTANT)
    window = pl.col("landmark").is_in([*LANDMARKS, *WAITING_LANDMARKS]) & (pl.col("as_of") < pl.lit(until))
    if start:
        window &= pl.col("as_of") >= pl.lit(start)
    taken = rows.filter(window).with_columns(
        event=pl.when(pl.col("filled_at") <= moment)
        .then(FILLED)
        .when(pl.col("cancelled_at") <= moment)
        .then(CANCELLED)
        .otherwise(CENSORED)
        .cast(pl.Int64)
    )
    end = pl.when(pl.col("event") == FILLED).then("filled_at").when(pl.col("event") == CANCELLED).then("cancelled_at").otherwise(moment)
    taken = taken.with_columns(remaining=(end - pl.col("as_of")).dt.total_microseconds() / _DAY).filter(pl.col("remaining") > 0)
    frame = taken.drop("event", "remaining", "filled_at", "cancelled_at")
    return Cases(frame, taken["remaining"].to_numpy(), taken["event"].to_numpy())


def event_bins(cases: Cases, bins: int, smallest_at_risk: int) -> Vector:
    """Return bin edges (first 0) on quantiles of the days to filling; the last is the longest well-observed follow-up."""
    if not len(cases):
        return np.array([0.0, 1.0])
    days = np.sort(cases.remaining[cases.event == FILLED])
    follow_up = np.sort(cases.remaining)
    longest = float(follow_up[-min(smallest_at_risk, len(follow_up))])
    inner = np.quantile(days, np.linspace(0, 1, bins + 1)[1:-1]) if len(days) else np.empty(0)
    edges: Vector = np.unique(np.concatenate([[0.0], np.round(inner[inner < longest], 3), [longest]]))
    apart: Vector = edges[np.concatenate([[True], np.diff(edges) > 0.05])]
    return apart


@dataclass(frozen=True)
class PersonPeriods:
    """Rows of the discrete-time likelihood: ``matrix`` (m, features + 5), targets by cause, ``weight``, ``case`` (row of origin)."""

    matrix: Vector
    filled: Vector
    cancelled: Vector
    weight: Vector
    case: NDArray[np.int64]


def person_periods(cases: Cases, encoder: Encoder, edges: Vector) -> PersonPeriods:
    """Expand cases to one row per bin lived through from as_of on (left truncation: nothing before as_of enters).

    A bin in which observation ends without an event counts by the share of it that was seen.
    """
    rows, starts = encoder.matrix(cases.frame), edges[:-1]
    position = encoder.position
    widths = np.diff(edges)
    seen = np.clip((cases.remaining[:, None] - starts) / widths, 0.0, 1.0)
    last = np.minimum(np.searchsorted(edges, cases.remaining, side="left") - 1, len(starts) - 1)
    ends_here = (np.arange(len(starts)) == last[:, None]) & (cases.remaining <= edges[-1])[:, None]
    filled, cancelled = ends_here & (cases.event == FILLED)[:, None], ends_here & (cases.event == CANCELLED)[:, None]
    weight = np.where(filled | cancelled, 1.0, seen)
    kept = weight.ravel() > 0.01
    case = np.repeat(np.arange(len(rows)), len(starts))[kept]
    matrix = expand_periods(rows, starts, position["elapsed_days"], position["as_of_month"], position["days_to_target_start"])
    return PersonPeriods(
        matrix[kept], filled.ravel()[kept].astype(float), cancelled.ravel()[kept].astype(float), weight.ravel()[kept], case
    )
