"""What the hiring API writes into the audit log: every administrative change, refusals, sign-ins, private reads; no personal data."""

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from fastapi.routing import iter_route_contexts

from foundation import clock
from foundation.pseudonyms import subject_ref
from foundation.settings import Home
from hiring.access import Requires
from hiring.app import create_app
from hiring.audit.flood import FloodLimit
from hiring.permissions import ADMINISTRATIVE
from hiring.settings import HiringSettings
from tests.integration.test_hiring_tenancy import filled, ids_of_a_busy_school
from tests.support.hiring_api import PASSWORD

LAST = "select action, outcome, actor_type, object_type, subject_ref, rows_affected, reason from audit.events order by seq desc limit 1"
TODAY = str(clock.now().date())
SCHOOL = "{organisation_id}"
# a body for each route that changes something administrative; such a new route must be added here
BODIES: dict[str, Any] = {
    "POST /v1/organisations": {"name": "Sentinel School", "kind": "school", "country": "GB"},
    "PATCH /v1/organisations/{organisation_id}": {"name": "Sentinel Renamed"},
    "PUT /v1/organisations/{organisation_id}/calendar-days": [{"date": TODAY, "is_open": True}],
    "POST /v1/users": {
        "email": "sentinel@people.example", "display_name": "Sentinel Person", "role": "recruiter", "organisation_id": SCHOOL,
    },
    "PATCH /v1/users/{user_id}": {"display_name": "Sentinel Other"},
    "POST /v1/users/{user_id}/memberships": {"role": "interviewer", "organisation_id": SCHOOL},
    "DELETE /v1/users/{user_id}/memberships/{membership_id}": None,
    "DELETE /v1/users/{user_id}/sessions/{session_id}": None,
    "DELETE /v1/users/{user_id}/sessions": None,
    "POST /v1/api-keys/{key_id}/rotate": {},
    "POST /v1/api-keys": {"name": "Sentinel key", "scopes": ["jobs:read"], "tenant_ids": [SCHOOL]},
    "DELETE /v1/api-keys/{key_id}": None,
    "POST /v1/stage-definitions": {"organisation_id": SCHOOL, "name": "Trial lesson", "rank": 3, "canonical_stage": "interview"},
    "POST /v1/stage-definitions/{stage_id}/end": {},
    "POST /v1/terminal-reasons": {"tenant_id": SCHOOL, "name": "Sentinel reason", "side": "employer"},
    "POST /v1/channels": {"tenant_id": SCHOOL, "name": "Sentinel channel", "type": "direct"},
    "POST /v1/channel-costs": {
        "organisation_id": SCHOOL, "channel_id": "{channel_id}", "period": "2026-01-01",
        "amount_minor": 1, "currency": "EUR", "kind": "event",
    },
    "PUT /v1/hiring-plans": {"organisation_id": SCHOOL, "season": "2027", "subject": "art", "target_hires": 1, "due_date": TODAY},
    "POST /v1/candidates/{candidate_id}/merge": {"into_id": "{other_candidate_id}"},
    "POST /v1/equity/invitations": {"application_id": "{application_id}"},
    "POST /v1/targets": {"tenant_id": SCHOOL, "metric_id": "T6", "goal": 45, "unit": "days", "direction": "at_most"},
    "PATCH /v1/targets/{target_id}": {"goal": 30},
    "DELETE /v1/targets/{target_id}": None,
    "POST /v1/alert-rules": {"tenant_id": SCHOOL, "name": "Sentinel rule", "condition": {"kind": "stale", "max_age_days": 3},
                             "channel": {"kind": "webhook", "name": "hook"}},
    "PATCH /v1/alert-rules/{rule_id}": {"condition": {"kind": "threshold", "direction": "above", "limit": 70}},
    "DELETE /v1/alert-rules/{rule_id}": None,
    "POST /v1/report-schedules": {"tenant_id": SCHOOL, "name": "Sentinel report", "period": "last-3", "cadence": "weekly",
                                  "recipient_ids": ["{director_id}"]},
    "PATCH /v1/report-schedules/{schedule_id}": {"cadence": "quarterly"},
    "DELETE /v1/report-schedules/{schedule_id}": None,
    "POST /v1/audit/equity-packs": {
        "model": "candidate_success", "year": 2025, "reason": "Yearly bias audit", "expires_on": f"{clock.now().year + 1}-01-01",
    },
}  # fmt: skip


