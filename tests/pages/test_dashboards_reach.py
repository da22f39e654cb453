"""Everybody can use every page: axe finds nothing, a phone shows it whole, no label hides another or is cut off."""

import re
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.pages.browsing import DESK, PHONE, drawn, open_tab, paths, sign_in
from tests.support.dashboard_stack import Stack

# Labels of charts as the browser drew them: those that leave their chart, and pairs that lie on one another.
FAULTS_OF_LABELS = """() => [...document.querySelectorAll('[data-testid="stVegaLiteChart"]')].flatMap(chart => {
  const edge = chart.querySelector('svg').getBoundingClientRect();
  const labels = [...chart.querySelectorAll('svg text')].map(text => ({words: text.textContent,
    box: text.getBoundingClientRect(), isTurned: (text.getAttribute('transform') || '').includes('rotate'),
    unseen: text.getAttribute('opacity') === '0'}))
    .filter(label => label.words.trim() && label.box.width > 0 && !label.unseen);
  const cut = labels.filter(({box}) => box.left < edge.left - 1 || box.right > edge.right + 1 || box.top < edge.top - 2
    || box.bottom > edge.bottom + 2).map(label => `cut off: ${label.words}`);
  const common = (a, b, from, to) => Math.min(a[to], b[to]) - Math.max(a[from], b[from]);
  const overlap = (a, b) => Math.min(common(a, b, 'left', 'right'), common(a, b, 'top', 'bottom'));
  const hidden = labels.flatMap((one, place) => labels.slice(place + 1).filter(other => !one.isTurned && !other.isTurned
    && overlap(one.box, other.box) > 4).map(other => `on one another: ${one.words} | ${other.words}`));
  return [...cut, ...hidden, ...labels.filter(label => label.words.endsWith('…')).map(label => `shortened: ${label.words}`)];
})"""


def visit(tab: Page, stack: Stack, path: str) -> None:
    tab.goto(stack.dashboard + path if path.startswith("/") else path)
    drawn(tab)


def violations(tab: Page) -> list[str]:
    """Return what axe finds, all its rules on the whole page: rule, what is wrong, where."""
    found: list[dict[str, Any]] = Axe().run(tab).response["violations"]
    return [f"{rule['id']}: {rule['help']}: {node['target']} {node['html'][:120]}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_on_any_page(scheme: Literal["light", "dark"], chromium: Browser, dashboard_stack: Stack) -> None:
    tab = open_tab(chromium, DESK, scheme)
    tab.goto(dashboard_stack.dashboard + "/sign-in")
    found = {"/sign-in": violations(tab)}
    sign_in(tab, dashboard_stack, "hr_director")
    for path in paths(tab):
        visit(tab, dashboard_stack, path)
        found[path] = violations(tab)
    tab.context.close()
    assert len(found) >= 8, "sign-in, Hiring and the pages of a director"
    assert {path: faults for path, faults in found.items() if faults} == {}


@pytest.mark.parametrize("login", ["hr_director", "group_head"])
def test_phone_shows_every_page_whole(login: str, chromium: Browser, dashboard_stack: Stack) -> None:
    tab = open_tab(chromium, PHONE)
    sign_in(tab, dashboard_stack, login)
    found: dict[str, list[str]] = {}
    for path in paths(tab):
        visit(tab, dashboard_stack, path)
        widths = tab.evaluate("() => [...document.querySelectorAll('html, .stMain')].map(part => [part.scrollWidth, part.clientWidth])")
        assert len(widths) == 2
        faults = [f"scrolls sideways: {needed} > {given}" for needed, given in widths if needed > given]
        found[path] = faults + tab.evaluate(FAULTS_OF_LABELS)
    tab.context.close()
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_no_label_is_cut_off_or_hidden_on_a_desk(chromium: Browser, dashboard_stack: Stack) -> None:
    tab = open_tab(chromium, DESK)
    sign_in(tab, dashboard_stack, "group_head")
    found: dict[str, list[str]] = {}
    for path in paths(tab):
        visit(tab, dashboard_stack, path)
        found[path] = tab.evaluate(FAULTS_OF_LABELS)
    tab.context.close()
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_every_chart_has_a_name_and_its_panel_two_files(chromium: Browser, dashboard_stack: Stack) -> None:
    tab = open_tab(chromium, DESK)
    sign_in(tab, dashboard_stack, "hr_director")
    for path in paths(tab):
        visit(tab, dashboard_stack, path)
        for chart in tab.locator('[data-testid="stVegaLiteChart"]').all():
            assert len(chart.get_attribute("aria-label") or "") > 10, path
        for panel in tab.locator('[class*="st-key-panel-"]:has([data-testid="stVegaLiteChart"])').all():
            files = panel.locator('[class*="st-key-foot-"]').get_by_role("button", name=re.compile("CSV|PNG"))
            assert files.count() == 2, path
    tab.context.close()


def test_keyboard_reaches_the_content_the_filters_and_a_receipt(chromium: Browser, dashboard_stack: Stack) -> None:
    tab = open_tab(chromium, DESK)
    sign_in(tab, dashboard_stack, "hr_director", "/sources")
    drawn(tab)
    focused = """() => { const at = document.activeElement, box = getComputedStyle(at);
      return [(at.getAttribute('aria-label') || at.textContent).slice(0, 40), box.outlineStyle, parseFloat(box.outlineWidth)] }"""
    seen: list[tuple[str, str, float]] = []
    while "imagePNG" not in [words for words, _, _ in seen] and len(seen) < 60:
        tab.keyboard.press("Tab")
        seen.append(tab.evaluate(focused))
    passed = " | ".join(words for words, _, _ in seen)
    for expected in ("Skip to main content", "Insights", "Funnel", "School", "Period", "Receipt", "CSV", "PNG"):
        assert expected in passed
    fields = {"School", "Subject", "Period"}  # Streamlit frames the field around these
    assert [words for words, style, width in seen if words not in fields and (style == "none" or width < 2)] == []
    while "Receipt" not in tab.evaluate(focused)[0]:
        tab.keyboard.press("Shift+Tab")
    tab.keyboard.press("Enter")
    tab.locator('[data-testid="stPopoverBody"]').get_by_text("Formula.").wait_for()
    tab.context.close()
