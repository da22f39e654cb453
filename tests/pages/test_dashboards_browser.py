"""A real browser: every role signs in and opens each of its pages; figures equal SQL; other schools stay out of sight."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from foundation.access import Page as PageName
from foundation.access import Principal, Role
from tests.pages.browsing import DESK, PATIENCE, open_tab, settled, sign_in
from tests.support.dashboard_stack import HANOK, NORTH, RIVER, Stack, fresh_dashboard
from tests.support.published_file import BRIGHT, SCHOOLS, SLOW, Made
from tests.support.signed_in import person

TITLES = {
    PageName.OVERVIEW: "Overview",
    PageName.FUNNEL: "Funnel",
    PageName.SOURCES: "Sources",
    PageName.TIME: "Time",
    PageName.AGENCY: "Agencies",
    PageName.EQUITY: "Equity",
    PageName.FORECAST: "Forecast",
    PageName.ACCURACY: "Accuracy",
    PageName.DATA_HEALTH: "Data health",
}
TENANTS: dict[str, set[str] | None] = {"group_head": {NORTH, RIVER}, "agency_user": {NORTH, RIVER}}
PLATFORM = {"analyst", "engineer", "privacy_officer", "platform_admin", "bias_auditor"}
LOGINS = ["hr_director", "recruiter", "hiring_manager", "interviewer", "group_head", "agency_user", *sorted(PLATFORM)]


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """Return a tab of a browser that nobody has signed in with; a request to another host fails the test."""
    tab = open_tab(chromium, DESK)
    elsewhere: list[str] = []
    tab.on(
        "request", lambda request: None if request.url.startswith(("http://127.0.0.1", "data:", "blob:")) else elsewhere.append(request.url)
    )
    yield tab
    tab.context.close()
    assert elsewhere == [], "the dashboard must not call other hosts"


def assert_sound(tab: Page, name: str, folder: Path) -> None:
    """Fail on an error box; keep a picture."""
    tab.screenshot(path=folder / f"{name}.png")
    assert tab.locator('[data-testid="stException"]').count() == 0
    assert tab.locator('[data-testid="stAlertContentError"]').count() == 0


def person_of(login: str) -> Principal:
    """Return who the login stands for, by the access rules of the product."""
    role = Role.HR_DIRECTOR if login == "group_head" else Role(login)
    agency_id = BRIGHT if role is Role.AGENCY_USER else None
    return person(role, tenants=None if login in PLATFORM else TENANTS.get(login, {NORTH}), agency_id=agency_id)


def scope_sql(principal: Principal, column: str = "tenant_id") -> str:
    """Return the condition of a principal's rows."""
    if principal.tenant_ids is None:
        return "true"
    own = "" if principal.agency_id is None else f" and agency_id = '{principal.agency_id}'"
    return f"{column} in ({', '.join(repr(tenant) for tenant in sorted(principal.tenant_ids))}){own}"


_PERIOD = "between date '2025-11-01' and date '2026-10-01'"


def number(made: Made, sql: str) -> int:
    """Return one whole number of the published file."""
    return int(made.query(sql).item())


def hires(made: Made, who: str) -> str:
    return f"Hires\n{number(made, f'select count(*) from marts.fct_hires where {who} and accepted_month {_PERIOD}'):,}"


def applied(made: Made, who: str) -> str:
    return f"{number(made, f'select count(*) from marts.fct_applications where {who} and applied_month {_PERIOD}'):,} (100%)"


def busiest_channel(made: Made, who: str) -> str:
    rows = made.query(
        f"select channel_type, count(*) as n from marts.fct_applications where {who} and applied_month {_PERIOD} group by 1 order by 2 desc"
    )
    return f"Job board brings most applications: {rows['n'][0]:,}"


def days_to_hire(made: Made, who: str) -> str:
    sql = f"select median(time_to_hire_days) as days from marts.mart_time_to_hire where {who} and accepted_month {_PERIOD}"
    return f"Median time to hire\n{made.query(sql).item():.0f} days"


def submitted(made: Made, who: str) -> str:
    sql = f"select count(*) from marts.mart_agency_submissions where {who} and submitted_month {_PERIOD}"
    return f"{number(made, sql):,} submissions;"


def invited(made: Made, who: str) -> str:
    sql = f"""select sum(people_count) from marts.mart_equity_releases where {who} and attribute = 'self_id'
        and category <> 'not_invited' and period_start = date '2026-06-01'"""
    tenants = number(made, f"select count(distinct tenant_id) from marts.mart_equity_releases where {who}")
    return f"of {number(made, sql):,} invited applicants answered" if tenants == 1 else "one school at a time"


def open_jobs(made: Made, who: str) -> str:
    return f"{number(made, f'select count(*) from predictions.open_openings where {who}')} open jobs."