def administrative_routes(tmp_path) -> set[str]:
    app = create_app(HiringSettings(docs_enabled=False), "postgresql://nobody@127.0.0.1:1/nothing", Home(home=tmp_path))
    return {
        f"{method} {context.path}"
        for context in iter_route_contexts(app.routes)
        for method in context.methods - {"HEAD", "GET"}
        for dependency in context.dependant.dependencies
        if isinstance(dependency.call, Requires) and dependency.call.permission in ADMINISTRATIVE
    }


def ids(api) -> dict[str, str]:
    """Return ids of everything an administrative route names."""
    known = ids_of_a_busy_school(api)
    school = known["organisation_id"]
    director = api.do("GET", "/v1/sessions/current", api.person("hr_director", school))["subject_id"]
    other = api.apply(api.open_job(school))
    key = api.do("POST", "/v1/api-keys", json={"name": "k", "scopes": ["jobs:read"], "tenant_ids": [school]})["id"]
    return known | {"director_id": director, "other_candidate_id": other["candidate_id"], "key_id": key}


def owner(api, statement: str) -> None:
    with psycopg.connect(api.urls.owner, autocommit=True) as connection:
        connection.execute(statement)


def test_every_administrative_change_leaves_one_row_or_does_not_happen(hiring_api, tmp_path):
    api = hiring_api
    assert administrative_routes(tmp_path / "other") == set(BODIES)
    known = ids(api)
    auditor = api.person("bias_auditor", None)
    for route, body in BODIES.items():
        method, path = route.split(" ")
        path, body = filled(path, known), filled(body, known)
        headers = {"If_Match": api.send("GET", path, api.platform).headers["ETag"]} if method == "PATCH" else {}
        sender = auditor if "equity-packs" in path else api.platform
        count = api.rows("select count(*) from audit.events")[0][0]
        owner(api, "revoke insert on audit.events from hiring_app")
        refused = api.send(method, path, sender, body, **headers)
        assert refused.status_code == 503, f"{route} is done without its row: {refused.status_code} {refused.text}"
        owner(api, "grant insert on audit.events to hiring_app")
        reply = api.send(method, path, sender, body, **headers)  # the same version still: the first attempt changed nothing
        assert reply.status_code < 300, f"{route}: {reply.text}"
        rows = api.rows("select action, outcome, actor_ip is not null, request_id is not null from audit.events where seq > %s", count)
        assert len(rows) == 1, f"{route}: {rows}"
        assert rows[0][1:] == ("ok", True, True)
    assert api.rows("select * from audit.verify()") == []
    merged = api.rows("select subject_ref, after ->> 'merged_subject' from audit.events where action = 'candidate.merge'")
    key = api.home.read_secret("candidate_key")
    assert merged == [(subject_ref(key, known["other_candidate_id"]), subject_ref(key, known["candidate_id"]))]
    assert api.rows("select before, after from audit.events where action = 'target.change'") == [({"goal": 45.0}, {"goal": 30.0})]
    grants = api.rows("select after ->> 'role', after ->> 'organisation_id' from audit.events where action = 'membership.grant'")
    assert grants == [("interviewer", known["organisation_id"])]
    text = "\n".join(row[0] for row in api.rows("select e::text from audit.events e"))
    for personal in ("sentinel", "example", known["candidate_id"], known["other_candidate_id"], PASSWORD):
        assert not re.search(rf"\b{personal}", text, re.IGNORECASE), personal


