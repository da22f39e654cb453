"""The button that makes the board report of the school and months in view, for whoever is signed in."""

import streamlit as st

from dashboards.filters import Choice
from dashboards.panels.equity import only_school
from dashboards.report.board import board_report
from dashboards.report.period import ReportPeriod
from dashboards.report.typesetting import pdf


def button(choice: Choice) -> None:
    """Draw the button: one click makes and downloads the PDF. It needs one school and months with a beginning."""
    school_id, start, end = only_school(choice), choice.period.start, choice.period.end
    if school_id is None or start is None:
        st.caption("Board report (PDF): choose one school and a period with a beginning.")
        return
    period = ReportPeriod(choice.period.label, start, end)
    st.download_button(
        "Board report (PDF)",
        lambda: pdf(board_report(choice.insights, school_id, period)),
        file_name=f"board-report-{start:%Y-%m}-to-{end:%Y-%m}.pdf",
        mime="application/pdf",
        icon=":material/picture_as_pdf:",
        on_click="ignore",
        key="board-report",
        help="Charts, findings and their receipts for this school, all subjects, as a PDF to hand to the board",
    )
