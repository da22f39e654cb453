"""Training one LightGBM booster the same way everywhere: grouped early stopping, fixed threads, repeatable by seed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

Vector = NDArray[np.float64]


class Boosting(BaseModel):
    """Hyperparameters of one booster; ``patience``: rounds without a better held-out loss."""

    model_config = ConfigDict(frozen=True)

    objective: str = "binary"
    rounds: int
    learning_rate: float
    leaves: int
    smallest_leaf: int
    patience: int
    threads: int
    seed: int


def train_booster(
    matrix: Vector,
    target: Vector,
    weight: Vector,
    held: NDArray[np.bool_],
    names: Sequence[str],
    categorical: Sequence[int],
    settings: Boosting,
) -> Any:
    """Return a ``lightgbm.Booster`` of rows of shape (n, features), stopped early on the held-out groups."""
    import lightgbm

    parameters = {
        "objective": settings.objective,
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.leaves,
        "min_data_in_leaf": settings.smallest_leaf,
        "max_bin": 63,
        "feature_fraction": 0.8,
        "min_data_per_group": 100,
        "seed": settings.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": settings.threads,
        "verbose": -1,
    }
    options = {"feature_name": list(names), "categorical_feature": list(categorical), "params": parameters}
    train = lightgbm.Dataset(matrix[~held], target[~held], weight=weight[~held], **options)
    test = lightgbm.Dataset(matrix[held], target[held], weight=weight[held], reference=train, **options)
    stopping = lightgbm.early_stopping(settings.patience, verbose=False)
    return lightgbm.train(parameters, train, settings.rounds, valid_sets=[test], callbacks=[stopping])
