"""Panels of how far the models can be trusted: predicted beside actual, coverage, calibration, inputs, live figures, model cards."""

from typing import Any, Final

import polars as pl
import streamlit as st

from dashboards import charts, figures, model_charts, receipts
from dashboards.panels.forecasts import MODEL, STAGES, pooled_rows, score
from dashboards.panels.panel import panel
from dashboards.scope import Insights

COVERAGE: Final = (0.77, 0.83)
_CHANGED: Final = 0.25  # the usual reading of a stability index: below 0.1 stable, above 0.25 changed
_HEADS: Final = {"hired_two_stage": "Hired, given the application", "success_two_stage": "Success, once hired"}
_P1: Final = {
    "brier_skill": "Skill over the past rate (Brier)",
    "ece": "Calibration error",
    "slope": "Calibration slope",
    "auc": "Area under the curve",
}
_MODELS: Final = {"time_to_hire": "Time to hire", "candidate_success": "Candidate success"}
_LIVE: Final = ("K1", "K2", "K4", "K5")


def world_words(world: str | None) -> str:
    """Say where figures come from: the simulated world by name, or real data."""
    return f"simulated world “{world}”" if world else "real data"


def actual(insights: Insights) -> None:
    """Draw predicted days against what happened, at two stages; the CSV holds every stage and the baseline."""
    answer = insights.rows("model_calibration")
    rows = _bins(answer.frame, MODEL)
    shown = [
        (STAGES[stage], model_charts.reliability(_points(part, "days"), unit_format=".0f", least=40, title="days from then"))
        for stage in ("at_open", "first_interview")
        if (part := rows.filter(pl.col("landmark") == stage)).height
    ]
    finding = "Predictions of the rolling backtest appear here once a model has been evaluated."
    if rows.height:
        held = rows.filter((pl.col("lower") <= pl.col("predicted")) & (pl.col("predicted") <= pl.col("upper"))).height
        finding = (
            f"In {held} of {rows.height} groups of openings the mean forecast lies within the interval of what happened. "
            f"Backtest, {world_words(rows['world'][0])}; on the dashed line a forecast means what it says."
        )
    panel("actual", "Did openings take as long as predicted?", finding, shown or None, (answer,), rows)


def coverage(insights: Insights) -> None:
    """Draw the share of outcomes inside the 80 % interval (K4) by as-of stage."""
    answer = score(insights, "K4")
    rows = pooled_rows(answer.frame).filter(pl.col("predictor") == MODEL)
    if rows.is_empty():
        panel("coverage", "Do the 80% intervals hold?", "Coverage has not been measured: no trained model.", None, (answer,), rows)
        return
    inside = rows.filter((pl.col("lower") <= COVERAGE[1]) & (pl.col("upper") >= COVERAGE[0])).height
    finding = (
        f"At {inside} of {rows.height} stages the share held agrees with {COVERAGE[0]:.0%} to {COVERAGE[1]:.0%}. "
        f"Backtest, {world_words(rows['world'][0])}."
    )
    frame = pl.DataFrame([_dot(STAGES.get(row["landmark"], row["landmark"]), row) for row in rows.iter_rows(named=True)])
    panel("coverage", "Do the 80% intervals hold?", finding, charts.dots(frame, unit_format=".0%", least=0.3), (answer,), rows)


def candidate_success(insights: Insights) -> None:
    """Draw the calibration of both probabilities and list their figures (P1)."""
    bins = insights.rows("model_calibration")
    answers = {
        name: insights.metric(
            "P1", group_by=("predictor", "landmark", "origin", "world"), filters={"model": "candidate_success"}, switches={"figure": name}
        )
        for name in _P1
    }
    shown = [
        (title, model_charts.reliability(_points(part, "rate"), unit_format=".0%", least=0.2, ceiling=1.0, title="share"))
        for head, title in _HEADS.items()
        if (part := _bins(bins.frame, head)).height
    ]
    measured = [
        answer.frame.filter((pl.col("landmark") == "all") & (pl.col("origin") == "all") & pl.col("predictor").is_in(list(_HEADS)))
        .with_columns(figure=pl.lit(name))
        .filter(pl.col("value").is_not_null())
        for name, answer in answers.items()
    ]
    table = pl.concat(measured)
    grid = pl.DataFrame(
        [
            {
                "Probability": _HEADS[row["predictor"]],
                "Figure": _P1[row["figure"]],
                "Value": f"{row['value']:.3f}",
                "95 % interval": f"{row['lower']:.3f} to {row['upper']:.3f}" if row["lower"] is not None else "–",
                "n": row["n"],
                "World": row["world"],
            }
            for row in table.sort("predictor").iter_rows(named=True)
        ]
    )
    finding = "Candidate success has not been evaluated: too few outcomes are known."
    if table.height:
        parts = [_skill_words(row) for row in table.filter(pl.col("figure") == "brier_skill").sort("predictor").iter_rows(named=True)]
        finding = f"{' '.join(parts)} Backtest, {world_words(table['world'][0])}."
    panel(
        "success", "Do the probabilities of candidate success hold?", finding, shown or None, (bins, *answers.values()), table,
        grid=grid if grid.height else None,
    )  # fmt: skip


