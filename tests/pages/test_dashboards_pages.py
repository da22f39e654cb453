"""Every page, run by Streamlit itself without a browser: full, empty and one-school data; figures equal SQL; scope holds."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import exports
from dashboards.hiring_client import HiringClient
from dashboards.panels.applications import PAGE_ROWS
from dashboards.panels.panel import in_hiring
from dashboards.scope import Insights, PageRefused, ScopeExceeded
from foundation.access import Page, Principal, Role
from tests.support.published_file import BRIGHT, HANOK, NORTH, RIVER, SCHOOLS, Made, Variant, publish_made
from tests.support.signed_in import person

PAGES = ("overview", "funnel", "sources", "time", "agency", "equity", "forecast", "accuracy", "data_health")
DIRECTOR = person(Role.HR_DIRECTOR, tenants={RIVER})
HEAD = person(Role.HR_DIRECTOR, tenants={NORTH, RIVER})
ADMIN = person(Role.PLATFORM_ADMIN, tenants=None)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Variant], Made]:
    """Return a function that publishes a variant once."""
    found: dict[Variant, Made] = {}

    def give(variant: Variant) -> Made:
        if variant not in found:
            found[variant] = publish_made(tmp_path_factory.mktemp(variant), variant)
        return found[variant]

    return give


def run(page: str, home: Path, principal: Principal, **query: str) -> AppTest:
    """Run one page for a person and return what Streamlit drew."""

    def script(page, home, principal):  # type: ignore[no-untyped-def]  # runs as a script of its own, without this module's names
        import importlib

        from dashboards.scope import Insights

        importlib.import_module(f"dashboards.pages.{page}").render(Insights.open(principal, home))

    test = AppTest.from_function(script, kwargs={"page": page, "home": home, "principal": principal}, default_timeout=120)
    test.query_params.update(query)
    return test.run()


def everything(test: AppTest) -> str:
    """Return all text that was sent to the browser, the data of charts and tables too."""
    return str(test._tree) + "".join(str(element.proto) for element in test.main if hasattr(element, "proto"))


@pytest.mark.parametrize("variant", ["full", "empty", "single"])
@pytest.mark.parametrize("page", PAGES)
def test_page_draws_without_an_error(page: str, variant: Variant, made: Callable[[Variant], Made]) -> None:
    test = run(page, made(variant).home, HEAD)
    assert not test.exception
    assert not test.error
    assert test.title


def test_hires_of_the_overview_equal_sql(made: Callable[[Variant], Made]) -> None:
    published = made("full")
    expected = published.query(
        f"""select count(*) as hires from marts.fct_hires where tenant_id = '{RIVER}'
        and accepted_month between date '2025-11-01' and date '2026-10-01'"""
    )["hires"][0]
    test = run("overview", published.home, DIRECTOR)
    assert {metric.label: metric.value for metric in test.metric}["Hires"] == str(expected)


def test_median_time_to_hire_equals_sql(made: Callable[[Variant], Made]) -> None:
    published = made("full")
    median = published.query(
        f"""select median(time_to_hire_days) as days from marts.mart_time_to_hire where tenant_id = '{RIVER}'
        and accepted_month between date '2025-11-01' and date '2026-10-01'"""
    )["days"][0]
    test = run("overview", published.home, DIRECTOR)
    assert {metric.label: metric.value for metric in test.metric}["Median time to hire"] == f"{median:.0f} days"


def test_filters_of_the_url_narrow_the_figures(made: Callable[[Variant], Made]) -> None:
    published = made("full")
    expected = published.query(
        f"""select count(*) as hires from marts.fct_hires where tenant_id = '{NORTH}' and subject = 'Science'
        and accepted_month between date '2024-11-01' and date '2026-10-01'"""
    )["hires"][0]
    test = run("overview", published.home, HEAD, school=NORTH, subject="Science", period="last-24")
    assert {metric.label: metric.value for metric in test.metric}["Hires"] == str(expected)


def test_figures_may_be_compared_with_the_other_schools_in_scope_alone(made: Callable[[Variant], Made]) -> None:
    published = made("full")
    median = published.query(
        f"""select median(time_to_hire_days) as days from marts.mart_time_to_hire where tenant_id = '{RIVER}'
        and accepted_month between date '2025-11-01' and date '2026-10-01'"""
    )["days"][0]
    head = run("overview", published.home, HEAD, school=NORTH, against="schools")
    compared = [caption.value for caption in head.caption if "in your other schools" in caption.value]
    assert any(f"vs {median:.0f} days (" in words for words in compared), compared
    alone = run("overview", published.home, DIRECTOR, against="schools")
    assert not alone.exception
    assert not [caption for caption in alone.caption if "other schools" in caption.value]


def test_schools_are_shown_beside_one_another_to_those_who_see_several(made: Callable[[Variant], Made]) -> None:
    home, question = made("full").home, "How do the schools compare?"
    several, one = run("overview", home, HEAD), run("overview", home, DIRECTOR)
    assert question in {heading.value for heading in several.subheader}
    assert question not in {heading.value for heading in one.subheader}
    assert SCHOOLS[HANOK] not in everything(several)


def test_rows_held_back_are_counted_for_their_school_alone(made: Callable[[Variant], Made]) -> None:
    captions = [caption.value for caption in run("data_health", made("full").home, DIRECTOR).caption]
    assert any(words.startswith("41 rows wait in quarantine") for words in captions), captions


class Told:
    """Takes what the audit log would be told; that the hiring core takes it is tested in a browser."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    def write(self, _token: str, _method: str, path: str, body: dict[str, Any]) -> None:
        assert path == "audit/exports"
        self.bodies.append(body)


