"""What every part of the Hiring tab shares: who visits, links within the tab, one press of a button, and what came of it.

What belongs here: drawing around a press. What doesn't: what is sent (hiring_desk) and the words of a list (hiring_rows).
"""

import html
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import streamlit as st

from dashboards import figures
from dashboards.hiring_client import HiringUnavailable
from dashboards.hiring_desk import Changed, Desk, Done, NotThere, Refused
from foundation import clock

SAID: Final = "hiring-said"
STAYS_SECONDS: Final = 2.0  # the second click of a double click draws the page once more: it must not wipe away what the first one did
SILENT: Final = "The hiring service does not answer. Try again in a moment: nothing is done twice."


@dataclass(frozen=True)
class School:
    """A school of the person's: its name and the zone its clocks show."""

    name: str
    zone: str


@dataclass(frozen=True)
class Visit:
    """One look at the Hiring tab.

    ``held`` says what the person may do at which schools (None: at every one): the page offers nothing that would be refused.
    """

    desk: Desk
    page: Any
    schools: Mapping[str, School]
    held: Mapping[str, frozenset[str] | None]
    now: datetime

    @classmethod
    def begin(cls, desk: Desk, page: Any) -> "Visit":
        """Read what the person may do and where; both are read once a session."""
        if "hiring-held" not in st.session_state:
            rows = desk.read("sessions/current/permissions")
            every = {row["permission"]: None if row["tenant_ids"] is None else frozenset(row["tenant_ids"]) for row in rows}
            schools = {row["id"]: School(row["name"], row["timezone"]) for row in desk.read_all("organisations", kind="school")}
            st.session_state["hiring-held"] = (every, dict(sorted(schools.items(), key=lambda entry: entry[1].name)))
        held, known = st.session_state["hiring-held"]
        return cls(desk, page, known, held, clock.now())

    def may(self, permission: str, tenant_id: str) -> bool:
        """Say whether the person may do something at a school."""
        if permission not in self.held:
            return False
        tenants = self.held[permission]
        return tenants is None or tenant_id in tenants

    def where(self, permission: str) -> dict[str, str]:
        """Return the schools at which the person may do something, by id."""
        return {key: school.name for key, school in self.schools.items() if self.may(permission, key)}

    def team(self, tenant_id: str) -> list[dict[str, Any]]:
        """Return who hires and interviews at a school; read once a session."""
        teams = st.session_state.setdefault("hiring-teams", {})
        if tenant_id not in teams:
            teams[tenant_id] = self.desk.read(f"organisations/{tenant_id}/hiring-team")
        found: list[dict[str, Any]] = teams[tenant_id]
        return found

    def reasons(self) -> list[dict[str, Any]]:
        """Return the reasons for which applications end; read once a session."""
        if "hiring-reasons" not in st.session_state:
            st.session_state["hiring-reasons"] = self.desk.read_all("terminal-reasons")
        found: list[dict[str, Any]] = st.session_state["hiring-reasons"]
        return found

    def school(self, tenant_id: str) -> School:
        """Return a school; one that is not the person's own has no name."""
        return self.schools.get(tenant_id) or School("Another school", "UTC")


def link(visit: Visit, label: str, **query: str) -> None:
    """Draw a link to another place of the tab; a query holds ids and codes, never a name."""
    st.page_link(visit.page, label=label, query_params=query)


def choices(visit: Visit, key: str, places: Mapping[str, dict[str, str]], here: str) -> None:
    """Draw links side by side, of which one is where the person is; ``places``: the query of each, by its label."""
    with st.container(horizontal=True, key=f"choices-{key}", gap="medium"):
        for number, (label, query) in enumerate(places.items()):
            with st.container(width="content", key=f"{'here' if label == here else 'there'}-{key}-{number}"):
                link(visit, label, **query)


def heading(title: str, facts: list[str] | None = None) -> None:
    """Draw the title of a place and, below it, what there is to know at a glance."""
    st.title(figures.plain(title), anchor=False)
    st.html('<h2 class="screen-reader">Details</h2>')  # parts are of the third rank: no rank is left out
    if facts:
        st.caption(figures.plain(" · ".join(facts)))


def listed(css: str, items: list[tuple[str, str]]) -> None:
    """Draw pairs as a plain list: the first of each is what stands out; a zero does not, and a phone leaves it out of counts."""
    rows = "".join(
        f"<li{' class=none' if first == '0' else ''}><b>{html.escape(first)}</b> <span>{html.escape(second)}</span></li>"
        for first, second in items
    )
    st.html(f'<ul class="{css}">{rows}</ul>')