def coverage_held(made: Made, who: str) -> str:
    where = "metric_id = 'K4' and predictor = 'hazard' and origin = 'all' and kind = 'backtest'"
    held = number(made, f"select count(*) from predictions.model_scores where {where} and lower <= 0.83 and upper >= 0.77")
    return f"At {held} of {number(made, f'select count(*) from predictions.model_scores where {where}')} stages"


def passed_checks(made: Made, who: str) -> str:
    counts = made.query("select count(*) filter (passed) as passed, count(*) as every from marts.check_results").row(0)
    return f"{counts[0]} of {counts[1]}"


SHOWN: dict[PageName, Callable[[Made, str], str]] = {
    PageName.OVERVIEW: hires,
    PageName.FUNNEL: applied,
    PageName.SOURCES: busiest_channel,
    PageName.TIME: days_to_hire,
    PageName.AGENCY: submitted,
    PageName.EQUITY: invited,
    PageName.FORECAST: open_jobs,
    PageName.ACCURACY: coverage_held,
    PageName.DATA_HEALTH: passed_checks,
}


@pytest.mark.parametrize("login", LOGINS)
def test_role_opens_each_of_its_pages_and_no_other(login: str, page: Page, dashboard_stack: Stack, tmp_path: Path) -> None:
    principal = person_of(login)
    sign_in(page, dashboard_stack, login)
    allowed = [name for name in TITLES if principal.may_open(name)]
    if not allowed:
        expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
        assert_sound(page, f"{login}-start", tmp_path)
    for name in allowed:
        if name is not PageName.OVERVIEW:  # where one lands
            page.get_by_role("link", name=TITLES[name], exact=True).click()
        expected = SHOWN[name](dashboard_stack.made, scope_sql(principal))
        expect(page.locator("body")).to_contain_text(re.compile(r"\s*".join(map(re.escape, expected.split()))), timeout=PATIENCE)
        settled(page)
        assert_sound(page, f"{login}-{name.value}", tmp_path)
        if principal.tenant_ids is not None:
            seen = page.content()
            assert not [other for school, other in SCHOOLS.items() if school not in principal.tenant_ids and other in seen]
    for name in set(TITLES) - set(allowed):
        assert page.get_by_role("link", name=TITLES[name], exact=True).count() == 0
    has_hiring = page.get_by_role("link", name="Hiring", exact=True).count() == 1
    assert has_hiring == principal.may_open(PageName.HIRING)
    if has_hiring:
        page.get_by_role("link", name="Hiring", exact=True).click()
        expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
        assert_sound(page, f"{login}-hiring", tmp_path)


def test_another_school_is_not_to_be_had_by_url(page: Page, dashboard_stack: Stack) -> None:
    frames: list[bytes] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda data: frames.append(data if isinstance(data, bytes) else data.encode())),
    )
    asked = f"?school={RIVER}&tenant_id={HANOK}&tenant={HANOK}"
    sign_in(page, dashboard_stack, "hr_director", "/hiring")
    for path in ("/", "/funnel", "/sources", "/time", "/agency", "/equity", "/forecast", "/data-health"):
        frames.clear()
        page.goto(dashboard_stack.dashboard + path + asked)
        settled(page)
        sent = b"".join(frames) + page.content().encode()
        assert SCHOOLS[NORTH].encode() in sent, "the listener sees what the server sends"
        for other in (RIVER, HANOK):
            assert SCHOOLS[other].encode() not in sent, path


def test_another_agency_and_whole_schools_are_not_to_be_had_by_url(page: Page, dashboard_stack: Stack) -> None:
    frames: list[bytes] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda data: frames.append(data if isinstance(data, bytes) else data.encode())),
    )
    sign_in(page, dashboard_stack, "agency_user", f"/agency?agency_id={SLOW}&school={HANOK}")
    for path in ("/agency", "/", "/funnel", "/sources", "/equity", "/data-health", "/hiring"):
        page.goto(f"{dashboard_stack.dashboard}{path}?agency_id={SLOW}&agency={SLOW}&school={HANOK}")
        settled(page)
    sent = b"".join(frames) + page.content().encode()
    assert SCHOOLS[NORTH].encode() in sent, "the listener sees what the server sends"
    for other in ("Slow Agency", SCHOOLS[HANOK], "Which channels bring hires?", "Where do candidates leave?"):
        assert other.encode() not in sent, other
    foreign = f"select application_id from marts.mart_agency_submissions where agency_id = '{SLOW}'"  # its id is the visitor's own words
    ids = dashboard_stack.made.query(foreign)["application_id"].to_list()
    assert ids
    assert not [key for key in ids if re.search(rb"%b(?!\d)" % re.escape(key).encode(), sent)]


