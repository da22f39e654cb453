"""What waits too long: open applications over their school's own limit for the stage, or untouched for two weeks."""

import polars as pl

from dashboards import figures
from dashboards.filters import Choice
from dashboards.panels.panel import in_hiring, panel
from foundation.access import Page

_NOTHING = "No open application is over its limit or has been left alone for two weeks."


def waiting(choice: Choice, *, limit: int | None = None) -> None:
    """List the open applications that need somebody today, the longest untouched first."""
    listed = choice.insights.rows("waiting_applications")
    stale = choice.insights.metric("R4", filters=choice.conditions)
    breaches = choice.insights.metric("R3", group_by=("stage",), filters=choice.conditions)
    rows = listed.frame
    if rows.height and choice.subject:
        rows = rows.filter(pl.col("subject") == choice.subject)
    found, shown = stale.frame.to_dicts(), rows.head(limit or rows.height)
    open_n = found[0]["n"] if found else 0
    finding = _NOTHING
    if rows.height:
        overdue = rows.filter("is_sla_breached").height
        finding = (
            f"{figures.count(overdue)} of {figures.count(open_n)} open applications have been in their stage longer than allowed; "
            f"{figures.count(found[0]['value'])} had no event for 14 days and have none ahead."
        )
        finding += f" The {shown.height} longest untouched are shown; the CSV holds all." if shown.height < rows.height else ""
    many_schools, opens = rows.height > 0 and rows["school"].n_unique() > 1, choice.insights.may_open(Page.HIRING)
    panel(
        "attention",
        "Which applications need somebody today?",
        finding,
        None,
        (listed, stale, breaches),
        rows,
        grid=_grid(shown, many_schools=many_schools, opens=opens) if shown.height else None,
        opens="Application" if opens else "",
        note=_usual(breaches.frame.to_dicts()),
        nothing=_NOTHING,
        of_people=True,
    )


def _grid(rows: pl.DataFrame, *, many_schools: bool, opens: bool) -> pl.DataFrame:
    lines = [
        ({"School": row["school"]} if many_schools else {})
        | {
            "Job": row["title"] or figures.words(row["subject"]),
            "Stage": figures.words(row["stage"]),
            "In stage": figures.days(row["time_in_stage_days"]),
            "Allowed": figures.days(row["limit_days"]),
            "Why": _why(row),
            "Last event": figures.days(row["idle_days"]) + " ago",
            "Application": in_hiring(row["application_id"]) if opens else row["application_id"],
        }
        for row in rows.iter_rows(named=True)
    ]
    return pl.DataFrame(lines, infer_schema_length=None)


def _why(row: dict[str, object]) -> str:
    reasons = (["over limit"] if row["is_sla_breached"] else []) + (["untouched"] if row["is_stale"] else [])
    return ", ".join(reasons).capitalize()


def _usual(stages: list[dict[str, object]]) -> str:
    """Return how often stays end late, by stage, as one sentence."""
    known = [row for row in stages if row["value"] is not None]
    if not known:
        return ""
    parts = [f"{figures.words(str(row['stage']))} {figures.record(row, 'rate')}" for row in known]
    return "Share of all stays that were longer than allowed: " + " · ".join(parts)
