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
    recruiter, job_id = api.person("recruiter", school), api.open_job(school)
    application = api.apply(job_id, recruiter)
    presses: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("jobs", {"tenant_id": school, "title": "Latin teacher", "subject": "latin", "grade_range": "9-12"}, {}),
        ("applications", {"job_id": job_id, "candidate": api.new_person()}, {}),
        (f"applications/{application['id']}/move", {"to_stage": "screen"}, {"version": application["version"]}),
        (f"applications/{application['id']}/offers", {"fte": 1.0}, {"seen": "2"}),
    ]
    for path, body, sight in presses:
        with desk(api, recruiter) as front:
            with pytest.raises(HiringUnavailable):
                front.send(path, body, **sight)
            assert front.send(path, body, **sight).is_repeated, path
    tables = ("jobs.jobs", "applications.applications", "applications.offers")
    assert [api.rows(f"select count(*) from {table}")[0][0] for table in tables] == [2, 2, 1]
    steps = [event["to_stage"] for event in api.do("GET", f"/v1/applications/{application['id']}/stage-events", recruiter)]
    assert steps == ["applied", "screen", "offer"]
    with desk(api, recruiter) as front:
        for refusal in (HiringUnavailable, Changed):  # what is refused stays refused, whether its answer arrived or not
            with pytest.raises(refusal):
                front.send(f"applications/{application['id']}/move", {"to_stage": "interview"}, version=application["version"])
