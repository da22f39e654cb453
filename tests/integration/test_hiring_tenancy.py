"""Who sees what: group heads, agencies, people known to two schools, and another school's ids on every route."""

import re
import uuid
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from foundation import clock
from foundation.settings import Home
from hiring.app import create_app
from hiring.settings import HiringSettings

WHEN: dict[str, Any] = {}
TODAY = str(clock.now().date())
SEEN = {"publish_version": "v1", "as_of": "2026-01-01T00:00:00Z", "is_met": True, "value": 1, "n": 40, "sentence": "One."}
# bodies of routes that need one; a new route with an id in its path that needs a body must be added here
BODIES: dict[str, Any] = {
    "PATCH /v1/organisations/{organisation_id}": {"name": "Taken over"},
    "PUT /v1/organisations/{organisation_id}/calendar-days": [{"date": TODAY, "is_open": True}],
    "PATCH /v1/users/{user_id}": {"display_name": "Taken over"},
    "POST /v1/users/{user_id}/memberships": {"role": "recruiter", "organisation_id": "{own_school}"},
    "PATCH /v1/jobs/{job_id}": {"title": "Taken over"},
    "POST /v1/jobs/{job_id}/headcount": {"headcount": 2},
    "POST /v1/jobs/{job_id}/postings": {"channel_id": "{channel_id}"},
    "PATCH /v1/candidates/{candidate_id}": {"given_name": "Taken over"},
    "POST /v1/candidates/{candidate_id}/credentials": {"kind": "teaching_licence", "issuer": "X"},
    "POST /v1/candidates/{candidate_id}/consents": {"purpose": "talent_pool", "text_version": "1"},
    "POST /v1/candidates/{candidate_id}/merge": {"into_id": "{own_candidate}"},
    "POST /v1/applications/{application_id}/move": {"to_stage": "screen"},
    "POST /v1/applications/{application_id}/reject": {},
    "POST /v1/applications/{application_id}/withdraw": {},
    "POST /v1/applications/{application_id}/messages": {"direction": "to_candidate"},
    "POST /v1/applications/{application_id}/experience-surveys": {"score": 1},
    "POST /v1/applications/{application_id}/offers": {},
    "POST /v1/offers/{offer_id}/revise": {},
    "POST /v1/offers/{offer_id}/decline": {},
    "POST /v1/hires/{hire_id}/employment-outcomes": {"as_of": TODAY, "still_employed": True},
    "PATCH /v1/saved-views/{view_id}": {"name": "Taken over"},
    "PATCH /v1/targets/{target_id}": {"goal": 1},
    "PATCH /v1/alert-rules/{rule_id}": {"name": "Taken over"},
    "POST /v1/alert-rules/{rule_id}/evaluations": SEEN,
    "PATCH /v1/alert-events/{event_id}": {"delivery": "sent"},
    "PATCH /v1/report-schedules/{schedule_id}": {"name": "Taken over"},
    "POST /v1/report-schedules/{schedule_id}/deliveries": {"publish_version": "v1", "outcome": "sent"},
}
OF_SERVICES = re.compile(r"/(evaluations|recipients?|deliveries)$|^PATCH /v1/alert-events/")
EVERYBODYS = ("/v1/job-board/", "/schemas/")  # public by design: no tenant's view of them differs
PLATFORM_ONLY = {"/v1/api-keys/{key_id}", "/v1/api-keys/{key_id}/rotate"}