def test_a_change_that_fails_at_its_commit_leaves_no_row(hiring_api):
    api = hiring_api
    owner(api, "create function public.no() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$")
    owner(
        api,
        "create constraint trigger late after insert on identity.organisations deferrable initially deferred"
        " for each row execute function public.no()",
    )
    before = api.rows("select (select count(*) from audit.events), (select seq from audit.head)")
    assert api.send("POST", "/v1/organisations", api.platform, {"name": "N", "kind": "school", "country": "GB"}).status_code == 503
    assert api.rows("select (select count(*) from audit.events), (select seq from audit.head)") == before


def test_changes_of_the_same_rows_at_once_neither_deadlock_nor_fork(hiring_api):
    api = hiring_api
    school, person = api.organisation("school"), api.new_person(consents=[{"purpose": "talent_pool", "text_version": "1"}])
    candidate = api.do("POST", "/v1/candidates", json=person)["id"]
    stage = {"organisation_id": school, "name": "Trial", "rank": 3, "canonical_stage": "interview"}

    def work(number: int) -> list[int]:
        paths = [("GET", f"/v1/candidates/{candidate}", None), ("POST", "/v1/stage-definitions", stage),
                 ("POST", f"/v1/candidates/{candidate}/credentials", {"kind": "teaching_licence", "issuer": "X"}),
                 ("PUT", f"/v1/organisations/{school}/calendar-days", [{"date": TODAY, "is_open": bool(number % 2)}])]  # fmt: skip
        return [api.send(method, path, api.platform, body).status_code for method, path, body in paths[number % 4 :] + paths[: number % 4]]

    with ThreadPoolExecutor(8) as pool:
        codes = [code for done in pool.map(work, range(16)) for code in done]
    assert {code for code in codes if code >= 300} == set()
    assert api.rows("select * from audit.verify()") == []


def test_refusals_are_logged_whoever_decides_them(hiring_api):
    api = hiring_api
    school, other = api.organisation("school"), api.organisation("school")
    recruiter, director = api.person("recruiter", school), api.person("platform_admin", school)
    assert api.send("POST", "/v1/users", recruiter, {"email": "x@y.example", "display_name": "X"}).status_code == 403
    assert api.rows(LAST) == [("users:write", "denied", "person", "route", None, 1, "this needs the permission users:write")]
    assert api.rows("select object_id, session_id is not null from audit.events order by seq desc limit 1") == [("POST /v1/users", True)]
    assert api.send("POST", "/v1/organisations", director, {"name": "N", "kind": "school", "country": "GB"}).status_code == 403
    assert api.rows(LAST)[0][:2] == ("organisations:write", "denied")  # refused by the rule, not by the permission
    candidate = api.apply(api.open_job(other))["candidate_id"]
    missing = str(uuid.uuid4())
    for tried in (candidate, missing):
        assert api.send("GET", f"/v1/candidates/{tried}", recruiter).status_code == 404
        found = api.rows(LAST)[0]
        assert (found[0], found[1], found[4]) == ("candidates:read", "denied", subject_ref(api.home.read_secret("candidate_key"), tried))
    assert api.send("GET", f"/v1/jobs/{missing}", recruiter, X_Request_ID="0123456789abcdef").status_code == 404
    told = api.rows("select after, request_id, object_id from audit.events order by seq desc limit 1")
    assert told == [({"job_id": missing}, "0123456789abcdef", "GET /v1/jobs/{job_id}")]


def test_refusals_cannot_fill_the_log(hiring_api):
    api = hiring_api
    recruiter = api.person("recruiter", api.organisation("school"))
    for _ in range(25):
        assert api.send("GET", "/v1/api-keys", recruiter).status_code == 403
    assert api.rows("select count(*) from audit.events where outcome = 'denied'") == [(10,)]
    assert api.send("GET", "/v1/users", recruiter).status_code == 403  # another action has its own count
    assert api.rows("select count(*) from audit.events where outcome = 'denied'") == [(11,)]


def test_what_was_left_out_is_told_by_the_next_row():
    limit = FloodLimit(most=2, seconds=0.0)
    assert [limit.admit("a", "x") for _ in range(3)] == [0, 0, 0]  # each in a window of its own
    limit = FloodLimit(most=2, seconds=60.0)
    assert [limit.admit("a", "x") for _ in range(5)] == [0, 0, None, None, None]
    limit.seconds = 0.0
    assert (limit.admit("a", "x"), limit.admit("a", "x"), limit.admit("b", "x")) == (3, 0, 0)


