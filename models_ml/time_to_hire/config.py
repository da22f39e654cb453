"""Every constant of the time-to-hire training: part of what makes a training repeatable."""

from pydantic import BaseModel, ConfigDict

LANDMARKS = ("at_open", "day_14", "first_interview", "offer")  # the stages that figures are shown for
# Learned from and judged on as well: without openings that have waited, the forecast of long-open ones was three times too soon.
WAITING_LANDMARKS = ("day_60", "day_120")


class TimeToHireConfig(BaseModel):
    """Hyperparameters; leaves of >= 500 person-periods, since small ones made an 80 % interval cover 55 %."""

    model_config = ConfigDict(frozen=True)

    bins: int = 20
    rounds: int = 150
    learning_rate: float = 0.12
    leaves: int = 15
    smallest_leaf: int = 500
    patience: int = 10
    holdout_share: float = 0.2
    blend_rows: int = 50  # k of the baseline's n / (n + k)
    fallback_below: int = 1000  # landmark rows: below it the baseline stays
    origins: int = 6
    threads: int = 1  # two cost more than they gain on matrices this small, and much more on a busy machine
    smallest_at_risk: int = 20  # a hazard needs this many openings under observation; beyond, "more than N days"


CONFIG = TimeToHireConfig()