def test_a_list_that_cannot_be_logged_is_not_shown(made: Callable[[Variant], Made], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "client", lambda: HiringClient("http://127.0.0.1:9", timeout_seconds=1))
    asked = run("funnel", made("full").home, DIRECTOR, reached="screen")
    assert f"{RIVER}-app-" not in everything(asked)
    assert any("could not be logged" in warning.value for warning in asked.warning)


def test_drill_down_lists_the_applications_behind_a_figure(made: Callable[[Variant], Made], monkeypatch: pytest.MonkeyPatch) -> None:
    published, told = made("full"), Told()
    monkeypatch.setattr(exports, "client", lambda: told)
    months = "applied_month between date '2025-11-01' and date '2026-10-01'"
    ids = published.query(
        f"""select application_id from marts.fct_applications where tenant_id = '{RIVER}' and {months} and furthest_stage = 'screen'
        and outcome <> 'open' order by applied_at desc, application_id"""
    )["application_id"].to_list()
    insights = Insights.open(DIRECTOR, published.home)
    assert len(ids) > PAGE_ROWS
    second = run("funnel", published.home, DIRECTOR, reached="screen", fate="ended", part="2")
    assert any(caption.value.startswith(f"{len(ids)} applications") for caption in second.caption)
    rows = min(PAGE_ROWS, len(ids) - PAGE_ROWS)
    assert [(body["holds"], body["format"], body["rows"]) for body in told.bodies] == [("people", "page", rows)]
    shown = next(table.value for table in second.dataframe if "Application" in table.value.columns)
    assert shown["Application"].to_list() == [in_hiring(key) for key in ids[PAGE_ROWS : 2 * PAGE_ROWS]]
    reached = insights.metric("F1", period_from=date(2025, 11, 1), period_to=date(2026, 10, 1), group_by=("stage",)).frame
    for rank, (stage, value) in enumerate(zip(reached["stage"], reached["value"], strict=True), 1):
        where = {"applied_from": date(2025, 11, 1), "applied_to": date(2026, 10, 1), "reached": rank}
        assert insights.rows("applications", where=where).frame["total_count"][0] == value, stage


def test_applications_one_by_one_are_for_roles_that_work_with_them(made: Callable[[Variant], Made]) -> None:
    home = made("full").home
    officer = person(Role.PRIVACY_OFFICER, tenants={RIVER})
    with pytest.raises(PageRefused):
        Insights.open(officer, home).rows("applications")
    asked = run("funnel", home, officer, reached="screen")
    assert not asked.exception
    assert f"{RIVER}-app-" not in everything(asked)
    others = Insights.open(DIRECTOR, home).rows("applications", limit=10_000).frame
    assert set(others["school"]) == {SCHOOLS[RIVER]}


def test_funnel_keeps_cohorts_activity_and_snapshot_apart(made: Callable[[Variant], Made]) -> None:
    published = made("full")
    test = run("funnel", published.home, DIRECTOR)
    assert [heading.value for heading in test.header] == ["Cohorts", "Activity", "Snapshot"]
    fullest = published.query(
        f"""select count(*) as there from marts.mart_stage_visits where tenant_id = '{RIVER}' and rank < 7 and exited_at is null
        group by stage order by 1 desc"""
    )["there"][0]
    assert any(f": {fullest} as of the build." in caption.value for caption in test.caption)


