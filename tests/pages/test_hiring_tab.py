"""The Hiring tab in a real browser on the real hiring API: from an open job to a hire, and what goes wrong on the way."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pages.browsing import DESK, PHONE, open_tab, settled, sign_in
from tests.pages.test_dashboards_reach import violations
from tests.support.dashboard_stack import HANOK, NORTH, Stack

REASON = "Too little experience"


@dataclass
class Core:
    """The hiring API of the stack, spoken to as one of its logins."""

    stack: Stack
    tokens: dict[str, str] = field(default_factory=dict)

    def do(self, login: str, method: str, path: str, body: Any = None) -> Any:
        """Send one request that must succeed, to the service that keeps what it is about; return its body."""
        if login not in self.tokens:
            credentials = {name: self.stack.logins[login][name] for name in ("email", "password")}
            self.tokens[login] = httpx.post(f"{self.stack.hiring}/v1/sessions", json=credentials).json()["token"]
        headers = {"Authorization": f"Bearer {self.tokens[login]}"}
        service = self.stack.assessments if path.startswith("interviews") else self.stack.hiring
        reply = httpx.request(method, f"{service}/v1/{path}", json=body, headers=headers)
        assert reply.is_success, f"{method} {path}: {reply.status_code} {reply.text}"
        return reply.json()

    def open_job(self, school: str, title: str) -> str:
        """Open a job with one opening; return its id."""
        body = {"tenant_id": school, "title": title, "subject": "mathematics", "grade_range": "9-12"}
        job_id = self.do("platform_admin", "POST", "jobs", body)["id"]
        self.do("platform_admin", "POST", f"jobs/{job_id}/approve")
        self.do("platform_admin", "POST", f"jobs/{job_id}/open")
        return str(job_id)

    def apply(self, job_id: str, given_name: str, family_name: str = "Example") -> str:
        """Make a new person apply; return the application's id."""
        person = {"given_name": given_name, "family_name": family_name, "email": f"{given_name}@{job_id[-12:]}.example"}
        return str(self.do("platform_admin", "POST", "applications", {"job_id": job_id, "candidate": person})["id"])

    def steps(self, application_id: str) -> list[str]:
        """Return the stages and endings an application went through."""
        return [event["to_stage"] for event in self.do("recruiter", "GET", f"applications/{application_id}/stage-events")]


@pytest.fixture
def core(dashboard_stack: Stack) -> Core:
    return Core(dashboard_stack)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    tab = open_tab(chromium, DESK)
    yield tab
    assert tab.locator('[data-testid="stException"]').count() == 0
    tab.context.close()


def body(tab: Page) -> Any:
    return expect(tab.locator("body"))


def press(tab: Page, name: str, told: str) -> None:
    """Press a button and wait until the page tells what came of it."""
    tab.get_by_role("button", name=name, exact=True).click()
    body(tab).to_contain_text(told)
    settled(tab)


def opened(tab: Page, name: str) -> None:
    """Press what opens a dialog and wait until it is drawn."""
    tab.get_by_role("button", name=name, exact=True).click()
    expect(tab.get_by_role("dialog")).to_be_visible()
    settled(tab)


def fill(tab: Page, label: str, text: str) -> None:
    """Type into a field and leave it, as Streamlit takes it then."""
    field = tab.get_by_role("textbox", name=label).or_(tab.get_by_role("spinbutton", name=label))
    field.fill(text)
    field.press("Tab")


def approve(core: Core, tab: Page, application_id: str) -> None:
    """Let a director approve the live offer of an application, and see it so."""
    offers = core.do("recruiter", "GET", f"offers?application_id={application_id}")["items"]
    core.do("hr_director", "POST", f"offers/{offers[-1]['id']}/approve")
    tab.reload()
    settled(tab)