def ids_of_a_busy_school(api) -> dict[str, str]:
    """Fill a school with one of everything; return the ids by path parameter."""
    school = api.organisation("school", country="GB", equity_survey_enabled=True)
    channel = api.do("POST", "/v1/channels", json={"name": "Shared", "type": "direct"})
    job_id = api.open_job(school, headcount=2)
    posting = api.do("POST", f"/v1/jobs/{job_id}/postings", json={"channel_id": channel["id"]})
    hired, active = api.apply(job_id), api.apply(job_id)
    hire = api.do("POST", f"/v1/offers/{api.sent_offer(hired['id'])}/accept")
    saga_id = api.do("GET", f"/v1/hire-sagas?application_id={hired['id']}")["items"][0]["id"]
    offer_id = api.sent_offer(active["id"])
    consent = {"purpose": "automated_scoring", "text_version": "1"}
    consent_id = api.do("POST", f"/v1/candidates/{active['candidate_id']}/consents", json=consent)["id"]
    stage = {"organisation_id": school, "name": "applied", "rank": 1, "canonical_stage": "applied"}
    stage_id = api.do("POST", "/v1/stage-definitions", json=stage)["id"]
    member = api.do("GET", "/v1/sessions/current", api.person("recruiter", school))["subject_id"]
    membership_id = api.do("GET", f"/v1/users/{member}/memberships")[0]["id"]
    session_id = api.do("GET", f"/v1/users/{member}/sessions")[0]["id"]
    insights = ids_of_insights(api, school, api.person("hr_director", school))
    return insights | {
        "organisation_id": school, "job_id": job_id, "posting_id": posting["id"], "channel_id": channel["id"], "hire_id": hire["id"],
        "application_id": active["id"], "candidate_id": active["candidate_id"], "offer_id": offer_id, "consent_id": consent_id,
        "stage_id": stage_id, "user_id": member, "membership_id": membership_id, "saga_id": saga_id,
        "session_id": session_id,
    }  # fmt: skip


def ids_of_insights(api, school: str, director: str) -> dict[str, str]:
    """Let a director keep a view, a target, a rule and a schedule; make the rule's event and a receipt; return their ids."""
    view = {"name": "Mine", "page": "funnel", "filters": {"school": school}}
    target = {"tenant_id": school, "metric_id": "T4", "goal": 45, "unit": "days", "direction": "at_most"}
    condition = {"kind": "threshold", "direction": "above", "limit": 60}
    rule = {"tenant_id": school, "name": "Slow", "metric_id": "T4", "condition": condition}
    schedule = {"tenant_id": school, "name": "Board", "period": "last-3", "cadence": "monthly"}
    made = {"view_id": ("saved-views", view), "target_id": ("targets", target), "rule_id": ("alert-rules", rule),
            "schedule_id": ("report-schedules", schedule)}  # fmt: skip
    ids = {name: str(api.do("POST", f"/v1/{path}", director, body)["id"]) for name, (path, body) in made.items()}
    ids["event_id"] = api.do("POST", f"/v1/alert-rules/{ids['rule_id']}/evaluations", json=SEEN)["event"]["id"]
    ids["receipt_id"] = api.do("POST", "/v1/receipts", json=receipt(school))["id"]
    return ids


def receipt(*schools: str, metric_id: str = "T4", **changes: Any) -> dict[str, Any]:
    """Return the body of a receipt of a figure read from some schools."""
    words = dict.fromkeys(("name", "question", "formula", "policy"), "in words")
    rows = [{"value": 41.5, "n": 120, "lower": 38.0, "upper": 44.0}]
    figure = {"rows": rows, "statements": [{"sql": "select 1", "parameters": [list(schools)]}]}
    version = {"publish_version": "20260101T000000-0001", "as_of": "2026-01-01T00:00:00Z", "definition_version": 1}
    return {**words, **figure, **version, "metric_id": metric_id, "unit": "days", "interval": "order_statistic",
            "tenant_ids": list(schools), **changes}  # fmt: skip


def filled(template: Any, ids: dict[str, str]) -> Any:
    if isinstance(template, str):
        return template.format(**ids) if "{" in template else template
    if isinstance(template, list):
        return [filled(item, ids) for item in template]
    return {name: filled(value, ids) for name, value in template.items()} if isinstance(template, dict) else template


def routes(tmp_path) -> list[tuple[str, str]]:
    app = create_app(HiringSettings(docs_enabled=False), "postgresql://nobody@127.0.0.1:1/nothing", Home(home=tmp_path))
    every = ((method, str(context.path)) for context in iter_route_contexts(app.routes) for method in context.methods - {"HEAD"})
    return [(method, path) for method, path in every if not path.startswith(EVERYBODYS)]