def test_private_reads_name_their_subject_by_pseudonym_and_lists_their_size(hiring_api):
    api = hiring_api
    school = api.organisation("school")
    job = api.open_job(school)
    candidate = api.apply(job)["candidate_id"]
    api.apply(job)
    recruiter = api.person("recruiter", school)
    subject = subject_ref(api.home.read_secret("candidate_key"), candidate)
    email = api.do("GET", f"/v1/candidates/{candidate}", recruiter)["email"]
    assert api.rows(LAST) == [("candidate.read", "ok", "person", "candidate", subject, None, None)]
    api.do("GET", "/v1/candidates", recruiter)
    assert api.rows(LAST) == [("candidate.list", "ok", "person", "candidates", None, 2, None)]
    api.do("POST", "/v1/candidates/search", recruiter, {"email": email})
    assert api.rows(LAST)[0][:6] == ("candidate.search", "ok", "person", "candidate", subject, 1)
    api.do("GET", f"/v1/candidates/{candidate}/consents", recruiter)
    assert api.rows(LAST)[0][:6] == ("candidate.read", "ok", "person", "candidate_consents", subject, 0)


def test_a_file_is_logged_before_it_leaves_and_only_of_schools_in_reach(hiring_api):
    api = hiring_api
    school, other = api.organisation("school"), api.organisation("school")
    recruiter, file = api.person("recruiter", school), {"name": "funnel-who-applies-2026-10", "format": "csv", "rows": 7}
    api.do("POST", "/v1/audit/exports", recruiter, {**file, "tenant_id": school})
    told = "select action, object_id, tenant_id, rows_affected, after from audit.events order by seq desc limit 1"
    assert api.rows(told) == [("export.file", file["name"], school, 7, {"format": "csv"})]
    people = {**file, "holds": "people", "tenant_id": school}
    for reason in (None, "", "  "):
        refused = api.send("POST", "/v1/audit/exports", recruiter, {**people, "reason": reason})
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/reason-required")
        assert "reason" in refused.json()["detail"]
    api.do("POST", "/v1/audit/exports", recruiter, {**people, "reason": " Council meeting "})
    why = "select action, object_type, reason from audit.events order by seq desc limit 1"
    assert api.rows(why) == [("export.file", "people", "Council meeting")]
    api.do("POST", "/v1/audit/exports", recruiter, {**people, "format": "page"})
    assert api.rows(why) == [("private.read", "people", None)]
    analyst = api.person("analyst", None)
    assert api.send("POST", "/v1/audit/exports", analyst, {**people, "reason": "x", "tenant_id": None}).status_code == 403
    assert api.send("POST", "/v1/audit/exports", recruiter, {**file, "tenant_id": other}).status_code == 404
    assert api.send("POST", "/v1/audit/exports", api.person("interviewer", school), file).status_code == 403
    assert [row[:2] for row in api.rows("select action, outcome from audit.events order by seq desc limit 1")] == [
        ("insights:read", "denied")
    ]


def test_sign_ins_are_logged_and_so_are_failed_ones(hiring_api):
    api = hiring_api
    recruiter = api.person("recruiter", api.organisation("school"))
    assert api.rows(LAST)[0][:4] == ("session.open", "ok", "person", "session")
    for _ in range(2):
        assert api.send("POST", "/v1/sessions", json={"email": "Nobody@people.example", "password": "x" * 12}).status_code == 401
    refused = api.rows("select actor, action, after from audit.events where outcome = 'denied'")
    assert [row[:2] for row in refused] == [("nobody", "session.open")] * 2
    assert refused[0] == refused[1]
    assert refused[0][2]["account"].startswith("hash:")
    api.do("DELETE", "/v1/sessions/current", recruiter)
    assert api.rows(LAST)[0][:2] == ("session.revoke", "ok")
