"""Alert rules: which questions a rule asks, and whether the answers meet its condition. Telling somebody is done elsewhere.

What belongs here: the three conditions. What doesn't: keeping rules (the hiring core), sending (foundation.delivery), reading files.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from metrics.catalogue import definition
from metrics.comparison import compare
from metrics.evaluate import Evaluation

Ask = Callable[[str, date, date, Mapping[str, Any], Mapping[str, str]], Evaluation]
"""Asks a metric: id, first and last month, filters, switches. Whoever gives it has set the scope."""

_FIGURE = ("value", "n", "lower", "upper")


class RuleNotUnderstood(ValueError):
    """A rule names what can't be watched. The message says what."""


@dataclass(frozen=True)
class Finding:
    """What a rule saw: whether its condition is met, the figure, the one it was compared with, and a sentence that names nobody."""

    is_met: bool
    sentence: str
    figure: dict[str, Any]
    compared_with: dict[str, Any] | None = None


def judge(rule: Mapping[str, Any], ask: Ask, as_of: datetime, now: datetime) -> Finding:
    """Judge one rule, as the hiring API tells it, on the version that ``ask`` reads.

    A figure that may not be shown (too small, not decided yet, not there) meets no condition: the sentence says why.

    Raises:
        RuleNotUnderstood: an equity metric, or a condition of unknown kind.
        MetricQueryError: the metric knows no such filter, switch or period.
    """
    condition, metric_id = rule["condition"], rule["metric_id"]
    kind = condition["kind"]
    if kind == "stale":
        return _stale(condition["max_age_days"], as_of, now)
    if metric_id is None or metric_id.startswith("D"):
        raise RuleNotUnderstood("equity figures are released once and frozen: no rule can watch them")
    months = rule["period_months"]
    last = _shift(as_of.date(), -1)
    evaluation = ask(metric_id, _shift(last, 1 - months), last, rule["filters"], rule["switches"])
    entry, row = evaluation.definition, _row(evaluation)
    span = f"{entry.id} {entry.name}, {months} month{'s' if months > 1 else ''} to {last:%b %Y}"
    if row["value"] is None:
        return Finding(False, f"{span}: no figure ({row.pop('reason') or 'no rows'}).", _figure(row))
    said = f"{span}: {_words(row, evaluation.unit)}"
    if kind == "threshold":
        limit, is_above = condition["limit"], condition["direction"] == "above"
        is_met = row["value"] > limit if is_above else row["value"] < limit
        return Finding(is_met, f"{said}; the limit is {condition['direction']} {_number(limit, evaluation.unit)}.", _figure(row))
    if kind != "change_beyond_noise":
        raise RuleNotUnderstood(f"there is no condition {kind!r}: use threshold, change_beyond_noise or stale")
    back = 12 if condition["against"] == "prior_year" else months
    before = ask(metric_id, _shift(last, 1 - months - back), _shift(last, -back), rule["filters"], rule["switches"])
    earlier = _row(before)
    move = compare(row, earlier, evaluation.unit)
    against = "a year before" if condition["against"] == "prior_year" else f"the {months} months before"
    if move is None:
        return Finding(False, f"{said}; nothing to compare with {against}.", _figure(row), _figure(earlier))
    is_way = condition["direction"] == "either" or (move.moved > 0) == (condition["direction"] == "up")
    verdict = "within what chance alone makes" if move.is_noise else "more than chance alone makes"
    sentence = f"{said}, against {_words(earlier, evaluation.unit)} {against}: {verdict}."
    return Finding(not move.is_noise and is_way, sentence, _figure(row), _figure(earlier))


def question_of(metric_id: str) -> str:
    """Return what a metric answers, for the list of rules."""
    return definition(metric_id).question


def _stale(max_age_days: int, as_of: datetime, now: datetime) -> Finding:
    age = (now - as_of).total_seconds() / 86_400
    sentence = f"The published figures are {age:.1f} days old (as of {as_of:%d %b %Y %H:%M} UTC); the limit is {max_age_days} days."
    return Finding(age > max_age_days, sentence, {"value": age, "n": None, "lower": None, "upper": None})


def _row(evaluation: Evaluation) -> dict[str, Any]:
    rows = evaluation.frame.to_dicts()
    return rows[0] if rows else dict.fromkeys((*_FIGURE, "reason"))


def _figure(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in _FIGURE}


def _words(row: Mapping[str, Any], unit: str) -> str:
    within = f", 95 % {_number(row['lower'], unit)} to {_number(row['upper'], unit)}" if row["lower"] is not None else ""
    return f"{_number(row['value'], unit)} (n = {row['n']:,}{within})"


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "open"
    return (
        f"{value:.1%}"
        if unit == "rate"
        else f"{value:,.1f} days"
        if unit == "days"
        else f"{value:,.0f}"
        if unit == "count"
        else f"{value:.2f}"
    )


def _shift(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)