def test_recruiter_leads_a_candidate_from_an_open_job_to_a_hire(core: Core, page: Page) -> None:
    job_id = core.open_job(NORTH, "Physics *teacher*")
    hired, other = core.apply(job_id, "Ada"), core.apply(job_id, "Grace")
    sign_in(page, core.stack, "recruiter", "/hiring")
    page.get_by_role("link", name="Physics *teacher*").click()
    body(page).to_contain_text("1 of 1 opening left")
    expect(page.locator(".st-key-stage-applied")).to_contain_text("Applied · 2")
    page.get_by_role("link", name="Ada Example").click()
    expect(page.get_by_role("heading", name="Ada Example")).to_be_visible()
    assert "Ada" not in page.url
    settled(page)
    page.get_by_role("button", name="Move to Screen", exact=True).dblclick()
    body(page).to_contain_text("Ada Example is in Screen now.")
    settled(page)
    assert core.steps(hired) == ["applied", "screen"], "a double click moves once"
    press(page, "Undo: back to Applied", "It is back where it was.")
    assert core.steps(hired) == ["applied", "screen", "applied"]
    press(page, "Move to Interview", "Ada Example is in Interview now.")

    opened(page, "Make an offer…")
    fill(page, "Salary a year", "41000")
    press(page, "Draft the offer", "Currency: give its three-letter code")
    fill(page, "Currency", "gbp")
    press(page, "Draft the offer", "Draft: needs approval · Full-time, start open, GBP 41,000")
    press(page, "Ask for approval", "Waits for approval ·")
    assert page.get_by_role("button", name="Approve", exact=True).count() == 0, "a recruiter approves nothing"
    approve(core, page, hired)
    press(page, "Mark as sent", "Sent: waits for the answer")
    opened(page, "Revise…")
    press(page, "Revise the offer", "Nothing is different yet.")
    fill(page, "Salary a year", "42000")
    press(page, "Revise the offer", "Draft: needs approval · Full-time, start open, GBP 42,000")
    body(page).to_contain_text("Superseded: Full-time, start open, GBP 41,000")
    approve(core, page, hired)
    press(page, "Mark as sent", "Sent: waits for the answer")
    page.get_by_role("button", name="Accepted…").click()
    page.get_by_role("button", name="Hire", exact=True).dblclick()
    body(page).to_contain_text("Hired.")
    body(page).to_contain_text("starts")
    settled(page)
    assert core.do("recruiter", "GET", f"jobs/{job_id}")["status"] == "closed"
    assert len(core.do("recruiter", "GET", f"hires?application_id={hired}")["items"]) == 1
    assert core.steps(other)[-1] == "job_closed"


def test_conflict_is_told_and_a_rejection_keeps_its_reason(core: Core, page: Page) -> None:
    reason = core.do("platform_admin", "POST", "terminal-reasons", {"tenant_id": NORTH, "name": REASON, "side": "employer"})
    application_id = core.apply(core.open_job(NORTH, "Chemistry teacher"), "Marie")
    sign_in(page, core.stack, "recruiter", f"/hiring?application={application_id}")
    core.do("hr_director", "POST", f"applications/{application_id}/move", {"to_stage": "interview"})
    press(page, "Move to Screen", "Somebody changed this meanwhile.")
    body(page).to_contain_text("Interview since today")
    assert core.steps(application_id) == ["applied", "interview"]
    opened(page, "Reject…")
    page.get_by_role("combobox", name="Why?").click()
    page.get_by_role("option", name=REASON).click()
    settled(page)
    press(page, "Reject", f"Rejected: {REASON}")
    row = core.do("recruiter", "GET", f"applications/{application_id}")
    assert (row["status"], row["terminal_reason_id"], row["version"]) == ("rejected", reason["id"], 3)
    press(page, "Undo: take up again", "It is back where it was.")
    assert core.steps(application_id)[-1] == "interview"

    def interview() -> dict[str, Any]:
        [row] = core.do("recruiter", "GET", f"interviews?application_id={application_id}")["items"]
        return row

    opened(page, "Schedule an interview…")
    page.get_by_role("combobox", name="Interviewers").click()
    page.get_by_role("option", name="Interviewer", exact=True).click()
    page.keyboard.press("Escape")
    press(page, "Schedule the interview", "The interview is scheduled.")
    first, participants = interview(), core.do("recruiter", "GET", f"interviews/{interview()['id']}/participants")
    assert len(participants) == 1
    opened(page, "Move…")
    fill(page, "Minutes", "90")
    press(page, "Move the interview", "The interview is moved to")
    assert (interview()["scheduled_start"], interview()["version"]) == (first["scheduled_start"], 2)
    assert interview()["scheduled_end"] != first["scheduled_end"]
    press(page, "Undo: the earlier time", "It is back where it was.")
    assert {**interview(), "version": 1} == first
    page.locator(".st-key-interviews").get_by_role("button", name="Cancel…").click()
    press(page, "Cancel the interview", "The interview is cancelled.")
    assert interview()["status"] == "cancelled"


