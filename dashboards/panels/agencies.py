"""Panels of the agencies: an agency's own submissions by school, or a school's agencies beside each other."""

from typing import Final

import polars as pl

from dashboards import charts, figures
from dashboards.filters import Choice
from dashboards.panels.panel import dot_rows, one, panel, ranked_first
from dashboards.scope import Answer

_STAGES: Final = tuple(figures.STAGE_NAMES)
_DRAWN: Final = 15


def stages(choice: Choice) -> None:
    """Draw how many submissions reached each stage (G1)."""
    reached = [_ask(choice, "G1", measure="reached", stage=stage) for stage in _STAGES]
    shares = [_ask(choice, "G1", measure="share_reached", stage=stage) for stage in _STAGES]
    rows = [
        {
            "name": figures.STAGE_NAMES[stage],
            "stage": stage,
            "reached": one(count)["value"] or 0,
            "label": f"{figures.count(one(count)['value'])} ({figures.percent(one(share)['value'])})",
            "drop_label": f"{figures.count(one(count)['n_open'])} not there yet" if one(count)["n_open"] else "",
            "is_worst": False,
        }
        for stage, count, share in zip(_STAGES, reached, shares, strict=True)
    ]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    total, hired = one(reached[0])["n"], one(shares[-1])
    finding = f"{figures.count(total)} submissions; hired so far: {figures.record(hired, 'rate')}." if total else ""
    panel(
        "agency-stages",
        "How far do submissions get?",
        finding,
        charts.funnel(frame.drop("stage")) if total else None,
        (*reached, *shares),
        frame.select("stage", "reached", "label"),
        note="Duplicates are left out. Open submissions may still move on." if total else "",
    )


def placements(choice: Choice) -> None:
    """Draw the share of submissions placed, by agency or school (G2)."""
    answer = _ask(choice, "G2", by=True, measure="rate")
    placed = _ask(choice, "G2", measure="placements")
    known = _named(choice, answer)
    drawn = ranked_first(_largest(known))
    frame = dot_rows(drawn, "name")
    row = one(placed)
    finding = (
        f"{figures.counted(row['value'], 'placement')} so far; {figures.counted(row['n_open'], 'submission')} "
        f"{'is' if row['n_open'] == 1 else 'are'} still open."
    )
    panel(
        "agency-placements",
        "Where are our candidates placed?" if _is_agency(choice) else "Which agencies place most?",
        finding if known.height else "",
        charts.dots(frame, unit_format=".0%", least=0.15) if drawn.height else None,
        (answer, placed),
        known,
        note=f"Grey, by size: fewer than 30 submissions, or too many of them open to judge. Below 10 no share.{_only_largest(known, drawn)}"
        if known.height
        else "",
    )


def answers(choice: Choice) -> None:
    """Draw the median days until a school first answers (G4)."""
    answer, total = _ask(choice, "G4", by=True), _ask(choice, "G4")
    known = _named(choice, answer)
    drawn = ranked_first(_largest(known), best="low")
    frame = dot_rows(drawn, "name", "days")
    row = one(total)
    unanswered = f" {figures.count(row['n_open'])} have had no answer." if row["n_open"] else ""
    panel(
        "agency-answers",
        "How soon do schools answer?" if _is_agency(choice) else "How soon do we answer?",
        f"Half of the submissions are answered within {figures.record(row, 'days')}.{unanswered}" if row["value"] is not None else "",
        charts.dots(frame, unit_format=".0f", least=5) if drawn.height else None,
        (answer, total),
        known,
        note="Median days to the first message by a person, move or decision. The automatic acknowledgement is no answer."
        if known.height
        else "",
    )


