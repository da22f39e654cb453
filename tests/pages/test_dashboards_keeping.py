"""What people keep about figures, in a real browser over the real hiring API: receipts by short address, saved views, goals."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.integration.test_hiring_tenancy import receipt
from tests.pages.test_dashboards_browser import PATIENCE, settled, sign_in
from tests.support.dashboard_stack import NORTH, RIVER, Stack
from tests.support.published_file import VERSION


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1440, "height": 1400})
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def hiring(stack: Stack, credential: str, method: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {credential}"}
    reply = httpx.request(method, f"{stack.hiring}/v1/{path}", json=body, headers=headers, timeout=30)
    assert reply.is_success, reply.text
    return reply.json() if reply.content else None


def token_of(stack: Stack, login: str) -> str:
    known = stack.logins[login]
    body = {"email": known["email"], "password": known["password"]}
    return str(httpx.post(f"{stack.hiring}/v1/sessions", json=body, timeout=30).json()["token"])


def service_key(stack: Stack) -> str:
    return (stack.home / "secrets" / "internal_api_key").read_text().strip()


def card(page: Page, name: str) -> Any:
    return page.locator(f".st-key-card-{name}")


def test_link_of_a_figure_opens_the_same_figure(page: Page, dashboard_stack: Stack) -> None:
    sign_in(page, dashboard_stack, "hr_director")
    shown = card(page, "time-to-hire").get_by_test_id("stMetricValue").inner_text()
    card(page, "time-to-hire").get_by_role("button", name=re.compile("Receipt")).click()
    page.get_by_role("button", name=re.compile("Get a link")).first.click()
    address = page.get_by_test_id("stCode").filter(has_text="/r/").inner_text().strip()
    assert re.fullmatch(rf"{dashboard_stack.dashboard}/r/[A-Za-z0-9_-]{{16}}", address)
    page.goto(address)
    settled(page)
    expect(page.get_by_text("This is what is published now")).to_be_visible()
    text = page.locator('[data-testid="stMain"]').inner_text()
    assert all(part in text for part in ("T4", "Formula.", "Policy.", VERSION, "mart_time_to_hire"))
    kept = hiring(dashboard_stack, token_of(dashboard_stack, "hr_director"), "GET", f"receipts/{address.rpartition('/')[2]}")
    assert f"{kept['content']['rows'][0]['value']:.0f} days" == shown
    assert kept["tenant_ids"] == [NORTH]


def test_receipt_of_an_older_version_keeps_its_number_and_shows_todays_beside_it(page: Page, dashboard_stack: Stack) -> None:
    row = {"value": 77.0, "n": 123, "lower": 71.0, "upper": 82.0, "n_open": None, "is_mature": None, "suppressed": False,
           "is_rankable": True, "reason": None}  # fmt: skip
    old = receipt(NORTH, rows=[row], publish_version="20250101T000000-0001", name="Time to hire, as it was")
    made = hiring(dashboard_stack, service_key(dashboard_stack), "POST", "receipts", old)["id"]
    sign_in(page, dashboard_stack, "hr_director", f"/r/{made}")
    expect(page.get_by_text("Newer figures have been published since")).to_be_visible()
    kept, today = (page.locator(f".st-key-receipt-{name}") for name in ("kept", "today"))
    expect(kept).to_contain_text("20250101T000000-0001")
    expect(kept).to_contain_text("Time to hire, as it was")
    expect(today).to_contain_text(VERSION)
    for place in (kept, today):
        expect(place.get_by_test_id("stDataFrame")).to_be_visible()


def test_receipt_of_another_school_looks_like_none(page: Page, dashboard_stack: Stack) -> None:
    made = hiring(dashboard_stack, service_key(dashboard_stack), "POST", "receipts", receipt(RIVER, name="Of the river school"))["id"]
    sign_in(page, dashboard_stack, "hr_director", f"/r/{made}")
    expect(page.get_by_text("There is no receipt at this address")).to_be_visible()
    assert "river" not in page.content().lower()
    page.goto(f"{dashboard_stack.dashboard}/r/AAAAAAAAAAAAAAAA")
    settled(page)
    expect(page.get_by_text("There is no receipt at this address")).to_be_visible()


def test_visitor_is_asked_to_sign_in_before_a_receipt(dashboard_stack: Stack) -> None:
    reply = httpx.get(f"{dashboard_stack.dashboard}/r/AAAAAAAAAAAAAAAA", headers={"accept": "text/html"})
    assert (reply.status_code, reply.headers["location"]) == (303, "/sign-in?next=/r/AAAAAAAAAAAAAAAA")


def test_saved_view_brings_its_filters_back_and_can_be_deleted(page: Page, dashboard_stack: Stack) -> None:
    sign_in(page, dashboard_stack, "recruiter", "/funnel?subject=Science&period=last-24")
    page.get_by_role("button", name=re.compile("Views")).click()
    page.get_by_label("Name of the view").fill("Science, two years")
    page.get_by_role("button", name=re.compile("Save these filters")).click()
    token = token_of(dashboard_stack, "recruiter")
    link = page.get_by_role("link", name=re.compile("Science, two years"))
    expect(link).to_have_count(1)
    (view,) = hiring(dashboard_stack, token, "GET", "saved-views")["items"]
    assert (view["page"], view["filters"]) == ("funnel", {"subject": "Science", "period": "last-24"})
    page.goto(f"{dashboard_stack.dashboard}/funnel")
    settled(page)
    assert "subject" not in page.url
    page.get_by_role("button", name=re.compile("Views")).click()
    page.get_by_role("link", name=re.compile("Science, two years")).click()
    page.wait_for_url(re.compile("(?=.*subject=Science)(?=.*period=last-24)"))
    settled(page)
    page.get_by_role("button", name=re.compile("Delete")).click()  # the menu has stayed open
    expect(page.get_by_text("Nothing saved yet")).to_be_visible()
    assert hiring(dashboard_stack, token, "GET", "saved-views")["items"] == []


def test_goal_stands_on_its_card_against_the_figure(page: Page, dashboard_stack: Stack) -> None:
    token = token_of(dashboard_stack, "hr_director")
    target = {"tenant_id": NORTH, "metric_id": "T4", "goal": 500, "unit": "days", "direction": "at_most"}
    made = hiring(dashboard_stack, token, "POST", "targets", target)
    sign_in(page, dashboard_stack, "hr_director")
    expect(card(page, "time-to-hire")).to_contain_text("goal at most 500 days: met")
    expect(card(page, "time-to-fill")).not_to_contain_text("goal")
    page.get_by_role("button", name=re.compile("Goals")).click()
    page.get_by_label("Goal, as the card writes it").fill("100000")
    page.get_by_role("button", name="Set the goal").click()
    expect(card(page, "hires")).to_contain_text("goal at least 100,000: missed")
    targets = hiring(dashboard_stack, token, "GET", "targets")["items"]
    assert [(row["metric_id"], row["switches"]) for row in targets if row["id"] != made["id"]] == [("F8", {"stage": "hired"})]
    for row in targets:
        hiring(dashboard_stack, token, "DELETE", f"targets/{row['id']}")
