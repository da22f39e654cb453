"""The notification service as it is served: health, unsubscribe links, preferences, dead letters by API and command."""

import time
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from hiring.notifications.__main__ import main
from hiring.notifications.app import create_app
from tests.support.http_server import served
from tests.support.notifying import Notifying

PATH = "/v1/notifications"


@pytest.fixture
def service(notifying: Notifying) -> Iterator[httpx.Client]:
    """Serve the notification service beside the core."""
    with served(create_app(notifying.settings, notifying.home)) as client:
        yield client


def bearer(credential: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential}"}


def await_states(parts: Notifying, *wanted: str) -> None:
    """Move events on, as the worker does, until every delivery is as wanted."""
    deadline = time.monotonic() + 30
    while [row.state for row in parts.take_in() if row.template != "welcome"] != list(wanted):
        assert time.monotonic() < deadline, [(row.state, row.error) for row in parts.deliveries()]
        time.sleep(0.05)


def link_of(letter) -> str:
    """Return path and query of a letter's one-click link."""
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    parts = urlsplit(letter["List-Unsubscribe"].strip("<>"))
    return f"{parts.path}?{parts.query}"


def test_one_click_stops_the_category_and_not_what_somebody_waits_for(notifying, service):
    api = notifying.api
    job_id = api.open_job(api.organisation("school"))
    application = api.apply(job_id, preferred_language="de")
    await_states(notifying, "sent")
    [letter] = notifying.letters()
    link = link_of(letter)
    page = service.get(link)
    assert "Möchten Sie" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert api.rows("select * from notifications.preferences") == []  # opening a link is no answer: mail scanners do it
    for _ in range(2):
        reply = service.post(link, content="List-Unsubscribe=One-Click", headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert reply.status_code == 200
        assert "keine Nachrichten" in reply.text
    [kept] = api.rows("select recipient, channel, category, is_wanted, token_hash from notifications.preferences")
    assert kept[:4] == (f"candidate:{application['candidate_id']}", "email", "application", False)
    assert kept.token_hash not in link
    api.do("POST", f"/v1/applications/{application['id']}/move", json={"to_stage": "interview"})
    api.sent_offer(application["id"])
    await_states(notifying, "sent", "skipped", "sent")
    assert [row.error for row in notifying.deliveries()] == [None, "not_wanted", None]
    assert notifying.letters()[-1]["List-Unsubscribe"] is None


def test_a_link_that_was_changed_or_cut_is_refused(notifying, service):
    notifying.api.apply(notifying.api.open_job(notifying.api.organisation("school")))
    await_states(notifying, "sent")
    link = link_of(notifying.letters()[0])
    for broken in (link[:-3], link.replace("token=", "token=A"), f"{PATH}/unsubscribe?token=", f"{PATH}/unsubscribe?token=ü.ü"):
        reply = service.post(broken)
        assert (reply.status_code, reply.headers["content-type"]) == (400, "application/problem+json")
        assert "open it again" in reply.json()["detail"]
    assert service.get(f"{PATH}/unsubscribe").status_code == 422


def test_people_set_their_own_preferences_and_offers_cannot_be_refused(notifying, service):
    api = notifying.api
    school = api.organisation("school")
    me = bearer(api.person("hr_director", school))
    wish = {"channel": "push", "category": "hiring", "is_wanted": True}
    assert service.put(f"{PATH}/preferences", json=wish, headers=me).status_code == 204
    [kept] = service.get(f"{PATH}/preferences", headers=me).json()
    assert kept.items() >= wish.items()
    refused = service.put(f"{PATH}/preferences", json={"channel": "email", "category": "offer", "is_wanted": False}, headers=me)
    assert refused.status_code == 422
    assert "category" in refused.json()["detail"]
    somebody = f"{PATH}/recipients/candidate:{uuid.uuid4()}/preferences"
    assert service.put(somebody, json=wish, headers=me).status_code == 403
    admin = bearer(api.person("platform_admin", None))
    assert service.put(somebody, json=wish, headers=admin).status_code == 204
    assert service.put(f"{PATH}/recipients/ada@mail.example/preferences", json=wish, headers=admin).status_code == 422


def test_dead_letters_are_shown_and_sent_again_by_the_platforms_administrators_alone(notifying, service):
    api = notifying.api
    school = api.organisation("school")
    api.apply(api.open_job(school), email="refused@mail.example")
    await_states(notifying, "dead")
    admin = bearer(api.person("platform_admin", None))
    [letter] = service.get(f"{PATH}/dead", headers=admin).json()["items"]
    assert (letter["template"], letter["error"], letter["attempts"]) == ("application_received", "smtp_550", 1)
    assert service.get(f"{PATH}/dead/{letter['id']}", headers=admin).json() == letter
    for credential in (api.person("hr_director", school), api.person("platform_admin", school), api.person("engineer", None)):
        for method, path in (
            ("GET", "/status"),
            ("GET", "/dead"),
            ("GET", f"/dead/{letter['id']}"),
            ("POST", f"/dead/{letter['id']}/replay"),
        ):
            assert service.request(method, PATH + path, headers=bearer(credential)).status_code == 403
    assert service.get(f"{PATH}/dead").status_code == 401
    assert service.get(f"{PATH}/dead", headers=bearer("nobody")).status_code == 401
    before = letter["updated_at"]
    assert service.post(f"{PATH}/dead/{letter['id']}/replay", headers=admin).json() == {"count": 1}
    await_states(notifying, "dead")
    assert service.get(f"{PATH}/dead/{letter['id']}", headers=admin).json()["updated_at"] > before
    assert service.post(f"{PATH}/dead/replay", json={"ids": [str(uuid.uuid4())]}, headers=admin).json() == {"count": 0}
    assert service.post(f"{PATH}/dead/{uuid.uuid4()}/replay", headers=admin).status_code == 404
    assert service.get(f"{PATH}/status", headers=admin).json()["deliveries"]["email"]["dead"] == 1


def test_the_command_lists_shows_and_replays(notifying, capsys):
    api = notifying.api
    api.apply(api.open_job(api.organisation("school")), email="refused@mail.example")
    notifying.take_in()
    notifying.send()
    [row] = notifying.deliveries()
    assert main(["dead", "list"]) == 0
    assert capsys.readouterr().out == f"{row.id}  email  application_received  {row.recipient}  tries 1  smtp_550\n"
    assert main(["dead", "show", str(row.id)]) == 0
    assert f'"event_id": "{row.event_id}"' in capsys.readouterr().out
    assert main(["dead", "show", str(uuid.uuid4())]) == 1
    assert "there is no such dead letter" in capsys.readouterr().err
    assert main(["dead", "replay", "--all"]) == 0
    assert capsys.readouterr().out == "1 waiting again\n"
    assert [(each.state, each.attempts) for each in notifying.deliveries()] == [("ready", 0)]
    assert main(["dead", "replay", str(row.id)]) == 1


def test_metrics_of_the_service_are_for_operators_alone(notifying, service):
    api = notifying.api
    school = api.organisation("school")
    api.apply(api.open_job(school), email="refused@mail.example")
    await_states(notifying, "dead")
    for credential, status in ((api.person("hr_director", school), 403), (api.person("engineer", school), 403), ("nobody", 401)):
        assert service.get("/metrics", headers=bearer(credential)).status_code == status
    assert service.get("/metrics").status_code == 401
    told = service.get("/metrics", headers=bearer(api.platform)).text
    assert 'deliveries{state="dead"} 1.0' in told
    assert "deliveries_overdue_seconds 0.0" in told
    assert 'breaker_state{channel="email",state="closed"} 1.0' in told
    assert 'breaker_state{channel="email",state="open"} 0.0' in told
    assert 'channel="sms"' not in told  # it is off
    assert 'http_request_seconds_count{method="GET",route="/metrics",service="notifications",status="403"} 2.0' in told
    assert school not in told


def test_health_says_how_each_channel_is(notifying, service):
    ready = service.get("/health/ready")
    assert ready.json() == {
        "status": "ready",
        "channels": {"contacts": "closed", "interviews": "closed", "email": "closed", "sms": "off", "push": "off"},
    }
    assert service.get("/health/live").json() == {"status": "live"}