def test_page_of_another_role_is_not_to_be_had_by_url(page: Page, dashboard_stack: Stack) -> None:
    frames: list[bytes] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda data: frames.append(data if isinstance(data, bytes) else data.encode())),
    )
    sign_in(page, dashboard_stack, "recruiter", "/equity")
    sent = b"".join(frames)
    assert b"invited applicants" not in sent
    assert b"Undisclosed" not in sent


def test_reload_stays_signed_in_and_the_url_keeps_filters_only(page: Page, dashboard_stack: Stack) -> None:
    sign_in(page, dashboard_stack, "group_head", f"/?school={RIVER}&period=last-24")
    page.get_by_role("link", name="Funnel", exact=True).click()
    page.wait_for_url(f"**/funnel?*school={RIVER}*")
    settled(page)
    page.get_by_role("combobox", name="Subject").click()
    page.get_by_role("option", name="Science").click()
    page.wait_for_url("**/funnel?*subject=Science*")
    settled(page)
    page.get_by_role("link", name="Sources", exact=True).click()
    page.wait_for_url("**/sources?*subject=Science*")
    page.go_back()
    page.reload()
    settled(page)
    months = "applied_month between date '2024-11-01' and date '2026-10-01'"
    sql = f"select count(*) from marts.fct_applications where tenant_id = '{RIVER}' and subject = 'Science' and {months}"
    expect(page.locator("body")).to_contain_text(f"{number(dashboard_stack.made, sql):,} (100%)", timeout=PATIENCE)
    assert set(re.findall(r"[?&](\w+)=", page.url)) == {"school", "subject", "period"}


def test_first_visit_of_all_may_be_to_any_page(page: Page, dashboard_stack: Stack) -> None:
    with fresh_dashboard(dashboard_stack) as address:
        sign_in(page, replace(dashboard_stack, dashboard=address), "hr_director", "/sources")
        expect(page.get_by_role("heading", name="Which channels bring hires?")).to_be_visible()
        page.close()


def test_receipt_names_definition_sql_and_version(page: Page, dashboard_stack: Stack) -> None:
    sign_in(page, dashboard_stack, "hr_director", "/sources")
    page.locator(".st-key-foot-sources").get_by_role("button", name="Receipt").click()
    receipt = page.locator('[data-testid="stPopoverBody"]')
    expect(receipt).to_contain_text("S2 · version 1 · Source yield")
    expect(receipt).to_contain_text("from marts.mart_source_cohorts", timeout=20_000)  # what colours SQL is fetched when it is first shown
    expect(receipt).to_contain_text("20261121T000500Z-made")


def test_table_of_a_chart_downloads_as_csv(page: Page, dashboard_stack: Stack) -> None:
    sign_in(page, dashboard_stack, "hr_director", "/sources")
    with page.expect_download() as download:
        page.locator(".st-key-foot-source-volume").get_by_role("button", name="CSV").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert lines[0].startswith("channel_type,value,n")
    assert len(lines) == 6


def test_sign_out_in_the_browser_ends_it(page: Page, dashboard_stack: Stack) -> None:
    sign_in(page, dashboard_stack, "engineer")
    page.get_by_role("button", name="Engineer").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.goto(dashboard_stack.dashboard + "/data-health")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_dark_scheme_is_dark(chromium: Browser, dashboard_stack: Stack, tmp_path: Path) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 2200}, color_scheme="dark")
    context.set_default_timeout(PATIENCE)
    tab = context.new_page()
    sign_in(tab, dashboard_stack, "hr_director")
    ground = tab.locator('[data-testid="stApp"]').evaluate("element => getComputedStyle(element).backgroundColor")
    ink = tab.locator("svg.marks text, [data-testid='stVegaLiteChart'] svg text").first.evaluate(
        "element => getComputedStyle(element).fill"
    )
    assert_sound(tab, "overview-dark", tmp_path)
    context.close()
    assert sum(map(int, re.findall(r"\d+", ground)[:3])) < 120, ground
    assert sum(map(int, re.findall(r"\d+", ink)[:3])) > 400, ink


@pytest.mark.parametrize(("login", "is_shown"), [("engineer", True), ("hr_director", False)])
def test_queues_and_events_are_shown_to_operators_alone(login: str, is_shown: bool, page: Page, dashboard_stack: Stack) -> None:
    sign_in(page, dashboard_stack, login)
    page.get_by_role("link", name="Data health", exact=True).click()
    expect(page.get_by_text("Which rows were held back?")).to_be_visible(timeout=PATIENCE)
    settled(page)
    panel = page.get_by_text("Does the machinery keep up?")
    expect(panel).to_have_count(int(is_shown))
    if is_shown:
        expect(page.get_by_text("Nothing needs an operator")).to_be_visible()
