"""Panels of the pipeline as a level (F7): who is in which stage now, and how that went."""

import polars as pl

from dashboards import charts, figures
from dashboards.figures import STAGE_NAMES
from dashboards.filters import Choice
from dashboards.panels.funnel import in_stage_order
from dashboards.panels.panel import panel
from dashboards.scope import Question

_WORKED = [stage for stage in STAGE_NAMES if stage != "hired"]
_DRAWN = ["screen", "interview", "demo_lesson", "offer"]


def now(choice: Choice) -> None:
    """Draw how many applications are in each stage as of the build (F7)."""
    answer = choice.insights.metric("F7", group_by=("stage",), filters=choice.conditions | {"stage": _WORKED})
    rows = answer.frame
    frame = pl.DataFrame(
        [
            {"name": STAGE_NAMES[row["stage"]], "value": row["value"], "label": figures.count(row["value"])}
            for row in rows.iter_rows(named=True)
        ],
        infer_schema_length=None,
    )
    fullest = rows.sort("value", descending=True)
    finding = "Applications in progress, by the stage they are in."
    if fullest.height and fullest["value"][0]:
        row = fullest.row(0, named=True)
        finding = f"Most wait in {STAGE_NAMES[row['stage']]}: {figures.count(row['value'])} as of the build."
    chart = charts.bars(frame, least=5) if frame.height and (rows["value"] > 0).any() else None
    panel("pipeline-now", "Who is in progress now?", finding, chart, (answer,), rows)


def weekly_levels(choice: Choice) -> list[Question]:
    """Return what ``levels`` asks."""
    stages = choice.conditions | {"stage": _DRAWN}
    return [Question("F7", choice.period.start, choice.period.last_day, ("snapshot_date", "stage"), stages, {"every": "week"})]


def levels(choice: Choice) -> None:
    """Draw the level of the busiest stages at the end of every week (F7)."""
    (answer,) = choice.insights.answers(weekly_levels(choice))
    frame = pl.DataFrame(
        [
            {
                "month": row["snapshot_date"],
                "value": row["value"],
                "series": STAGE_NAMES[row["stage"]],
                "label": figures.count(row["value"]),
            }
            for row in in_stage_order(answer.frame, "snapshot_date").iter_rows(named=True)
        ],
        infer_schema_length=None,
    )
    top = answer.frame.sort("value", descending=True)
    finding = "Open applications on each Sunday at midnight, school's own time."
    if top.height:
        row = top.row(0, named=True)
        finding = (
            f"The fullest stage of a Sunday was {STAGE_NAMES[row['stage']]} with {figures.count(row['value'])} "
            f"on {row['snapshot_date']:%d %b %Y}; levels, not movements."
        )
    chart = charts.lines(frame, unit_format="d", least=10) if frame.height else None
    panel("pipeline-levels", "How full were the stages?", finding, chart, (answer,), answer.frame)
