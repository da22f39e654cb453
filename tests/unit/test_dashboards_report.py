"""The board report: pages, type, figures equal to SQL, receipts, immature months, equity by role, one school only."""

import io
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pypdf
import pytest

from dashboards.report.board import Goal, board_report, goals_of
from dashboards.report.period import UnknownPeriod, parse_period
from dashboards.report.typesetting import pdf
from dashboards.scope import Insights, PageRefused, ScopeExceeded
from foundation.access import Role
from tests.support.published_file import HANOK, NORTH, RIVER, SCHOOLS, VERSION, Made, Variant, publish_made
from tests.support.signed_in import person

AS_OF = date(2026, 11, 20)
MONTHS = "2025-11..2026-10"
_BETWEEN = "between date '2025-11-01' and date '2026-10-01'"
Published = Callable[[Variant], Made]
_written: dict[str, bytes] = {}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Return a function that publishes a variant once."""
    found: dict[Variant, Made] = {}

    def give(variant: Variant) -> Made:
        if variant not in found:
            found[variant] = publish_made(tmp_path_factory.mktemp(variant), variant)
        return found[variant]

    return give


def written(made: Made, period: str = MONTHS, role: Role = Role.HR_DIRECTOR, goals: tuple[Goal, ...] = ()) -> bytes:
    """Return the report of Riverside Academy for a role, made once."""
    asked = repr((made.home, period, role, goals))
    if asked not in _written:
        insights = Insights.open(person(role, tenants={RIVER}), made.home)
        _written[asked] = pdf(board_report(insights, RIVER, parse_period(period, AS_OF), goals))
    return _written[asked]


def read(document: bytes) -> tuple[pypdf.PdfReader, str]:
    """Return a PDF and its text as one line."""
    reader = pypdf.PdfReader(io.BytesIO(document))
    return reader, " ".join(" ".join(page.extract_text() for page in reader.pages).split())


@pytest.mark.parametrize("period", [MONTHS, "2026-Q3", "2026-10..2026-10"])
@pytest.mark.parametrize(("variant", "role"), [("full", Role.HR_DIRECTOR), ("full", Role.RECRUITER), ("single", Role.PLATFORM_ADMIN)])
def test_report_is_two_to_four_a4_pages_tagged_with_title_language_and_fonts(
    made: Published, variant: Variant, role: Role, period: str
) -> None:
    reader, _ = read(written(made(variant), period, role))
    catalog = reader.trailer["/Root"]
    assert 2 <= len(reader.pages) <= 4
    assert {(round(float(page.mediabox.width)), round(float(page.mediabox.height))) for page in reader.pages} == {(595, 842)}
    assert reader.metadata is not None
    assert str(reader.metadata.title).startswith("Riverside Academy: hiring report to the board, ")
    assert catalog["/Lang"] == "en"
    assert catalog["/MarkInfo"]["/Marked"]
    assert b"<pdfuaid:part>1</pdfuaid:part>" in catalog["/Metadata"].get_data()
    for font in {id(found): found for page in reader.pages for found in page["/Resources"].get("/Font", {}).values()}.values():
        descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert "/FontFile2" in descriptor or "/FontFile3" in descriptor


def test_charts_are_vectors_with_words_for_those_who_cannot_see_them(made: Published) -> None:
    reader, text = read(written(made("full")))
    assert not [image for page in reader.pages for image in page.images]
    everything = [reader.get_object(number) for number in range(1, reader.trailer["/Size"])]
    assert not [found for found in everything if isinstance(found, pypdf.generic.StreamObject) and found.get("/Subtype") == "/Image"]
    assert text.count("Demo lesson") >= 2  # letters of the drawings are letters
    spoken = [element["/Alt"] for element in structure(reader) if "/Alt" in element]
    assert len(spoken) == 7
    assert all(spoken)


def structure(reader: pypdf.PdfReader) -> list[pypdf.generic.DictionaryObject]:
    """Return every element of the structure tree."""
    found: list[pypdf.generic.DictionaryObject] = []
    waiting = [reader.trailer["/Root"]["/StructTreeRoot"]]
    while waiting:
        node = waiting.pop().get_object()
        if isinstance(node, pypdf.generic.DictionaryObject):
            found.append(node)
            kids = node.get("/K")
            kids = kids.get_object() if kids is not None else []
            waiting += kids if isinstance(kids, list) else [kids]
    return found


def test_figures_equal_sql_on_the_published_file(made: Published) -> None:
    published = made("full")

    def ask(sql: str) -> float:
        return float(published.query(sql.format(school=RIVER, months=_BETWEEN)).item())

    hires = ask("select count(*) from marts.fct_hires where tenant_id = '{school}' and accepted_month {months}")
    earlier = "between date '2024-11-01' and date '2025-10-01'"
    before = ask(f"select count(*) from marts.fct_hires where tenant_id = '{RIVER}' and accepted_month {earlier}")
    days = ask("select median(time_to_hire_days) from marts.mart_time_to_hire where tenant_id = '{school}' and accepted_month {months}")
    applied = ask("select count(*) from marts.fct_applications where tenant_id = '{school}' and applied_month {months}")
    offers = ask(
        "select count(*) from marts.fct_applications where tenant_id = '{school}' and applied_month {months} and reached_rank >= 6"
    )
    mature = """from marts.fct_applications a join marts.mart_cohort_maturity m using (tenant_id, applied_month)
        where tenant_id = '{school}' and applied_month {months} and m.is_mature"""
    attempts, yielded = ask(f"select count(*) {mature}"), ask(f"select count(*) filter (outcome = 'hired') {mature}")
    _, text = read(written(published))
    assert f"{hires:.0f} people were hired, against {before:.0f} in the same months a year before" in text
    assert f"Applications {applied:.0f}" in text
    assert f"to acceptance was {days:.0f} days (" in text
    assert f", n = {hires:.0f}), against" in text
    assert f"{yielded / attempts:.0%} (" in text
    assert f"n = {attempts:.0f}) of applicants were hired" in text
    assert f"{offers:.0f} ({offers / applied:.0%})" in text  # a label of the funnel


def test_open_jobs_and_their_risk_equal_sql(made: Published) -> None:
    published = made("full")
    where = f"from predictions.open_openings where tenant_id = '{RIVER}'"
    openings = published.query(f"select count(*) {where}").item()
    late = published.query(f"select count(*) {where} and p_filled_before_term_start < 0.5").item()
    _, text = read(written(published))
    assert f"{openings} openings are open. {late or 'None'} of those whose term is still to come" in text


def test_every_finding_has_a_numbered_receipt(made: Published) -> None:
    insights = Insights.open(person(Role.HR_DIRECTOR, tenants={RIVER}), made("full").home)
    report = board_report(insights, RIVER, parse_period(MONTHS, AS_OF))
    findings = [*report.brief, *(section.finding for section in report.sections)]
    assert all(finding.receipts for finding in findings)
    assert all(figure.receipts for figure in report.figures)
    for told in (receipt for finding in findings for receipt in finding.receipts):
        assert f"Publish version {VERSION}, as of 20 Nov 2026 18:00 UTC." in told
    _, text = read(pdf(report))
    assert "T4 v2 Time to hire (Nov 2025–Oct 2026): " in text
    assert "95 % interval" in text


def test_months_not_decided_yet_are_said_dashed_and_not_ranked(made: Published) -> None:
    published = made("full")
    young = published.query(
        f"select count(*) from marts.mart_cohort_maturity where tenant_id = '{RIVER}' and applied_month {_BETWEEN} and not is_mature"
    ).item()
    assert young == 1
    insights = Insights.open(person(Role.HR_DIRECTOR, tenants={RIVER}), published.home)
    report = board_report(insights, RIVER, parse_period(MONTHS, AS_OF))
    assert "1 of 12 months with applications is not decided enough to be judged yet; it is not ranked" in str(report.brief)
    cohorts = next(section for section in report.sections if section.question.startswith("How far did each month"))
    assert cohorts.drawings[0].svg.count("stroke-dasharray") == 6  # one cell a stage, without a number
    only_young = board_report(insights, RIVER, parse_period("2026-10..2026-10", AS_OF))
    assert "Applicants hired (decided months): no figure" in str(only_young.brief)


def test_equity_is_in_it_only_for_roles_that_may_open_equity(made: Published) -> None:
    _, for_director = read(written(made("full")))
    _, for_recruiter = read(written(made("full"), role=Role.RECRUITER))
    assert "Who applies to us?" in for_director
    assert "invited applicants answered (±" in for_director
    for word in ("Who applies to us?", "Female", "Undisclosed", "D1 v", "D8 v"):
        assert word not in for_recruiter


@pytest.mark.parametrize("role", [Role.INTERVIEWER, Role.BIAS_AUDITOR, Role.AGENCY_USER])
def test_role_without_the_overview_gets_no_report(made: Published, role: Role) -> None:
    insights = Insights.open(person(role, tenants={RIVER}, agency_id="agency-1"), made("full").home)
    with pytest.raises(PageRefused):
        board_report(insights, RIVER, parse_period(MONTHS, AS_OF))


def test_another_school_is_not_to_be_had_and_not_named(made: Published) -> None:
    insights = Insights.open(person(Role.HR_DIRECTOR, tenants={RIVER}), made("full").home)
    with pytest.raises(ScopeExceeded):
        board_report(insights, NORTH, parse_period(MONTHS, AS_OF))
    head = Insights.open(person(Role.HR_DIRECTOR, tenants={NORTH, RIVER, HANOK}), made("full").home)
    of_many = pdf(board_report(head, RIVER, parse_period(MONTHS, AS_OF)))
    _, text = read(of_many)
    assert of_many == written(made("full"))
    assert SCHOOLS[NORTH] not in text
    assert SCHOOLS[HANOK] not in text


def test_goals_stand_against_the_actual_figure(made: Published) -> None:
    goals = (
        Goal("T4", 20, "at_most", {}),
        Goal("F8", 1, "at_least", {"stage": "hired"}),
        Goal("S2", 0.5, "at_least", {"cohorts": "mature_only", "internal": "excluded"}),
        Goal("T5", 5000, "at_most", {"clock": "net"}),
    )
    _, text = read(written(made("full"), goals=goals))
    assert "at most 20 days: not met" in text
    assert "at least 1: met" in text
    assert "at least 50%: not met" in text  # a switch that is named at its default is the same policy
    assert "5,000" not in text  # a goal of another policy is not this line's goal
    assert "Goal" not in read(written(made("full")))[1]


def test_goals_of_a_school_come_before_those_of_all_and_of_any_season() -> None:
    def target(goal: float, school: str | None, season: str | None, subject: bool = False) -> dict[str, object]:
        filters = {"subject": ["Science"]} if subject else {}
        return {
            "tenant_id": school,
            "season": season,
            "filters": filters,
            "metric_id": "T4",
            "switches": {},
            "direction": "at_most",
            "goal": goal,
        }

    told = [
        target(1, None, None), target(2, RIVER, None), target(3, RIVER, "2025-2026"), target(4, NORTH, None),
        target(5, RIVER, "2024-2025"), target(6, RIVER, "2025-2026", subject=True),
    ]  # fmt: skip
    assert [goal.goal for goal in goals_of(told, RIVER, "2025-2026")] == [3, 2, 1]


def test_the_same_figures_give_the_same_bytes(made: Published) -> None:
    first = written(made("full"))
    _written.clear()
    assert first == written(made("full"))


def test_names_are_set_as_they_are_never_as_markup(tmp_path: Path) -> None:
    published = publish_made(tmp_path)
    with duckdb.connect(str(published.file)) as connection:
        connection.execute("update marts.dim_organisations set name = '#1 *Star* [x] <y> $z$ @a' where organisation_id = ?", [RIVER])
    _, text = read(written(published))
    assert "#1 *Star* [x] <y> $z$ @a" in text


def test_nothing_to_report_is_said_plainly(made: Published) -> None:
    _, text = read(written(made("full"), "2020-01..2020-03"))
    assert "There are no applications in these months." in text
    assert "People hired: no figure (no rows in these months)." in text


def test_report_needs_no_streamlit() -> None:
    code = "import sys, dashboards.report.board, dashboards.report.typesetting; sys.exit('streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("text", "start", "end", "is_cut"),
    [
        ("2025-2026", date(2025, 9, 1), date(2026, 8, 1), False),
        ("2026-2027", date(2026, 9, 1), date(2026, 10, 1), True),
        ("2026-Q1", date(2026, 1, 1), date(2026, 3, 1), False),
        ("2026-q4", date(2026, 10, 1), date(2026, 10, 1), True),
        ("2025-09..2026-02", date(2025, 9, 1), date(2026, 2, 1), False),
        ("2025-09-15..2026-02-03", date(2025, 9, 1), date(2026, 2, 1), False),
        ("last-3", date(2026, 8, 1), date(2026, 10, 1), False),
        ("season", date(2026, 9, 1), date(2026, 10, 1), True),
    ],
)
def test_period_as_typed(text: str, start: date, end: date, is_cut: bool) -> None:
    period = parse_period(text, AS_OF, 9)
    assert (period.start, period.end, period.is_cut) == (start, end, is_cut)


def test_academic_year_begins_where_the_school_says() -> None:
    assert parse_period("2026-2027", AS_OF, 2).start == date(2026, 2, 1)
    assert parse_period("season", datetime(2027, 2, 10, tzinfo=UTC).date(), 2).start == date(
        2026, 2, 1
    )  # January is the newest whole month


@pytest.mark.parametrize(
    "text", ["", "2026", "2025-2027", "2026-Q5", "2026-13..2026-14", "2026-03..2026-01", "2027-Q1", "2026-11..2026-12"]
)
def test_period_that_is_none_or_not_over_is_refused(text: str) -> None:
    with pytest.raises(UnknownPeriod):
        parse_period(text, AS_OF)


def test_year_before_spans_the_same_months_and_stops_at_a_year() -> None:
    before = parse_period("2025-2026", AS_OF).year_before()
    assert before is not None
    assert (before.start, before.end) == (date(2024, 9, 1), date(2025, 8, 1))
    assert parse_period("2024-09..2025-09", AS_OF).year_before() is None
