"""Panels of the models: when open jobs will be filled, and how far such predictions can be trusted."""

from datetime import date
from typing import Any, Final

import polars as pl

from dashboards import charts, figures
from dashboards.filters import Choice
from dashboards.panels.panel import panel
from dashboards.scope import Answer, Insights

GOAL: Final = 0.70
STAGES: Final = {"at_open": "At opening", "day_14": "Day 14", "first_interview": "First interview", "offer": "Offer"}
POOLED: Final = "all"
_BASELINE: Final = "kaplan_meier"
MODEL: Final = "hazard"
_PREDICTORS: Final = {
    MODEL: "Hazard model",
    _BASELINE: "Baseline: segment Kaplan–Meier",
    "kaplan_meier_pooled": "Baseline: one Kaplan–Meier for all",
    "ridge_log": "Challenger: ridge on log time",
    "l1_ipcw": "Challenger: L1 boosting, censoring-weighted",
}
_K_NAMES: Final = {
    "K1": "Accuracy (1 − WAPE)",
    "K2": "Within 7 days or 25%",
    "K3": "Bias",
    "K4": "80% interval holds",
    "K5": "Skill over baseline",
    "P2": "Order of openings (C-index)",
    "K6": "Gap closed to the best possible (simulated worlds)",
}


def open_jobs(choice: Choice, *, limit: int | None = None) -> None:
    """Draw the forecast of open jobs: interval, days open so far, target; those most likely to miss their term start first."""
    answer = choice.insights.rows("open_openings")
    jobs = answer.frame
    if jobs.height and choice.subject:
        jobs = jobs.filter(pl.col("subject") == choice.subject)
    if jobs.height:
        jobs = jobs.with_columns(starts=pl.coalesce("term_start_date", "target_start_date"))
        jobs = jobs.with_columns(is_past=(pl.col("starts") <= pl.col("as_of").dt.date()).fill_null(False))
        jobs = jobs.sort("is_past", "p_filled_before_term_start", "opening_id", nulls_last=True)  # what can still be helped comes first
    shown = jobs.head(limit or 60)
    chart = charts.forecast(_forecast_rows(shown, many_schools=jobs["school"].n_unique() > 1)) if shown.height else None
    table = jobs.select(pl.exclude("tenant_id", "starts", "is_past")) if jobs.height else jobs
    panel("forecast", "When will open jobs be filled?", _forecast_finding(jobs, shown), chart, (answer,), table)


def accuracy(insights: Insights) -> None:
    """Draw the honest KPI chart: K1 and K2 by as-of stage, each beside the baseline, with skill (K5) named below."""
    scores = {metric: score(insights, metric) for metric in ("K1", "K2", "K5")}
    pooled = {metric: pooled_rows(answer.frame) for metric, answer in scores.items()}
    pair = None
    if not pooled["K1"].is_empty():
        pair = [
            (_K_NAMES[metric], charts.accuracy(_accuracy_rows(pooled[metric], insights), GOAL))
            for metric in ("K1", "K2")
            if pooled[metric].height
        ]
    table = pl.concat([frame.with_columns(metric_id=pl.lit(metric)) for metric, frame in pooled.items()])
    finding = _accuracy_finding(pooled["K1"], scores["K1"].frame)
    panel("accuracy", "How far can the forecast be trusted?", finding, pair, tuple(scores.values()), table, note=_skill_line(pooled["K5"]))


def scorecard(insights: Insights) -> None:
    """List every K figure of the model in use, by stage, beside its baseline."""
    answers = {metric: score(insights, metric) for metric in _K_NAMES}
    rows: list[dict[str, Any]] = []
    for metric, answer in answers.items():
        rows += [
            {
                "Figure": f"{metric} {_K_NAMES[metric]}",
                "Predictor": _predictor(row, insights),
                "Predicted": _stage(row["landmark"]),
                "Value": figures.percent(row["value"], 1),
                "95 % interval": figures.interval(row["lower"], row["upper"], "rate"),
                "n": row["n"],
                "Origin": "all together" if row["origin"] == POOLED else str(row["origin"]),
                "World": row["world"],
            }
            for row in pooled_rows(answer.frame).iter_rows(named=True)
        ]
    grid = pl.DataFrame(rows, infer_schema_length=None)
    table = pl.concat([answer.frame.with_columns(metric_id=pl.lit(metric)) for metric, answer in answers.items()])
    finding = "Figures of the rolling backtest, all origins together; the CSV holds each origin. Live and backtest figures are never mixed."
    panel(
        "scorecard", "How good is the model, figure by figure?", finding, None, tuple(answers.values()), table, grid=grid if rows else None
    )


def _forecast_rows(jobs: pl.DataFrame, *, many_schools: bool) -> pl.DataFrame:
    rows: list[dict[str, Any]] = []
    for job in jobs.iter_rows(named=True):
        beyond = job["beyond_days"]
        chance, start, is_past = job["p_filled_before_term_start"], job["starts"], job["is_past"]
        name = job["title"] or job["subject"] or "Open job"
        rows.append(
            {
                "name": f"{name}, {job['school']}" if many_schools and job["school"] else name,
                "elapsed": -job["elapsed_days"],
                "low": job["p10_days"],
                "median": job["median_days"],
                "high": job["p90_days"] if job["p90_days"] is not None else beyond,
                "target": float((start - job["as_of"].date()).days) if isinstance(start, date) else None,
                "label": _remaining(job),
                "open_label": figures.days(job["elapsed_days"]),
                "chance": "term has begun" if is_past else f"{figures.percent(chance)} in time" if figures.known(chance) else "",
                "is_late": is_past or (figures.known(chance) and chance < 0.5),
            }
        )
    seen: dict[str, int] = {}
    for row in rows:  # two seats of one job are two rows: their names must differ to stay apart on the axis
        seen[row["name"]] = seen.get(row["name"], 0) + 1
        if seen[row["name"]] > 1:
            row["name"] += f"\N{NO-BREAK SPACE}({seen[row['name']]})"
    return pl.DataFrame(rows, infer_schema_length=None)


