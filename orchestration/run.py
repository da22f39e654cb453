"""One run of the pipeline in this process, followed step by step: what `nexus run` and `nexus demo` call."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import psutil

from orchestration.as_of import publish_beside, rewound
from orchestration.automation import EXTRACT, REFRESH, TRANSFORM
from orchestration.build_record import fingerprint, is_published
from orchestration.steps import Listener, Steps
from warehouse.connection import Pointer, Published, Warehouse, read_pointer, scalar

_OWNER = "nexus/process"
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}  # the steps speak to the person; Dagster keeps the events
_EMPTY = "the sources hold no rows yet: simulate a history (nexus demo), load one (nexus migrate, nexus import), or hire; then run again"


class PipelineFailed(RuntimeError):
    """A step or a gate failed; nothing was published. The message says in one line what, where and how many."""


@dataclass(frozen=True)
class PipelineSummary:
    """What a run did.

    Attributes:
        changed: False when there was nothing new and the current version stands.
        rows_extracted, models_built, checks_passed: counts of this run.
        k_figures: one dict a figure: model, metric_id, landmark, value, lower, upper, n, baseline.
        seconds: by step, and ``total``.
    """

    changed: bool
    rows_extracted: int
    models_built: int
    checks_passed: int
    k_figures: list[dict[str, Any]]
    publish_version: str
    seconds: dict[str, float]


def run_pipeline(home: Path, listener: Listener | None = None, *, force: bool = False, as_of: datetime | None = None) -> PipelineSummary:
    """Extract, check, transform, train and publish; stop after the extraction when nothing is new.

    Args:
        home: NEXUS_HOME; must equal the setting of this process.
        listener: told when a step starts and ends.
        force: build and publish even when nothing is new.
        as_of: build what was known at this instant and publish it beside the current version, which stays; nothing is trained.

    Raises:
        PipelineFailed: readers keep the last good version.
        NothingKnownThen: no facts, or all of them, were known at ``as_of``.
    """
    from orchestration.definitions import build_definitions

    began = time.perf_counter()
    steps = Steps(listener)
    with steps.step("prepare"):
        definitions = build_definitions(steps)
    with _instance(home) as instance:
        _execute(definitions, EXTRACT.name, instance)
        if as_of is not None:
            with rewound(home, as_of):
                _execute(definitions, TRANSFORM.name, instance)
                with steps.step("publish"):
                    beside = publish_beside(home, as_of)
            return _summary(steps, beside, began, changed=True, k_figures=[])
        with Warehouse(home).build(read_only=True) as connection:
            if scalar(connection, "select as_of from raw._build") is None:
                raise PipelineFailed(_EMPTY)
            made_from = fingerprint(home, connection)
        changed = force or not is_published(home, made_from)
        if changed:
            _execute(definitions, REFRESH.name, instance)
    pointer = read_pointer(home)
    if pointer is None:
        raise PipelineFailed("nothing was published")
    return _summary(steps, pointer, began, changed=changed, k_figures=k_figures(home))


def _summary(steps: Steps, pointer: Pointer, began: float, *, changed: bool, k_figures: list[dict[str, Any]]) -> PipelineSummary:
    counts = steps.counts
    return PipelineSummary(
        changed=changed,
        rows_extracted=counts.get("rows_extracted", 0),
        models_built=counts.get("models_built", 0),
        checks_passed=counts.get("checks_passed", 0),
        k_figures=k_figures,
        publish_version=pointer.publish_version,
        seconds={**{name: round(seconds, 1) for name, seconds in steps.seconds.items()}, "total": round(time.perf_counter() - began, 1)},
    )


@contextmanager
def _instance(home: Path) -> Iterator[dg.DagsterInstance]:
    folder = home / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(Path(__file__).with_name("dagster.yaml"), folder / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(folder)
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        _bury_dead_runs(instance)
        yield instance


def _bury_dead_runs(instance: dg.DagsterInstance) -> None:
    """End runs whose process was killed: until somebody does, they hold the pool and every later run would wait for ever."""
    for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED])):
        owner = run.tags.get(_OWNER)
        if owner and owner != _process(int(owner.partition("@")[0])):
            instance.report_run_failed(run, "the process of this run was killed")
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


def _process(pid: int) -> str:
    """Return a process's pid and start time: a pid alone may have been given to somebody else."""
    try:
        return f"{pid}@{psutil.Process(pid).create_time():.2f}"
    except psutil.NoSuchProcess:
        return ""


def _execute(definitions: dg.Definitions, job: str, instance: dg.DagsterInstance) -> None:
    result = definitions.resolve_job_def(job).execute_in_process(
        instance=instance, raise_on_error=False, run_config=_QUIET, tags={_OWNER: _process(os.getpid())}
    )
    if result.success:
        return
    lines = [
        f"{evaluation.asset_key.to_user_string()}: {evaluation.description or evaluation.check_name}"
        for evaluation in result.get_asset_check_evaluations()
        if not evaluation.passed and evaluation.severity == dg.AssetCheckSeverity.ERROR
    ]
    for event in result.all_events:
        if event.is_step_failure and not lines:
            failure = event.step_failure_data
            text = failure.user_failure_data.description if failure.user_failure_data else None
            error = failure.error
            cause = error.cause if error and error.cause else error
            lines.append(f"{event.step_key}: {text or (cause.message.strip() if cause else 'failed')}")
    raise PipelineFailed("; ".join(dict.fromkeys(lines)) or f"job {job} failed: see the run in Dagster")


def k_figures(home: Path) -> list[dict[str, Any]]:
    """Return the backtest's figures beside their baseline, pooled over origins: K1 to K5 by as-of stage, skill and calibration."""
    frame = Published.open(home).query(
        """select m.model, m.metric_id, m.landmark, m.value, m.lower, m.upper, m.n, b.value as baseline
        from predictions.model_scores m
        left join predictions.model_scores b
          on b.model = m.model and b.metric_id = m.metric_id and b.landmark = m.landmark and b.kind = m.kind and b.origin = m.origin
          and b.predictor = case m.predictor when 'hazard' then 'kaplan_meier' else replace(m.predictor, 'two_stage', 'prior_rate') end
        where m.kind = 'backtest' and m.origin = 'all'
          and ((m.predictor = 'hazard' and regexp_matches(m.metric_id, '^K[1-5]$'))
            or (m.predictor like '%_two_stage' and m.landmark = 'all' and regexp_matches(m.metric_id, '(brier_skill|auc|ece)$')))
        order by 1 desc, 2, case m.landmark when 'at_open' then 1 when 'day_14' then 2 when 'first_interview' then 3 else 4 end"""
    )
    return frame.to_dicts()
