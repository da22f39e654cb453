"""Panels of equity, from frozen releases only: coverage first, whole percents with their margin, one school at a time.

No filter but the school and the period, no live figure, no sum over schools, no arrow on a change that noise could have made, no count of
a verdict: the rules of the release bind its display.
"""

from collections.abc import Iterator
from datetime import date

import polars as pl

from dashboards import charts, figures
from dashboards.drawing import Spec
from dashboards.filters import Choice
from dashboards.panels.panel import panel
from dashboards.scope import Answer, Insights
from metrics.equity_display import change_is_clear, drawn_released, interval_points, is_small

ONE_SCHOOL = "Released figures are shown for one school at a time: choose a school above."
NO_YEAR_YET = "No closed school year has been released yet: a year is released 30 days after its end, outcomes of ten people or more."
NONE_YET = "No period of this school has been released yet. A quarter is released once it has closed and holds at least 20 applicants."

_ORDER = (pl.col("category") == "undisclosed", ~pl.col("category").str.starts_with("under_"), pl.col("category"))


def only_school(choice: Choice) -> str | None:
    """Return the one school in view, None when there are several."""
    if choice.school_id:
        return choice.school_id
    schools = choice.insights.rows("schools").frame
    return str(schools["organisation_id"][0]) if schools.height == 1 else None


def overview(choice: Choice) -> None:
    """Draw one panel for one school: who applied in the last released period, by the first two attributes, with coverage in the caption."""
    question, insights = "Who applies to us?", choice.insights
    found = periods(insights)
    if not found:
        panel("equity", question, "", None, (), pl.DataFrame(), nothing=NONE_YET)
        return
    answered = _coverage(insights, found[0], "answered")
    asked = {
        attribute: _composition(insights, attribute, found[0]) for attribute in ("gender", "age_band") if attribute in attributes(insights)
    }
    parts = _charts({figures.words(name): answer for name, answer in asked.items()})
    finding = f"{_coverage_finding(answered)} {period_name(found[0])}, released figures."
    table = (
        pl.concat([_public(answer.frame).with_columns(attribute=pl.lit(name)) for name, answer in asked.items()])
        if asked
        else pl.DataFrame()
    )
    panel("equity", question, finding, parts or None, (answered, *asked.values()), table, stacked=True)


def periods(insights: Insights) -> list[tuple[date, date]]:
    """Return the released periods, newest first."""
    frame = insights.rows("equity_releases").frame
    if frame.is_empty():
        return []
    distinct = frame.filter(pl.col("release") == "A").select("period_start", "period_end").unique().sort("period_start", descending=True)
    return [(row[0], row[1]) for row in distinct.iter_rows()]


def years(insights: Insights) -> list[tuple[date, date]]:
    """Return the released school years of outcomes, newest first."""
    frame = insights.rows("equity_releases").frame
    if frame.is_empty():
        return []
    distinct = frame.filter(pl.col("release") == "B").select("period_start", "period_end").unique().sort("period_start", descending=True)
    return [(row[0], row[1]) for row in distinct.iter_rows()]


def attributes(insights: Insights, release: str = "A") -> list[str]:
    """Return the attributes that have been released, coverage left out."""
    frame = insights.rows("equity_releases").frame
    return [] if frame.is_empty() else sorted(set(frame.filter(pl.col("release") == release)["attribute"]) - {"self_id"})


def coverage(insights: Insights, period: tuple[date, date]) -> None:
    """Draw how many answered, declined or gave no answer (D1)."""
    parts = {part: _coverage(insights, period, part) for part in ("answered", "declined", "no_answer")}
    rows = [(figures.words(part), answer.frame.row(0, named=True)) for part, answer in parts.items() if answer.frame.height]
    frame = _bars([(name, row) for name, row in rows if figures.known(row["value"])])
    table = pl.concat([answer.frame.with_columns(part=pl.lit(part)) for part, answer in parts.items()])
    finding = _coverage_finding(parts["answered"])
    chart = charts.bars(frame, least=1) if frame.height else None
    note = _change(insights, period, parts["answered"])
    panel("coverage", "How many told us about themselves?", finding, chart, tuple(parts.values()), _public(table), note=note)