def fees(choice: Choice) -> None:
    """List what is due, by agency or school and currency (G3)."""
    total = _ask(choice, "G3", by=True, also=("fee_currency",), measure="total")
    each = _ask(choice, "G3", by=True, also=("fee_currency",), measure="per_placement")
    every = _ask(choice, "G3")
    keys = [_dimension(choice), "fee_currency"]
    joined = _named(choice, total).join(each.frame.select(*keys, pl.col("value").alias("per_placement")), on=keys, how="left")
    known = joined.sort("name", "fee_currency")
    grid = pl.DataFrame(
        [
            {
                ("School" if _is_agency(choice) else "Agency"): row["name"],
                "Placements": figures.count(row["n"]),
                "Fees due": figures.money(row["value"], row["fee_currency"]),
                "Per placement": figures.money(row["per_placement"], row["fee_currency"]),
            }
            for row in known.iter_rows(named=True)
        ],
        infer_schema_length=None,
    )
    panel(
        "agency-fees",
        "What is due for placements?",
        f"{figures.counted(one(every)['n'], 'placement')} accepted in these months." if known.height else "",
        None,
        (total, each, every),
        known,
        grid=grid if grid.height else None,
        note="Due once the hire is accepted and stands; a hire who changed their mind is no placement. Currencies are never added up."
        if known.height
        else "",
    )


def submissions(choice: Choice) -> None:
    """List submissions, the open ones first."""
    answer = choice.insights.rows("agency_submissions")
    rows = answer.frame
    if choice.subject and rows.height:
        rows = rows.filter(pl.col("subject") == choice.subject)
    is_agency = _is_agency(choice)
    grid = pl.DataFrame(
        [
            {
                "Submitted": row["submitted_at"].strftime("%d %b %Y"),
                ("School" if is_agency else "Agency"): row["school" if is_agency else "agency"],
                "Job": row["title"],
                "Furthest stage": figures.words(row["furthest_stage"]),
                "State": "Duplicate" if row["is_duplicate"] else figures.words(row["outcome"]),
                "First answer": "none yet" if row["is_censored"] else figures.days(row["first_response_days"]),
                "Fee due": figures.money(row["fee_minor"], row["fee_currency"]),
                "Application": row["application_id"],
            }
            for row in rows.iter_rows(named=True)
        ],
        infer_schema_length=None,
    )
    waiting = rows.filter((pl.col("outcome") == "open") & pl.col("is_censored")).height if rows.height else 0
    panel(
        "agency-submissions",
        "Which submissions were made?",
        f"Open ones first, then the newest; {waiting} of them wait for a first answer." if rows.height else "",
        None,
        (answer,),
        rows,
        grid=grid if grid.height else None,
        note="The newest 500, whatever the period. Names are kept in the hiring core, under the same number." if rows.height else "",
        of_people=True,
    )


def _largest(known: pl.DataFrame) -> pl.DataFrame:
    """Return the rows to draw: those with a value, at most fifteen, the ones with most submissions."""
    return known.filter(pl.col("value").is_not_null()).sort("n", descending=True).head(_DRAWN)


def _only_largest(known: pl.DataFrame, drawn: pl.DataFrame) -> str:
    return f" The {_DRAWN} largest are drawn; the CSV has all." if drawn.height == _DRAWN < known.height else ""


def _dimension(choice: Choice) -> str:
    return "tenant_id" if _is_agency(choice) else "agency_id"


def _is_agency(choice: Choice) -> bool:
    return choice.insights.scope.agency_id is not None


def _ask(choice: Choice, metric_id: str, *, by: bool = False, also: tuple[str, ...] = (), **switches: str) -> Answer:
    return choice.insights.metric(
        metric_id,
        period_from=choice.period.start,
        period_to=choice.period.end,
        group_by=(_dimension(choice), *also) if by else (),
        filters=choice.conditions,
        switches=switches,
    )


def _named(choice: Choice, answer: Answer) -> pl.DataFrame:
    """Return an answer by agency or school with the name of each."""
    read, key = ("agencies", "agency_id") if _dimension(choice) == "agency_id" else ("agency_schools", "organisation_id")
    found = choice.insights.rows(read).frame
    names = dict(found.select(key, "name").iter_rows()) if found.height else {}
    ids = answer.frame[_dimension(choice)].to_list()
    return answer.frame.with_columns(pl.Series("name", [names.get(each, "Unknown") for each in ids], dtype=pl.String))
