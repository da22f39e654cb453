"""The board report of one school and period, from what one verified person may read: the order of its parts and its table of figures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dashboards import figures
from dashboards.report import sections
from dashboards.report.content import Figure, Question, Report, Sentence, first, receipt
from dashboards.report.period import ReportPeriod
from dashboards.scope import Answer, Insights, PageRefused
from foundation.access import Page
from metrics.comparison import Comparison, compare


@dataclass(frozen=True)
class Goal:
    """What a school wants of a metric: ``goal`` in the metric's unit, ``direction`` at_most or at_least."""

    metric_id: str
    goal: float
    direction: str
    switches: Mapping[str, str]


@dataclass(frozen=True)
class _Line:
    """One row of the table of figures: its metric, and how a sentence names it."""

    name: str
    metric_id: str
    phrase: str
    switches: tuple[tuple[str, str], ...] = ()


LINES: Final = (
    _Line("Applications", "F8", "{} people applied", (("stage", "applied"),)),
    _Line("People hired", "F8", "{} people were hired", (("stage", "hired"),)),
    _Line("Applicants hired (decided months)", "S2", "{} of applicants were hired", (("cohorts", "mature_only"),)),
    _Line("Median time to hire", "T4", "The median time from application to acceptance was {}"),
    _Line("Median time to fill", "T5", "The median time from approval of a job to an accepted offer was {}"),
)
_IN_BRIEF: Final = ("People hired", "Applicants hired (decided months)", "Median time to hire", "Median time to fill")


def goals_of(targets: Iterable[Mapping[str, Any]], school_id: str, season: str) -> list[Goal]:
    """Return the goals of a school in a season from targets as the hiring core tells them; goals of a part of the school are left out.

    A school's own goal comes before one of every school, and one of the season before one of any season.
    """
    fitting = [
        target
        for target in targets
        if target["tenant_id"] in (school_id, None) and target["season"] in (season, None) and not target["filters"]
    ]
    ordered = sorted(fitting, key=lambda target: (target["tenant_id"] is None, target["season"] is None))
    return [Goal(target["metric_id"], target["goal"], target["direction"], target["switches"]) for target in ordered]


def board_report(insights: Insights, school_id: str, period: ReportPeriod, goals: Sequence[Goal] = ()) -> Report:
    """Return the report of one school within a person's scope; equity is in it only when the person may open Equity.

    Raises:
        PageRefused: the person may not open the Overview, whose figures these are.
        ScopeExceeded: the school is not in scope.
    """
    if not insights.may_open(Page.OVERVIEW):
        raise PageRefused("your roles do not open the board report")
    question = Question(insights.narrowed(school_id), period)
    schools = dict(question.insights.rows("schools").frame.select("organisation_id", "name").iter_rows())
    answers = {line: question.ask(line.metric_id, switches=dict(line.switches)) for line in LINES}
    before = period.year_before()
    earlier = {line: question.ask(line.metric_id, switches=dict(line.switches), period=before) for line in LINES} if before else {}
    brief = [_sentence(line, answers[line], earlier.get(line)) for line in LINES if line.name in _IN_BRIEF]
    left, decided = question.by_stage("F4"), question.ask("F6", ("applied_month",))
    worst = sections.most_leave(left)
    brief += [
        Sentence(sections.leaving_words(worst), (receipt(left, worst or None),)),
        Sentence(sections.maturity_words(decided), (receipt(decided),)),
    ]
    parts = [
        sections.leaving(question),
        sections.durations(question),
        sections.channels(question),
        sections.cohorts(question),
        sections.open_jobs(question),
        sections.equity(question) if insights.may_open(Page.EQUITY) else None,
    ]
    return Report(
        school=schools[school_id],
        period=period,
        publish_version=insights.pointer.publish_version,
        as_of=figures.moment(insights.pointer.as_of),
        published_on=insights.pointer.published_at.date(),
        brief=tuple(sentence for sentence in brief if sentence.text),
        figures=tuple(_figure(line, answers[line], earlier.get(line), goals) for line in LINES),
        sections=tuple(part for part in parts if part is not None),
        closing=_closing(question),
        definitions=tuple(entry for _, entry in sorted(question.definitions.items())),
    )