def composition(insights: Insights, attribute: str, period: tuple[date, date]) -> None:
    """Draw the shares of one attribute's categories in one released period (D8), and beside them those of all schools (D9)."""
    answered, answer = _coverage(insights, period, "answered"), _composition(insights, attribute, period)
    shown, tables = {"This school": answer}, [_public(answer.frame).with_columns(of=pl.lit("school"))]
    quarter, note = _benchmark_quarter(insights, period), ""
    if quarter is None:
        note = "No figures of all schools yet: they need 500 applicants in a calendar quarter."
    else:
        beside = insights.metric(
            "D9", period_from=quarter[0], period_to=quarter[0], group_by=("category",), filters={"attribute": attribute}
        )
        shown[f"All schools, {period_name(quarter)}"] = beside
        tables.append(_public(beside.frame).with_columns(of=pl.lit("all schools")))
    question = f"Who applies, by {figures.words(attribute).lower()}?"
    finding = f"{_coverage_finding(answered)} {period_name(period)}."
    panel(f"equity-{attribute}", question, finding, _charts(shown) or None, (*shown.values(), answered), pl.concat(tables), note=note)


def outcomes(insights: Insights, attribute: str, year: tuple[date, date]) -> None:
    """Draw the shares of one attribute among hired, interviewed and other applicants (D10), with the verdict on each group (D4, D5)."""
    asked = {
        outcome: insights.metric(
            "D10",
            period_from=year[0],
            period_to=year[0],
            group_by=("category",),
            filters={"attribute": attribute, "outcome_bin": outcome},
        )
        for outcome in released_outcomes(insights, year)
    }
    verdicts, flips = (
        insights.metric(metric, period_from=year[0], period_to=year[0], group_by=("category",), filters={"attribute": attribute})
        for metric in ("D4", "D5")
    )
    parts = _charts({f"{figures.words(outcome)} (n {_people(answer)})": answer for outcome, answer in asked.items()})
    table = pl.concat([_public(answer.frame).with_columns(outcome=pl.lit(outcome)) for outcome, answer in asked.items()])
    panel(
        f"outcomes-{attribute}",
        f"What became of them, by {figures.words(attribute).lower()}?",
        f"{period_name(year)}: {_verdict_finding(verdicts)}",
        parts or None,
        (*asked.values(), verdicts, flips),
        table,
        grid=pl.DataFrame(
            list(_verdict_rows(verdicts, flips)), schema={"Group": pl.String, "Hired at a lower rate?": pl.String}, orient="row"
        ),
    )


def released_outcomes(insights: Insights, year: tuple[date, date]) -> list[str]:
    """Return the outcomes of a year that are large enough to be released, hired first."""
    frame = insights.rows("equity_releases").frame
    found = set(frame.filter((pl.col("release") == "B") & (pl.col("period_start") == year[0]))["outcome_bin"])
    return [outcome for outcome in ("hired", "interviewed", "not_interviewed") if outcome in found]


def _verdict_finding(verdicts: Answer) -> str:
    known = verdicts.frame.filter(pl.col("value").is_not_null())
    if known.is_empty():
        return "too few people, hires or groups for a verdict."
    found = [f"“{figures.words(name)}”" for name in known.filter(pl.col("value") == 2)["category"]]
    if found:
        return f"an indication that {' and '.join(found)} were hired at a lower rate; a bias audit can look at exact figures."
    return "no indication of adverse impact beyond noise and chance."


def _verdict_rows(verdicts: Answer, flips: Answer) -> Iterator[tuple[str, str]]:
    both = verdicts.frame.join(flips.frame.select("category", flip="value"), on="category")
    for row in both.sort(*_ORDER).iter_rows(named=True):
        reversible = "; one hire more or less would reverse it" if row["value"] == 1 and row["flip"] == 1 else ""
        yield figures.words(row["category"]), f"{figures.verdict(row['value'])}{reversible}".capitalize()


def period_name(period: tuple[date, date]) -> str:
    """Return a period's months, e.g. ``Mar–May 2026``."""
    start, end = period
    return f"{start:%b}–{end:%b %Y}" if start.year == end.year else f"{start:%b %Y}–{end:%b %Y}"


