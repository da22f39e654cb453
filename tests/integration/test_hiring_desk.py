"""What the Hiring tab sends to the real core happens once, though the connection breaks after the core has done it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import httpx
import pytest

from dashboards.hiring_client import HiringClient, HiringUnavailable
from dashboards.hiring_desk import Changed, Desk


class BreaksAfterTheReply(httpx.HTTPTransport):
    """A connection that breaks once, after the service has answered and before the answer arrives."""

    is_whole = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        reply = super().handle_request(request)
        if not self.is_whole:
            self.is_whole = True
            reply.read()
            reply.close()
            raise httpx.ReadError("the connection broke", request=request)
        return reply


@contextmanager
def desk(api: Any, credential: str) -> Iterator[Desk]:
    with closing(HiringClient(str(api.client.base_url), transport=BreaksAfterTheReply())) as client:
        yield Desk(credential, client)


def test_what_was_done_before_the_connection_broke_is_not_done_again(hiring_api):
    api = hiring_api
    school = api.organisation("school")
    director, job_id = api.person("hr_director", school), api.open_job(school)
    application, version = api.apply(job_id, director), api.do("GET", f"/v1/jobs/{job_id}")["version"]
    other = api.do("POST", f"/v1/applications/{api.apply(job_id)['id']}/offers", json={})
    presses: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("jobs", {"tenant_id": school, "title": "Latin teacher", "subject": "latin", "grade_range": "9-12"}, {}),
        ("applications", {"job_id": job_id, "candidate": api.new_person()}, {}),
        (f"applications/{application['id']}/move", {"to_stage": "screen"}, {"version": application["version"]}),
        (f"applications/{application['id']}/offers", {"fte": 1.0}, {"seen": "2"}),
        (f"offers/{other['id']}/revise", {"fte": 0.5}, {"seen": "draft"}),
        (f"jobs/{job_id}/headcount", {"headcount": 3}, {"version": version}),
    ]
    for path, body, sight in presses:
        with desk(api, director) as front:
            with pytest.raises(HiringUnavailable):
                front.send(path, body, **sight)
            assert front.send(path, body, **sight).is_repeated, path
    tables = ("jobs.jobs", "applications.applications", "applications.offers", "jobs.openings")
    assert [api.rows(f"select count(*) from {table}")[0][0] for table in tables] == [2, 3, 3, 4]
    steps = [event["to_stage"] for event in api.do("GET", f"/v1/applications/{application['id']}/stage-events", director)]
    assert steps == ["applied", "screen", "offer"]
    with desk(api, director) as front:
        for refusal in (HiringUnavailable, Changed):  # what is refused stays refused, whether its answer arrived or not
            with pytest.raises(refusal):
                front.send(f"applications/{application['id']}/move", {"to_stage": "interview"}, version=application["version"])
    with desk(api, director) as front:  # a change says that the thing has moved on, and is there once
        for refusal in (HiringUnavailable, Changed):
            with pytest.raises(refusal):
                front.change(f"jobs/{job_id}", {"title": "Teacher of Latin"}, version + 1)
    assert api.do("GET", f"/v1/jobs/{job_id}")["version"] == version + 2


def test_an_interview_is_scheduled_moved_and_cancelled_once_though_the_connection_breaks(assessments_api):
    api, application_id = assessments_api, assessments_api.application()
    times = {"scheduled_start": "2027-03-01T09:00:00Z", "scheduled_end": "2027-03-01T10:00:00Z"}
    later = {"scheduled_start": "2027-03-02T09:00:00Z", "scheduled_end": "2027-03-02T09:45:00Z"}

    def once(path: str, body: dict[str, Any] | None = None, **sight: Any) -> Any:
        with desk(api.core, api.recruiter) as front, desk(api, api.recruiter) as interviewing:
            both = Desk(api.recruiter, front.core, interviewing.core)
            with pytest.raises(HiringUnavailable):
                both.send(path, body, **sight)
            done = both.send(path, body, **sight)
        assert done.is_repeated, path
        return done.body

    new = {"application_id": application_id, "kind": "video", **times}
    first = once("interviews", new)
    assert once(f"interviews/{first['id']}/reschedule", later, version=1)["version"] == 2
    assert once(f"interviews/{first['id']}/cancel", version=2)["status"] == "cancelled"
    again = once("interviews", new, seen=f"{first['id']}@3")
    rows = api.do("GET", f"/v1/interviews?application_id={application_id}")["items"]
    assert {row["id"]: row["status"] for row in rows} == {first["id"]: "cancelled", again["id"]: "scheduled"}
