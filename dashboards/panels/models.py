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
_BASELINES: Final = {"segment_kaplan_meier", "kaplan_meier", "segment_km", "baseline", "global_median"}
_K_NAMES: Final = {
    "K1": "Accuracy (1 − WAPE)",
    "K2": "Within 7 days or 25%",
    "K3": "Bias",
    "K4": "80% interval holds",
    "K5": "Skill over baseline",
}


def open_jobs(choice: Choice, *, limit: int | None = None) -> None:
    """Draw the forecast of open jobs: interval, days open so far, target; those most likely to miss their term start first."""
    answer = choice.insights.rows("open_openings")
    jobs = answer.frame
    if jobs.height and choice.subject:
        jobs = jobs.filter(pl.col("subject") == choice.subject)
    shown = jobs.head(limit) if limit else jobs.head(60)
    chart = charts.forecast(_forecast_rows(shown, many_schools=jobs["school"].n_unique() > 1)) if shown.height else None
    table = jobs.select(pl.exclude("tenant_id")) if jobs.height else jobs
    panel("forecast", "When will open jobs be filled?", _forecast_finding(jobs, shown), chart, (answer,), table)


def accuracy(insights: Insights) -> None:
    """Draw the honest KPI chart: K1 and K2 by as-of stage, each beside the baseline, with skill (K5) named below."""
    scores = {metric: _score(insights, metric) for metric in ("K1", "K2", "K5")}
    latest = {metric: _latest(answer.frame) for metric, answer in scores.items()}
    pair = None
    if not latest["K1"].is_empty():
        pair = [
            (_K_NAMES[metric], charts.accuracy(_accuracy_rows(latest[metric]), GOAL)) for metric in ("K1", "K2") if latest[metric].height
        ]
    table = pl.concat([frame.with_columns(metric_id=pl.lit(metric)) for metric, frame in latest.items()])
    finding = _accuracy_finding(latest, scores["K1"].frame)
    panel("accuracy", "How far can the forecast be trusted?", finding, pair, tuple(scores.values()), table, note=_skill_line(latest["K5"]))


def scorecard(insights: Insights) -> None:
    """List every K figure of the model in use, by stage, beside its baseline."""
    answers = {metric: _score(insights, metric) for metric in _K_NAMES}
    rows: list[dict[str, Any]] = []
    for metric, answer in answers.items():
        rows += [
            {
                "Figure": f"{metric} {_K_NAMES[metric]}",
                "Predictor": _predictor(row["predictor"]),
                "Predicted": STAGES.get(row["landmark"], figures.words(row["landmark"])),
                "Value": figures.percent(row["value"], 1),
                "95 % interval": figures.interval(row["lower"], row["upper"], "rate"),
                "n": row["n"],
                "Cohort": str(row["origin"]),
                "World": row["world"],
            }
            for row in _latest(answer.frame).iter_rows(named=True)
        ]
    grid = pl.DataFrame(rows, infer_schema_length=None)
    table = pl.concat([answer.frame.with_columns(metric_id=pl.lit(metric)) for metric, answer in answers.items()])
    finding = "Every figure of the rolling backtest's last cohort; the CSV holds all of them. Live and backtest figures are never mixed."
    panel(
        "scorecard", "How good is the model, figure by figure?", finding, None, tuple(answers.values()), table, grid=grid if rows else None
    )


def _forecast_rows(jobs: pl.DataFrame, *, many_schools: bool) -> pl.DataFrame:
    rows: list[dict[str, Any]] = []
    for job in jobs.iter_rows(named=True):
        beyond = job["beyond_days"]
        chance, start = job["p_filled_before_term_start"], job["term_start_date"] or job["target_start_date"]
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
                "chance": f"{figures.percent(chance)} in time" if figures.known(chance) else "",
                "is_late": figures.known(chance) and chance < 0.5,
            }
        )
    seen: dict[str, int] = {}
    for row in rows:  # two seats of one job are two rows: their names must differ to stay apart on the axis
        seen[row["name"]] = seen.get(row["name"], 0) + 1
        if seen[row["name"]] > 1:
            row["name"] += f" ({seen[row['name']]})"
    return pl.DataFrame(rows, infer_schema_length=None)