def _coverage(insights: Insights, period: tuple[date, date], part: str) -> Answer:
    start, end = period  # a year's rest begins on the day of its first quarter: only the end tells them apart
    return insights.metric("D1", period_from=start, period_to=start, filters={"period_end": end}, switches={"part": part})


def _composition(insights: Insights, attribute: str, period: tuple[date, date]) -> Answer:
    start, end = period
    one_table = {"attribute": attribute, "period_end": end}
    return insights.metric("D8", period_from=start, period_to=start, group_by=("category",), filters=one_table)


def _benchmark_quarter(insights: Insights, period: tuple[date, date]) -> tuple[date, date] | None:
    """Return the last released calendar quarter of all schools that began within the period or before."""
    begun = insights.rows("equity_benchmarks").frame.filter(pl.col("period_start") <= period[1])
    return begun.row(-1) if begun.height else None


def _change(insights: Insights, period: tuple[date, date], answered: Answer) -> str:
    """Return how coverage moved since the same quarter a year before; an arrow only where noise cannot have made it."""
    before = next((one for one in periods(insights) if one == (_year_before(period[0]), _year_before(period[1]))), None)
    if before is None:
        return ""
    then, now = (answer.frame.row(0, named=True) for answer in (_coverage(insights, before, "answered"), answered))
    if not figures.known(then["value"]) or not figures.known(now["value"]):
        return ""
    if not change_is_clear(then["value"], now["value"], then["n"], now["n"]):
        return f"No change beyond the noise since {period_name(before)}."
    return f"{'↑' if now['value'] > then['value'] else '↓'} from {figures.released_share(then['value'])} in {period_name(before)}."


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _charts(answers: dict[str, Answer]) -> list[tuple[str, Spec]]:
    """Return a titled chart of each answer that has rows, all on one scale and their categories in one order."""
    frames = {title: _bars(_ordered(answer.frame)) for title, answer in answers.items()}
    top = max([0.5, *(value for frame in frames.values() for value in frame["value"])])
    return [(title, charts.bars(frame, least=top)) for title, frame in frames.items() if frame.height]


def _ordered(frame: pl.DataFrame) -> list[tuple[str, dict[str, float]]]:
    """Return the known rows by category: in the order of the words, ages upwards, undisclosed last."""
    known = frame.filter(pl.col("value").is_not_null()).sort(*_ORDER)
    return [(figures.words(row["category"]), row) for row in known.iter_rows(named=True)]


def _people(answer: Answer) -> str:
    return figures.count(answer.frame["n"][0] if answer.frame.height else None)


def _coverage_finding(answered: Answer) -> str:
    row = answered.frame.row(0, named=True) if answered.frame.height else {}
    if not figures.known(row.get("value")):
        return "Coverage is not known for this period."
    return f"{figures.released_share(row['value'])} of {figures.count(row['n'])} invited applicants answered (± {_margin(row)})."


def _margin(row: dict[str, float]) -> str:
    points = interval_points(row["lower"], row["upper"])
    return f"{points} point{'s' if points != 1 else ''}"


def _bars(rows: list[tuple[str, dict[str, float]]]) -> pl.DataFrame:
    """Return bars that carry nothing finer than what is written: whole percents, capped ends, small counts as one."""
    drawn = [(name, row, is_small(row["value"], row["n"])) for name, row in rows]
    return pl.DataFrame(
        [
            {
                "name": name,
                "value": drawn_released(row["value"], row["n"]),
                "label": figures.released_count(0) if small else f"{figures.released_share(row['value'])} ± {_margin(row)}",
            }
            for name, row, small in drawn
        ],
        schema={"name": pl.String, "value": pl.Float64, "label": pl.String},
    )


def _public(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the table of a download: whole percents, capped as on the page."""
    values = [
        figures.released_count(0)
        if figures.known(row["value"]) and is_small(row["value"], row["n"])
        else figures.released_share(row["value"])
        for row in frame.iter_rows(named=True)
    ]
    return frame.with_columns(pl.Series("value", values, dtype=pl.String), pl.col("lower", "upper").round(2))