def _remaining(job: dict[str, Any]) -> str:
    if job["median_days"] is None:
        return f"more than {figures.days(job['beyond_days'])}"
    upper = figures.days(job["p90_days"]) if job["p90_days"] is not None else f"more than {figures.days(job['beyond_days'])}"
    return f"{figures.days(job['median_days'])} from today (80%: {figures.days(job['p10_days'])} to {upper})"


def _forecast_finding(jobs: pl.DataFrame, shown: pl.DataFrame) -> str:
    if jobs.is_empty():
        return "No open job has a forecast in this selection."
    past = int(jobs["is_past"].sum())
    late = jobs.filter(~pl.col("is_past") & (pl.col("p_filled_before_term_start") < 0.5)).height
    risk = f"{late or 'None'} of them will more likely than not miss the start of term (orange)" + (
        f"; for {past} it has begun." if past else "."
    )
    few = f" The {shown.height} most at risk are shown." if shown.height < jobs.height else ""
    fallback = " From the baseline: no trained model is in use." if bool(jobs["is_fallback"].all()) else ""
    return f"{jobs.height} open jobs. {risk}{few}{fallback} Dot: median; band: 80%; ◇: start of term; grey: open so far."


def score(insights: Insights, metric_id: str) -> Answer:
    """Return a figure of time to hire in the backtest, by predictor, stage and origin."""
    groups = ("predictor", "landmark", "origin", "world", "bundle_id")
    return insights.metric(metric_id, group_by=groups, filters={"model": "time_to_hire"})


def pooled_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """Return one row a predictor and stage: as measured over all origins together, else on the newest (figures are never averaged)."""
    known = frame.filter(pl.col("value").is_not_null()).sort(pl.col("origin") == POOLED, "origin", descending=[True, True])
    return known.unique(["predictor", "landmark"], keep="first", maintain_order=True).sort(
        pl.col("predictor").replace_strict(list(_PREDICTORS), list(range(len(_PREDICTORS))), default=len(_PREDICTORS)),
        pl.col("landmark").replace_strict(list(STAGES), list(range(len(STAGES))), default=len(STAGES)),
    )


def _stage(code: str) -> str:
    return STAGES.get(code, figures.words(code))


def _predictor(row: dict[str, Any], insights: Insights) -> str:
    in_use = row["bundle_id"] and row["bundle_id"] == insights.pointer.bundles.get("time_to_hire")
    return _PREDICTORS.get(row["predictor"], figures.words(row["predictor"])) + (" (in use)" if in_use else "")


def _accuracy_rows(frame: pl.DataFrame, insights: Insights) -> pl.DataFrame:
    rows = [
        {
            "stage": _stage(row["landmark"]),
            "stage_rank": list(STAGES).index(row["landmark"]) if row["landmark"] in STAGES else len(STAGES),
            "series": _predictor(row, insights),
            "value": row["value"],
            "lower": row["lower"] if row["lower"] is not None else row["value"],
            "upper": row["upper"] if row["upper"] is not None else row["value"],
            "label": figures.record(row, "rate"),
            "is_baseline": row["predictor"] == _BASELINE,
        }
        for row in frame.filter(pl.col("predictor").is_in([MODEL, _BASELINE])).iter_rows(named=True)
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _accuracy_finding(pooled: pl.DataFrame, every: pl.DataFrame) -> str:
    rows = pooled.filter(pl.col("predictor") == MODEL).to_dicts() or pooled.filter(pl.col("predictor") == _BASELINE).to_dicts()
    if not rows:
        return "Accuracy appears here once a model has been evaluated on cohorts whose outcome is known."
    best = next((row for row in rows if row["value"] >= GOAL), None)
    crossing = f"reaches {GOAL:.0%} at the stage “{_stage(best['landmark'])}”" if best else f"stays below {GOAL:.0%} at every stage"
    origins = every.filter(pl.col("origin") != POOLED)["origin"].n_unique()
    where = f"simulated world “{rows[0]['world']}”" if rows[0]["world"] else "real data"
    return (
        f"Accuracy (1 − WAPE) is {figures.percent(rows[0]['value'])} at the stage “{_stage(rows[0]['landmark'])}” and {crossing}. "
        f"Backtest of {origins} origins, {where}; grey: the baseline without a model."
    )


def _skill_line(skill: pl.DataFrame) -> str:
    rows = skill.filter(pl.col("predictor") == MODEL).to_dicts()
    if not rows:
        return "Skill over the baseline (K5) has not been measured: no trained model."
    parts = [f"{_stage(row['landmark'])} {figures.record(row, 'rate')}" for row in rows]
    return "Error saved against the baseline (K5): " + " · ".join(parts)
