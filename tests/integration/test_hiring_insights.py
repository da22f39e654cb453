"""Saved views, targets, alert rules, report schedules and receipts: whose they are, when an alert speaks, what a receipt keeps."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.integration.test_hiring_tenancy import SEEN, receipt

THRESHOLD = {"kind": "threshold", "direction": "above", "limit": 60}


def rule(school: str | None, **changes: Any) -> dict[str, Any]:
    return {"tenant_id": school, "name": "Slow hiring", "metric_id": "T4", "condition": THRESHOLD, **changes}


def seen(version: str = "v1", *, is_met: bool = True) -> dict[str, Any]:
    return SEEN | {"publish_version": version, "is_met": is_met}


@pytest.fixture
def school(hiring_api) -> str:
    return str(hiring_api.organisation("school"))


@pytest.fixture
def director(hiring_api, school) -> str:
    return str(hiring_api.person("hr_director", school))


def test_saved_view_is_its_owners_alone(hiring_api, school, director):
    api = hiring_api
    body = {"name": "Science", "page": "funnel", "filters": {"subject": "science", "period": "last-12"}}
    view = api.do("POST", "/v1/saved-views", director, body)
    assert view["filters"] == body["filters"]
    assert api.send("POST", "/v1/saved-views", director, body).status_code == 409
    assert api.do("GET", "/v1/saved-views?page=sources", director)["items"] == []
    changed = api.do("PATCH", f"/v1/saved-views/{view['id']}", director, {"name": "Sciences"}, If_Match='"1"')
    assert (changed["name"], changed["version"]) == ("Sciences", 2)
    assert api.send("PATCH", f"/v1/saved-views/{view['id']}", director, {"name": "X"}, If_Match='"1"').status_code == 412
    colleague = api.person("recruiter", school)
    assert api.do("GET", "/v1/saved-views", colleague)["items"] == []
    assert api.send("DELETE", f"/v1/saved-views/{view['id']}", colleague).status_code == 404
    assert api.send("DELETE", f"/v1/saved-views/{view['id']}", director).status_code == 204
    assert api.do("GET", "/v1/saved-views?page=funnel", director)["items"] == []


def test_saved_view_takes_no_address(hiring_api, director):
    body = {"name": "x", "page": "funnel", "filters": {"subject": "ada@mail.example"}}
    reply = hiring_api.send("POST", "/v1/saved-views", director, body)
    assert reply.status_code == 422
    assert "ada@" not in reply.text


def test_target_is_set_once_for_the_same_figures_and_read_by_the_school(hiring_api, school, director):
    api = hiring_api
    body = {"tenant_id": school, "metric_id": "T4", "season": "2026-2027", "goal": 45.5, "unit": "days", "direction": "at_most"}
    target = api.do("POST", "/v1/targets", director, body)
    assert api.send("POST", "/v1/targets", director, body | {"goal": 40}).status_code == 409
    narrower = api.do("POST", "/v1/targets", director, body | {"filters": {"subject": ["science"]}})
    recruiter = api.person("recruiter", school)
    assert [row["goal"] for row in api.do("GET", "/v1/targets?season=2026-2027&metric_id=T4", recruiter)["items"]] == [45.5, 45.5]
    assert api.do("GET", "/v1/targets?metric_id=T5", recruiter)["items"] == []
    assert api.send("PATCH", f"/v1/targets/{target['id']}", recruiter, {"goal": 1}, If_Match='"1"').status_code == 403
    assert api.do("PATCH", f"/v1/targets/{target['id']}", director, {"goal": 40}, If_Match='"1"')["goal"] == 40
    assert api.send("DELETE", f"/v1/targets/{narrower['id']}", director).status_code == 204
    assert api.send("POST", "/v1/targets", director, body | {"tenant_id": None}).status_code == 403
    assert api.do("POST", "/v1/targets", api.person("platform_admin", None), body | {"tenant_id": None})["tenant_id"] is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"metric_id": "D1"},
        {"metric_id": None},
        {"condition": {"kind": "stale", "max_age_days": 3}},
        {"condition": {"kind": "threshold", "direction": "above"}},
        {"channel": {"kind": "webhook", "name": "https://elsewhere.example"}},
        {"channel": {"kind": "email", "user_id": "somebody@mail.example"}},
        {"cool_down_hours": 0},
    ],
)
def test_rule_that_could_not_work_is_refused(hiring_api, school, director, wrong):
    assert hiring_api.send("POST", "/v1/alert-rules", director, rule(school, **wrong)).status_code == 422


def test_alert_speaks_once_a_version_and_cool_down(hiring_api, school, director):
    api = hiring_api
    path = f"/v1/alert-rules/{api.do('POST', '/v1/alert-rules', director, rule(school))['id']}"
    assert api.do("POST", f"{path}/evaluations", json=seen("v1", is_met=False)) == {"event": None, "cools_down_until": None}
    first = api.do("POST", f"{path}/evaluations", json=seen("v2"))
    assert first["event"]["evaluation"]["value"] == 1
    assert first["cools_down_until"] is not None
    assert api.do("POST", f"{path}/evaluations", json=seen("v3"))["event"] is None
    with psycopg.connect(api.urls.owner, autocommit=True) as connection:  # a day later
        connection.execute("update insights.alert_rules set last_event_at = last_event_at - interval '25 hours'")
    assert api.do("POST", f"{path}/evaluations", json=seen("v2"))["event"] is None  # this version has spoken
    assert api.do("POST", f"{path}/evaluations", json=seen("v4"))["event"]["rule_name"] == "Slow hiring"
    shown = api.do("GET", path, director)
    assert (shown["last_evaluation"]["publish_version"], shown["version"]) == ("v4", 1)
    event_id = first["event"]["id"]
    assert api.send("PATCH", f"/v1/alert-events/{event_id}", director, {"delivery": "sent"}).status_code == 403
    settled = api.do("PATCH", f"/v1/alert-events/{event_id}", json={"delivery": "failed", "error": "refused"})
    assert (settled["delivery"], settled["error"], settled["delivered_at"]) == ("failed", "refused", None)
    assert api.do("PATCH", f"/v1/alert-events/{event_id}", json={"delivery": "sent"})["delivered_at"] is not None
    assert api.send("DELETE", path, director).status_code == 204
    assert len(api.do("GET", "/v1/alert-events", director)["items"]) == 2


def test_alert_of_two_runs_at_once_speaks_once(hiring_api, school, director):
    api = hiring_api
    path = f"/v1/alert-rules/{api.do('POST', '/v1/alert-rules', director, rule(school))['id']}/evaluations"
    with ThreadPoolExecutor(6) as pool:
        verdicts = list(pool.map(lambda number: api.do("POST", path, json=seen(f"v{number}")), range(6)))
    assert len([verdict for verdict in verdicts if verdict["event"]]) == 1


def test_silenced_rule_keeps_watching_without_a_word(hiring_api, school, director):
    api = hiring_api
    path = f"/v1/alert-rules/{api.do('POST', '/v1/alert-rules', director, rule(school))['id']}"
    api.do("PATCH", path, director, {"is_active": False}, If_Match='"1"')
    assert api.do("POST", f"{path}/evaluations", json=seen())["event"] is None
    assert api.do("GET", path, director)["last_evaluation"]["is_met"]
    assert api.do("GET", "/v1/alert-rules?is_active=true", director)["items"] == []


def test_rule_asked_another_question_forgets_what_it_saw(hiring_api, school, director):
    api = hiring_api
    path = f"/v1/alert-rules/{api.do('POST', '/v1/alert-rules', director, rule(school))['id']}"
    api.do("POST", f"{path}/evaluations", json=seen(is_met=False))
    assert api.do("PATCH", path, director, {"name": "Renamed"}, If_Match='"1"')["last_evaluation"] is not None
    stale = api.do("PATCH", path, director, {"condition": {"kind": "stale", "max_age_days": 2}}, If_Match='"2"')
    assert (stale["last_evaluation"], stale["metric_id"]) == (None, None)
    assert api.send("PATCH", path, director, {"condition": THRESHOLD}, If_Match='"3"').status_code == 422


def test_recipient_is_looked_up_when_told_and_gone_with_the_role(hiring_api, school, director):
    api = hiring_api
    recruiter = api.person("recruiter", school)
    member = api.do("GET", "/v1/sessions/current", recruiter)["subject_id"]
    channel = {"kind": "email", "user_id": member}
    made = api.do("POST", "/v1/alert-rules", director, rule(school, channel=channel))
    own = api.do("POST", "/v1/alert-rules", director, rule(school))
    assert own["channel"]["user_id"] == api.do("GET", "/v1/sessions/current", director)["subject_id"]
    hook = api.do("POST", "/v1/alert-rules", director, rule(school, channel={"kind": "webhook", "name": "ops"}))
    schedule = {"tenant_id": school, "name": "Board", "period": "last-3", "cadence": "monthly", "recipient_ids": [member]}
    sent = api.do("POST", "/v1/report-schedules", director, schedule)
    path = f"/v1/alert-rules/{made['id']}/recipient"
    address = api.do("GET", f"/v1/users/{member}", director)["email"]
    assert api.do("GET", path) == {"kind": "email", "email": address, "name": None}
    assert api.do("GET", f"/v1/alert-rules/{hook['id']}/recipient")["name"] == "ops"
    assert api.do("GET", f"/v1/report-schedules/{sent['id']}/recipients") == {"emails": [address]}
    assert api.send("GET", path, director).status_code == 403
    assert address not in api.send("GET", "/v1/alert-rules", director).text
    membership = api.do("GET", f"/v1/users/{member}/memberships")[0]["id"]
    api.do("DELETE", f"/v1/users/{member}/memberships/{membership}")
    assert api.send("GET", path, api.platform).status_code == 404
    assert api.do("GET", f"/v1/report-schedules/{sent['id']}/recipients") == {"emails": []}


def test_stranger_and_colleague_without_the_role_cannot_be_told(hiring_api, school, director):
    api = hiring_api
    elsewhere = api.organisation("school")
    for role, place in (("hr_director", elsewhere), ("interviewer", school)):
        user_id = api.do("GET", "/v1/sessions/current", api.person(role, place))["subject_id"]
        reply = api.send("POST", "/v1/alert-rules", director, rule(school, channel={"kind": "email", "user_id": user_id}))
        assert (reply.status_code, reply.json()["type"]) == (422, "/problems/recipient-not-entitled")
    group = api.organisation("school_group")
    member = api.organisation("school", group)
    head = api.do("GET", "/v1/sessions/current", api.person("hr_director", group))["subject_id"]
    made = api.do("POST", "/v1/alert-rules", api.person("hr_director", member), rule(member, channel={"kind": "email", "user_id": head}))
    assert made["channel"]["user_id"] == head


def test_schedule_keeps_how_its_last_report_went(hiring_api, school, director):
    api = hiring_api
    made = api.do("POST", "/v1/report-schedules", director, {"tenant_id": school, "name": "B", "period": "season", "cadence": "weekly"})
    path = f"/v1/report-schedules/{made['id']}"
    failed = api.do("POST", f"{path}/deliveries", json={"publish_version": "v1", "outcome": "failed", "error": "smtp_refused"})
    assert (failed["last_sent_at"], failed["last_outcome"]["error"]) == (None, "smtp_refused")
    assert api.do("POST", f"{path}/deliveries", json={"publish_version": "v2", "outcome": "sent"})["last_sent_at"] is not None
    assert api.do("PATCH", path, director, {"is_active": False}, If_Match='"1"')["is_active"] is False
    assert api.send("DELETE", path, director).status_code == 204


def test_receipt_shows_what_was_kept_and_nobody_writes_one_by_hand(hiring_api, school, director):
    api = hiring_api
    body = receipt(school)
    made = api.do("POST", "/v1/receipts", json=body)
    assert len(made["id"]) == 16
    assert api.do("GET", f"/v1/receipts/{made['id']}", director) == made
    assert made["content"]["rows"] == body["rows"]
    assert made["content"]["statements"][0]["parameters"] == [[school]]
    assert api.do("POST", "/v1/receipts", json=body)["id"] == made["id"]
    assert api.do("POST", "/v1/receipts", json=body | {"publish_version": "v2"})["id"] != made["id"]
    assert api.send("POST", "/v1/receipts", director, body).status_code == 403
    assert api.send("POST", "/v1/receipts", api.person("platform_admin", None), body).status_code == 403


def test_receipt_opens_for_whoever_may_read_all_it_was_made_from(hiring_api):
    api = hiring_api
    group, agency, rival = api.organisation("school_group"), api.organisation("agency"), api.organisation("agency")
    north, south = (api.organisation("school", group) for _ in range(2))
    job_id = api.open_job(north)
    for own in (agency, rival):
        api.do("POST", "/v1/agency-submissions", json={"job_id": job_id, "candidate": api.new_person(), "agency_id": own})
    made = {
        "north": receipt(north),
        "both": receipt(*sorted((north, south))),
        "all": receipt() | {"tenant_ids": None},
        "agency": receipt(north, agency_id=agency),
        "equity": receipt(north, metric_id="D1"),
    }
    ids = {name: api.do("POST", "/v1/receipts", json=body)["id"] for name, body in made.items()}
    opened = {
        ("hr_director", north): {"north", "agency", "equity"},
        ("recruiter", north): {"north", "agency"},
        ("hr_director", south): set(),
        ("hr_director", group): {"north", "both", "agency", "equity"},
        ("agency_user", agency): {"agency"},
        ("agency_user", rival): set(),
        ("analyst", None): {"north", "both", "all", "agency"},
        ("privacy_officer", None): set(ids),
    }
    missing = api.send("GET", "/v1/receipts/AAAAAAAAAAAAAAAA", api.person("privacy_officer", None)).json()
    for (role, place), expected in opened.items():
        replies = {name: api.send("GET", f"/v1/receipts/{key}", api.person(role, place)) for name, key in ids.items()}
        assert {name for name, reply in replies.items() if reply.status_code == 200} == expected, role
        assert all(reply.json() == missing for reply in replies.values() if reply.status_code != 200)
    for role, place in (("interviewer", north), ("bias_auditor", None)):
        assert api.send("GET", f"/v1/receipts/{ids['north']}", api.person(role, place)).status_code == 403