def test_director_edits_a_job_of_many_candidates_finds_one_and_closes_it(core: Core, page: Page) -> None:
    job_id = core.open_job(NORTH, "Greek teacher")
    for number in range(26):
        core.apply(job_id, f"Number{number:02}", "Wanted" if number == 25 else "Example")
    sign_in(page, core.stack, "hr_director", f"/hiring?job={job_id}")
    cards = page.locator('[class*="st-key-candidate-"]')
    expect(cards).to_have_count(8)
    page.get_by_role("link", name="All 26").click()
    body(page).to_contain_text("1–24 of 26")
    page.get_by_role("link", name="Next →").click()
    body(page).to_contain_text("25–26 of 26")
    expect(cards).to_have_count(2)
    page.get_by_role("link", name="← All stages").click()
    expect(cards).to_have_count(8)
    fill(page, "Find a candidate", "wanted num")
    body(page).to_contain_text("1 candidate by this name")
    expect(cards).to_have_count(1)
    assert "wanted" not in page.url

    opened(page, "Edit…")
    fill(page, "Title", "Teacher of Greek and Latin")
    fill(page, "Subject", "Classical languages")
    press(page, "Save", "The job is changed.")
    expect(page.get_by_role("heading", name="Teacher of Greek and Latin")).to_be_visible()
    opened(page, "Openings…")
    fill(page, "Openings, filled ones among them", "3")
    press(page, "Save", "3 of 3 openings left")
    opened(page, "Close…")
    body(page).to_contain_text("26 active applications end with it")
    page.get_by_text("There is no budget for it any more").click()
    press(page, "Close the job", "The job is closed.")
    job = core.do("recruiter", "GET", f"jobs/{job_id}")
    assert (job["subject"], job["headcount"], job["close_reason"]) == ("classical_languages", 3, "budget")
    press(page, "Open again", "The job is open again.")
    assert core.do("recruiter", "GET", f"jobs/{job_id}")["status"] == "open"


def test_candidate_is_added_once_and_a_wrong_address_is_named(core: Core, page: Page) -> None:
    job_id = core.open_job(NORTH, "Latin teacher")
    sign_in(page, core.stack, "recruiter", f"/hiring?view=add&job={job_id}")
    page.get_by_label("Given name").fill("Emmy")
    page.get_by_label("Family name").fill("Example")
    page.get_by_role("textbox", name="E-mail").fill("emmy at home")
    page.get_by_role("textbox", name="E-mail").press("Tab")
    press(page, "Add the candidate", "E-mail: write it like name@mail.example.")
    page.get_by_role("textbox", name="E-mail").fill("emmy@home.example")
    page.get_by_role("textbox", name="E-mail").press("Tab")
    page.get_by_role("button", name="Add the candidate").dblclick()
    expect(page.get_by_role("heading", name="Emmy Example")).to_be_visible()
    assert len(core.do("recruiter", "GET", f"applications?job_id={job_id}")["items"]) == 1


def test_every_place_is_whole_on_a_phone_and_axe_finds_nothing(core: Core, chromium: Browser) -> None:
    job_id = core.open_job(NORTH, "Teacher of a subject with a long and winding name")
    application_id = core.apply(job_id, "Maximiliane-Alexandra")
    core.do("hr_director", "POST", f"applications/{application_id}/offers", {"salary_minor": 4_200_000, "salary_currency": "GBP"})
    tab = open_tab(chromium, PHONE, "dark")
    sign_in(tab, core.stack, "hr_director", "/hiring")
    found: dict[str, list[str]] = {}
    places = ("", f"?job={job_id}", f"?application={application_id}", "?view=waiting", f"?view=add&job={job_id}", "?view=draft",
              f"?job={job_id}&place=applied")  # fmt: skip
    dialogs = {f"?job={job_id}": "Edit…", f"?application={application_id}": "Schedule an interview…"}

    def look(name: str) -> None:
        parts = "html, .stMain, [role=dialog]"
        widths = tab.evaluate("parts => [...document.querySelectorAll(parts)].map(part => [part.scrollWidth, part.clientWidth])", parts)
        found[name] = violations(tab) + [f"scrolls sideways: {needed} > {given}" for needed, given in widths if needed > given]

    for place in places:
        tab.goto(f"{core.stack.dashboard}/hiring{place}")
        settled(tab)
        look(place)
        if place in dialogs:
            opened(tab, dialogs[place])
            look(dialogs[place])
    tab.context.close()
    assert {place: faults for place, faults in found.items() if faults} == {}


def test_another_schools_job_is_not_found_and_an_interviewer_sees_the_plain_page(core: Core, page: Page, chromium: Browser) -> None:
    foreign = core.open_job(HANOK, "Hanok's own secret")
    sign_in(page, core.stack, "recruiter", f"/hiring?job={foreign}")
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    assert "secret" not in page.content()
    tab = open_tab(chromium, DESK)
    sign_in(tab, core.stack, "interviewer", f"/hiring?job={foreign}")
    body(tab).to_contain_text("Your roles don't open the Hiring tab.")
    tab.context.close()