def test_a_young_month_is_projected_beside_what_is_hired_so_far(made: Callable[[Variant], Made]) -> None:
    published = made("full")
    test = run("funnel", published.home, DIRECTOR)
    counts = published.query(
        f"""select count(*) as n, count(*) filter (outcome = 'hired') as hired from marts.fct_applications
        where tenant_id = '{RIVER}' and applied_month = date '2026-11-01'"""
    ).row(0)
    (finding,) = [caption.value for caption in test.caption if "will be within 120 days" in caption.value]
    assert finding.startswith(f"Of the {counts[0]} who applied in Nov 2026, {counts[1] / counts[0]:.1%} are hired so far; ")
    assert not any(text.value.startswith("**F5 · version 2") for text in test.markdown)
    test.session_state["receipts-outlook"] = True
    assert any(text.value.startswith("**F5 · version 2") for text in test.run().markdown)


def test_wait_for_an_answer_counts_those_without_one(made: Callable[[Variant], Made]) -> None:
    published = made("full")
    months = "applied_month between date '2025-11-01' and date '2026-10-01'"
    counted = "select count(*) filter (is_censored) as waiting, count(*) as n from marts.mart_first_responses"
    waiting, n = published.query(f"{counted} where tenant_id = '{RIVER}' and {months}").row(0)
    test = run("time", published.home, DIRECTOR)
    (finding,) = [caption.value for caption in test.caption if caption.value.startswith("Half are answered within")]
    assert f"n = {n:,})" in finding
    assert finding.endswith(f"; {waiting} never were, or not yet.")


@pytest.mark.parametrize("page", PAGES)
def test_another_school_is_not_to_be_had_by_url(page: str, made: Callable[[Variant], Made]) -> None:
    published = made("full")
    asked = run(page, published.home, DIRECTOR, school=NORTH)
    plain = run(page, published.home, DIRECTOR)
    assert not asked.exception
    for test in (asked, plain):
        sent = everything(test)
        assert NORTH not in sent
        assert SCHOOLS[NORTH] not in sent
        assert SCHOOLS[HANOK] not in sent
    assert [metric.value for metric in asked.metric] == [metric.value for metric in plain.metric]


def test_door_refuses_a_school_out_of_scope(made: Callable[[Variant], Made]) -> None:
    insights = Insights.open(DIRECTOR, made("full").home)
    with pytest.raises(ScopeExceeded):
        insights.narrowed(NORTH)


def test_door_refuses_equity_to_roles_that_may_not_open_it(made: Callable[[Variant], Made]) -> None:
    insights = Insights.open(person(Role.RECRUITER, tenants={RIVER}), made("full").home)
    assert not insights.may_open(Page.EQUITY)
    with pytest.raises(PageRefused):
        insights.rows("equity_releases")
    with pytest.raises(PageRefused):
        insights.metric("D1")


def test_overview_of_a_recruiter_has_no_equity(made: Callable[[Variant], Made]) -> None:
    published = made("full")
    recruiter = run("overview", published.home, person(Role.RECRUITER, tenants={RIVER}))
    director = run("overview", published.home, DIRECTOR)
    assert "Who applies to us?" in {heading.value for heading in director.subheader}
    assert "Who applies to us?" not in {heading.value for heading in recruiter.subheader}
    assert "undisclosed" not in everything(recruiter).lower()


def test_same_question_of_two_people_is_cached_apart(made: Callable[[Variant], Made]) -> None:
    home = made("full").home
    answers = [
        Insights.open(principal, home).metric("F8", switches={"stage": "hired"}).frame["value"][0] for principal in (DIRECTOR, HEAD, ADMIN)
    ]
    assert answers[0] < answers[1] < answers[2]


def test_agency_scope_gets_no_lists(made: Callable[[Variant], Made]) -> None:
    agency = person(Role.AGENCY_USER, tenants={RIVER}, agency_id=BRIGHT)
    insights = Insights.open(agency, made("full").home)
    assert insights.rows("open_openings").frame.is_empty()
    assert insights.rows("schools").frame.is_empty()
    assert insights.rows("reconciliation").frame.is_empty()


def test_counts_over_all_schools_stay_with_the_platform(made: Callable[[Variant], Made]) -> None:
    home = made("full").home
    assert "failing_count" not in Insights.open(DIRECTOR, home).rows("checks").frame.columns
    assert "failing_count" in Insights.open(ADMIN, home).rows("checks").frame.columns


def test_equity_shows_one_school_at_a_time(made: Callable[[Variant], Made]) -> None:
    home = made("full").home
    several = run("equity", home, HEAD)
    assert any("one school at a time" in info.value for info in several.info)
    one = run("equity", home, HEAD, school=NORTH)
    assert {heading.value for heading in one.subheader} >= {"How many told us about themselves?", "Who applies, by gender?"}