def test_another_schools_ids_answer_like_missing_ones_on_every_route(hiring_api, tmp_path):
    api = hiring_api
    theirs = ids_of_a_busy_school(api)
    own_school = api.organisation("school")
    intruder = api.person("platform_admin", own_school)  # every permission of people, at one school only
    scopes = {"name": "of one school", "scopes": ["alerts:record"], "tenant_ids": [own_school]}
    service = api.do("POST", "/v1/api-keys", json=scopes)["credential"]
    own_candidate = api.apply(api.open_job(own_school))["candidate_id"]
    extra = {"own_school": own_school, "own_candidate": own_candidate}
    missing = {name: str(uuid.uuid4()) for name in theirs} | extra
    before = api.rows("select count(*) from outbox.events")
    tried = 0
    for method, path in routes(tmp_path / "other"):
        if "{" not in path or path in PLATFORM_ONLY:
            continue
        body = BODIES.get(f"{method} {path}", WHEN if method == "POST" else None)
        headers = {"If_Match": '"1"'} if method == "PATCH" or path.endswith("/headcount") else {}
        answers = []
        for ids in (theirs | extra, missing | {"channel_id": theirs["channel_id"]}):
            sender = service if OF_SERVICES.search(f"{method} {path}") else intruder
            reply = api.send(method, filled(path, ids), sender, filled(body, ids), **headers)
            answers.append((reply.status_code, reply.json()))
        assert answers[0][0] == 404, f"{method} {path} answered {answers[0]}"
        assert answers[0] == answers[1], f"{method} {path} tells another school's id from a missing one"
        tried += 1
    assert tried > 60
    assert api.rows("select count(*) from outbox.events") == before


def test_another_schools_ids_in_bodies_answer_404_too(hiring_api):
    api = hiring_api
    theirs = ids_of_a_busy_school(api)
    own_school = api.organisation("school")
    intruder = api.person("platform_admin", own_school)
    own_job = api.open_job(own_school)
    channel = theirs["channel_id"]
    person = api.new_person()
    cost = {"channel_id": channel, "period": "2026-01-01", "amount_minor": 1, "currency": "EUR", "kind": "event"}
    bodies = {
        "/v1/jobs": {"tenant_id": theirs["organisation_id"], "title": "T", "subject": "art", "grade_range": "K"},
        "/v1/applications": {"job_id": theirs["job_id"], "candidate": person},
        "/v1/agency-submissions": {"job_id": theirs["job_id"], "candidate": person, "agency_id": api.organisation("agency")},
        "/v1/channels": {"tenant_id": theirs["organisation_id"], "name": "x", "type": "direct"},
        "/v1/channel-costs": {**cost, "organisation_id": theirs["organisation_id"]},
        "/v1/stage-definitions": {"organisation_id": theirs["organisation_id"], "name": "x", "rank": 1, "canonical_stage": "applied"},
        "/v1/terminal-reasons": {"tenant_id": theirs["organisation_id"], "name": "x", "side": "employer"},
        "/v1/equity/invitations": {"application_id": theirs["application_id"]},
        "/v1/feedback": {"organisation_id": theirs["organisation_id"], "respondent_kind": "school", "score": 1},
    }  # fmt: skip
    for path, body in bodies.items():
        assert api.send("POST", path, intruder, body).status_code == 404, path
    insights = {
        "/v1/targets": {"metric_id": "T4", "goal": 1, "unit": "days", "direction": "at_most"},
        "/v1/alert-rules": {"name": "x", "condition": {"kind": "stale", "max_age_days": 3}},
        "/v1/report-schedules": {"name": "x", "period": "last-3", "cadence": "weekly"},
    }
    for path, body in insights.items():
        assert api.send("POST", path, intruder, {**body, "tenant_id": theirs["organisation_id"]}).status_code == 404, path
    plan = {"organisation_id": theirs["organisation_id"], "season": "2027", "subject": "art", "target_hires": 1, "due_date": TODAY}
    assert api.send("PUT", "/v1/hiring-plans", intruder, plan).status_code == 404
    known = {"job_id": own_job, "candidate_id": theirs["candidate_id"]}
    assert api.send("POST", "/v1/applications", intruder, known).status_code == 404
    merge = {"into_id": theirs["candidate_id"]}
    own = api.apply(own_job)["candidate_id"]
    assert api.send("POST", f"/v1/candidates/{own}/merge", intruder, merge).status_code == 404


