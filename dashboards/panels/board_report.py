"""The button that makes the board report of the school and months in view, for whoever is signed in."""

import streamlit as st

from dashboards.exports import logged
from dashboards.filters import Choice
from dashboards.hiring_client import HiringUnavailable
from dashboards.panels.equity import only_school
from dashboards.report.board import Goal, board_report, goals_of
from dashboards.report.period import ReportPeriod
from dashboards.report.typesetting import pdf
from dashboards.sessions import COOKIE, client


def button(choice: Choice) -> None:
    """Draw the button: one click makes and downloads the PDF. It needs one school and months with a beginning."""
    school_id, start, end = only_school(choice), choice.period.start, choice.period.end
    if school_id is None or start is None:
        st.caption("Board report (PDF): choose one school and a period with a beginning.")
        return
    year = choice.period.code.removeprefix("year-")
    season = f"{year}-{int(year) + 1}" if year.isdigit() else ""
    period, token = ReportPeriod(choice.period.label, start, end, season=season), st.context.cookies.get(COOKIE) or ""
    name = f"board-report-{start:%Y-%m}-to-{end:%Y-%m}"
    st.download_button(
        "Board report (PDF)",
        logged(
            lambda: pdf(board_report(choice.insights, school_id, period, _goals(token, school_id, season))),
            name,
            "pdf",
            school_id=school_id,
        ),
        file_name=f"{name}.pdf",
        mime="application/pdf",
        icon=":material/picture_as_pdf:",
        on_click="ignore",
        key="board-report",
        help="Charts, findings and their receipts for this school, all subjects, as a PDF to hand to the board",
    )


def _goals(token: str, school_id: str, season: str) -> list[Goal]:
    try:
        return goals_of(client().read(token, "targets"), school_id, season)
    except HiringUnavailable:
        return []  # the report says nothing of goals then; its figures do not depend on them