def _figure(line: _Line, answer: Answer, earlier: Answer | None, goals: Sequence[Goal]) -> Figure:
    unit = _unit(answer)
    row, before = first(answer), first(earlier) if earlier else {}
    move = _move(answer, earlier)
    goal = next((goal for goal in goals if _is_of(goal, answer)), None)
    return Figure(
        name=line.name,
        value=_shown(row, unit),
        interval=figures.interval(row.get("lower"), row.get("upper"), unit) if figures.known(row.get("value")) else row.get("reason") or "",
        n=figures.count(row.get("n")),
        before=_shown(before, unit),
        change=_change_words(move, unit),
        is_noise=move is None or move.is_noise,
        goal=_goal_words(goal, row, unit) if goal else "",
        receipts=(receipt(answer, row), *((receipt(earlier, before),) if earlier and before.get("n") else ())),
    )


def _sentence(line: _Line, answer: Answer, earlier: Answer | None) -> Sentence:
    unit, row = _unit(answer), first(answer)
    if not figures.known(row.get("value")) or not row.get("n"):
        reason = row.get("reason") or "no rows in these months"
        return Sentence(f"{line.name}: no figure ({reason}).", (receipt(answer, row),))
    value = figures.count(row["value"]) if unit == "count" else figures.record(row, unit)
    said, move = line.phrase.format(value), _move(answer, earlier)
    if move is None or earlier is None:
        return Sentence(f"{said}.", (receipt(answer, row),))
    before = figures.figure(first(earlier)["value"], unit)
    verdict = "a difference that chance alone can make" if move.is_noise else "more than chance alone makes"
    return Sentence(
        f"{said}, against {before} in the same months a year before: {verdict}.", (receipt(answer, row), receipt(earlier, first(earlier)))
    )


def _move(answer: Answer, earlier: Answer | None) -> Comparison | None:
    now, before = first(answer), first(earlier) if earlier else {}
    return compare(now, before, _unit(answer)) if now.get("n") and before.get("n") else None


def _shown(row: Mapping[str, Any], unit: str) -> str:
    return figures.figure(row.get("value"), unit) if row.get("n") else figures.DASH


def _change_words(move: Comparison | None, unit: str) -> str:
    if move is None:
        return figures.DASH
    sign, size = "+" if move.moved >= 0 else "−", abs(move.moved)
    text = f"{size * 100:.1f} points" if unit == "rate" else f"{size:.1f} days" if unit == "days" else f"{size:,.0f}"
    return f"{sign}{text}" + (", within noise" if move.is_noise else "")


def _is_of(goal: Goal, answer: Answer) -> bool:
    """Say whether a goal is meant for a figure: the same metric by the same policy, switches left out being the default."""
    evaluation = answer.evaluation
    if evaluation is None or evaluation.definition.id != goal.metric_id:
        return False
    defaults = {name: switch.default for name, switch in evaluation.definition.switches.items()}
    return defaults | dict(goal.switches) == evaluation.switches


def _goal_words(goal: Goal, row: Mapping[str, Any], unit: str) -> str:
    bound = f"{'at most' if goal.direction == 'at_most' else 'at least'} {figures.figure(goal.goal, unit)}"
    value = row.get("value")
    if value is None or not row.get("n"):
        return bound
    is_met = value <= goal.goal if goal.direction == "at_most" else value >= goal.goal
    lower, upper = row.get("lower"), row.get("upper")
    is_open = lower is not None and (upper is None or lower <= goal.goal <= upper)
    return f"{bound}: {'met' if is_met else 'not met'}" + (", within the interval" if is_open else "")


def _unit(answer: Answer) -> str:
    return answer.evaluation.unit if answer.evaluation else "count"


def _closing(question: Question) -> tuple[Sentence, ...]:
    ties = question.insights.metric("Q1", group_by=("truth",))
    differing = ties.frame.filter(ties.frame["value"] != 0)
    tied = (
        "the school's counts tie out with one another"
        if differing.is_empty()
        else "not all of the school's counts tie out: see Data health"
    )
    return (
        Sentence(
            "Every figure is computed once, by the definition its footnote names, from the published version named there; "
            f"the Insights pages show the same. In that version {tied}.",
            (receipt(ties),),
        ),
        Sentence(
            "Intervals hold in 95 of 100 cases. A change counts only when it is larger than chance alone makes; “within noise” means "
            "that it is not. Rates are shown from n = 10 and ranked from n = 30. Months whose applications are not decided yet are "
            "never ranked."
        ),
    )