def test_lists_hold_nothing_of_another_school(hiring_api, tmp_path):
    api = hiring_api
    theirs = ids_of_a_busy_school(api)
    shared = {"channel_id"}
    intruder = api.person("platform_admin", api.organisation("school"))
    owner = api.person("hr_director", theirs["organisation_id"])
    seen = ""
    for method, path in routes(tmp_path / "other"):
        if method == "GET" and "{" not in path and path.startswith("/v1/") and path != "/v1/api-keys":
            text = api.send("GET", path, intruder).text
            assert not [name for name, value in theirs.items() if value in text and name not in shared], path
            seen += api.send("GET", path, owner).text
    listed = {"organisation_id", "job_id", "application_id", "candidate_id", "offer_id", "hire_id", "user_id", "stage_id",
              "target_id", "rule_id", "event_id", "schedule_id", "view_id", "saga_id"}  # fmt: skip
    assert {name for name, value in theirs.items() if value in seen} >= listed
    narrowed = api.do("GET", f"/v1/applications?tenant_id={theirs['organisation_id']}", intruder)
    assert narrowed["items"] == []


def test_group_head_sees_the_groups_schools_and_no_other(hiring_api):
    api = hiring_api
    group = api.organisation("school_group")
    schools = [api.organisation("school", group) for _ in range(2)]
    other = api.organisation("school")
    jobs = [api.open_job(school) for school in (*schools, other)]
    head = api.person("hr_director", group)
    assert {job["id"] for job in api.do("GET", "/v1/jobs", head)["items"]} == set(jobs[:2])
    principal = api.do("GET", "/v1/sessions/current", head)
    assert principal["tenant_ids"] == sorted(schools)
    api.do("POST", f"/v1/jobs/{jobs[0]}/hold", head)
    assert api.send("POST", f"/v1/jobs/{jobs[2]}/hold", head).status_code == 404


def test_agency_sees_its_own_submissions_at_two_schools_and_nothing_else(hiring_api):
    api = hiring_api
    schools = [api.organisation("school") for _ in range(2)]
    agency, rival = api.organisation("agency"), api.organisation("agency")
    user, rival_user = api.person("agency_user", agency), api.person("agency_user", rival)
    jobs = [api.open_job(school) for school in schools]
    hidden = api.open_job(schools[0])
    closed_to_agencies = {"job_id": hidden, "candidate": api.new_person()}
    for job_id in jobs:
        api.offer_to_agencies(job_id)
        api.apply(job_id)
    assert api.do("GET", "/v1/jobs", user)["items"] == []
    assert api.send("POST", "/v1/agency-submissions", user, closed_to_agencies).status_code == 404
    made = [api.do("POST", "/v1/agency-submissions", user, {"job_id": job_id, "candidate": api.new_person()}) for job_id in jobs]
    rivals = api.do("POST", "/v1/agency-submissions", rival_user, {"job_id": jobs[0], "candidate": api.new_person()})
    own = {submission["application"]["id"] for submission in made}
    assert {row["id"] for row in api.do("GET", "/v1/applications", user)["items"]} == own
    assert {row["application_id"] for row in api.do("GET", "/v1/agency-submissions", user)["items"]} == own
    assert {row["id"] for row in api.do("GET", "/v1/jobs", user)["items"]} == set(jobs)
    assert {row["id"] for row in api.do("GET", "/v1/candidates", user)["items"]} == {row["application"]["candidate_id"] for row in made}
    assert api.send("GET", f"/v1/applications/{rivals['application']['id']}", user).status_code == 404
    assert api.send("GET", f"/v1/candidates/{rivals['application']['candidate_id']}", user).status_code == 404
    assert api.send("POST", f"/v1/applications/{made[0]['application']['id']}/move", user, {"to_stage": "screen"}).status_code == 403
    assert api.send("POST", "/v1/agency-submissions", user, {**closed_to_agencies, "agency_id": rival}).status_code == 404
    principal = api.do("GET", "/v1/sessions/current", user)
    assert (principal["agency_id"], principal["tenant_ids"]) == (agency, sorted(schools))


