"""The published version beside the simulator's answer key: the only reader of ``NEXUS_HOME/truth`` that is not the simulator.

What belongs here: which published figures are compared with which truth. What doesn't: what counts as a hit (``models_ml.answer_key``).
"""

from pathlib import Path
from typing import Any

import polars as pl

from foundation.access import Scope
from metrics.catalogue import product_catalogue
from metrics.evaluate import evaluate
from metrics.query import Query
from models_ml import answer_key, scores
from models_ml.answer_key import Finding
from simulator import oracle, truth
from warehouse.connection import Published, PublishedFile

_PLANTED_STAGES = ("applied", "screen", "interview", "demo_lesson", "references_checks")
_CONVERSION_HORIZON = "180"


class NoAnswerKey(RuntimeError):
    """This home holds no simulated history, so nothing is known to be true."""


def compare(home: Path, *, with_oracle: bool = False) -> list[Finding]:
    """Return every finding on the current published version.

    With the oracle K6 is measured as well: whole markets are re-simulated once (a minute), and the figure is kept for the next training.

    Raises:
        NoAnswerKey: the home was not simulated.
        NothingPublished: there is no version yet.
    """
    if truth.read_memory(home) is None:
        raise NoAnswerKey(f"{home} holds no answer key: only a simulated history has one (`nexus demo`)")
    folder = truth.folder(home)
    effects = truth.read_effects(home)
    with Published.open(home) as published:
        findings = answer_key.source_findings(
            _metric(published, "S2", "channel_type", cohorts="mature_only"), _by_type(effects["channels"])
        )
        stages = _metric(published, "T2", "stage").filter(pl.col("stage").is_in(_PLANTED_STAGES))
        findings.append(answer_key.bottleneck_finding(stages, effects["bottleneck_stage"]))
        findings += _conversion(published, pl.read_parquet(folder / "applications.parquet"))
        if published.query("select 1 from duckdb_tables() where schema_name = 'predictions' and table_name = 'open_openings'").height:
            findings += answer_key.forecast_findings(_forecasts(published), pl.read_parquet(folder / "openings.parquet"))
        if with_oracle:
            findings += _oracle(home, published)
    return findings


def _metric(published: PublishedFile, metric: str, dimension: str, **switches: str) -> pl.DataFrame:
    return evaluate(published, Query(metric, group_by=(dimension,), switches=switches, scope=Scope(None)))


def _by_type(channels: list[dict[str, Any]]) -> dict[str, float]:
    """Return the planted effect of each channel type; channels of one type weigh by their share."""
    frame = pl.DataFrame(channels).with_columns(pl.col("effect", "share").cast(pl.Float64))
    by_type = frame.group_by("type").agg(effect=(pl.col("effect") * pl.col("share")).sum() / pl.col("share").sum())
    return dict(zip(by_type["type"], by_type["effect"], strict=True))


def _conversion(published: PublishedFile, ends: pl.DataFrame) -> list[Finding]:
    """Compare projected conversion; nothing where the catalogue has no F5, or an older answer key no ends of applications."""
    if "status_at_end" not in ends.columns or all(entry.id != "F5" for entry in product_catalogue()):
        return []
    applied = published.query("select application_id, applied_month, outcome from marts.fct_applications")
    actual = (
        applied.join(ends, on="application_id")
        .group_by("applied_month")
        .agg(hired_share=(pl.col("status_at_end") == "hired").mean(), naive_share=(pl.col("outcome") == "hired").mean())
    )
    return answer_key.conversion_findings(_metric(published, "F5", "applied_month", horizon=_CONVERSION_HORIZON), actual)


def _forecasts(published: PublishedFile) -> pl.DataFrame:
    return published.query(
        """select o.*, date_diff('second', o.as_of, cast(f.target_start_date as timestamptz)) / 86400.0 as days_to_start
        from predictions.open_openings o
        left join marts.fct_openings f on f.opening_id = o.opening_id"""
    )


def _oracle(home: Path, published: PublishedFile) -> list[Finding]:
    file = truth.folder(home) / "opening_oracle.parquet"
    best = pl.read_parquet(file) if file.exists() else oracle.write_oracle(home)
    measured = answer_key.oracle_finding(published.query("from predictions.backtest_openings"), best)
    if measured is None:
        return []
    finding, figure = measured
    bundle = published.query("select distinct bundle_id from predictions.backtest_openings where predictor = 'hazard'").item()
    world = published.query("select world from marts.publish_info").item()
    rows = scores.score_rows("time_to_hire", world, {("hazard", "at_open", scores.ALL): {"K6": figure}})
    scores.keep_oracle(home, scores.stamped(rows, bundle))
    return [finding]
