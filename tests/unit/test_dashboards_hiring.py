"""The Hiring tab without a browser: what lists say, how a refusal reads, and when two presses are one."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from dashboards import hiring_rows
from dashboards.hiring_client import HiringClient, HiringUnavailable
from dashboards.hiring_desk import Changed, Desk, NotThere, Refused, press_key, sentence
from dashboards.panels import hiring_frame, hiring_interviews, hiring_offers
from dashboards.panels.hiring_candidates import Look
from dashboards.panels.hiring_frame import School, Visit

NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)  # the 25th already in Seoul


def desk(status: int, body: Any = None, **headers: str) -> tuple[Desk, list[httpx.Request]]:
    """Return a desk whose service gives one answer, and the requests it got."""
    got: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        got.append(request)
        return httpx.Response(status, json=body, headers=headers)

    return Desk("token", HiringClient("http://hiring.test", transport=httpx.MockTransport(answer))), got


def standing(key: str, stage: str, **fields: Any) -> dict[str, Any]:
    return {"id": key, "status": "active", "canonical_stage": stage, "current_stage": stage, **fields}


def test_candidates_stand_in_the_order_of_the_pipeline_with_empty_stages_and_unknown_ones_last() -> None:
    rows = [standing("a", "offer"), standing("b", "other"), standing("c", "applied"), standing("d", "applied")]
    groups = hiring_rows.grouped(rows, ended=False)
    assert [(stage, [row["id"] for row in found]) for stage, found in groups] == [
        ("applied", ["c", "d"]), ("screen", []), ("interview", []), ("demo_lesson", []), ("references_checks", []), ("offer", ["a"]),
        ("other", ["b"]),
    ]  # fmt: skip
    ended = [standing("a", "applied", status="rejected"), standing("b", "offer", status="hired")]
    assert [status for status, _ in hiring_rows.grouped(ended, ended=True)] == ["hired", "rejected"]


def test_days_and_moments_are_the_schools_own() -> None:
    assert hiring_rows.stood("2026-11-23T16:00:00Z", NOW, "Asia/Seoul") == "1 day"
    assert hiring_rows.stood("2026-11-23T16:00:00Z", NOW, "Europe/London") == "1 day"
    assert hiring_rows.stood("2026-11-24T14:00:00Z", NOW, "Asia/Seoul") == "1 day"
    assert hiring_rows.stood("2026-11-24T14:00:00Z", NOW, "Europe/London") == "today"
    assert hiring_rows.moment("2026-11-24T14:05:00Z", "Asia/Seoul") == "24 Nov 2026, 23:05 KST"
    assert hiring_rows.moment(None, "UTC") == "–"


def test_job_and_its_counts_read_as_one_line_each() -> None:
    job = {"subject": "modern_languages", "grade_range": "9-12", "status": "open", "opened_at": "2026-11-01T09:00:00Z",
           "openings_left": 1, "headcount": 2, "target_start_date": "2027-09-01"}  # fmt: skip
    assert hiring_rows.job_facts(job, NOW, "UTC") == [
        "Modern languages", "9-12", "open 23 days", "1 of 2 openings left", "wanted from 1 Sep 2027",
    ]  # fmt: skip
    counts = hiring_rows.stage_counts({"applied": 3, "other": 1, "ended": 9})
    assert counts[0] == ("Applied", 3)
    assert counts[-2:] == [("Other stage", 1), ("Hired", 0)]


def test_history_tells_moves_reasons_and_reopenings_the_newest_first() -> None:
    steps = [
        (None, "applied", None, 1),
        ("applied", "Phone call", None, 1),
        ("Phone call", "rejected", "r", 1),
        ("rejected", "Phone call", None, 2),
    ]
    events = [
        {"sequence": number, "from_stage": origin, "to_stage": to, "reason_id": reason, "spell_number": spell, "event_at": str(number)}
        for number, (origin, to, reason, spell) in enumerate(steps)
    ]
    assert [said for _, said in hiring_rows.history(events, {"r": "Too far away"})] == [
        "Taken up again in Phone call", "Rejected: Too far away", "Applied → Phone call", "Applied",
    ]  # fmt: skip


def test_offer_and_hire_read_in_words() -> None:
    offer = {"fte": 1.0, "start_date": "2027-09-01", "salary_minor": 4_200_000, "salary_currency": "GBP"}
    assert hiring_rows.terms(offer) == "Full-time from 1 Sep 2027, GBP 42,000"
    assert hiring_rows.terms({**offer, "fte": 0.5, "start_date": None, "salary_minor": None}) == "0.50 of full-time, start open"
    saga = {"state": "processing", "step": "fill_opening", "attempts": 2, "error": "JobNotOpen", "due_at": "2026-11-24T22:00:00Z"}
    assert hiring_rows.saga_line(saga, "UTC") == (
        "Processing: filling the opening, 2 failed attempts (job not open); next try 24 Nov 2026, 22:00 UTC."
    )
    waiting = {"state": "waiting", "step": "await_answer", "attempts": 0, "error": None, "due_at": "2026-12-08T00:00:00Z"}
    assert hiring_rows.saga_line(waiting, "UTC") == "Waiting: waiting for the answer; open until 08 Dec 2026, 00:00 UTC."
    assert hiring_rows.saga_line({"state": "compensated", "step": "send_offer", "error": "cancelled"}, "UTC") == "Taken back (cancelled)."


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ({"errors": [{"field": "body.candidate.email", "message": "String should match pattern '^x$'"}]},
         "E-mail: write it like name@mail.example."),
        ({"errors": [{"field": "body", "message": "Value error, salary_min_minor: must not exceed salary_max_minor"}]},
         "Salary min minor: must not exceed salary_max_minor."),
        ({"errors": [{"field": "body.headcount", "message": "Input should be less than or equal to 200"}]},
         "Openings: input should be less than or equal to 200."),
        ({"detail": "reason_id: there is no such reason"}, "Reason: there is no such reason."),
        ({"detail": "the job is on_hold: it takes applications only while it is open"},
         "The job is on_hold: it takes applications only while it is open."),
        ({}, "The service refuses it."),
    ],
)  # fmt: skip
def test_refusal_is_one_sentence_with_the_field_and_the_fix(problem: dict[str, Any], said: str) -> None:
    assert sentence(problem) == said


def test_equal_presses_carry_one_key_and_a_later_sight_of_things_another() -> None:
    front, got = desk(200, {"version": 4})
    for version in (3, 3, 4):
        front.send("applications/a/move", {"to_stage": "screen"}, version=version)
    keys = [request.headers["Idempotency-Key"] for request in got]
    assert keys[0] == keys[1] != keys[2]
    assert [request.headers["If-Match"] for request in got] == ['"3"', '"3"', '"4"']
    keys = {
        press_key(*parts)
        for parts in [("t", "jobs", {"title": "A"}, ""), ("t", "jobs", {"title": "B"}, ""), ("u", "jobs", {"title": "A"}, "")]
    }
    assert len(keys) == 3


def test_change_names_its_version_and_a_search_no_name_in_the_url() -> None:
    front, got = desk(200, {"version": 4})
    front.change("jobs/j", {"title": "A"}, 3)
    front.search("pipeline/jobs/j/search", {"search": "ada"})
    assert [(request.method, request.url.path, request.url.query) for request in got] == [
        ("PATCH", "/v1/jobs/j", b""), ("POST", "/v1/pipeline/jobs/j/search", b""),
    ]  # fmt: skip
    assert got[0].headers["If-Match"] == '"3"'
    with pytest.raises(Changed):
        desk(412, {"detail": "version is 4, not 3"})[0].change("jobs/j", {}, 3)
    with pytest.raises(Refused, match=r"^Openings: use 2 or more"):
        desk(422, {"detail": "headcount: use 2 or more"})[0].change("jobs/j", {}, 3)


def test_query_names_a_look_at_candidates_and_back() -> None:
    for query in ({"job": "j"}, {"job": "j", "ended": "1"}, {"job": "j", "place": "applied", "page": "3"}):
        assert Look.at(query).query("j") == query
    for page in ("", "0", "-1", "x", "99999"):
        assert Look.at({"page": page}) == Look()


def test_interview_is_proposed_on_a_weekday_and_reads_in_the_schools_time() -> None:
    friday = date(2026, 11, 27)
    assert [hiring_rows.next_weekday(friday + timedelta(days=number)).isoformat() for number in (-1, 0, 1, 2)] == [
        "2026-11-27", "2026-11-30", "2026-11-30", "2026-11-30",
    ]  # fmt: skip
    times = {"scheduled_start": "2026-11-24T22:00:00Z", "scheduled_end": "2026-11-24T22:45:00Z"}
    assert hiring_rows.span(times, "Asia/Seoul") == "Wed 25 Nov 2026, 07:00–07:45 KST"


def test_answers_become_what_the_page_tells() -> None:
    detail = {"detail": "version is 4, not 3: read it again and repeat the change"}
    with pytest.raises(Changed, match="Somebody changed this meanwhile"):
        desk(412, detail)[0].send("applications/a/move", {}, version=3)
    with pytest.raises(Changed, match="Somebody changed this meanwhile"):
        desk(409, {"detail": "the offer is sent"})[0].send("offers/o/send", seen="approved")
    with pytest.raises(Refused, match=r"^The person has an active application to this job\.$"):
        desk(409, {"detail": "the person has an active application to this job"})[0].send("applications", {})
    with pytest.raises(NotThere):
        desk(404, {"detail": "there is no such job"})[0].read("jobs/x")
    with pytest.raises(Refused, match="sign in again"):
        desk(401, {"detail": "x"})[0].read("jobs/x")
    with pytest.raises(HiringUnavailable):
        desk(503, {"detail": "x"})[0].send("jobs", {})
    with pytest.raises(HiringUnavailable):
        desk(200, {})[0].read("interviews")
    assert desk(201, {"id": "j"}, **{"Idempotency-Replayed": "true"})[0].send("jobs", {}).is_repeated


def test_services_that_are_not_there_yet_are_told_apart_from_empty_lists() -> None:
    def visit(front: Desk) -> Visit:
        return Visit(front, None, {}, {}, NOW)

    assert hiring_offers.sagas(visit(desk(404, {"detail": "Not Found"})[0]), application_id="a") is None
    assert hiring_offers.sagas(visit(desk(200, {"items": [], "next_cursor": None})[0])) == []
    assert hiring_interviews.known(visit(desk(200, {})[0])) is None
    late, early = ({"id": key, "scheduled_start": f"2026-12-0{day}T09:00:00Z"} for key, day in (("late", 2), ("early", 1)))
    front, got = desk(200, {"items": [late, early], "next_cursor": None})
    interviewing = Desk("token", front.core, front.core)
    assert [row["id"] for row in hiring_interviews.known(visit(interviewing), application_id="a") or ()] == ["early", "late"]
    interviewing.send("interviews/i/reschedule", {"scheduled_start": "x"}, version=2)
    sent = got[-1]
    assert (sent.method, sent.url.path, sent.headers["If-Match"]) == ("POST", "/v1/interviews/i/reschedule", '"2"')
    assert "Idempotency-Key" in sent.headers


def test_page_offers_only_what_the_person_may_do_at_the_school() -> None:
    schools = {"a": School("A", "UTC"), "b": School("B", "UTC")}
    visit = Visit(desk(200)[0], None, schools, {"jobs:write": frozenset({"a"}), "offers:write": None}, NOW)
    assert (visit.may("jobs:write", "a"), visit.may("jobs:write", "b")) == (True, False)
    assert visit.may("offers:write", "b")
    assert not visit.may("jobs:approve", "a")
    assert visit.where("jobs:write") == {"a": "A"}


def _page_after_a_press() -> None:
    import streamlit as st

    from dashboards.panels import hiring_frame

    if st.session_state.setdefault("presses", 1):
        st.session_state["presses"] = 0
        hiring_frame.announce("good", "Ada is in Screen now.", (hiring_frame.Back("Undo", "applications/1/move"), 3))
    hiring_frame.said(None)  # type: ignore[arg-type]  # nobody presses here


def test_second_click_of_a_double_click_leaves_what_was_said_and_its_undo_in_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    test = AppTest.from_function(_page_after_a_press)
    for _ in range(3):  # the press, its second click, and a drawing that Streamlit asks for by itself
        test.run()
        assert not test.exception
        assert [part.value for part in test.success] == ["Ada is in Screen now."]
        assert [button.label for button in test.button] == ["Undo"]
    monkeypatch.setattr(hiring_frame, "STAYS_SECONDS", 0.0)
    test.run()
    assert not test.success
    assert not test.button
