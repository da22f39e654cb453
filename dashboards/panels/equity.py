"""Panels of equity, from frozen releases only: coverage first, whole percents with their margin, one school at a time.

No filter but the school, no live figure, no sum over schools, no change arrow: the rules of the release bind its display.
"""

from datetime import date

import polars as pl

from dashboards import charts, figures
from dashboards.filters import Choice
from dashboards.panels.panel import panel
from dashboards.scope import Answer, Insights

ONE_SCHOOL = "Released figures are shown for one school at a time: choose a school above."
NONE_YET = "No period of this school has been released yet. A quarter is released once it has closed and holds at least 20 applicants."


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
    parts = [(figures.words(name), charts.bars(frame, least=0.5)) for name, answer in asked.items() if (frame := _shares(answer)).height]
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


def attributes(insights: Insights) -> list[str]:
    """Return the attributes that have been released, coverage left out."""
    frame = insights.rows("equity_releases").frame
    return [] if frame.is_empty() else sorted(set(frame["attribute"]) - {"self_id"})


def coverage(insights: Insights, period: tuple[date, date]) -> None:
    """Draw how many answered, declined or gave no answer (D1)."""
    parts = {part: _coverage(insights, period, part) for part in ("answered", "declined", "no_answer")}
    rows = [(figures.words(part), answer.frame.row(0, named=True)) for part, answer in parts.items() if answer.frame.height]
    frame = _bars([(name, row) for name, row in rows if figures.known(row["value"])])
    table = pl.concat([answer.frame.with_columns(part=pl.lit(part)) for part, answer in parts.items()])
    finding = _coverage_finding(parts["answered"])
    chart = charts.bars(frame, least=1) if frame.height else None
    panel("coverage", "How many told us about themselves?", finding, chart, tuple(parts.values()), _public(table))


def composition(insights: Insights, attribute: str, period: tuple[date, date]) -> None:
    """Draw the shares of one attribute's categories in one released period (D8), coverage named first (D1)."""
    answered, answer = _coverage(insights, period, "answered"), _composition(insights, attribute, period)
    frame = _shares(answer)
    chart = charts.bars(frame, least=0.5) if frame.height else None
    finding = f"{_coverage_finding(answered)} {period_name(period)}."
    question = f"Who applies, by {figures.words(attribute).lower()}?"
    panel(f"equity-{attribute}", question, finding, chart, (answer, answered), _public(answer.frame))


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


def _shares(answer: Answer) -> pl.DataFrame:
    known = answer.frame.filter(pl.col("value").is_not_null()).sort(pl.col("category") == "undisclosed", "value", descending=[False, True])
    return _bars([(figures.words(row["category"]), row) for row in known.iter_rows(named=True)])


def _coverage_finding(answered: Answer) -> str:
    row = answered.frame.row(0, named=True) if answered.frame.height else {}
    if not figures.known(row.get("value")):
        return "Coverage is not known for this period."
    return f"{figures.released_share(row['value'])} of {figures.count(row['n'])} invited applicants answered (± {_margin(row)})."


def _margin(row: dict[str, float]) -> str:
    return f"{max(1, round((row['upper'] - row['lower']) * 50))} points"


def _bars(rows: list[tuple[str, dict[str, float]]]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "name": name,
                "value": round(min(max(row["value"], 0.025), 0.975), 2),
                "label": f"{figures.released_share(row['value'])} ± {_margin(row)}",
            }
            for name, row in rows
        ],
        schema={"name": pl.String, "value": pl.Float64, "label": pl.String},
    )


def _public(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the table of a download: whole percents, capped as on the page."""
    return frame.with_columns(
        pl.col("value").map_elements(figures.released_share, return_dtype=pl.String).alias("value"), pl.col("lower", "upper").round(2)
    )
