"""What the browser tests share: signing in, waiting until a page is drawn, and which pages there are."""

import re
from typing import Literal

from playwright.sync_api import Browser, Page, expect

from tests.support.dashboard_stack import Stack

PATIENCE = 60_000
DESK, PHONE = {"width": 1440, "height": 1400}, {"width": 390, "height": 844}


def settled(tab: Page) -> None:
    """Wait until Streamlit has run the page and drawn it."""
    tab.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    tab.wait_for_selector('[data-testid="stHeading"], h1')
    expect(tab.locator('[data-testid="stSkeleton"]')).to_have_count(0, timeout=PATIENCE)


def sign_in(tab: Page, stack: Stack, login: str, path: str = "/") -> None:
    """Go to a path as a visitor, sign in on the form, land on the path."""
    tab.goto(stack.dashboard + path)
    tab.get_by_label("E-mail").fill(stack.logins[login]["email"])
    tab.get_by_label("Password").fill(stack.logins[login]["password"])
    tab.get_by_role("button", name="Sign in").click()
    settled(tab)


def open_tab(browser: Browser, size: dict[str, int], scheme: Literal["light", "dark"] = "light") -> Page:
    """Return a tab that nobody has signed in with."""
    context = browser.new_context(viewport={"width": size["width"], "height": size["height"]}, color_scheme=scheme, accept_downloads=True)
    context.set_default_timeout(PATIENCE)
    return context.new_page()


def drawn(tab: Page) -> None:
    """Wait until every chart of a settled page holds its picture."""
    settled(tab)
    tab.wait_for_function("() => [...document.querySelectorAll('.stVegaLiteChart')].every(chart => chart.querySelector('svg path'))")


def paths(tab: Page) -> list[str]:
    """Return the paths of the Insights pages that the signed-in person may open, and of Hiring, in the order of the bar."""
    links = tab.locator('[class*="st-key-pages"] a, [class*="st-key-hiring-"] a')
    return ["/" + re.sub(r"[?#].*", "", link.get_attribute("href") or "").strip("/") for link in links.all()]
