"""Train, judge, register: the one door of orchestration to both models.

What belongs here: the first-run rule, what is registered and promoted, and the memory of trainings already done. What doesn't:
how a model is fitted (``time_to_hire``, ``candidate_success``) or when (orchestration).
"""

import hashlib
import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from foundation import clock
from models_ml import candidate_success, time_to_hire
from models_ml.bundle import BundleDraft, load_bundle, write_bundle
from models_ml.bundle_files import ModelName
from models_ml.gate import Verdict
from models_ml.registry import Registry

Report = Callable[[str], None]
Promoting = Callable[[str, str, str], None]
JOBS_AT_MOST = 12_000
"""A training learns from at most so many jobs, each whole: figures move by less than their intervals beyond, time and memory do not."""
_TABLES: dict[ModelName, tuple[str, ...]] = {"time_to_hire": time_to_hire.TABLES, "candidate_success": candidate_success.TABLES}
_KEPT_FRAMES = ("scores", "calibration", "openings")


@dataclass(frozen=True)
class Trained:
    """What a model's ``train`` module hands over: drafts with golden rows, scores by predictor, and the judge.

    ``challenger`` is None when there is too little data; ``judge`` takes the champion's kind and compares recipes on the same
    frozen backtest. ``predictors`` maps a bundle kind to the names its scores carry. ``calibration``: predicted beside actual in
    bins. ``openings``: the backtest's rows (none of candidate success: they would be people).
    """

    fallback: BundleDraft
    challenger: BundleDraft | None
    judge: Callable[[str], Verdict]
    scores: pl.DataFrame
    predictors: Mapping[str, tuple[str, ...]]
    card: str
    calibration: pl.DataFrame
    openings: pl.DataFrame


@dataclass(frozen=True)
class TrainingResult:
    """Outcome of one training.

    ``bundle_id``: the bundle trained now (the fallback when there was too little data). ``accepted``: it is the champion.
    ``scores``, ``calibration``, ``openings``: rows of ``predictions.model_scores``, ``model_calibration``, ``backtest_openings``.
    ``card``: Markdown. ``verdict``: one line a check.
    """

    model: ModelName
    bundle_id: str
    champion_bundle_id: str
    accepted: bool
    scores: pl.DataFrame
    card: str
    verdict: tuple[str, ...]
    calibration: pl.DataFrame
    openings: pl.DataFrame


def required_tables(model: ModelName) -> tuple[str, ...]:
    """Return the warehouse tables whose frames :func:`train` takes, as ``schema.table``."""
    return _TABLES[model]


def train(
    model: ModelName,
    frames: Mapping[str, pl.DataFrame],
    home: Path,
    as_of: datetime,
    *,
    seed: int = 20,
    world: str = "realistic",
    report: Report = lambda _: None,
    promoting: Promoting = lambda *_: None,
) -> TrainingResult:
    """Train one model on frames by table name, judge it against the champion, and register what came out.

    Args:
        model: ``time_to_hire`` or ``candidate_success``.
        frames: the tables of :func:`required_tables`.
        home: NEXUS_HOME; bundles land in ``bundles/``, the registry in ``mlflow/``, the memory in ``training/``.
        as_of: the build's as-of: nothing later is known.
        seed: makes everything repeatable.
        world: name of the simulated world ("" for real data), shown beside every figure.
        report: called with a line of progress.
        promoting: called with model, version and bundle id before a version becomes the champion; what it raises prevents that.

    First run: the fallback becomes champion. A refused challenger changes nothing. The same data, code and seed are trained
    once: the second call answers from memory.

    Raises:
        ForbiddenFeature: a feature is a label, a protected attribute or a proxy.
        InvalidFeature: a feature is missing.
    """
    registry, as_of = Registry(home), as_of.astimezone(UTC)
    memory = home / "training" / model / _key(model, frames, as_of, seed, world)
    if remembered := _recall(memory, registry, model):
        report(f"{model}: unchanged since the last training")
        return remembered
    module = importlib.import_module(f"models_ml.{model}.train")
    trained: Trained = module.fit_and_judge(frames, as_of, seed, world, report)
    result = _register(model, trained, home, registry, report, promoting)
    _remember(memory, result)
    return result


