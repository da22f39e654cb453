"""Model cards: the written part beside each model, completed by what a training measured.

What belongs here: turning scores into a Markdown table. What doesn't: the words (``<model>/MODEL_CARD.md``).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from models_ml.scores import ALL

if TYPE_CHECKING:
    from models_ml.training import TrainingResult


def card_text(folder: Path, data: Mapping[str, Any], scores: pl.DataFrame, findings: Sequence[str]) -> str:
    """Return the card of one training: the folder's MODEL_CARD.md, the data's identity, findings and pooled figures."""
    lines = [(folder / "MODEL_CARD.md").read_text().rstrip(), "", "## This training", ""]
    lines += [f"- {name.replace('_', ' ')}: {value}" for name, value in data.items()]
    lines += [f"- {finding}" for finding in findings]
    pooled = scores.filter(pl.col("origin") == ALL)
    if pooled.height:
        lines += ["", "| predictor | as-of stage | figure | value | 95 % interval | n |", "|---|---|---|---|---|---|"]
        lines += [
            f"| {row['predictor']} | {row['landmark']} | {row['metric_id']} | {row['value']:.3f} | {_interval(row)} | {row['n']} |"
            for row in pooled.sort("landmark", "metric_id", "predictor").iter_rows(named=True)
        ]
    return "\n".join(lines) + "\n"


def card_row(model: str, result: "TrainingResult") -> pl.DataFrame:
    """Return the row of ``predictions.model_cards`` of one training: the card beside whether the gate accepted the bundle."""
    row = {"model": model, "bundle_id": result.bundle_id, "is_accepted": result.accepted, "card": result.card}
    return pl.DataFrame([row | {"verdict": "\n".join(result.verdict)}])


def _interval(row: Mapping[str, Any]) -> str:
    if row["lower"] is None or row["upper"] is None:
        return "–"
    return f"{row['lower']:.3f} to {row['upper']:.3f}"