def _remaining(job: dict[str, Any]) -> str:
    if job["median_days"] is None:
        return f"more than {figures.days(job['beyond_days'])}"
    upper = figures.days(job["p90_days"]) if job["p90_days"] is not None else f"more than {figures.days(job['beyond_days'])}"
    return f"{figures.days(job['median_days'])} from today (80%: {figures.days(job['p10_days'])} to {upper})"


def _forecast_finding(jobs: pl.DataFrame, shown: pl.DataFrame) -> str:
    if jobs.is_empty():
        return "No open job has a forecast in this selection."
    late = jobs.filter(pl.col("p_filled_before_term_start") < 0.5).height
    few = f" The {shown.height} most at risk are shown." if shown.height < jobs.height else ""
    who = "None of them is" if not late else f"{late} of them {'is' if late == 1 else 'are'}"
    fallback = " From the baseline: no trained model is in use." if bool(jobs["is_fallback"].all()) else ""
    return (
        f"{jobs.height} open jobs. {who} more likely than not to miss the start of term (orange).{few}{fallback} "
        "Dot: median; band: 80%; ◇: start of term; grey: open so far."
    )


def _score(insights: Insights, metric_id: str) -> Answer:
    bundle = insights.pointer.bundles.get("time_to_hire")
    filters = {"model": "time_to_hire"} | ({"bundle_id": bundle} if bundle else {})
    return insights.metric(metric_id, group_by=("predictor", "landmark", "origin", "world"), filters=filters)


def _latest(frame: pl.DataFrame) -> pl.DataFrame:
    """Return one row a predictor and stage: of the newest cohort it was measured on (figures are never averaged)."""
    known = frame.filter(pl.col("value").is_not_null())
    return known.sort("origin", descending=True).unique(["predictor", "landmark"], keep="first", maintain_order=True)


def _predictor(code: str) -> str:
    return "Baseline: segment Kaplan–Meier" if code in _BASELINES else "Model: " + figures.words(code)


def _accuracy_rows(frame: pl.DataFrame) -> pl.DataFrame:
    order = list(STAGES)
    rows = [
        {
            "stage": STAGES.get(row["landmark"], figures.words(row["landmark"])),
            "stage_rank": order.index(row["landmark"]) if row["landmark"] in order else len(order),
            "series": _predictor(row["predictor"]),
            "value": row["value"],
            "lower": row["lower"] if row["lower"] is not None else row["value"],
            "upper": row["upper"] if row["upper"] is not None else row["value"],
            "label": figures.record(row, "rate"),
            "is_baseline": row["predictor"] in _BASELINES,
        }
        for row in frame.iter_rows(named=True)
    ]
    return pl.DataFrame(rows, infer_schema_length=None).sort("is_baseline", "stage_rank")


def _model_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    rows = [row for row in frame.iter_rows(named=True) if row["predictor"] not in _BASELINES]
    return sorted(rows, key=lambda row: list(STAGES).index(row["landmark"]) if row["landmark"] in STAGES else len(STAGES))


def _accuracy_finding(latest: dict[str, pl.DataFrame], every: pl.DataFrame) -> str:
    rows = _model_rows(latest["K1"])
    if not rows:
        return "Accuracy appears here once a model has been evaluated on cohorts whose outcome is known."
    first, best = rows[0], next((row for row in rows if row["value"] >= GOAL), None)
    crossing = (
        f"reaches {GOAL:.0%} from the stage “{STAGES.get(best['landmark'], best['landmark'])}” on"
        if best
        else f"stays below {GOAL:.0%} at every stage"
    )
    origins = every["origin"].n_unique()
    where = "simulated world " + str(first["world"]) if first["world"] else "live data"
    return (
        f"Accuracy (1 − WAPE) is {figures.percent(first['value'])} when a job opens and {crossing}. "
        f"Newest of {origins} backtest cohorts, {where}; grey: the baseline without a model."
    )


def _skill_line(skill: pl.DataFrame) -> str:
    rows = _model_rows(skill)
    if not rows:
        return "Skill over the baseline (K5) has not been measured."
    parts = [f"{STAGES.get(row['landmark'], row['landmark'])} {figures.record(row, 'rate')}" for row in rows]
    return "Error saved against the baseline (K5): " + " · ".join(parts)