def _register(model: ModelName, trained: Trained, home: Path, registry: Registry, report: Report, promoting: Promoting) -> TrainingResult:
    champion = registry.champion(model)
    fallback = _write(home, trained.fallback)
    scores, *tables = (
        _stamp(trained, trained.fallback.kind, fallback.name, frame) for frame in (trained.scores, trained.calibration, trained.openings)
    )
    if champion is None or champion.is_fallback:
        version = registry.register(model, fallback, scores, trained.card)
        _promote(registry, model, version, fallback.name, promoting)
        champion = registry.champion(model)
    if champion is None:
        raise RuntimeError(f"the registry did not keep the champion of {model}")
    if trained.challenger is None:
        lines = trained.judge(champion.kind).lines
        is_champion = champion.bundle_id == fallback.name
        return TrainingResult(model, fallback.name, champion.bundle_id, is_champion, scores, trained.card, lines, *tables)
    challenger = _write(home, trained.challenger)
    scores, *tables = (_stamp(trained, trained.challenger.kind, challenger.name, frame) for frame in (scores, *tables))
    verdict = trained.judge(champion.kind)
    lines = verdict.lines
    card = trained.card + "\n## Gate\n\n" + "\n".join(f"- {line}" for line in lines) + "\n"
    version = registry.register(model, challenger, scores, card)
    if verdict.accepted:
        _promote(registry, model, version, challenger.name, promoting)
        champion_id = challenger.name
    else:
        champion_id = champion.bundle_id
    report(f"{model}: {'accepted' if verdict.accepted else 'refused'} {challenger.name}")
    return TrainingResult(model, challenger.name, champion_id, verdict.accepted, scores, card, lines, *tables)


def _promote(registry: Registry, model: ModelName, version: str, bundle_id: str, promoting: Promoting) -> None:
    """Make a version the champion, announced before, unless it is."""
    champion = registry.champion(model)
    if champion is None or champion.version != version:
        promoting(model, version, bundle_id)
        registry.promote(model, version)


def _write(home: Path, draft: BundleDraft) -> Path:
    """Write and load back: golden rows must give, from disk, what they gave in training."""
    folder = write_bundle(home / "bundles", draft, clock.now())
    load_bundle(folder)
    return folder


def _stamp(trained: Trained, kind: str, bundle_id: str, scores: pl.DataFrame) -> pl.DataFrame:
    mine = pl.col("predictor").is_in(list(trained.predictors[kind]))
    return scores.with_columns(bundle_id=pl.when(mine).then(pl.lit(bundle_id)).otherwise("bundle_id"))


def _key(model: ModelName, frames: Mapping[str, pl.DataFrame], as_of: datetime, seed: int, world: str) -> str:
    """Digest of everything a training depends on: data, code of this package, parameters."""
    digest = hashlib.sha256(json.dumps([model, as_of.isoformat(), seed, world]).encode())
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(file.read_bytes())
    for table in required_tables(model):
        frame = frames[table]
        digest.update(repr(frame.schema).encode())
        digest.update(frame.hash_rows(seed=1).sort().to_numpy().tobytes())
    return digest.hexdigest()[:20]


def _remember(memory: Path, result: TrainingResult) -> None:
    memory.mkdir(parents=True, exist_ok=True)
    for name in _KEPT_FRAMES:
        getattr(result, name).write_parquet(memory / f"{name}.parquet")
    kept = {"bundle_id": result.bundle_id, "accepted": result.accepted, "card": result.card, "verdict": list(result.verdict)}
    draft = memory / ".result.json"
    draft.write_text(json.dumps(kept))
    draft.replace(memory / "result.json")


def _recall(memory: Path, registry: Registry, model: ModelName) -> TrainingResult | None:
    if not (memory / "result.json").exists():
        return None
    champion = registry.champion(model)
    kept = json.loads((memory / "result.json").read_text())
    if champion is None or not (registry.bundles / kept["bundle_id"]).exists():
        return None
    return TrainingResult(
        model=model,
        bundle_id=kept["bundle_id"],
        champion_bundle_id=champion.bundle_id,
        accepted=champion.bundle_id == kept["bundle_id"],
        card=kept["card"],
        verdict=tuple(kept["verdict"]),
        **{name: pl.read_parquet(memory / f"{name}.parquet") for name in _KEPT_FRAMES},
    )
