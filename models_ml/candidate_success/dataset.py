"""From features and outcomes to labelled cases: one row per application and fixed as-of, labels cut at what was known.

What belongs here: joining, de-duplicating, the two labels and their cut. What doesn't: fitting. An application still open and a
hire whose success is not known yet are never negatives: ended rows stand for them with weight 1/G (``evaluation``).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models_ml.candidate_success import TABLES
from models_ml.candidate_success.config import LANDMARKS, WAITING_LANDMARKS, Head
from models_ml.evaluation import OutcomeCases, censoring_weights
from models_ml.feature_contract import CANDIDATE_SUCCESS

FEATURES, APPLICATIONS, OUTCOMES = TABLES
INSTANT = pl.Datetime("us", "UTC")
_DAY = 86_400_000_000
_KEYS = ["application_id", "landmark"]


@dataclass(frozen=True)
class Cases:
    """Labelled rows of one stage: ``frame`` (keys and features), ``truth`` (outcome, weight, job) and ``candidate`` of each row."""

    frame: pl.DataFrame
    truth: OutcomeCases
    candidate: NDArray[np.str_]

    def __len__(self) -> int:
        """Return the number of rows, ended or not."""
        return self.frame.height

    @property
    def landmark(self) -> NDArray[np.str_]:
        """As-of stage of each row."""
        return self.frame["landmark"].cast(pl.String).to_numpy().astype(str)

    def candidates_count(self, outcome: int) -> int:
        """Return the number of candidates with this known outcome."""
        return len(np.unique(self.candidate[(self.truth.weight > 0) & (self.truth.outcome == outcome)]))


def prepare(frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return one row per application and landmark with features and both labels' facts, sorted by key.

    Only contract columns are kept, duplicates fall away, row order has no effect.

    Raises:
        ForbiddenFeature: the features carry a barred column.
        InvalidFeature: a feature is missing.
    """
    features = frames[FEATURES]
    CANDIDATE_SUCCESS.check(features)
    text = pl.col("application_id").cast(pl.String)
    ends = frames[APPLICATIONS].select(text, pl.col("candidate_id").cast(pl.String), "outcome", "terminal_at").unique("application_id")
    success = frames[OUTCOMES].select(text, "is_success", "label_known_at", is_hire=pl.lit(value=True)).unique("application_id")
    return (
        features.select(*CANDIDATE_SUCCESS.keys, *CANDIDATE_SUCCESS.names)
        .with_columns(pl.col("application_id", "tenant_id", "job_id").cast(pl.String))
        .sort(*_KEYS, "as_of")
        .unique(_KEYS, keep="first", maintain_order=True)
        .join(ends, on="application_id", how="inner", maintain_order="left")
        .join(success, on="application_id", how="left", maintain_order="left")
        .with_columns(pl.col("as_of", "terminal_at", "label_known_at").cast(INSTANT))
    )


def digest(rows: pl.DataFrame) -> str:
    """SHA-256 of prepared rows: the data's identity in manifest and registry."""
    return hashlib.sha256(rows.hash_rows(seed=1).to_numpy().tobytes()).hexdigest()


def cut(rows: pl.DataFrame, head: Head, start: datetime | None, until: datetime, known_at: datetime) -> Cases:
    """Return the cases of a stage with as_of in [start, until), labelled by what was known at ``known_at``.

    ``hired``: every application; ended when terminal. ``success``: hires only; ended when the label is known.
    """
    moment = pl.lit(known_at).cast(INSTANT)
    window = pl.col("landmark").is_in([*LANDMARKS, *WAITING_LANDMARKS]) & (pl.col("as_of") < pl.lit(until))
    if start:
        window &= pl.col("as_of") >= pl.lit(start)
    if head == "hired":
        end, outcome = pl.col("terminal_at"), pl.col("outcome") == "hired"
    else:
        window &= pl.col("is_hire").fill_null(value=False) & (pl.col("terminal_at") <= moment)
        end, outcome = pl.when(pl.col("is_success").is_not_null()).then("label_known_at"), pl.col("is_success")
    ended = (end <= moment).fill_null(value=False)
    taken = rows.filter(window).with_columns(
        _ended=ended,
        _outcome=(ended & outcome).fill_null(value=False).cast(pl.Float64),
        _days=(pl.when(ended).then(end).otherwise(moment) - pl.col("as_of")).dt.total_microseconds() / _DAY,
    )
    taken = taken.filter(pl.col("_days") > 0)
    weight = censoring_weights(taken["_days"].to_numpy(), taken["_ended"].to_numpy())
    candidate = taken.select(pl.coalesce("candidate_id", "application_id")).to_series().to_numpy().astype(str)
    job = taken["job_id"].to_numpy().astype(str)
    frame = taken.select(*CANDIDATE_SUCCESS.keys, *CANDIDATE_SUCCESS.names)
    return Cases(frame, OutcomeCases(taken["_outcome"].to_numpy(), weight, job), candidate)
