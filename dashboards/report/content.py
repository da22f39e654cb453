"""What a report is made of, before type is set: sentences with their receipts, a table of figures, drawings.

What belongs here: the parts and how a receipt is written. What doesn't: which parts a report has (sections) or how they look (board.typ).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from dashboards import figures
from dashboards.report.period import ReportPeriod
from dashboards.scope import Answer, Insights
from metrics.catalogue import Definition

FULL, HALF = 720, 350  # widths of drawings in pixels: half a page holds the same size of letters as a whole one


@dataclass(frozen=True)
class Sentence:
    """A finding and its receipts, which become footnotes."""

    text: str
    receipts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figure:
    """One row of the table of figures, every cell as it is read."""

    name: str
    value: str
    interval: str
    n: str
    before: str
    change: str
    is_noise: bool
    goal: str
    receipts: tuple[str, ...]


@dataclass(frozen=True)
class Drawing:
    """A chart as SVG, its text for screen readers, and a title where a section has several."""

    svg: str
    text: str
    title: str = ""


@dataclass(frozen=True)
class Section:
    """A question, the finding that answers it, its drawings and a remark on how to read them."""

    question: str
    finding: Sentence
    drawings: tuple[Drawing, ...] = ()
    remark: str = ""
    is_half: bool = False


@dataclass(frozen=True)
class Report:
    """A whole report, ready to be set in type."""

    school: str
    period: ReportPeriod
    publish_version: str
    as_of: str
    published_on: date
    brief: tuple[Sentence, ...]
    figures: tuple[Figure, ...]
    sections: tuple[Section, ...]
    closing: tuple[Sentence, ...]
    definitions: tuple[Definition, ...]

    @property
    def title(self) -> str:
        """The title of the document."""
        label = self.period.label or self.period.months
        return f"{self.school}: hiring report to the board, {label}"


@dataclass(frozen=True)
class Question:
    """Asks metrics about one school and one period: the only way sections get at figures. Keeps the definitions it met."""

    insights: Insights
    period: ReportPeriod
    definitions: dict[str, Definition] = field(default_factory=dict)

    def ask(
        self,
        metric_id: str,
        group_by: tuple[str, ...] = (),
        *,
        filters: Mapping[str, Any] | None = None,
        switches: Mapping[str, str] | None = None,
        period: ReportPeriod | None = None,
    ) -> Answer:
        """Ask one metric about the report's period, or another one."""
        asked = period or self.period
        answer = self.insights.metric(
            metric_id, period_from=asked.start, period_to=asked.end, group_by=group_by, filters=filters, switches=switches
        )
        if answer.evaluation:
            self.definitions[metric_id] = answer.evaluation.definition
        return answer

    def by_stage(self, metric_id: str, without: tuple[str, ...] = ()) -> Answer:
        """Ask a metric stage by stage."""
        stages = [stage for stage in figures.STAGE_NAMES if stage not in without]
        return self.ask(metric_id, ("stage",), filters={"stage": stages} if without else None)


def first(answer: Answer) -> dict[str, Any]:
    """Return the one row of an answer without groups; empty when there is none."""
    return answer.frame.row(0, named=True) if answer.frame.height else {}


def known(answer: Answer) -> pl.DataFrame:
    """Return the rows that have a value."""
    return answer.frame.filter(pl.col("value").is_not_null())


def receipt(answer: Answer, row: Mapping[str, Any] | None = None) -> str:
    """Write a receipt as a footnote: metric, version and months, what it says with n and interval, publish version and as-of.

    Without a row it stands for the whole answer, whose rows carry their own n in the drawing.
    """
    pointer, evaluation, query = answer.pointer, answer.evaluation, answer.query
    where = f"Publish version {pointer.publish_version}, as of {figures.moment(pointer.as_of)}."
    if evaluation is None or query is None:
        return f"List of {answer.frame.height} rows, as published. {where}"
    entry = evaluation.definition
    chosen = [f"{name} {value}".replace("_", " ") for name, value in query.switches.items()]
    months = [day for day in (query.period_from, query.filters.get("period_end", query.period_to)) if isinstance(day, date)]
    chosen += [span_of(months)] if months else []
    head = f"{entry.id} v{entry.version} {entry.name}" + (f" ({', '.join(chosen)})" if chosen else "")
    if row is None:
        return f"{head}: {answer.frame.height} rows, n and interval of each in the drawing. {where}"
    is_released = entry.id.startswith("D")
    shown = figures.released_share(row.get("value")) if is_released else figures.figure(row.get("value"), evaluation.unit)
    parts = [shown if figures.known(row.get("value")) else row.get("reason") or "not known"]
    if is_released and figures.known(row.get("lower")):
        parts.append(f"± {margin(row)}")
    elif within := figures.interval(row.get("lower"), row.get("upper"), evaluation.unit):
        parts.append(f"95 % interval {within}")
    parts.append(f"n = {figures.count(row.get('n'))}")
    return f"{head}: {', '.join(parts)}. {where}"


def margin(row: Mapping[str, Any]) -> str:
    """Return the margin of a released share, e.g. ``3 points``."""
    return f"{max(1, round((row['upper'] - row['lower']) * 50))} points"


def span_of(values: Sequence[date]) -> str:
    """Return the first and the last month of several."""
    return figures.month(min(values)) if len(set(values)) == 1 else f"{figures.month(min(values))}–{figures.month(max(values))}"