def test_candidate_known_to_two_schools_shows_each_its_own_application(hiring_api):
    api = hiring_api
    schools = [api.organisation("school") for _ in range(3)]
    recruiters = [api.person("recruiter", school) for school in schools]
    jobs = [api.open_job(school) for school in schools]
    person = api.new_person()
    made = [api.do("POST", "/v1/applications", recruiters[n], {"job_id": jobs[n], "candidate": person}) for n in range(2)]
    candidate_id = made[0]["candidate_id"]
    assert made[1]["candidate_id"] == candidate_id
    for number in range(2):
        assert api.do("GET", f"/v1/candidates/{candidate_id}", recruiters[number])["email"] == person["email"]
        own = api.do("GET", f"/v1/applications?candidate_id={candidate_id}", recruiters[number])["items"]
        assert [row["id"] for row in own] == [made[number]["id"]]
        assert api.do("POST", "/v1/candidates/search", recruiters[number], {"email": person["email"]})[0]["id"] == candidate_id
    assert api.send("GET", f"/v1/candidates/{candidate_id}", recruiters[2]).status_code == 404
    assert api.do("POST", "/v1/candidates/search", recruiters[2], {"email": person["email"]}) == []
    consent = {"purpose": "talent_pool", "text_version": "1"}
    consent_id = api.do("POST", f"/v1/candidates/{candidate_id}/consents", recruiters[0], consent)["id"]
    assert api.send("GET", f"/v1/candidates/{candidate_id}", recruiters[2]).status_code == 200
    assert candidate_id in {row["id"] for row in api.do("GET", "/v1/candidates", recruiters[2])["items"]}
    api.do("POST", f"/v1/candidates/{candidate_id}/consents/{consent_id}/withdraw", recruiters[0])
    assert api.send("GET", f"/v1/candidates/{candidate_id}", recruiters[2]).status_code == 404


def test_roles_count_only_where_they_were_granted(hiring_api):
    api = hiring_api
    directed, recruited = (api.organisation("school") for _ in range(2))
    token = api.person("hr_director", directed)
    user_id = api.do("GET", "/v1/sessions/current", token)["subject_id"]
    api.do("POST", f"/v1/users/{user_id}/memberships", json={"role": "recruiter", "organisation_id": recruited})
    body = {"title": "T", "subject": "art", "grade_range": "K"}
    jobs = [api.do("POST", "/v1/jobs", token, {**body, "tenant_id": school})["id"] for school in (directed, recruited)]
    assert api.send("POST", f"/v1/jobs/{jobs[0]}/approve", token).status_code == 200
    assert api.send("POST", f"/v1/jobs/{jobs[1]}/approve", token).status_code == 404
    principal = api.do("GET", "/v1/sessions/current", token)
    assert len(principal["roles"]) * len(principal["tenant_ids"]) == 1  # what other services see never mixes the two


@pytest.mark.parametrize("role", ["analyst", "engineer", "bias_auditor"])
def test_roles_without_hiring_data_get_none(hiring_api, role):
    token = hiring_api.person(role, None)
    for path in ("/v1/jobs", "/v1/candidates", "/v1/applications", "/v1/offers", "/v1/users", "/v1/api-keys"):
        assert hiring_api.send("GET", path, token).status_code == 403


def test_director_grants_roles_at_the_own_school_alone(hiring_api):
    api = hiring_api
    school, other = (api.organisation("school") for _ in range(2))
    director = api.person("hr_director", school)
    new = {"email": "new@people.example", "display_name": "New"}
    assert api.send("POST", "/v1/users", director, new).status_code == 403
    for role, where, expected in (
        ("platform_admin", school, 403),
        ("recruiter", other, 404),
        ("agency_user", school, 422),
        ("recruiter", school, 201),
    ):
        assert api.send("POST", "/v1/users", director, {**new, "role": role, "organisation_id": where}).status_code == expected