def reason_choice(label: str, offered: Mapping[str, str]) -> str | None:
    """Draw the choice of a reason by its id; none need be given."""
    chosen: str | None = st.selectbox(label, [None, *offered], format_func=lambda key: offered[key] if key else "No reason given")
    return chosen


@dataclass(frozen=True)
class Back:
    """The request that undoes another: the label of its button, its path and body. It carries the version that the other left."""

    label: str
    path: str
    body: dict[str, Any] | None = None


@dataclass
class _Said:
    kind: str
    text: str
    back: tuple[Back, int] | None
    since: float | None = None  # seconds of the clock that only counts, when it was first drawn


def announce(kind: str, text: str, back: tuple[Back, int] | None = None) -> None:
    """Keep what is to be said on the next drawing: ``good``, ``changed`` or ``refused``; with ``back`` and a version: what undoes it."""
    st.session_state[SAID] = _Said(kind, text, back)


def said(visit: Visit) -> None:
    """Say what came of the last press, with its undoing where there is one; it stays in sight while the page is scrolled."""
    kept: _Said | None = st.session_state.get(SAID)
    if kept is None:
        return
    kept.since = kept.since or time.monotonic()
    if time.monotonic() - kept.since > STAYS_SECONDS:
        del st.session_state[SAID]
        return
    show = {"good": st.success, "changed": st.warning}.get(kept.kind, st.info)
    with st.container(key="said", gap="small"):
        show(figures.plain(kept.text), icon={"good": ":material/check:", "changed": ":material/sync:"}.get(kept.kind, ":material/info:"))
        if kept.back is not None:
            undo, version = kept.back
            press(visit, undo.label, undo.path, undo.body, said="It is back where it was.", version=version, icon=":material/undo:")


def attempt(do: Callable[[], Done], good: str, back: Back | None = None) -> Done | None:
    """Do something and announce what came of it; None when it was not done."""
    try:
        done = do()
    except Changed as change:
        announce("changed", str(change))
    except (Refused, NotThere) as refusal:
        announce("refused", f"Not done. {refusal}")
    except HiringUnavailable:
        announce("refused", SILENT)
    else:
        if done.is_repeated:
            announce("good", f"{good} You had asked for it before: nothing was done twice.")
        else:
            announce("good", good, None if back is None else (back, int(done.body["version"])))
        return done
    return None


def press(
    visit: Visit,
    label: str,
    path: str,
    body: dict[str, Any] | None = None,
    *,
    said: str,
    version: int | None = None,
    seen: str = "",
    primary: bool = False,
    icon: str | None = None,
    back: Back | None = None,
) -> None:
    """Draw a button that sends one request.

    Args:
        visit: who presses.
        label: of the button.
        path: what is asked, below ``/v1/``.
        body: with what.
        said: what to say when it is done.
        version: of the thing as it is shown; part of the button's own key, so that a stale press finds no button.
        seen: the same for things without a version.
        primary: the one step that comes next.
        icon: beside the label.
        back: what undoes it.
    """

    def send() -> None:
        attempt(lambda: visit.desk.send(path, body, seen=seen, version=version), said, back)

    st.button(label, key=f"press-{path}-{label}-{version}-{seen}", on_click=send, type="primary" if primary else "secondary", icon=icon)


def confirmed(visit: Visit, label: str, warning: str, yes: str, path: str, body: dict[str, Any] | None = None, **how: Any) -> None:
    """Draw a button that first says what can't be undone; ``how`` goes to ``press``."""
    with st.popover(label, key=f"confirm-{path}-{how.get('version')}-{how.get('seen')}"):
        st.markdown(figures.plain(warning))
        press(visit, yes, path, body, primary=True, **how)


def opens(label: str, draw: Callable[[], None], *, key: str, title: str = "", icon: str | None = None, primary: bool = False) -> None:
    """Draw a button that opens a dialog. ``draw`` draws what is in it and reads nothing: it runs alone when one of its fields changes."""
    if st.button(label, key=f"open-{key}", icon=icon, type="primary" if primary else "secondary"):
        st.dialog(figures.plain(title or label.rstrip("…")))(draw)()


def settle(do: Callable[[], Done], good: str, back: Back | None = None) -> None:
    """Do what a dialog asks. The page tells what came of it; a refusal is told in the dialog, whose fields stay as they are."""
    done = attempt(do, good, back)
    kept: _Said = st.session_state[SAID]
    if done is None and kept.kind == "refused":
        del st.session_state[SAID]
        st.warning(figures.plain(kept.text), icon=":material/edit:")
        return
    st.rerun()
