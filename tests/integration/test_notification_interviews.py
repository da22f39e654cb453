"""What a candidate is told of an interview: once, and as it is when the letter leaves. Both services, a core and a mail server run."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from foundation import clock
from foundation.settings import Home
from hiring.assessments.app import create_app
from hiring.assessments.settings import AssessmentsSettings
from tests.support.http_server import served
from tests.support.notifying import Notifying

PLACE = "https://meet.example/zaphod?room=1&key=2"


@dataclass
class Interviewing:
    """The notification service beside an assessments service over the same database; ``application`` is of a Viennese school."""

    parts: Notifying
    assessments: httpx.Client
    application: dict[str, Any]

    def do(self, path: str, **body: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.parts.api.platform}"}
        reply = self.assessments.post(f"/v1/interviews{path}", json=body, headers=headers)
        assert reply.status_code < 300, reply.text
        told: dict[str, Any] = reply.json()
        return told

    def schedule(self, **fields: Any) -> str:
        interview = self.do("", application_id=self.application["id"], **{"kind": "video", "place": PLACE, **times(2), **fields})
        return str(interview["id"])

    def told(self) -> list[tuple[str, str, str | None]]:
        return [(row.template, row.state, row.error) for row in self.parts.take_in() if row.template != "application_received"]

    def send(self) -> None:
        self.parts.send(assessments_url=str(self.assessments.base_url))


def times(days: int) -> dict[str, str]:
    """Return an hour at 09:00 UTC of a day to come."""
    start = datetime.combine(clock.now().date(), datetime.min.time(), clock.now().tzinfo) + timedelta(days=days, hours=9)
    return {"scheduled_start": start.isoformat(), "scheduled_end": (start + timedelta(hours=1)).isoformat()}


@pytest.fixture
def interviewing(notifying: Notifying, tmp_path) -> Iterator[Interviewing]:
    api = notifying.api
    home = Home(home=tmp_path / "assessments")
    key = api.do("POST", "/v1/api-keys", json={"name": "assessments", "scopes": ["credentials:introspect"]})["credential"]
    home.write_secret("internal_api_key", key)
    settings = AssessmentsSettings(hiring_url=str(api.client.base_url))
    school = api.organisation("school", timezone="Europe/Vienna", name="Schule am Park")
    with served(create_app(settings, api.urls.hiring, home)) as client:
        yield Interviewing(notifying, client, api.apply(api.open_job(school), preferred_language="en"))


def text_of(letter: Any) -> str:
    return str(letter.get_body(("plain",)).get_content())


def test_a_candidate_is_told_when_an_interview_is_set_moved_and_cancelled(interviewing):
    interview = interviewing.schedule()
    assert interviewing.told() == [("interview_scheduled", "ready", None)]
    interviewing.send()
    interviewing.do(f"/{interview}/reschedule", **times(3), place="Schulgasse 1, Zimmer 4")
    interviewing.told()
    interviewing.send()
    interviewing.do(f"/{interview}/cancel")
    told = interviewing.told()
    interviewing.send()
    assert [each[0] for each in told] == ["interview_scheduled", "interview_moved", "interview_cancelled"]
    _, first, second, third = interviewing.parts.letters()
    start = datetime.fromisoformat(times(2)["scheduled_start"])
    assert f"{start:%A}" in first["Subject"]
    assert "10:00" in text_of(first) or "11:00" in text_of(first)  # by the season
    assert "Central European" in text_of(first)
    assert f"By video call: {PLACE}" in text_of(first)
    assert PLACE.replace("&", "&amp;") in first.get_body(("html",)).get_content()
    assert "has changed" in second["Subject"]
    assert "By video call: Schulgasse 1, Zimmer 4" in text_of(second)
    assert "cancelled" in third["Subject"]
    assert [letter["List-Unsubscribe"] for letter in (first, second, third)] == [None] * 3  # somebody waits at a place
    events = interviewing.parts.api.rows("select data::text from outbox.event_log where type ~ '^INTERVIEW'")
    assert len(events) == 3
    assert not any("meet.example" in row[0] or "Schulgasse" in row[0] for row in events)
    rows = interviewing.parts.api.rows("select t::text from notifications.deliveries t")
    assert not any("meet.example" in row[0] for row in rows)


def test_what_still_waits_says_the_newest_and_a_cancelled_interview_nobody_knew_of_is_not_told(interviewing):
    moved, dropped = interviewing.schedule(place="Room 1"), interviewing.schedule()
    interviewing.told()
    interviewing.do(f"/{moved}/reschedule", **times(4), place="Room 2")
    interviewing.do(f"/{dropped}/cancel")
    at_once = interviewing.schedule()  # set, moved and cancelled in one batch
    interviewing.do(f"/{at_once}/reschedule", **times(5))
    interviewing.do(f"/{at_once}/cancel")
    told = interviewing.told()
    assert [each[0] for each in told if each[1] == "ready"] == ["interview_scheduled"]
    assert {each[1:] for each in told} == {("ready", None), ("skipped", "superseded")}
    interviewing.send()
    assert len(interviewing.parts.letters()) == 2
    assert "Room 2" in text_of(interviewing.parts.letters()[1])
    with interviewing.parts.engine.begin() as connection:
        connection.exec_driver_sql("update outbox.offsets set seq = 0 where consumer = 'notifications'")
    assert [each for each in interviewing.told() if each[1] != "skipped"] == [("interview_scheduled", "sent", None)]  # told twice: once
    assert len(interviewing.told()) == len(told)


@pytest.mark.parametrize("first", ["move", "schedule"])
def test_moving_to_the_interview_stage_and_a_time_set_at_once_make_one_letter(interviewing, first):
    path = f"/v1/applications/{interviewing.application['id']}/move"
    steps = [lambda: interviewing.parts.api.do("POST", path, json={"to_stage": "interview"}), interviewing.schedule]
    for step in steps if first == "move" else reversed(steps):
        step()
        interviewing.told()
    interviewing.send()
    assert [row.template for row in interviewing.parts.deliveries() if row.state == "sent"] == [
        "application_received",
        "interview_scheduled",
    ]


def test_while_assessments_are_away_other_letters_go_out_and_what_is_past_is_not_told(interviewing):
    parts = interviewing.parts
    interview, past = interviewing.schedule(), interviewing.schedule()
    interviewing.told()
    parts.send(assessments_url="http://127.0.0.1:9")
    assert [(row.template, row.state, row.attempts) for row in parts.deliveries()] == [
        ("application_received", "sent", 1), ("interview_scheduled", "ready", 0), ("interview_scheduled", "ready", 0),
    ]  # fmt: skip
    assert {row.error for row in parts.deliveries()} == {None, "interviews_connecterror"}
    with parts.engine.begin() as connection:
        connection.exec_driver_sql("update notifications.deliveries set due_at = now() where state = 'ready'")
        connection.exec_driver_sql("update assessments.interviews set scheduled_start = now() - interval '1 hour' where id = %s", (past,))
    interviewing.send()
    assert {row.interview_id: (row.state, row.error) for row in parts.deliveries() if row.interview_id} == {
        parts.deliveries()[1].interview_id: ("sent", None), parts.deliveries()[2].interview_id: ("skipped", "out_of_date"),
    }  # fmt: skip
    assert str(parts.deliveries()[1].interview_id) == interview


def test_only_the_service_asks_for_interviews(interviewing):
    api = interviewing.parts.api
    question = {"ids": [interviewing.schedule()]}
    for credential in (api.person("hr_director", interviewing.application["tenant_id"]), api.person("platform_admin", None)):
        reply = interviewing.assessments.post("/internal/interviews", json=question, headers={"Authorization": f"Bearer {credential}"})
        assert reply.status_code == 403
    assert interviewing.assessments.post("/internal/interviews", json=question).status_code == 401
