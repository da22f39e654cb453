"""Every constant of the candidate-success training: part of what makes a training repeatable."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

# The stages that figures are shown for, each as it is entered: what interviewers wrote is known from "assessed" on, not before.
LANDMARKS = ("applied", "screened", "interviewed", "assessed")
WAITING_LANDMARKS = ("day_30",)  # learned from and judged on as well: an application that has waited is another case
Head = Literal["hired", "success"]
HEADS: tuple[Head, ...] = ("hired", "success")


class CandidateSuccessConfig(BaseModel):
    """Hyperparameters of both stages."""

    model_config = ConfigDict(frozen=True)

    rounds: int = 200
    learning_rate: float = 0.06
    leaves: int = 6  # the signal is weak: larger trees were overconfident out of time
    smallest_leaf: int = 500
    patience: int = 15
    holdout_share: float = 0.25
    isotonic_from: int = 1000  # candidates with a positive outcome held out; below, Platt's two parameters
    calibration_draws: int = 40
    blend_rows: int = 50  # k of the prior rate's n / (n + k)
    fewest_ended: int = 150  # candidates with a known outcome; below, a stage answers with the prior rate
    fewest_of_each: int = 30  # candidates of the rarer outcome
    origins: int = 6
    threads: int = 1  # two cost more than they gain on matrices this small, and much more on a busy machine


CONFIG = CandidateSuccessConfig()
# The segment of each stage's prior rate.
SEGMENTS: dict[Head, str] = {"hired": "furthest_rank", "success": "channel_type"}