def drift(insights: Insights) -> None:
    """Draw the stability of the models' inputs (P3): the twelve that moved most."""
    answer = insights.rows("input_drift")
    rows = answer.frame
    if rows.is_empty():
        panel(
            "drift",
            "Have the inputs changed?",
            "Inputs are compared once there are three months beside a year before.",
            None,
            (answer,),
            rows,
        )
        return
    moved = rows.filter(pl.col("value") > pl.max_horizontal("noise_limit", pl.lit(_CHANGED)))
    top = rows.sort("value", descending=True).head(12)
    frame = pl.DataFrame(
        [
            {
                "name": f"{figures.words(row['feature'])}, {_MODELS[row['model']].lower()}",
                "value": row["value"],
                "label": f"{row['value']:.2f} · chance alone up to {row['noise_limit']:.2f} · n {row['n']}",
                "is_marked": row["value"] > max(row["noise_limit"], _CHANGED),
            }
            for row in top.iter_rows(named=True)
        ]
    )
    season = "the same season before" if rows["is_same_season"].all() else "everything before (there is no full earlier season yet)"
    named = ", ".join(figures.words(name).lower() for name in moved["feature"].unique(maintain_order=True).head(5))
    finding = (
        f"{moved.height or 'None'} of {rows.height} inputs changed beyond chance and {_CHANGED:g}{f' (orange): {named}' if named else ''}. "
        f"The last 90 days against {season}; stability index, {world_words(rows['world'][0])}."
    )
    panel("drift", "Have the inputs changed?", finding, charts.bars(frame, least=0.5), (answer,), rows)


def live(insights: Insights) -> None:
    """List figures of predictions as they were given, judged by what happened since; never beside the backtest's."""
    answers = {
        metric: insights.metric(
            metric,
            group_by=("predictor", "landmark", "world"),
            filters={"model": "time_to_hire", "predictor": "served"},
            switches={"kind": "live"},
        )
        for metric in _LIVE
    }
    table = pl.concat([answer.frame.with_columns(metric_id=pl.lit(metric)) for metric, answer in answers.items()])
    table = table.filter(pl.col("value").is_not_null())
    grid = pl.DataFrame(
        [
            {
                "Figure": f"{row['metric_id']} {figures_of_k(row['metric_id'])}",
                "Predicted": STAGES.get(row["landmark"], row["landmark"]),
                "Value": figures.percent(row["value"], 1),
                "95 % interval": figures.interval(row["lower"], row["upper"], "rate"),
                "n": row["n"],
                "World": row["world"],
            }
            for row in table.sort("metric_id").iter_rows(named=True)
        ]
    )
    waiting = "Answers as they were given are judged here once enough of them have ended."
    nothing = "No live figure yet: at a stage at least 30 openings must have been predicted by the API and have ended since."
    finding = f"Answers as they were given, first one a stage, {world_words(table['world'][0])}." if table.height else waiting
    panel(
        "live", "Live: were the answers given right?", finding, None, tuple(answers.values()), table,
        grid=grid if grid.height else None, nothing=nothing,
    )  # fmt: skip


def cards(insights: Insights) -> None:
    """Show the model cards and the gate's verdict of the newest training."""
    answer = insights.rows("model_cards")
    question = "What are these models, and what are they not for?"
    with st.container(border=True, key="panel-cards"):
        st.subheader(question, anchor=False)
        if answer.frame.is_empty():
            st.info("No model has been trained yet.", icon=":material/inbox:")
        for row in answer.frame.sort("model", descending=True).iter_rows(named=True):
            in_use = insights.pointer.bundles.get(row["model"]) == row["bundle_id"]
            state = "in use" if in_use else "not in use: the gate kept the earlier model"
            with st.expander(f"{_MODELS.get(row['model'], row['model'])} · {state} · {row['bundle_id']}"):
                st.markdown(row["card"])
        receipts.footer("cards", question, (answer,), answer.frame)


def figures_of_k(metric_id: str) -> str:
    """Return the name of a K figure."""
    return {"K1": "Accuracy (1 − WAPE)", "K2": "Within 7 days or 25%", "K4": "80% interval holds", "K5": "Skill over baseline"}[metric_id]


def _bins(frame: pl.DataFrame, predictor: str) -> pl.DataFrame:
    if frame.is_empty():
        return frame
    return frame.filter((pl.col("predictor") == predictor) & (pl.col("kind") == "backtest")).sort("landmark", "bin")


def _points(bins: pl.DataFrame, unit: str) -> pl.DataFrame:
    rows: list[dict[str, Any]] = []
    for row in bins.iter_rows(named=True):
        told, seen = figures.figure(row["predicted"], unit), figures.figure(row["actual"], unit)
        label = f"predicted {told}, actual {seen} ({figures.interval(row['lower'], row['upper'], unit)}) · n {figures.count(row['n'])}"
        rows.append({name: row[name] for name in ("predicted", "actual", "lower", "upper")} | {"label": label})
    return pl.DataFrame(rows)


def _dot(name: str, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "value": row["value"],
        "lower": row["lower"],
        "upper": row["upper"],
        "label": f"{figures.percent(row['value'], 1)} · n {figures.count(row['n'])}",
        "is_ranked": row["lower"] <= COVERAGE[1] and row["upper"] >= COVERAGE[0],
    }


def _skill_words(row: dict[str, Any]) -> str:
    name = _HEADS[row["predictor"]]
    if row["lower"] is not None and row["lower"] > 0:
        return f"{name}: error {row['value']:.1%} below the past rate's."
    return f"{name}: not shown to be better than the past rate ({row['value']:+.1%})."
