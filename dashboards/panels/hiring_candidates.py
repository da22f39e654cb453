"""A job's candidates: in columns by stage (on a phone: one below another), or one place a page at a time; found by their names.

Only what is drawn is asked for. What is typed to find somebody goes to the hiring core and is in no URL.
"""

from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from dashboards import figures, hiring_rows
from dashboards.panels.hiring_frame import Visit, choices, link

_COLUMN: Final = 8  # candidates of a place beside others; the longest there are shown
_PAGE: Final = 24  # of one place by itself


@dataclass(frozen=True)
class Look:
    """Which candidates of a job the URL names: active or ended ones, of every place or one, which page of that."""

    ended: bool = False
    place: str | None = None
    page: int = 1

    @classmethod
    def at(cls, query: dict[str, str]) -> "Look":
        """Read the query; a page that is no number is the first."""
        page = query.get("page", "1")
        return cls("ended" in query, query.get("place"), int(page) if page.isdecimal() and 1 <= int(page) <= 10_000 else 1)

    def query(self, job_id: str) -> dict[str, str]:
        """Return the query that leads here."""
        ended = {"ended": "1"} if self.ended else {}
        place = {"place": self.place} if self.place else {}
        return {"job": job_id, **ended, **place, **({"page": str(self.page)} if self.page > 1 else {})}


def read(visit: Visit, job_id: str, look: Look) -> dict[str, Any]:
    """Return the job with the candidates to draw. Raises what reading raises."""
    search = {"search": st.session_state.get(_key(job_id), "")}
    page = {"place": look.place, "limit": _PAGE if look.place else _COLUMN, "page": look.page}
    job: dict[str, Any] = visit.desk.search(f"pipeline/jobs/{job_id}/search", {"ended": look.ended, **search, **page})
    return job


def _to_first_page() -> None:
    """Leave the page that was looked at: who is found stands on the first."""
    st.query_params.pop("page", None)


def draw(visit: Visit, job: dict[str, Any], look: Look) -> None:
    """Draw the candidates that were read, below what finds them."""
    over = sum(job["stages"].get(place, 0) for place in ("hired", "ended"))
    active = sum(job["stages"].values()) - over
    labels = [f"In progress ({figures.count(active)})", f"Ended ({figures.count(over)})"]
    with st.container(horizontal=True, vertical_alignment="bottom", key="candidates-head"):
        places = {labels[0]: Look().query(job["id"]), labels[1]: Look(ended=True).query(job["id"])}
        choices(visit, "part", places, labels[look.ended])
        st.space("stretch")
        search = st.text_input(
            "Find a candidate",
            key=_key(job["id"]),
            placeholder="Part of the name",
            max_chars=100,
            width=280,
            on_change=_to_first_page,
        )
    if search.strip():
        found = figures.counted(sum(job["matching"].values()), "candidate")
        where = f" in {_title(look.place).lower()}" if look.place else ""
        st.caption(f"{found}{where} by this name. Empty the field to see everybody.")
    st.session_state["hiring-came-from"] = look.query(job["id"])
    if look.place:
        _page(visit, job, look, look.place)
    else:
        _places(visit, job, look, is_searched=bool(search.strip()))


def _places(visit: Visit, job: dict[str, Any], look: Look, *, is_searched: bool) -> None:
    groups = hiring_rows.grouped(job["applications"], ended=look.ended)
    if look.ended and not groups:
        st.info("Nobody is found here." if is_searched else "No application has ended yet.", icon=":material/inbox:")
        return
    columns = st.columns(max(len(groups), 4), gap="small")  # few endings don't get wider cards than many
    for column, (place, rows) in zip(columns, groups, strict=False):
        with column.container(key=f"stage-{place}", gap="small"):
            matching = job["matching"].get(place, 0)
            st.subheader(f"{_title(place)} · {figures.count(matching)}", anchor=False)
            for row in rows:
                _card(visit, job, row)
            if matching > len(rows):
                link(visit, f"All {figures.count(matching)}", **Look(look.ended, place).query(job["id"]))
            if not rows:
                st.caption("Nobody")


def _page(visit: Visit, job: dict[str, Any], look: Look, place: str) -> None:
    matching, rows = job["matching"].get(place, 0), job["applications"]
    link(visit, "← All stages" if not look.ended else "← Every ending", **Look(look.ended).query(job["id"]))
    st.subheader(f"{_title(place)} · {figures.count(matching)}" if rows or look.page == 1 else _title(place), anchor=False)
    if not rows:
        st.info("Nobody is on this page.", icon=":material/inbox:")
    with st.container(horizontal=True, key="page", gap="small"):
        for row in rows:
            _card(visit, job, row, width=300)
    with st.container(horizontal=True, vertical_alignment="center", key="pager"):
        if look.page > 1:
            link(visit, "← Previous", **Look(look.ended, place, look.page - 1).query(job["id"]))
        first = _PAGE * (look.page - 1)
        if rows and matching > _PAGE:
            st.caption(f"{figures.count(first + 1)}–{figures.count(first + len(rows))} of {figures.count(matching)}", width="content")
        if matching > first + len(rows):
            link(visit, "Next →", **Look(look.ended, place, look.page + 1).query(job["id"]))


def _card(visit: Visit, job: dict[str, Any], row: hiring_rows.Row, width: Any = "stretch") -> None:
    since = hiring_rows.stood(row["since"], visit.now, visit.school(job["tenant_id"]).zone)
    with st.container(border=True, key=f"candidate-{row['id']}", gap=None, width=width):
        link(visit, figures.plain(hiring_rows.name(row)), application=row["id"])
        own = [row["current_stage"]] if row["status"] == "active" and not hiring_rows.is_usual(row) else []
        facts = [*own, since if row["status"] == "active" or since == "today" else f"{since} ago", hiring_rows.source(row)]
        st.caption(figures.plain(" · ".join(facts)))
        if row["offer_status"]:
            st.caption(f":material/mail: Offer {figures.words(row['offer_status']).lower()}")


def _title(place: str) -> str:
    return figures.STAGE_NAMES.get(place) or ("Other stage" if place == "other" else figures.plain(figures.words(place)))


def _key(job_id: str) -> str:
    return f"hiring-find-{job_id}"
