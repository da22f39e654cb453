"""I metrics: what interviews cost, how soon they are written up, how interviewers judge, and how well judgements predict."""

import math

import polars as pl

from metrics.answer import Row, by_group
from metrics.families.time import endings, survival_quantiles
from metrics.intervals import area_under_curve, normal_quantile, ratio_interval
from metrics.rows import Rows

_FEWEST_OF_EACH = 10


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def interviews_per_hire(rows: Rows) -> pl.DataFrame:
    """I1: interviews held for each hire, of the same applications."""
    counted = "r.demo_lessons_count" if rows.switches["kind"] == "demo_lesson" else "r.interviews_count"
    frame = rows.each({"held": counted, "is_hired": "r.is_hired", "is_open": "r.is_open"})

    def summarise(part: pl.DataFrame) -> Row:
        held, hired = part["held"].to_numpy(), part["is_hired"].to_numpy()
        lower, upper = ratio_interval(held, hired)
        hires = int(hired.sum())
        value = float(held.sum() / hires) if hires else None
        return {"value": value, "lower": _number(lower), "upper": _number(upper), "n": hires, "n_open": int(part["is_open"].sum())}

    return by_group(frame, rows.groups, summarise)


def feedback_latency(rows: Rows) -> pl.DataFrame:
    """I2: days from the end of an interview to the scorecard; missing ones are censored."""
    return survival_quantiles(rows.counts("r.feedback_days", endings("r.is_submitted")))


def calibration(rows: Rows) -> pl.DataFrame:
    """I3: how far an interviewer's marks lie above those of others on the same applications, shrunk towards none."""
    has_peers = ["r.points is not null", "r.others_scores_count > 0"]
    columns = {"interviewer": "r.interviewer_id", "difference": "r.points - r.others_points_sum / r.others_scores_count"}
    frame = rows.each(columns, where=has_peers)
    if not rows.names("interviewer_id"):
        reason = "calibration is of one interviewer: group by interviewer_id or filter it"
        return by_group(frame, rows.groups, lambda part: {"value": None, "n": part.height, "reason": reason})
    is_one = "interviewer_id" in rows.query.filters  # how interviewers differ is learnt from all of them
    between, within = _variances(rows.each(columns, where=has_peers, ignore=("interviewer_id",)) if is_one else frame)

    def summarise(part: pl.DataFrame) -> Row:
        n = part.height
        if not n:
            return {"value": None, "lower": None, "upper": None, "n": 0}
        error = within / n
        weight = between / (between + error) if between + error > 0 else 0.0
        value = weight * float(part["difference"].mean())  # type: ignore[arg-type]  # polars types the mean as any literal
        half = normal_quantile(0.95) * math.sqrt(weight * error)
        return {"value": value, "lower": value - half, "upper": value + half, "n": n}

    return by_group(frame, rows.groups, summarise)


def _variances(frame: pl.DataFrame) -> tuple[float, float]:
    """Return the variance between interviewers and within one, by moments (one-way random effects, DerSimonian & Laird 1986)."""
    groups = frame.group_by("interviewer").agg(n=pl.len(), mean=pl.col("difference").mean(), spread=pl.col("difference").var())
    repeated = groups.filter(pl.col("n") > 1)
    freedom = float((repeated["n"] - 1).sum())
    if not freedom:
        return 0.0, 0.0
    within = float(((repeated["n"] - 1) * repeated["spread"]).sum()) / freedom
    n, mean = groups["n"].to_numpy().astype(float), groups["mean"].to_numpy()
    heterogeneity = float((n * (mean - n @ mean / n.sum()) ** 2).sum())
    scale = n.sum() - float((n**2).sum()) / n.sum()
    between = (heterogeneity - (len(n) - 1) * within) / scale if scale > 0 else 0.0
    return max(0.0, between), within


def signal_audit(rows: Rows) -> pl.DataFrame:
    """I4: how often whoever was hired (or succeeded) had the higher mark: the area under the ROC curve of one signal."""
    is_success = rows.switches["outcome"] == "success"
    outcome = "r.is_success" if is_success else "r.is_hired"
    where = ["r.is_success is not null"] if is_success else []
    frame = rows.each({"mark": "r.points_sum / r.marks_count", "signal_name": "r.signal", "outcome": outcome}, where=where)

    def summarise(part: pl.DataFrame) -> Row:
        n = part.height
        if part["signal_name"].n_unique() > 1:
            return {"value": None, "lower": None, "upper": None, "n": n, "reason": "one signal at a time: group by signal or filter it"}
        hits = int(part["outcome"].sum())
        fewer = min(hits, n - hits)
        if fewer < _FEWEST_OF_EACH:
            reason = f"only {fewer} of the rarer outcome, {_FEWEST_OF_EACH} needed" if n else None
            return {"value": None, "lower": None, "upper": None, "n": n, "reason": reason}
        area, lower, upper = area_under_curve(part["mark"].to_numpy(), part["outcome"].to_numpy())
        return {"value": area, "lower": _number(lower), "upper": _number(upper), "n": n}

    return by_group(frame, rows.groups, summarise)


METRICS = {"I1": interviews_per_hire, "I2": feedback_latency, "I3": calibration, "I4": signal_audit}
