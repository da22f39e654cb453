"""The page of alert rules, in a real browser on the real hiring API: make a rule, test it, see its state, delete it."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from dashboards.panels import alert_rules
from foundation.access import Page as PageName
from foundation.access import Role
from tests.pages.test_dashboards_browser import PATIENCE, page, settled, sign_in
from tests.support.dashboard_stack import NORTH, Stack
from tests.support.signed_in import person

__all__ = ["page"]


def test_only_those_who_may_make_rules_have_the_page() -> None:
    allowed = {role for role in Role if person(role, tenants={NORTH}).may_open(PageName.ALERTS)}
    assert allowed == {Role.HR_DIRECTOR, Role.PLATFORM_ADMIN}


@pytest.mark.timeout(300)
def test_rule_is_made_tested_shown_with_its_state_and_deleted(dashboard_stack: Stack, page: Page) -> None:
    sign_in(page, dashboard_stack, "hr_director", "/alerts")
    expect(page.locator("body")).to_contain_text("No rule watches a figure yet", timeout=PATIENCE)
    page.get_by_label("Name", exact=True).fill("Slow *hiring*")
    page.get_by_role("combobox", name="Figure").fill("Time to hire")  # a long list draws only the options in sight
    page.get_by_role("option", name="T4 Time to hire").click()
    page.get_by_label("Limit, as the page writes it").fill("10")
    page.get_by_role("button", name="Make the rule").click()
    expect(page.locator("body")).to_contain_text("The rule is made", timeout=PATIENCE)
    expect(page.locator("body")).to_contain_text("Slow *hiring* · Northgate School")
    expect(page.locator("body")).to_contain_text("Tells when T4 Time to hire over 3 whole months is above 10 days.")
    expect(page.locator("body")).to_contain_text("Not judged yet")
    settled(page)
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.locator("body")).to_contain_text("would tell now. T4 Time to hire, 3 months to Oct 2026:", timeout=PATIENCE)
    settled(page)
    login = {name: dashboard_stack.logins["hr_director"][name] for name in ("email", "password")}
    token = httpx.post(f"{dashboard_stack.hiring}/v1/sessions", json=login).json()["token"]
    [kept] = httpx.get(f"{dashboard_stack.hiring}/v1/alert-rules", headers={"Authorization": f"Bearer {token}"}).json()["items"]
    assert (kept["name"], kept["condition"], kept["tenant_id"]) == (
        "Slow *hiring*",
        {"kind": "threshold", "direction": "above", "limit": 10.0},
        NORTH,
    )
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator("body")).to_contain_text("The rule is gone", timeout=PATIENCE)
    expect(page.locator("body")).to_contain_text("No rule watches a figure yet")


def test_limit_in_percent_is_kept_as_a_share_and_said_as_percent() -> None:
    assert alert_rules.as_stored(12, "rate") == 0.12
    assert alert_rules.as_stored(12, "days") == 12
    rule = {"metric_id": "S2", "period_months": 6, "condition": {"kind": "threshold", "direction": "below", "limit": 0.12}}
    assert alert_rules.watched(rule) == "Tells when S2 Source yield over 6 whole months is below 12%."


def test_equity_and_model_figures_are_not_on_offer() -> None:
    assert {entry.id[0] for entry in alert_rules.watchable()} <= set("FTOSRVWI")
    assert {"T4", "T5", "F8", "S2"} <= {entry.id for entry in alert_rules.watchable()}
