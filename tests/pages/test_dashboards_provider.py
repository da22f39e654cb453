"""Signing in at a provider through the dashboard: the button, the way there and back, and who is sent away."""

from collections.abc import Iterator

import httpx
import pytest

from dashboards.sessions import COOKIE
from tests.support.dashboard_stack import Stack
from tests.support.oidc_provider import RunningProvider, provider

HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def running(dashboard_stack: Stack) -> Iterator[RunningProvider]:
    """Start the provider that the stack's hiring API knows."""
    with provider(dashboard_stack.provider_port) as running:
        yield running


def test_a_provider_that_is_away_leaves_the_password(dashboard_stack: Stack) -> None:
    page = httpx.get(f"{dashboard_stack.dashboard}/sign-in/start", timeout=30)
    assert (page.status_code, 'name="password"' in page.text) == (503, True)


def test_the_button_leads_to_the_provider_and_back_into_the_page(running: RunningProvider, dashboard_stack: Stack) -> None:
    email = dashboard_stack.logins["recruiter"]["email"]
    running.set(person={"sub": "recruiter", "email": email, "email_verified": True})
    with httpx.Client(base_url=dashboard_stack.dashboard, timeout=30) as browser:
        page = browser.get("/sign-in?next=/funnel").text
        assert "Sign in with Meridian &amp; Co" in page
        start = page.split('class="other" href="')[1].split('"')[0]
        there = browser.get(start)
        kept = next(value for value in there.headers.get_list("set-cookie") if value.startswith("nexus_attempt"))
        assert "HttpOnly" in kept
        back = httpx.get(there.headers["location"]).headers["location"]
        arrived = browser.get(back)
        assert (arrived.status_code, arrived.headers["location"]) == (303, "/funnel")
        assert "nexus_attempt" not in browser.cookies, "an attempt is over"
        assert browser.get("/", headers=HTML).status_code == 200
        assert browser.get(back).status_code == 401, "the answer works once"


def test_answers_without_the_browsers_own_attempt_and_strangers_are_sent_away(running: RunningProvider, dashboard_stack: Stack) -> None:
    running.set(person={"sub": "x", "email": "stranger@demo.example", "email_verified": True})
    with (
        httpx.Client(base_url=dashboard_stack.dashboard, timeout=30) as browser,
        httpx.Client(base_url=dashboard_stack.dashboard, timeout=30) as victim,
    ):
        back = httpx.get(browser.get("/sign-in/start").headers["location"]).headers["location"]
        assert victim.get(back).status_code == 401, "nobody is signed in to somebody else's session by a link"
        stranger = browser.get(back)
        assert (stranger.status_code, "There is no account for you here" in stranger.text) == (401, True)
        assert browser.get("/sign-in/callback?error=access_denied").status_code == 401
        assert COOKIE not in {**browser.cookies, **victim.cookies}
