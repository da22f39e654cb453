"""What holds on every route: problems, paging, versions, idempotency, one transaction with the outbox, commit before the reply."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import psycopg
import pytest

from foundation import clock
from hiring.applications.service import ApplicationService
from hiring.domain_events import EventType, record
from hiring.rows import new_id

JOB = {"title": "T", "subject": "art", "grade_range": "K"}


def test_every_error_is_a_problem_and_names_the_field_without_the_value(hiring_api):
    api = hiring_api
    replies = [
        api.send("GET", "/nowhere"),
        api.send("DELETE", "/health/live"),
        api.send("GET", "/v1/jobs"),
        api.send("GET", "/v1/jobs", "not-a-token"),
        api.send("GET", "/v1/jobs?cursor=@@@@", api.platform),
        api.send("GET", "/v1/jobs?limit=100000", api.platform),
        api.send("GET", "/v1/jobs/not-a-uuid", api.platform),
        api.send("POST", "/v1/jobs", api.platform, {**JOB, "tenant_id": str(new_id())}),
        api.send("POST", "/v1/candidates", api.platform, {**api.new_person(), "email": "very-private-value", "shoe_size": 3}),
        api.send("POST", "/v1/candidates", api.platform, {**api.new_person(), "given_name": "a\x00b"}),
    ]
    assert [reply.status_code for reply in replies] == [404, 405, 401, 401, 400, 422, 422, 404, 422, 422]
    for reply in replies:
        assert reply.headers["content-type"] == "application/problem+json"
        assert set(reply.json()) >= {"type", "title", "status", "detail"}
        assert reply.json()["status"] == reply.status_code
        assert reply.headers["x-content-type-options"] == "nosniff"
    assert replies[2].headers["www-authenticate"] == "Bearer"
    assert {error["field"] for error in replies[8].json()["errors"]} == {"body.email", "body.shoe_size"}
    assert "very-private-value" not in replies[8].text


def test_large_bodies_are_refused_announced_or_not(hiring_api):
    big = b"x" * 1_100_000
    assert hiring_api.client.post("/v1/sessions", content=big).status_code == 413
    assert hiring_api.client.post("/v1/sessions", content=iter([big])).status_code == 413


def test_health_says_live_and_ready_and_names_an_old_database(hiring_api):
    assert hiring_api.do("GET", "/health/live") == {"status": "live"}
    assert hiring_api.do("GET", "/health/ready")["status"] == "ready"
    with psycopg.connect(hiring_api.urls.owner, autocommit=True) as connection:
        connection.execute("update alembic_version set version_num = '0001'")
    reply = hiring_api.send("GET", "/health/ready")
    assert reply.status_code == 503
    assert "0001" in reply.json()["detail"]


def test_pages_hold_every_row_once(hiring_api):
    api = hiring_api
    school = api.organisation("school")
    made = {api.do("POST", "/v1/jobs", json={**JOB, "tenant_id": school})["id"] for _ in range(7)}
    seen: list[str] = []
    cursor = ""
    while True:
        page = api.do("GET", f"/v1/jobs?limit=3{cursor}", api.person("recruiter", school))
        seen += [job["id"] for job in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == 7
    assert set(seen) == made
    assert [job["status"] for job in api.do("GET", f"/v1/jobs?status=open&tenant_id={school}")["items"]] == []


def test_change_from_an_old_version_is_refused(hiring_api):
    api = hiring_api
    school = api.organisation("school")
    reply = api.send("POST", "/v1/jobs", api.platform, {**JOB, "tenant_id": school})
    path = reply.headers["location"]
    assert reply.headers["etag"] == '"1"'
    assert api.send("PATCH", path, api.platform, {"title": "A"}).status_code == 428
    assert api.send("PATCH", path, api.platform, {"title": "A"}, If_Match="one").status_code == 400
    first = api.send("PATCH", path, api.platform, {"title": "A"}, If_Match='"1"')
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    second = api.send("PATCH", path, api.platform, {"title": "B"}, If_Match='"1"')
    assert (second.status_code, second.json()["type"]) == (412, "/problems/version-mismatch")
    assert api.send("POST", f"{path}/approve", api.platform, {}, If_Match='"1"').status_code == 412
    assert api.do("GET", path)["title"] == "A"


def test_repeated_post_with_its_key_answers_the_first_reply_and_acts_once(hiring_api):
    api = hiring_api
    body = {**JOB, "tenant_id": api.organisation("school")}
    first = api.send("POST", "/v1/jobs", api.platform, body, Idempotency_Key="k1")
    again = api.send("POST", "/v1/jobs", api.platform, body, Idempotency_Key="k1")
    assert (again.status_code, again.json(), again.headers["etag"]) == (201, first.json(), first.headers["etag"])
    assert again.headers["idempotency-replayed"] == "true"
    assert api.rows("select count(*) from jobs.jobs")[0][0] == 1
    other = api.send("POST", "/v1/jobs", api.platform, {**body, "title": "Other"}, Idempotency_Key="k1")
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    elsewhere = api.send("POST", f"/v1/jobs/{first.json()['id']}/approve", api.platform, {}, Idempotency_Key="k1")
    assert elsewhere.status_code == 422
    someone_else = api.send("POST", "/v1/jobs", api.person("platform_admin", None), body, Idempotency_Key="k1")
    assert someone_else.json()["id"] != first.json()["id"]


def test_failed_request_leaves_its_key_free(hiring_api):
    api = hiring_api
    school = api.organisation("school")
    job_id = api.do("POST", "/v1/jobs", json={**JOB, "tenant_id": school})["id"]
    assert api.send("POST", f"/v1/jobs/{job_id}/open", api.platform, {}, Idempotency_Key="k").status_code == 409
    api.do("POST", f"/v1/jobs/{job_id}/approve")
    assert api.send("POST", f"/v1/jobs/{job_id}/open", api.platform, {}, Idempotency_Key="k").status_code == 200


def test_twins_at_the_same_time_act_once(hiring_api):
    api = hiring_api
    body = {**JOB, "tenant_id": api.organisation("school")}
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda _: api.send("POST", "/v1/jobs", api.platform, body, Idempotency_Key="twin"), range(6)))
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.json()["id"] for reply in replies}) == 1
    assert api.rows("select count(*) from jobs.jobs")[0][0] == 1


def test_kept_replies_hold_nothing_personal_and_no_secret(hiring_api):
    api = hiring_api
    person = api.new_person(consents=[{"purpose": "talent_pool", "text_version": "1"}])
    api.do("POST", "/v1/candidates", json=person, Idempotency_Key="a")
    api.do("POST", "/v1/candidates/search", json={"email": person["email"]}, Idempotency_Key="b")
    user = {"email": "somebody@people.example", "display_name": "Somebody", "password": "a long passphrase"}
    api.do("POST", "/v1/users", json=user, Idempotency_Key="c")
    key = api.do("POST", "/v1/api-keys", json={"name": "k", "scopes": ["jobs:read"]}, Idempotency_Key="d")
    kept = " ".join(row[0] for row in api.rows("select coalesce(response::text, '') from identity.idempotency_keys"))
    for private in (person["email"], person["family_name"], "somebody@", "Somebody", key["credential"].split(".")[1]):
        assert private not in kept


def test_reply_leaves_after_the_commit(hiring_api):
    """Every row that a 201 names is there for another connection the moment the reply arrives."""
    api = hiring_api
    school = api.organisation("school")
    with psycopg.connect(api.urls.owner, autocommit=True) as connection:
        for _ in range(60):
            job_id = api.do("POST", "/v1/jobs", json={**JOB, "tenant_id": school})["id"]
            assert connection.execute("select 1 from jobs.jobs where id = %s", [job_id]).fetchone() == (1,)


def test_commit_that_fails_is_not_answered_with_success(hiring_api):
    api = hiring_api
    school = api.organisation("school")
    with psycopg.connect(api.urls.owner, autocommit=True) as connection:
        connection.execute("create function refuse() returns trigger language plpgsql as $$ begin raise 'refused at commit'; end $$")
        connection.execute(
            "create constraint trigger refuse after insert on jobs.jobs"
            " deferrable initially deferred for each row execute function refuse()"
        )
    reply = api.send("POST", "/v1/jobs", api.platform, {**JOB, "tenant_id": school})
    assert reply.status_code >= 500
    assert api.rows("select (select count(*) from jobs.jobs), (select count(*) from outbox.events where type = 'JOB_DRAFTED')")[0] == (0, 0)


def test_change_that_fails_late_leaves_no_event(hiring_api, monkeypatch):
    api = hiring_api
    job_id = api.open_job(api.organisation("school"))
    offer_id = api.sent_offer(api.apply(job_id)["id"])
    events = api.rows("select count(*) from outbox.events")

    def fail(*_: Any) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(ApplicationService, "end_siblings", fail)
    reply = api.send("POST", f"/v1/offers/{offer_id}/accept", api.platform, {})
    assert (reply.status_code, reply.json()["type"]) == (500, "/problems/internal-error")
    assert api.rows("select count(*) from outbox.events") == events
    assert api.do("GET", f"/v1/offers/{offer_id}")["status"] == "sent"
    assert api.do("GET", f"/v1/jobs/{job_id}/openings")[0]["filled_by_application_id"] is None


@pytest.mark.parametrize("rivals", [2, 5])
def test_last_opening_goes_to_exactly_one_of_those_who_accept_at_once(hiring_api, rivals):
    api = hiring_api
    job_id = api.open_job(api.organisation("school"))
    offers = [api.sent_offer(api.apply(job_id)["id"]) for _ in range(rivals)]
    ready = threading.Barrier(rivals)

    def accept(offer_id: str) -> int:
        ready.wait()
        return int(api.send("POST", f"/v1/offers/{offer_id}/accept", api.platform, {}).status_code)

    with ThreadPoolExecutor(rivals) as pool:
        codes = sorted(pool.map(accept, offers))
    assert codes == [201] + [409] * (rivals - 1)
    assert api.rows("select count(*) from applications.hires")[0][0] == 1
    assert sorted(api.do("GET", f"/v1/offers/{offer_id}")["status"] for offer_id in offers) == ["accepted"] + ["rescinded"] * (rivals - 1)
    statuses = [row[0] for row in api.rows("select status from applications.applications")]
    assert sorted(statuses) == ["hired"] + ["job_closed"] * (rivals - 1)


def test_rejecting_and_accepting_at_once_never_does_both(hiring_api):
    api = hiring_api
    school = api.organisation("school")
    for _ in range(4):
        application_id = api.apply(api.open_job(school))["id"]
        offer_id = api.sent_offer(application_id)
        with ThreadPoolExecutor(2) as pool:
            accepted = pool.submit(api.send, "POST", f"/v1/offers/{offer_id}/accept", api.platform, {})
            rejected = pool.submit(api.send, "POST", f"/v1/applications/{application_id}/reject", api.platform, {})
        assert {accepted.result().status_code, rejected.result().status_code} in ({201, 409}, {200, 409})
        status = api.do("GET", f"/v1/applications/{application_id}")["status"]
        assert status == ("hired" if accepted.result().status_code == 201 else "rejected")


def test_event_data_are_ids_and_codes_as_text():
    class Recorder:
        info: ClassVar[dict[str, Any]] = {}

        def execute(self, _statement: Any, rows: list[dict[str, Any]]) -> None:
            (self.values,) = rows

    recorder: Any = Recorder()
    some_id = new_id()
    record(recorder, EventType.JOB_OPENED, "job", some_id, 3, clock.now(), tenant_id=some_id, from_status="draft", reason=None)
    assert recorder.values["data"] == {"tenant_id": str(some_id), "from_status": "draft", "reason": None}
    assert recorder.values["subject"] == f"job:{some_id}"


def test_openapi_document_has_examples_and_the_bearer_scheme(hiring_api):
    document = hiring_api.do("GET", "/openapi.json")
    for name in ("NewJob", "NewApplication", "NewOffer", "NewCandidate", "NewOutcome", "SignIn"):
        assert document["components"]["schemas"][name]["examples"]
    assert "HTTPBearer" in document["components"]["securitySchemes"]