def test_equity_shows_outcomes_with_verdicts_and_no_count_of_a_group(made: Callable[[Variant], Made]) -> None:
    one = run("equity", made("full").home, HEAD, school=NORTH)
    assert not one.exception
    assert {"What became of them, by gender?", "What became of them, by disability?"} <= {heading.value for heading in one.subheader}
    assert any("an indication that “Female” were hired at a lower rate" in caption.value for caption in one.caption)
    grids = [grid.value for grid in one.dataframe if "Hired at a lower rate?" in grid.value.columns]
    verdicts = next(grid for grid in grids if "Female" in set(grid["Group"]))
    assert dict(zip(verdicts["Group"], verdicts["Hired at a lower rate?"], strict=True)) == {
        "Female": "Indication: ask for an audit",
        "Male": "No indication",
        "Non-binary": "Too few to say",
    }
    assert {tuple(grid.columns) for grid in grids} == {("Group", "Hired at a lower rate?")}
    assert any("All schools, Jul–Sep 2026" in text.value for text in one.markdown)


def test_equity_writes_small_counts_and_extreme_shares_alike_for_everybody(made: Callable[[Variant], Made]) -> None:
    page = run("equity", made("full").home, HEAD, school=NORTH)
    assert {box.label for box in page.selectbox} == {"School", "Released period", "School year"}, "no free filter"
    sent = everything(page)
    assert "fewer than 5" in sent
    assert "under 5%" in sent


def test_every_panel_has_a_receipt_and_a_download(made: Callable[[Variant], Made]) -> None:
    test = run("overview", made("full").home, DIRECTOR)
    panels = len(test.subheader) + len(test.metric)
    sent = everything(test)
    assert sent.count("receipt_long") >= panels + 1
    test.session_state["receipts-funnel"] = True
    test.run()
    assert any("Formula." in text.value for text in test.markdown)
    assert any("from marts.mart_funnel_cohorts" in code.value for code in test.code)
    assert any("20261121T000500Z-made" in caption.value for caption in test.caption)


def test_accuracy_page_keeps_backtest_and_live_apart_and_names_the_world(made: Callable[[Variant], Made], tmp_path: Path) -> None:
    import duckdb

    test = run("accuracy", made("full").home, DIRECTOR)
    assert [text.value.partition(":")[0] for text in test.header] == ["Backtest", "Live"]
    assert any("No live figure yet" in text.value for text in test.info)
    world = made("full").query("select world from marts.publish_info").item()
    assert sum(f"simulated world “{world}”" in text.value for text in test.caption) >= 5
    assert any("1 of 3 inputs changed beyond chance" in text.value and "subject" in text.value for text in test.caption)
    assert any("Success, once hired: not shown to be better than the past rate" in text.value for text in test.caption)
    assert any(text.value.startswith("# Time to hire") for text in test.markdown)
    published = publish_made(tmp_path, "full")
    with duckdb.connect(str(published.file)) as connection:
        connection.execute(
            """insert into predictions.model_scores (model, kind, metric_id, predictor, landmark, origin, value, lower, upper, n, world)
            values ('time_to_hire', 'live', 'K1', 'served', 'at_open', 'all', 0.123, 0.1, 0.2, 44, 'made')"""
        )
    grids = [grid.value for grid in run("accuracy", tmp_path, DIRECTOR).dataframe if "Value" in grid.value.columns]
    live, backtest = ([grid for grid in grids if ("Origin" in grid.columns) == is_backtest] for is_backtest in (False, True))
    assert any("12.3%" in str(grid["Value"].to_list()) for grid in live)
    assert not any("12.3%" in str(grid["Value"].to_list()) for grid in backtest)


def test_door_refuses_the_models_lists_to_roles_without_the_page(made: Callable[[Variant], Made]) -> None:
    insights = Insights.open(person(Role.ANALYST, tenants={RIVER}), made("full").home)
    for name in ("model_calibration", "input_drift", "model_cards"):
        with pytest.raises(PageRefused):
            insights.rows(name)


def test_published_version_without_predictions_still_draws(tmp_path: Path) -> None:
    import duckdb

    published = publish_made(tmp_path, "full")
    with duckdb.connect(str(published.file)) as connection:
        connection.execute("drop table predictions.open_openings")
        connection.execute("drop table predictions.model_scores")
    for page in ("overview", "forecast", "accuracy"):
        assert not run(page, tmp_path, DIRECTOR).exception
